"""A receipt is billed wrongly and right, debited and billed again: perpetual inventory, or periodic with a cut-over in between."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.accountant import Accountant
from tests.support.migration import SUSPENSE, migrate, out_of_step_from

CUT_OVER = date(2024, 6, 18)


def goods(qty: int, rate: str, **more: Any) -> dict[str, Any]:
    return {"item": "Apple", "qty": qty, "warehouse": "Stores", "rate": rate, **more}


def told(books: Accountant, number: str, day: int, line: dict[str, Any], **more: Any) -> None:
    kind = "purchase_receipt" if number.startswith("PR") else "purchase_invoice"
    books.posts(kind, number, supplier="Farm", posting_datetime=f"2024-06-{day:02d}T09:00:00Z", lines=[line], **more)


# As they arrive. In order of time the right bill came first, so the wrong one bills again what the first note put back.
STEPS: list[tuple[str, int, dict[str, Any], dict[str, Any]]] = [
    ("PR-1", 3, goods(2, "28"), {}),
    ("WRONG", 16, goods(2, "27", against_receipt="PR-1"), {}),
    ("NOTE-WRONG", 28, goods(-2, "27"), {"is_return": True, "return_against": "WRONG"}),
    ("RIGHT", 4, goods(2, "28", against_receipt="PR-1"), {}),
    ("NOTE-RIGHT", 17, goods(-2, "28"), {"is_return": True, "return_against": "RIGHT"}),
    ("AGAIN", 29, goods(2, "28", against_receipt="PR-1"), {}),
]


@pytest.mark.parametrize("before", [None, *range(len(STEPS) + 1)])
def test_what_is_debited_is_billed_again_alike_whenever_the_company_goes_over(before: int | None) -> None:
    """`before` is the step before which it does, None where it always kept perpetual inventory."""
    books = Accountant(perpetual_inventory=before is None)
    for step, (number, day, line, more) in enumerate(STEPS):
        if step == before:
            migrate(books.paper, CUT_OVER, date(2024, 1, 1))
        if number == "AGAIN" and (before is None or before <= step):
            # The wrong bill took what the first note had put back for two less than that.
            require(books, worth="54.00", unbilled="-54.00")
        told(books, number, day, line, **more)
    if before == len(STEPS):
        migrate(books.paper, CUT_OVER, date(2024, 1, 1))
    require(books, worth="56.00", unbilled="0.00")
    assert books.accounts()["Creditors"] == "-56.00"


def require(books: Accountant, *, worth: str, unbilled: str) -> None:
    books.paper.repost()
    accounts = books.accounts()
    assert (accounts["Stock In Hand"], accounts.get(SUSPENSE, "0.00")) == (worth, unbilled)
    assert out_of_step_from(books.paper, CUT_OVER) == []
