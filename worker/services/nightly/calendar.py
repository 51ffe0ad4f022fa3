"""Which nights are due: each company's business dates, from its own hours and time zone, those that were missed included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.masters import Company
from domain.posting_time import zone
from scheduler.nights import NIGHT, Hours, Night, day_of, nights
from worker.messages import decode_accepted
from worker.store.database import Rows
from worker.store.names.companies import CompanySettings, all_settings
from worker.store.nights.slots import Due, last_opened, open_slots

_DAY = timedelta(days=1)
# Nights that are caught up after a long silence, one by one; what happened before them goes into the first of them.
_CATCH_UP = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class CompanyNights:
    """A company with its hours: when its nights are."""

    company_id: int
    company: str
    created_at: datetime
    hours: Hours
    zone: ZoneInfo

    def due(self, now: datetime, last: date | None) -> Iterator[Night]:
        """Nights that have begun by now, after the last one that is known; at first from the day on which the company was created."""
        before = last or day_of(self.hours, self.zone, self.created_at) - _DAY
        today = day_of(self.hours, self.zone, now)
        return nights(self.hours, self.zone, now=now, since=max(before, today - _CATCH_UP))

    def has_night(self, day: date) -> bool:
        """Whether the company was there on a business date."""
        return day >= day_of(self.hours, self.zone, self.created_at)

    def night_of(self, day: date) -> Night:
        """The night of one business date, whether it has begun or not."""
        after = datetime.combine(day + 3 * _DAY, time(), tzinfo=self.zone)
        return next(nights(self.hours, self.zone, now=after, since=day - _DAY))


def all_nights(connection: Rows) -> list[CompanyNights]:
    """Every company whose master is known."""
    return [nights_of(settings) for settings in all_settings(connection)]


def nights_of(settings: CompanySettings) -> CompanyNights:
    """A company's hours, from its settings."""
    company = decode_accepted(settings.payload)
    assert isinstance(company, Company)  # noqa: S101 - the store looks for masters of this kind
    hours = Hours(time.fromisoformat(company.night_begins), time.fromisoformat(company.night_ends))
    return CompanyNights(settings.company_id, settings.name, settings.created_at, hours, zone(company.time_zone))


def open_nights(connection: Rows, now: datetime) -> int:
    """Give every night that is due its slots, one for each job; gives how many slots are new."""
    last = last_opened(connection, NIGHT[0].name)
    return open_slots(
        connection,
        (
            Due(company.company_id, job.name, night.business_date, night.due_at, night.deadline_at)
            for company in all_nights(connection)
            for night in company.due(now, last.get(company.company_id))
            for job in NIGHT
        ),
    )


def not_begun(connection: Rows, now: datetime) -> list[tuple[str, date]]:
    """Nights that should be over by now and have not even begun, by company and date: nobody ticks."""
    last = last_opened(connection, NIGHT[0].name)
    return [
        (company.company, night.business_date)
        for company in all_nights(connection)
        for night in company.due(now, last.get(company.company_id))
        if night.deadline_at <= now
    ]
