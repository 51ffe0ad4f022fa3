"""From a company's master to the scope of a report: its currency and time zone are what figures are shown in."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from domain.chart_of_accounts import STANDARD_CHART
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


def unknown_name(connection: Connection[Any], scope: Scope) -> str | None:
    """What a scope is narrowed to that nobody ever named, like "item Aple": a report of it would be empty by a slip of the pen."""
    for kind, name in (("item", scope.item), ("warehouse", scope.warehouse), ("account", scope.account)):
        if name is None or (kind == "account" and name in STANDARD_CHART):
            continue
        found = connection.execute(
            "SELECT FROM term WHERE company_id = %(company)s AND kind = %(kind)s AND name = %(name)s "
            "UNION ALL SELECT FROM master WHERE company_id IN (0, %(company)s) AND kind = %(kind)s AND name = %(name)s LIMIT 1",
            {"company": scope.company, "kind": kind, "name": name},
        ).fetchone()
        if found is None:
            return f"{kind} {name}"
    return None
