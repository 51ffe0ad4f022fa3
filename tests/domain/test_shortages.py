"""Goods that leave before they came: where that is allowed, what they cost until then, and what the receipt that covers them says."""

from __future__ import annotations

from typing import Any

from domain.stock_ledger import DifferenceKind
from tests.support.accountant import Accountant


def line(item: str = "Apple", qty: int = 1, **more: Any) -> dict[str, Any]:
    return {"item": item, "qty": qty, "warehouse": "Stores", **more}


def shop() -> Accountant:
    """A company that sells what has not come yet."""
    books = Accountant(allow_negative_stock=True)
    books.know("warehouse", company="Paper", name="Shelf")
    return books


def cost(books: Accountant, number: str) -> str:
    """What a delivery took its goods at."""
    return books.ledger(number).get("Cost of Goods Sold", "0.00")


def test_the_rate_in_force_goes_before_the_item_s_and_its_valuation_rate_before_its_standard_rate() -> None:
    books = shop()
    error = books.is_refused("delivery_note", "DN-1", lines=[line(rate=9)])
    assert (error.code, error.field) == ("ValuationRateMissing", "lines[0]")
    books.know("item", code="Free")
    books.posts("delivery_note", "DN-2", lines=[line("Free", allow_zero_rate=True)])
    books.know("item", code="Apple", standard_rate="3")
    books.posts("delivery_note", "DN-3", lines=[line(warehouse="Shelf")])
    books.know("item", code="Apple", standard_rate="3", valuation_rate="4")
    books.posts("delivery_note", "DN-4", lines=[line()])
    books.posts("delivery_note", "DN-5", lines=[line(warehouse="Shelf")])
    books.posts("purchase_receipt", "PR-1", lines=[line(qty=2, rate="5")])
    books.posts("delivery_note", "DN-6", lines=[line(qty=2)])
    assert [cost(books, f"DN-{n}") for n in range(2, 7)] == ["0.00", "3.00", "4.00", "3.00", "10.00"]


def test_an_issue_is_provisional_until_a_receipt_says_for_which_one_it_makes_good() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", lines=[line(rate="2")])
    issues = [
        books.posts("delivery_note", "DN-1", lines=[line(qty=2)]),
        books.posts("stock_entry", "SE-1", purpose="material_issue", difference_account="Write Off", lines=[
            {"item": "Apple", "from": "Stores", "qty": 1}]),
        books.posts("stock_entry", "SE-2", purpose="material_transfer", lines=[
            {"item": "Apple", "from": "Stores", "to": "Shelf", "qty": 1}]),
    ]  # fmt: skip
    assert [[m.provisional for m in issue.movements if m.qty < 0] for issue in issues] == [[True], [True], [True]]
    covering = books.posts("purchase_receipt", "PR-2", lines=[line(qty=5, rate="7")])
    (received,) = covering.movements
    assert (received.value, received.provisional) == (3500, False)
    true_ups = [
        (one.cause, one.movement, one.contra, one.amount)
        for one in covering.differences
        if one.kind == DifferenceKind.TRUE_UP
    ]
    assert true_ups == [
        (issue.movements[0].id, received.id, account, -500)
        for issue, account in zip(issues, ("Cost of Goods Sold", "Write Off", "Stock Adjustment"), strict=True)
    ]
    # What the shelf was given stays as it was: a correction never goes backwards.
    assert books.ledger("PR-2") == {
        "Cost of Goods Sold": "5.00", "Stock Adjustment": "5.00", "Stock In Hand": "20.00",
        "Stock Received But Not Billed": "-35.00", "Write Off": "5.00",
    }  # fmt: skip
    assert books.ledger("SE-2") == {}


def test_a_batch_or_a_serial_number_is_never_owed() -> None:
    books = shop()
    books.know("item", code="Cheese", has_batch=True, batch_wise_valuation=True, allow_negative_stock=True)
    books.know("item", code="Milk", has_batch=True, allow_negative_stock=True)
    books.know("item", code="Clock", has_serial=True, allow_negative_stock=True)
    for item in ("Cheese", "Milk"):
        books.know("batch", name=f"{item} 1", item=item)
        books.know("batch", name=f"{item} 2", item=item)
        books.posts("purchase_receipt", f"PR-{item}", lines=[line(item, 5, rate=1, batch=f"{item} 1")])
    for lines in (
        [line("Cheese", 1, batch="Cheese 2")],
        [line("Cheese", 6, batch="Cheese 1")],
        [line("Milk", 1, batch="Milk 2")],
        [line("Milk", 6, batch="Milk 1")],
        [line("Clock", 1, serials=["C1"])],
    ):
        assert books.is_refused("delivery_note", "DN-1", lines=lines).code == "NegativeStock"


def test_an_item_has_the_last_word_on_what_may_be_owed() -> None:
    books = shop()
    books.know("item", code="Apple", valuation_rate="4", allow_negative_stock=False)
    assert books.is_refused("delivery_note", "DN-1", lines=[line()]).code == "NegativeStock"
    careful = Accountant()
    careful.know("item", code="Apple", valuation_rate="4", allow_negative_stock=True)
    careful.posts("delivery_note", "DN-1", lines=[line()])
    assert cost(careful, "DN-1") == "4.00"


def test_what_comes_back_of_a_short_sale_brings_its_share_of_what_was_made_good() -> None:
    # Three at 4 and two owed at 4, which turn out to cost 9 each: 30 in all. Two of the five are 12, the other three 18.
    books = shop()
    books.posts("purchase_receipt", "PR-1", lines=[line(qty=3, rate="4")])
    books.posts("delivery_note", "DN-1", lines=[line(qty=5)])
    books.posts("purchase_receipt", "PR-2", lines=[line(qty=4, rate="9")])
    for number, qty, share in (("DN-2", -2, "-12.00"), ("DN-3", -3, "-18.00")):
        back = line(qty=qty, return_of=1)
        books.posts("delivery_note", number, is_return=True, return_against="DN-1", lines=[back])
        assert cost(books, number) == share
    assert books.accounts() == {"Stock In Hand": "48.00", "Stock Received But Not Billed": "-48.00"}
