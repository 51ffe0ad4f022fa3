"""Nights: when each company's night begins and is to be over, in its own time, and what is done in it in which order. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from scheduler.slots import business_date, closing_slots

_NOON = time(12)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Job:
    """One step of the night, and why it comes where it does."""

    name: str
    reason: str


CLOSINGS, REPOSTS, RECONCILIATION, MAIL = "closings", "reposts", "reconciliation", "mail"

# Each begins when the one before it has ended, whichever way: what went wrong is told, and never keeps the mail from going out.
NIGHT: Final = (
    Job(CLOSINGS, "Sales of the day reach the ledgers first, so that everything after it speaks of the whole day."),
    Job(REPOSTS, "What was posted into the past is valued before the ledgers are compared, so that only true differences are left."),
    Job(RECONCILIATION, "Stock value is compared with the stock accounts once nothing of the day is under way any more."),
    Job(MAIL, "Finance is told last, since the mail says what became of all the others."),
)  # fmt: skip

# Of all companies together (`*`): one mail about a business date for those who want no mail from each company.
DIGEST: Final = "digest"


@dataclass(frozen=True, slots=True)
class Hours:
    """When a company's night begins and by when it is to be over, in local time; it may reach past midnight."""

    begins: time = time(1)
    ends: time = time(6)


@dataclass(frozen=True, slots=True)
class Night:
    """The night of one business date: when it is due, and when somebody is told that it is not over (both UTC)."""

    business_date: date
    due_at: datetime
    deadline_at: datetime


def nights(hours: Hours, zone: ZoneInfo, *, now: datetime, since: date) -> Iterator[Night]:
    """Nights of the business dates after `since` that have begun by `now`, oldest first.

    A night that begins before noon belongs to the day before. A time that the clock skips moves forward by the gap, one that comes twice
    is the earlier. The dates follow on each other whatever happens to the hours or the zone meanwhile.
    """
    for slot in closing_slots(_NOON, hours.begins, zone, now=now, since=since):
        local = slot.due_at.astimezone(zone)
        over = datetime.combine(local.date(), hours.ends, tzinfo=zone)
        if over.astimezone(UTC) <= slot.due_at:
            over = datetime.combine(local.date() + _DAY, hours.ends, tzinfo=zone)
        yield Night(slot.business_date, slot.due_at, over.astimezone(UTC))


def day_of(hours: Hours, zone: ZoneInfo, moment: datetime) -> date:
    """The business date whose night is the next to begin after a moment, or has begun on the same calendar day."""
    return business_date(_NOON, hours.begins, zone, moment)


def next_job(ended: Collection[str]) -> str | None:
    """The job of a night whose turn it is; None when all have ended."""
    return next((job.name for job in NIGHT if job.name not in ended), None)
