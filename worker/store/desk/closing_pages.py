"""Closings and quarantined sales of tills, for people who look at them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from worker.store.database import Rows

_LAST: Final = 2**62


class Closing(NamedTuple):
    """A closing that stands or was cancelled; `figures` are what it came to."""

    voucher_id: int
    number: str
    posting_at: datetime
    posted_at: datetime
    cancelled_by: int
    figures: dict[str, Any]


class SetAside(NamedTuple):
    """A sale that a closing could not take up, and why."""

    sequence: int
    number: str
    profile: str
    event_at: datetime
    reason: dict[str, Any]


def closing_page(connection: Rows, company: int, *, before: int | None = None, limit: int = 20) -> list[Closing]:
    """The newest closings, or those before one; times are local to the company."""
    found = connection.execute(
        "WITH page AS MATERIALIZED (SELECT sequence FROM document WHERE company_id = %(company)s AND type = 'pos_closing' "
        "AND sequence < %(before)s ORDER BY sequence DESC LIMIT %(limit)s) "
        "SELECT v.voucher_id, v.number, v.posting_at AT TIME ZONE c.time_zone, v.posted_at AT TIME ZONE c.time_zone, v.cancelled_by, "
        "v.figures FROM page JOIN books.voucher v ON v.company_id = %(company)s AND v.voucher_id = page.sequence "
        "JOIN books.company c ON c.company_id = v.company_id ORDER BY v.voucher_id DESC",
        {"company": company, "before": before or _LAST, "limit": limit},
    )
    return [Closing(*row) for row in found]


def quarantined_sales(connection: Rows, company: int, limit: int = 200) -> list[SetAside]:
    """Sales that wait in quarantine, oldest first."""
    found = connection.execute(
        "SELECT s.voucher_id, v.number, s.profile, s.event_at AT TIME ZONE c.time_zone, coalesce(s.reason, '{}') FROM pos_invoice s "
        "JOIN voucher v USING (company_id, voucher_id) JOIN books.company c USING (company_id) "
        "WHERE s.company_id = %s AND s.status = 'quarantined' ORDER BY s.voucher_id LIMIT %s",
        [company, limit],
    )
    return [SetAside(*row) for row in found]


def closing_number(connection: Rows, company: int, sequence: int) -> str | None:
    """The number of a closing by its document's sequence; None where that is no closing that was posted."""
    row = connection.execute(
        "SELECT number FROM voucher WHERE company_id = %s AND voucher_id = %s AND type = 'pos_closing'",
        [company, sequence],
    ).fetchone()
    return None if row is None else row[0]
