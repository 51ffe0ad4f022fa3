"""What the catalogue says of an error code: its family, what it means and what to do about it.

The family says who acts: the publisher corrects a rejected document, something that is still to come releases a parked one,
the system itself tries again where infrastructure is away, and a broken invariant calls a person.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Family(Enum):
    """What happens next to whatever met the error."""

    REJECTED = "rejected"
    PARKED = "parked"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"


class Entry(NamedTuple):
    """One code of the catalogue."""

    family: Family
    meaning: str
    remedy: str
