"""From a company's master to the scope of a report: its currency and time zone are what figures are shown in."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from domain.money import Currency
from worker.reports.read_model import Scope


def scope_of(connection: Connection[Any], company: int, **options: Any) -> Scope | None:
    """The scope of one company's report, None while its master is unknown; `options` are fields of `Scope`."""
    row = connection.execute(
        "SELECT currency, precision, time_zone FROM books.company WHERE company_id = %s", (company,)
    ).fetchone()
    if row is None or row[0] is None:
        return None
    code, precision, time_zone = row
    return Scope(company=company, currency=Currency(code, precision), time_zone=time_zone, **options)
