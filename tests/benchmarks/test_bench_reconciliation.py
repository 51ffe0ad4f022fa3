"""Reconciliation against the floor: PostgreSQL adding up the very same tables; and a night's look against a full one.

The full one is a full look: it does for everything what a night's look does for what came in (add up by document, ask every law, keep
what is open, record the verdict). A night's look is held to the same share of the bare comparison of two sums as well, which asks
nothing of any document.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from tests.support.lanes import delivery, post_all, publish, receipt
from tests.support.long_chain import fill, multiply
from tests.support.servers import Database as FreshDatabase
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services.reconciliation import reconcile
from worker.store.database import Database, Rows

ENTRIES = 5_000_000
CHAIN = 25_000  # movements
OF_A_DAY = 10_000  # entries
ROUNDS = 3

_RAW = (
    "SELECT account_id, sum(value) FROM stock_movement WHERE company_id = %(company)s GROUP BY 1",
    "SELECT account_id, sum(amount) FROM stock_difference WHERE company_id = %(company)s GROUP BY 1",
    "SELECT account_id, sum(debit - credit) FROM gl_entry WHERE company_id = %(company)s GROUP BY 1",
)


@pytest.mark.bench
def test_comparison_and_a_nights_look(database: FreshDatabase, ratios: Any) -> None:
    with Database(database.worker_url, statement_seconds=1200) as service:
        long = fill(service, CHAIN)
        multiply(service, long, ENTRIES // 2 // CHAIN - 1)
        company = long.company
        with service.transaction() as connection:
            compare(connection, company), raw(connection, company)
            ours, floor = [], []
            for _ in range(ROUNDS):
                ours.append(compare(connection, company))
                floor.append(raw(connection, company))
        ratios.compare(f"comparison of {ENTRIES:,} entries", ours, floor, most=1.5, unit=ENTRIES)
        night = date(2030, 1, 1)
        full = took(partial(reconcile, service, company, night=night, full=True))
        nights = []
        for turn in range(ROUNDS):
            a_day(service, turn)
            nights.append(took(partial(reconcile, service, company, night=night + timedelta(turn + 1))))
        added = reconcile(service, company, night=night + timedelta(9))
        with service.transaction() as connection:
            (row,) = compared(connection, company)
    (account,) = added.accounts
    assert (added.verdict, added.is_full, added.findings) == ("in_sync", False, ())
    assert (account.stock_value, account.balance) == (row["stock_value"] * 100, row["account_balance"] * 100)
    ratios.compare(f"look after {OF_A_DAY:,} new entries against a full look", nights, [full], most=0.05)
    ratios.compare(f"look after {OF_A_DAY:,} new entries against a bare comparison", nights, ours, most=0.05)


def a_day(service: Database, turn: int) -> None:
    """Receipts and deliveries of one day, posted by the service: two entries each."""
    day = f"2030-01-{turn + 2:02d}"
    for start in range(0, OF_A_DAY // 4, 500):
        numbers = range(start, start + 500)
        at = f"{day}T{9 + start // 500:02d}"
        publish(service, [receipt(f"PR-{turn}-{number}", 2, "10", at=f"{at}:00:00") for number in numbers])
        publish(service, [delivery(f"DN-{turn}-{number}", 1, at=f"{at}:30:00") for number in numbers])
    assert post_all(service).posted == OF_A_DAY // 2


def compared(connection: Rows, company: int) -> list[dict[str, Any]]:
    scope = scope_of(connection, company)
    assert scope is not None
    return list(REPORTS["stock-account-comparison"].dicts(connection, scope))


def compare(connection: Rows, company: int) -> float:
    begin = time.perf_counter()
    (row,) = compared(connection, company)
    assert row["difference"] == 0
    return time.perf_counter() - begin


def raw(connection: Rows, company: int) -> float:
    begin = time.perf_counter()
    for statement in _RAW:
        connection.execute(statement, {"company": company}).fetchall()
    return time.perf_counter() - begin


def took(work: Any) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
