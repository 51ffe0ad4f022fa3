"""Closings that something stands in the way of: what was built on them, a period that is closed, stock that differs from its account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.lanes import rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.support.till import SHOP, cancel, closing, masters, receipt, sale
from tests.support.till_books import error, ledger, post, reserved_agrees, shop
from worker.services.reposting import run_pending
from worker.store.database import Database

Json = dict[str, Any]


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        yield own


def document(type_: str, number: str, at: str = "2026-03-02T09:00", **more: Any) -> Json:
    return {"type": type_, "company": SHOP, "number": number, "posting_datetime": at, **more}


def test_what_was_returned_or_paid_of_its_invoice_keeps_a_closing_until_it_is_taken_back(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 3, 3), paid=5, customer="Ann"), closing("C-1"))
    paid = document(
        "payment_entry", "PE-1", party="Ann", mode="Cash", amount="4", against=[{"type": "sales_invoice", "number": "C-1-1", "amount": "4"}]
    )  # fmt: skip
    brought_back = document(
        "sales_invoice", "SI-1", customer="Ann", is_return=True, return_against="C-1-1", update_stock=True,
        lines=[{"item": "Apple", "warehouse": "Shelf", "qty": -1, "rate": 3}],
    )  # fmt: skip
    statuses = post(books, paid, cancel("X-1", "pos_closing", "C-1"), cancel("X-2", "payment_entry", "PE-1"))
    assert (statuses["PE-1"], error(books, "X-1"), statuses["C-1"]) == ("cancelled", "HasDependents", "posted")
    statuses = post(books, brought_back, cancel("X-3", "pos_closing", "C-1"), cancel("X-4", "sales_invoice", "SI-1"))
    assert (statuses["SI-1"], error(books, "X-3"), statuses["S-1"]) == ("cancelled", "HasDependents", "consolidated")
    statuses = post(books, cancel("X-5", "pos_closing", "C-1"))
    assert [statuses[number] for number in ("C-1", "C-1-1", "S-1")] == ["cancelled", "cancelled", "open"]
    assert rows(books, "SELECT sum(qty), sum(stock_value_difference) FROM books.stock_ledger") == [(15, 25)]
    reserved_agrees(books)


def test_a_closing_that_was_reposted_is_taken_back_with_all_that_was_corrected_about_it(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 4, 3)), closing("C-1"))
    assert ledger(books, "C-1-1")["Cost of Goods Sold"] == 8
    post(books, receipt("PR-0", ("Apple", 3, 5), at="2026-03-01T07:00"))
    run_pending(books, 1)
    assert ledger(books, "C-1-1")["Cost of Goods Sold"] == 17, "the older receipt's goods were sold first"
    statuses = post(books, cancel("X-1", "pos_closing", "C-1"))
    assert (statuses["C-1-1"], statuses["S-1"]) == ("cancelled", "open")
    run_pending(books, 1)
    assert ledger(books, "C-1-1") == {}
    assert rows(books, "SELECT sum(qty), sum(stock_value_difference) FROM books.stock_ledger WHERE item = 'Apple'") == [
        (13, 35)
    ]
    reserved_agrees(books)
    assert post(books, closing("C-2"))["S-1"] == "consolidated"
    run_pending(books, 1)
    assert ledger(books, "C-2-1")["Cost of Goods Sold"] == 17


def test_a_closing_into_a_closed_period_is_refused_and_the_next_one_takes_its_sales_up(books: Database) -> None:
    shop(books)
    march = {
        "type": "accounting_period", "company": SHOP, "name": "March", "start": "2026-03-01", "end": "2026-03-31", "status": "frozen"
    }  # fmt: skip
    statuses = post(books, sale("S-1", ("Apple", 2, 3)), march, closing("C-1"))
    assert (statuses["C-1"], statuses["S-1"]) == ("rejected", "open")
    assert error(books, "C-1") in {"PeriodClosed", "PeriodFrozen"}
    assert [number for number in statuses if number.startswith("C-1-")] == []
    statuses = post(books, closing("C-2", at="2026-04-01T20:00"))
    assert (statuses["C-2"], statuses["S-1"]) == ("posted", "consolidated")
    assert rows(books, "SELECT DISTINCT posting_date::text FROM books.general_ledger WHERE voucher = 'C-2-1'") == [
        ("2026-04-01",)
    ]
    # What stands in a period that is closed since is not taken back either.
    april = {**march, "name": "April", "start": "2026-04-01", "end": "2026-04-30"}
    statuses = post(books, april, cancel("X-1", "pos_closing", "C-2"))
    assert (statuses["X-1"], statuses["C-2"]) == ("rejected", "posted")


def test_where_stock_differs_from_its_account_a_closing_and_its_cancel_wait_or_are_warned_of(books: Database) -> None:
    shop(books)
    allowed = {**masters()[0], "stock_journals": "allow"}
    journal = document(
        "journal_entry", "JE-1", "2026-03-01T09:00",
        lines=[{"account": "Stock In Hand", "debit": "5"}, {"account": "Stock Adjustment", "credit": "5"}],
    )  # fmt: skip
    statuses = post(books, sale("S-1", ("Apple", 2, 3)), allowed, journal, closing("C-1"))
    assert (statuses["C-1"], statuses["S-1"]) == ("parked", "open")
    statuses = post(books, {**allowed, "on_out_of_sync": "warn"}, cancel("X-1", "pos_closing", "C-1"))
    assert [statuses[number] for number in ("C-1", "C-1-1", "X-1", "S-1")] == [
        "cancelled",
        "cancelled",
        "posted",
        "open",
    ]
    warned = rows(
        books,
        "SELECT number, warning ->> 'code' FROM books.document_status WHERE warning IS NOT NULL ORDER BY sequence",
    )
    assert warned == [("C-1", "ValueOutOfSync"), ("X-1", "ValueOutOfSync")]
    reserved_agrees(books)
