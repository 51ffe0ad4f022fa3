"""Since when stock and its account differ: the first recorded moment at which the two ledgers parted and did not meet again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Step(NamedTuple):
    """A recorded moment by which stock value less balance changed: a posted batch, or (0) the publication of a run; minor units."""

    at: datetime
    batch: int
    change: int


def parted(steps: Iterable[Step]) -> Step | None:
    """The step that led two agreeing ledgers apart, None where they agree in the end.

    An earlier parting after which they agreed again is over, and is not what a reader asks for.
    """
    difference, since = 0, None
    for step in steps:
        if not difference and step.change:
            since = step
        difference += step.change
        if not difference:
            since = None
    return since
