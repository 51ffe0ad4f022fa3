"""The books of a small shop with a till: documents decided one after the other, and what the tests read of what they left."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.lanes import post_all, publish, rows
from tests.support.subledger import reserved_by_receipts
from tests.support.till import SHOP, masters, receipt
from worker.store.database import Database

Json = dict[str, Any]


def post(books: Database, *documents: Json) -> dict[str, str]:
    """Publish and decide documents one after the other; gives the status of everything in the lane, by number."""
    for document in documents:
        publish(books, [document])
        post_all(books, SHOP)
    return dict(rows(books, "SELECT number, status FROM books.document_status ORDER BY sequence"))


def shop(books: Database, **profile: Any) -> None:
    """The shop with ten apples and five breads on its shelf."""
    post(books, *masters(**profile), receipt("PR-1", ("Apple", 10, 2), ("Bread", 5, 1)))


def ledger(books: Database, voucher: str) -> dict[str, Decimal]:
    """What a voucher comes to, account by account."""
    found = rows(
        books,
        "SELECT account, sum(debit - credit) FROM books.general_ledger WHERE voucher = %s GROUP BY account",
        voucher,
    )
    return {account: net for account, net in found if net}


def error(books: Database, number: str) -> str:
    """Why a document was refused or waits."""
    ((code,),) = rows(books, "SELECT error ->> 'code' FROM books.document_status WHERE number = %s", number)
    return str(code)


def reserved_agrees(books: Database) -> None:
    """What is kept as reserved is what the open receipts add up to."""
    with books.transaction() as connection:
        kept = connection.execute(
            "SELECT i.name, w.name, r.qty FROM pos_reserved r JOIN chain c USING (company_id, chain_id) "
            "JOIN term i ON i.company_id = 1 AND i.term_id = c.item_id JOIN term w ON w.company_id = 1 AND w.term_id = c.warehouse_id "
            "WHERE r.qty <> 0"
        ).fetchall()
        by_receipts = reserved_by_receipts(connection, 1)
    assert {(item, warehouse): qty for item, warehouse, qty in kept} == {
        (chain.item, chain.warehouse): qty for chain, qty in by_receipts.items()
    }
