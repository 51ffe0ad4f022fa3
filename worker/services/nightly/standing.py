"""How the nights stand: which are late, begun or not, and how the mails about them do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from worker.services.nightly.calendar import not_begun
from worker.store.database import Rows
from worker.store.nights.notices import MailStatus, mail_status
from worker.store.nights.slots import late_nights

_RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LateNight:
    """A night that should be over: at which job it stands, and why where that is known."""

    company: str
    business_date: date
    stands_at: str


@dataclass(frozen=True, slots=True)
class NightStanding:
    """Nights past their deadline, and the mails; those that were not delivered are counted for a week."""

    late: list[LateNight]
    mail: MailStatus


def night_standing(connection: Rows, now: datetime) -> NightStanding:
    """How nights and mails stand now. Nights that nobody began count too: then no beat rings, or no worker hears it."""
    begun = [
        LateNight(one.company, one.slot.business_date, _words(one.slot.job, str(one.slot.result.get("failed", ""))))
        for one in late_nights(connection, now, untold=False)
    ]
    waiting = [
        LateNight(company, day, "not begun: see that beat runs, and a worker for the queue posting")
        for company, day in not_begun(connection, now)
    ]
    return NightStanding([*begun, *waiting], mail_status(connection, now - _RECENT))


def _words(job: str, failed: str) -> str:
    return f"stands at {job}, which failed: {failed}" if failed else f"stands at {job}"
