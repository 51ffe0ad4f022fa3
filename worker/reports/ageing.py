"""Ageing: how long something has been open at the date of a report, in days and in the field's four classes."""

from __future__ import annotations

from datetime import date
from typing import Final

from worker.reports.read_model import Column, Kind

AGE_COLUMNS: Final = (Column("age_days", Kind.COUNT), Column("age"))

# The date that a report speaks of: its last posting date, else today where the company is.
TODAY: Final = "coalesce(%(end)s::date, (now() AT TIME ZONE %(time_zone)s)::date)"

_CLASSES: Final = ((30, "0-30"), (60, "31-60"), (90, "61-90"))
_OLDER: Final = "over 90"
AGES: Final = (*(name for _, name in _CLASSES), _OLDER)


def age(today: date, since: date) -> tuple[int, str]:
    """Days, and their class, in the order of `AGE_COLUMNS`."""
    days = max((today - since).days, 0)
    return days, next((name for upto, name in _CLASSES if days <= upto), _OLDER)
