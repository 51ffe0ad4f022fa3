"""The drawer and the sales that closings set aside: their money is in it, so it is neither over nor short, and is expected once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from domain.pos_consolidation import Waiting, money_apart
from domain.pos_receipt import PosReceipt, ReceiptPayment, Tender
from tests.support.lanes import rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.support.till import SHOP, cancel, closing, sale
from tests.support.till_books import ledger, post, shop
from worker.store.database import Database

BREAD = {"type": "item", "company": SHOP, "code": "Bread"}


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        yield own


def cash(amount: int | str) -> dict[str, Any]:
    return {"counted": [{"mode": "Cash", "amount": amount}]}


def drawer(books: Database, number: str) -> dict[str, str]:
    (((line,),),) = rows(books, "SELECT figures -> 'drawer' FROM voucher WHERE number = %s", number)
    return {name: line[name] for name in ("expected", "set_aside", "difference")}


def set_one_aside(books: Database) -> None:
    """Three for apples and two for bread are in the drawer; the closing takes up the apples alone, and counts both."""
    shop(books)
    post(books, sale("S-1", ("Apple", 1, 3)), sale("S-2", ("Bread", 1, 2)), {**BREAD, "disabled": True})
    statuses = post(books, closing("C-1", **cash(5)))
    assert statuses["S-2"] == "quarantined"
    assert drawer(books, "C-1") == {"expected": "5.00", "set_aside": "2.00", "difference": "0.00"}
    assert ledger(books, "C-1") == {}


def test_money_of_a_sale_set_aside_is_expected_once_whichever_closing_takes_it_up(books: Database) -> None:
    set_one_aside(books)
    # Still aside: it was counted the night before, and is in the drawer no more.
    post(books, sale("S-3", ("Apple", 1, 3), at="2026-03-02T10:00"), closing("C-2", at="2026-03-02T20:00", **cash(3)))
    assert drawer(books, "C-2") == {"expected": "3.00", "set_aside": "0.00", "difference": "0.00"}
    post(books, BREAD, sale("S-4", ("Apple", 2, 3), at="2026-03-03T10:00"))
    statuses = post(books, closing("C-3", at="2026-03-03T20:00", **cash("5.50")))
    assert statuses["S-2"] == "consolidated"
    assert drawer(books, "C-3") == {"expected": "6.00", "set_aside": "-2.00", "difference": "-0.50"}
    assert ledger(books, "C-3") == {"Cash": Decimal("-0.50"), "Cash Over and Short": Decimal("0.50")}
    ((balance,),) = rows(books, "SELECT sum(debit - credit) FROM books.general_ledger WHERE account = 'Cash'")
    assert balance == Decimal("13.50"), "what was counted on three evenings"


def test_a_closing_made_again_counts_what_the_cancelled_one_had_counted(books: Database) -> None:
    set_one_aside(books)
    post(books, BREAD, sale("S-3", ("Apple", 1, 3), at="2026-03-02T10:00"))
    post(books, closing("C-2", at="2026-03-02T20:00", **cash(3)), cancel("X-1", "pos_closing", "C-1"))
    # The bread went into the second closing, whose drawer did not hold it; the first one's did.
    post(books, closing("C-3", at="2026-03-02T21:00", **cash(5)))
    assert drawer(books, "C-3") == {"expected": "5.00", "set_aside": "2.00", "difference": "0.00"}
    post(books, cancel("X-2", "pos_closing", "C-2"), closing("C-4", at="2026-03-02T22:00", **cash(3)))
    assert drawer(books, "C-4") == {"expected": "3.00", "set_aside": "-2.00", "difference": "0.00"}
    assert rows(books, "SELECT DISTINCT status FROM pos_invoice") == [("consolidated",)]


def test_money_of_a_sale_set_aside_and_then_cancelled_was_given_back(books: Database) -> None:
    set_one_aside(books)
    post(books, cancel("X-1", "pos_invoice", "S-2"), sale("S-3", ("Apple", 1, 3), at="2026-03-02T10:00"))
    post(books, closing("C-2", at="2026-03-02T20:00", **cash(1)))
    assert drawer(books, "C-2") == {"expected": "1.00", "set_aside": "-2.00", "difference": "0.00"}
    post(books, sale("S-4", ("Apple", 1, 3), at="2026-03-03T10:00"))
    post(books, closing("C-3", at="2026-03-03T20:00", **cash(3)))
    assert drawer(books, "C-3") == {"expected": "3.00", "set_aside": "0.00", "difference": "0.00"}


@pytest.mark.parametrize(
    ("status", "expected", "times"),
    [
        ("quarantined", 0, 1), ("quarantined", 1, 0), ("consolidated", 0, 0), ("consolidated", 1, -1),
        ("consolidated", -1, 1), ("cancelled", 1, -1), ("cancelled", 0, 0), ("open", 1, 0),
    ],
)  # fmt: skip
def test_what_stands_is_expected_once_and_what_was_cancelled_not_at_all(status: str, expected: int, times: int) -> None:
    receipt = PosReceipt(
        "S-1", 0, "", [], [], [ReceiptPayment(Tender("Cash", "Cash"), 10)], [ReceiptPayment(Tender("Cash", "Cash"), 4)],
        6, 6, 6, 0, 0, [],
    )  # fmt: skip
    waiting = Waiting(1, status, expected, receipt)
    assert waiting.times == times
    assert money_apart([waiting]) == ({Tender("Cash", "Cash"): 6 * times} if times else {})
