"""Payments over the real store: what is open is read from the ledger, within a batch and across batches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.lanes import MASTERS, cancel, number_of, post_all, publish, rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from worker.reports.outstanding import outstanding_by_voucher
from worker.reports.scope import scope_of
from worker.store.database import Database


def document(type_: str, number: str, minute: int, **content: Any) -> dict[str, Any]:
    head = {"type": type_, "company": "Grocery", "number": number, "posting_datetime": f"2024-06-15T09:{minute:02d}:00"}
    return head | content


def sale(number: str, amount: str, **more: Any) -> dict[str, Any]:
    return document(
        "sales_invoice", number, 0, customer="Asha", lines=[{"item": "Advice", "qty": 1, "rate": amount}], **more
    )


def payment(number: str, minute: int, amount: str, **settled: str) -> dict[str, Any]:
    against = [
        {"type": "sales_invoice", "number": name.replace("_", "-"), "amount": part} for name, part in settled.items()
    ]
    return document("payment_entry", number, minute, party="Asha", mode="Bank", amount=amount, against=against)


def outstanding(books: Database) -> dict[str, str]:
    """What is open by document number."""
    with books.transaction() as connection:
        scope = scope_of(connection, number_of(books))
        assert scope is not None
        left = outstanding_by_voucher(connection, scope)
        names: dict[int, str] = dict(connection.execute("SELECT voucher_id, number FROM voucher").fetchall())
    return {names[voucher]: str(amount) for voucher, amount in left.items() if amount}


@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_open_is_settled_in_parts(database: FreshDatabase, at_once: bool) -> None:
    story = [
        sale("SI-1", "100"), sale("SI-2", "50"), payment("PE-1", 1, "60", SI_1="60"), payment("PE-2", 2, "90", SI_1="40", SI_2="50"),
        payment("PE-3", 3, "10", SI_1="10"), cancel("C-1", "payment_entry", "PE-2"), payment("PE-4", 4, "30", SI_1="25"),
    ]  # fmt: skip
    with opened(database) as books:
        publish(books, [*MASTERS, {"type": "item", "company": "Grocery", "code": "Advice", "is_stock_item": False}])
        for batch in [story] if at_once else [[one] for one in story]:
            publish(books, batch)
            post_all(books)
        assert rows(
            books, "SELECT number, status, error ->> 'code' FROM books.document_status WHERE status = 'rejected'"
        ) == [("PE-3", "rejected", "NothingOutstanding")]
        assert outstanding(books) == {"SI-1": "15.00", "SI-2": "50.00", "PE-4": "-5.00"}


def test_a_debt_in_another_currency_is_settled_whole(database: FreshDatabase) -> None:
    with opened(database) as books:
        publish(books, [*MASTERS, {"type": "item", "company": "Grocery", "code": "Advice", "is_stock_item": False}])
        publish(books, [sale("SI-1", "333.33", currency="USD", exchange_rate="83.10")])
        post_all(books)
        publish(books, [payment("PE-1", 1, "333.33", SI_1="333.33") | {"currency": "USD", "exchange_rate": "84"}])
        assert post_all(books).posted == 1
        assert outstanding(books) == {}
        assert rows(
            books,
            "SELECT account, (debit - credit)::text FROM books.general_ledger WHERE voucher = 'PE-1' ORDER BY account",
        ) == [("Bank", "27999.72"), ("Debtors", "-27699.72"), ("Exchange Gain/Loss", "-300.00")]
