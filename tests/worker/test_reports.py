"""Read models over real books: the manual's worked example, seen from several dates and moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.servers import Database as FreshDatabase
from tests.support.stories import MANUAL, opened, tell, tell_manual
from worker.reports import REPORTS, Scope
from worker.reports.scope import scope_of
from worker.services.replay.scenario import read
from worker.store.database import Database


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[tuple[Database, Scope]]:
    """The manual's books and the scope of their company."""
    with opened(database) as own:
        company = tell_manual(own)
        with own.transaction() as connection:
            scope = scope_of(connection, company)
        assert scope is not None
        yield own, scope


def rows(books: tuple[Database, Scope], report: str, **narrowed: Any) -> list[dict[str, Any]]:
    """A report of these books, as rows by column name."""
    database, scope = books
    with database.transaction() as connection:
        return list(REPORTS[report].dicts(connection, replace(scope, **narrowed)))


def test_the_stock_ledger_runs_in_the_order_of_the_books(books: tuple[Database, Scope]) -> None:
    shown = [
        (
            row["voucher"],
            row["warehouse"],
            row["qty"],
            row["stock_value_difference"],
            row["qty_after"],
            row["stock_value"],
        )
        for row in rows(books, "stock-ledger")
    ]
    assert shown == [
        ("PR-1", "STORES", 10, Decimal("2250.00"), 10, Decimal("2250.00")),
        ("DN-1", "STORES", -5, Decimal("-1125.00"), 5, Decimal("1125.00")),
        ("SE-1", "STORES", 5, Decimal("1100.00"), 10, Decimal("2225.00")),
        ("SE-2", "STORES", -2, Decimal("-450.00"), 8, Decimal("1775.00")),
        ("SE-3", "STORES", -3, Decimal("-675.00"), 5, Decimal("1100.00")),
        ("SE-3", "WIP", 3, Decimal("675.00"), 3, Decimal("675.00")),
    ]


def test_a_narrowed_stock_ledger_keeps_its_running_figures(books: tuple[Database, Scope]) -> None:
    (row,) = rows(books, "stock-ledger", voucher="SE-2")
    assert (row["qty_after"], row["stock_value"]) == (8, Decimal("1775.00"))
    (only,) = rows(books, "stock-ledger", warehouse="WIP")
    assert only["valuation_rate"] == 225
    assert [row["voucher"] for row in rows(books, "stock-ledger", start=date(2024, 6, 17), warehouse="STORES")] == [
        "SE-1", "SE-2", "SE-3",
    ]  # fmt: skip


def test_stock_balance_as_of_a_date(books: tuple[Database, Scope]) -> None:
    now = {row["warehouse"]: (row["actual_qty"], row["stock_value"]) for row in rows(books, "stock-balance")}
    assert now == {"STORES": (5, Decimal("1100.00")), "WIP": (3, Decimal("675.00"))}
    (before,) = rows(books, "stock-balance", end=date(2024, 6, 16))
    assert (before["actual_qty"], before["stock_value"], before["valuation_rate"]) == (5, Decimal("1125.00"), 225)


def test_known_at_leaves_out_what_was_recorded_later(books: tuple[Database, Scope]) -> None:
    assert rows(books, "stock-balance", known_at=datetime.now(UTC) - timedelta(days=1)) == []
    assert len(rows(books, "stock-balance", known_at=datetime.now(UTC))) == 2


def test_the_general_ledger_balances_per_voucher(books: tuple[Database, Scope]) -> None:
    sums: dict[str, Decimal] = {}
    for row in rows(books, "general-ledger"):
        sums[row["voucher"]] = sums.get(row["voucher"], Decimal(0)) + row["debit"] - row["credit"]
    assert set(sums) == {"PR-1", "PI-1", "DN-1", "SI-1", "SE-1", "SE-2", "SE-3"}
    assert set(sums.values()) == {Decimal(0)}


def test_the_general_ledger_of_an_account_runs(books: tuple[Database, Scope]) -> None:
    shown = [
        (row["voucher"], row["balance"])
        for row in rows(books, "general-ledger", account="Stock Received But Not Billed")
    ]
    assert shown == [("PR-1", Decimal("-2000.00")), ("PI-1", Decimal("0.00"))]


def test_the_trial_balance_closes_to_zero_and_splits_at_a_date(books: tuple[Database, Scope]) -> None:
    whole = rows(books, "trial-balance")
    assert sum(row["closing_debit"] - row["closing_credit"] for row in whole) == 0
    later = {row["account"]: row for row in rows(books, "trial-balance", start=date(2024, 6, 17))}
    assert later["Stores"]["opening_debit"] == Decimal("1125.00")
    assert (later["Stores"]["debit"], later["Stores"]["credit"]) == (Decimal("1100.00"), Decimal("1125.00"))
    assert later["Stores"]["closing_debit"] == Decimal("1100.00")


def test_stock_equals_its_accounts(books: tuple[Database, Scope]) -> None:
    assert {row["account"]: row["difference"] for row in rows(books, "stock-account-comparison")} == {
        "Stores": 0,
        "Work In Progress": 0,
    }


def test_document_status_names_what_was_refused_and_why(books: tuple[Database, Scope]) -> None:
    newest, *others = rows(books, "document-status")
    assert (newest["number"], newest["status"], newest["error"]) == ("DN-2", "rejected", "NegativeStock")
    assert "RM0001" in newest["message"]
    assert {row["status"] for row in others} == {"posted"}
    assert others[-1]["voucher_no"]


def test_a_cancelled_voucher_vanishes_from_netted_views_and_stays_among_the_entries(database: FreshDatabase) -> None:
    story = read(MANUAL)
    cancel = {"type": "cancel", "number": "X-1", "target": {"type": "stock_entry", "number": "SE-3"}}
    with opened(database) as own:
        company = tell(own, {**story, "documents": [*story["documents"], cancel]}, "Cancelled")
        with own.transaction() as connection:
            scope = scope_of(connection, company)
            assert scope is not None
            for report in ("stock-ledger", "general-ledger"):
                netted = list(REPORTS[report].dicts(connection, scope))
                stored = list(REPORTS[report].dicts(connection, replace(scope, entries=True)))
                assert "SE-3" not in {row["voucher"] for row in netted}
                assert [row["caused_by"] for row in stored if row["voucher"] == "SE-3"].count("X-1") == 2
            (left,) = REPORTS["stock-balance"].dicts(connection, replace(scope, warehouse="WIP"))
    assert (left["actual_qty"], left["stock_value"]) == (0, 0)
