"""An item goes over to another valuation method: what leaves from then on is valued by it, what left before stays as it was."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accountant import Accountant


def apples(qty: int, rate: str = "0") -> dict[str, Any]:
    return {"item": "Apple", "qty": qty, "rate": rate, "warehouse": "Stores"}


def goes_over(before: str, after: str) -> Accountant:
    """Ten apples at 2, then ten at 4, two of them delivered under the first method; then the other one holds."""
    books = Accountant()
    books.know("item", code="Apple", valuation_method=before)
    books.posts("purchase_receipt", "PR-1", lines=[apples(10, "2")])
    books.posts("purchase_receipt", "PR-2", lines=[apples(10, "4")])
    books.posts("delivery_note", "DN-1", lines=[apples(2)])
    books.know("item", code="Apple", valuation_method=after)
    return books


@pytest.mark.parametrize(
    ("before", "after", "first", "left"),
    [
        # 8 at 2 and 10 at 4 are left of FIFO: 56. The average of 18 is 3.1111, so 12 cost 37.33.
        ("fifo", "moving_average", "37.33", "18.67"),
        # 10 at 2 and 8 at 4 are left of LIFO: 52. The average of 18 is 2.8889, so 12 cost 34.67.
        ("lifo", "moving_average", "34.67", "17.33"),
        # 18 at 3 are left of the average: one layer, whichever end it is taken from.
        ("moving_average", "fifo", "36.00", "18.00"),
        ("moving_average", "lifo", "36.00", "18.00"),
        # 8 at 2 and 10 at 4: the newest first are 10 at 4 and 2 at 2.
        ("fifo", "lifo", "44.00", "12.00"),
        # 10 at 2 and 8 at 4: the oldest first are 10 at 2 and 2 at 4.
        ("lifo", "fifo", "28.00", "24.00"),
    ],
)
def test_what_leaves_from_then_on(before: str, after: str, first: str, left: str) -> None:
    books = goes_over(before, after)
    books.posts("delivery_note", "DN-2", lines=[apples(12)])
    assert books.ledger("DN-2")["Cost of Goods Sold"] == first
    assert books.accounts()["Stock In Hand"] == left
    books.posts("delivery_note", "DN-3", lines=[apples(6)])
    assert books.ledger("DN-3")["Cost of Goods Sold"] == left
    assert "Stock In Hand" not in books.accounts()


def test_what_comes_in_while_no_average_was_ever_taken_is_a_layer_of_its_own() -> None:
    # Under the average nothing left, so the layers are what they were when FIFO holds again: 8 at 2, 10 at 4, 6 at 9.
    books = goes_over("fifo", "moving_average")
    books.posts("purchase_receipt", "PR-3", lines=[apples(6, "9")])
    books.know("item", code="Apple", valuation_method="fifo")
    books.posts("delivery_note", "DN-2", lines=[apples(8)])
    assert books.ledger("DN-2")["Cost of Goods Sold"] == "16.00"
    back = {"is_return": True, "return_against": "PR-2"}
    books.posts("purchase_receipt", "RR-2", lines=[apples(-10, "4")], **back)
    assert books.ledger("RR-2") == {"Stock In Hand": "-40.00", "Stock Received But Not Billed": "40.00"}
    assert books.accounts()["Stock In Hand"] == "54.00"


def test_a_cost_that_comes_later_lies_on_the_whole_stock() -> None:
    books = goes_over("fifo", "moving_average")
    line = {"number": "PR-2", "line": 1, "amount": "9"}
    duty = [{"account": "Customs Duty", "amount": "9"}]
    books.posts("landed_cost_voucher", "LCV-1", receipt_lines=[line], charges=duty, distribute_by="manual")
    assert books.accounts()["Stock In Hand"] == "65.00"


def test_what_is_posted_into_the_time_before_is_valued_by_the_method_of_its_document() -> None:
    # The two delivered under FIFO stay at 2 each. The 12 under the average cost (16 + 40) / 18 each: 37.33. A landed cost of 10 on the
    # first receipt makes the two 3 each, and the average (24 + 40) / 18: 42.67.
    books = goes_over("fifo", "moving_average")
    books.posts("delivery_note", "DN-2", lines=[apples(12)])
    duty = [{"account": "Customs Duty", "amount": "10"}]
    books.posts("landed_cost_voucher", "LCV-1", receipts=["PR-1"], charges=duty, distribute_by="qty")
    cost = {number: sum(e.amount for e in books.paper.entries if e.voucher == sequence and e.account == "Cost of Goods Sold")
            for sequence, number in ((3, "DN-1"), (4, "DN-2"))}  # fmt: skip
    assert cost == {"DN-1": 600, "DN-2": 4267}
    assert books.accounts()["Stock In Hand"] == "21.33"
