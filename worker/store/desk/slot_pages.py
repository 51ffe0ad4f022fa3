"""Slots by business date, for people who look at how the nights went."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from worker.store.database import Rows


class ListedSlot(NamedTuple):
    """One job of one business date: when it was due, begun, done and told; times are local to the company."""

    job: str
    business_date: date
    due_at: datetime
    deadline_at: datetime | None
    claimed_at: datetime | None
    finished_at: datetime | None
    mailed_at: datetime | None
    attempts: int
    result: dict[str, Any]
    is_late: bool

    @property
    def status(self) -> str:
        """In a word how it stands."""
        if self.finished_at is not None:
            return "failed" if self.result.get("failed") else "finished"
        if self.is_late:
            return "late"
        return "claimed" if self.claimed_at is not None else "due"


def slot_page(connection: Rows, company: int, *, before: date | None = None, dates: int = 14) -> list[ListedSlot]:
    """The slots of the last so many business dates that have some, or of those before a date, newest first."""
    found = connection.execute(
        "SELECT s.job, s.business_date, s.due_at AT TIME ZONE c.time_zone, s.deadline_at AT TIME ZONE c.time_zone, "
        "s.claimed_at AT TIME ZONE c.time_zone, s.finished_at AT TIME ZONE c.time_zone, s.mailed_at AT TIME ZONE c.time_zone, "
        "s.attempts, coalesce(s.result, '{}'), coalesce(s.deadline_at <= clock_timestamp() AND s.finished_at IS NULL, false) "
        "FROM (SELECT DISTINCT business_date FROM slot WHERE company_id = %(company)s "
        "  AND business_date < coalesce(%(before)s::date, 'infinity') ORDER BY business_date DESC LIMIT %(dates)s) night "
        "JOIN slot s ON s.company_id = %(company)s AND s.business_date = night.business_date "
        "JOIN books.company c ON c.company_id = s.company_id ORDER BY s.business_date DESC, s.due_at, s.job",
        {"company": company, "before": before, "dates": dates},
    )
    return [ListedSlot(*row) for row in found]
