"""Stock follows its warehouse to another account through the real door, whatever changed the mapping."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.lanes import COMPANY, MASTERS, STORES, delivery, number_of, post_all, receipt
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services.acceptance import Message, read, store
from worker.services.reposting import run_pending
from worker.store.database import Database


def send(books: Database, *documents: dict[str, Any]) -> None:
    """Accept documents the way every door does, and post them."""
    for told in store(books, [read(Message(json.dumps(document).encode())) for document in documents]):
        assert told.error is None, told
    post_all(books)


def stock_accounts(books: Database) -> dict[str, float]:
    """Value by stock account; both ledgers agree on it."""
    with books.transaction() as connection:
        scope = scope_of(connection, number_of(books))
        assert scope is not None
        rows = list(REPORTS["stock-account-comparison"].dicts(connection, scope))
    assert all(row["difference"] == 0 for row in rows)
    return {row["account"]: float(row["stock_value"]) for row in rows if row["stock_value"]}


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        send(own, *MASTERS)
        yield own


def test_a_warehouse_with_stock_gets_another_account(books: Database) -> None:
    send(books, receipt("PR-1"), delivery("DN-1", 4))
    assert stock_accounts(books) == {"Stock In Hand": 1200.0}
    send(books, {**STORES, "account": "Finished Goods"}, delivery("DN-2", 1))
    assert stock_accounts(books) == {"Finished Goods": 1000.0}
    with books.transaction() as connection:
        shown = connection.execute(
            "SELECT account, debit::float, credit::float FROM books.general_ledger WHERE voucher LIKE 'Account transfer %' ORDER BY 1"
        ).fetchall()
    assert shown == [("Finished Goods", 1200.0, 0.0), ("Stock In Hand", 0.0, 1200.0)]


def test_the_company_maps_its_default_account_anew(books: Database) -> None:
    send(books, receipt("PR-1"))
    send(books, {**COMPANY, "inventory": "Finished Goods"})
    assert stock_accounts(books) == {"Finished Goods": 2000.0}


def test_documents_accepted_before_the_change_still_book_on_the_old_account(books: Database) -> None:
    documents = [receipt("PR-1"), {**STORES, "account": "Finished Goods"}, receipt("PR-2")]
    store(books, [read(Message(json.dumps(document).encode())) for document in documents])
    post_all(books)
    assert stock_accounts(books) == {"Finished Goods": 4000.0}
    with books.transaction() as connection:
        accounts = connection.execute(
            "SELECT voucher, account FROM books.general_ledger WHERE debit > 0 AND voucher LIKE 'PR-%' ORDER BY voucher"
        ).fetchall()
    assert accounts == [("PR-1", "Stock In Hand"), ("PR-2", "Finished Goods")]


def test_a_repost_over_the_change_keeps_both_ledgers_together(books: Database) -> None:
    send(books, receipt("PR-1"), delivery("DN-1", 4))
    send(books, {**STORES, "account": "Finished Goods"})
    send(books, receipt("PR-0", rate="100", at="2024-06-01T09:00:00"))
    run_pending(books, number_of(books))
    # The four delivered cost 100 each from now on; six at 100 and ten at 200 are left.
    assert stock_accounts(books) == {"Finished Goods": 2600.0}


def test_a_cancel_takes_what_a_repost_corrected_from_the_account_that_it_is_on(books: Database) -> None:
    send(books, receipt("PR-1"), delivery("DN-1", 4))
    send(books, {**STORES, "account": "Finished Goods"})
    duty = {"charges": [{"account": "Customs Duty", "amount": "30"}], "receipts": ["PR-1"], "distribute_by": "qty"}
    head = {"company": COMPANY["name"], "posting_datetime": "2024-06-20T09:00:00"}
    send(books, {"type": "landed_cost_voucher", "number": "LCV-1", **head, **duty})
    run_pending(books, number_of(books))
    send(books, {"type": "cancel", "number": "C-1", **head, "target": {"type": "delivery_note", "number": "DN-1"}})
    run_pending(books, number_of(books))
    assert stock_accounts(books) == {"Finished Goods": 2030.0}


def test_the_same_mapping_again_moves_nothing(books: Database) -> None:
    send(books, receipt("PR-1"))
    send(books, STORES, {**COMPANY, "round_off": "Round Off"})
    with books.transaction() as connection:
        (count,) = connection.execute("SELECT count(*) FROM document").fetchone() or (None,)
    assert count == 1
