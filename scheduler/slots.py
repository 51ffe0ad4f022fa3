"""Slots: for which business dates something is due in a place's own time, over time zones and clock changes.

Pure: whoever rings says what time it is and what was done last. A ring that comes late, twice, or after days of silence finds
exactly the business dates that are still to be done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_LAST_MOMENT = time(23, 59, 59, 999999)


@dataclass(frozen=True, slots=True)
class Slot:
    """One business date: when it is due (UTC), and the local time that what is done for it is posted at, within that date.

    What was sold until it was due belongs to it, also after midnight.
    """

    business_date: date
    due_at: datetime
    posted_at: datetime


def closing_slots(opens: time, closes: time, zone: ZoneInfo, *, now: datetime, since: date) -> Iterator[Slot]:
    """Business dates after `since` whose closing time has come by `now`, oldest first.

    A place that closes at or before the hour at which it opens closes after midnight: it is due on the next calendar day, and posted
    in the last moment of its own. A time that the clock skips moves forward by the gap; one that comes twice is the earlier.
    """
    after_midnight = closes <= opens
    day = since + _DAY
    while True:
        due = _instant(day + _DAY if after_midnight else day, closes, zone)
        if due > now:
            return
        yield Slot(day, due, datetime.combine(day, _LAST_MOMENT if after_midnight else closes))
        day += _DAY


def business_date(opens: time, closes: time, zone: ZoneInfo, now: datetime) -> date:
    """The business date that a moment belongs to."""
    local = now.astimezone(zone)
    return local.date() - _DAY if closes <= opens and local.time() < closes else local.date()


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
