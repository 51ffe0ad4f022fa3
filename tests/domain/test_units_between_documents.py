"""What came in boxes goes back, and is billed, by the piece: quantities of two documents are compared in the item's stock unit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accountant import Accountant


def bolts(qty: Any, rate: str, uom: str | None = "Piece", **more: Any) -> dict[str, Any]:
    return {"item": "Bolt", "qty": qty, "rate": rate, "warehouse": "Stores", "uom": uom, **more}


def hardware(**company: Any) -> Accountant:
    """A company whose bolts come in boxes of twelve, and whose rope is sold by the pound and kept by the kilogram."""
    books = Accountant(**company)
    books.know("item", code="Bolt", stock_uom="Piece", uoms={"Box": "12"})
    books.know("item", code="Rope", stock_uom="Kg", uoms={"Lb": "0.453592370"})
    return books


def back(original: str) -> dict[str, Any]:
    return {"is_return": True, "return_against": original}


def stock(books: Accountant) -> list[tuple[int, int]]:
    """Quantity (millionths) and value (cents) over all movements, differences included."""
    rows = [(movement.qty, movement.value) for movement in books.paper.movements]
    rows += [(0, difference.amount) for difference in books.paper.differences]
    return [(sum(qty for qty, _ in rows), sum(value for _, value in rows))]


def test_two_boxes_come_six_pieces_go_back_and_eighteen_are_billed() -> None:
    books = hardware()
    books.posts("purchase_receipt", "PR-1", supplier="Mill", lines=[bolts(2, "100", "Box")])
    books.posts("purchase_receipt", "RR-1", supplier="Mill", lines=[bolts(-6, "8.333333333")], **back("PR-1"))
    assert books.ledger("RR-1") == {"Stock In Hand": "-50.00", "Stock Received But Not Billed": "50.00"}
    books.posts("purchase_invoice", "PI-1", supplier="Mill", lines=[bolts(18, "8.333333333", against_receipt="PR-1")])
    assert books.accounts() == {"Creditors": "-150.00", "Stock In Hand": "150.00"}
    assert stock(books) == [(18_000_000, 15_000)]
    refused = books.is_refused("purchase_receipt", "RR-2", lines=[bolts(-2, "100", "Box")], **back("PR-1"))
    assert (refused.code, refused.details["left"]) == ("OverReturned", "18")
    assert "24 Piece of Bolt come back, but only 18 of PR-1 are left" in refused.message


def test_pieces_of_an_odd_price_add_up_to_the_box() -> None:
    books = hardware()
    freight = {
        "account": "Freight and Forwarding Charges",
        "category": "valuation",
        "charge": "actual",
        "amount": "0.07",
    }
    books.posts("purchase_receipt", "PR-1", supplier="Mill", lines=[bolts(1, "10.01", "Box")], taxes=[freight])
    for number in range(12):
        books.posts("purchase_receipt", f"RR-{number}", supplier="Mill", lines=[bolts(-1, "1")], **back("PR-1"))
    assert books.accounts() == {}
    assert stock(books) == [(0, 0)]


@pytest.mark.parametrize("policy", ["revalue", "variance", "leave", "refuse"])
def test_a_bill_by_the_piece_clears_the_boxes_whatever_the_policy(policy: str) -> None:
    books = hardware(rate_difference=policy)
    books.posts("purchase_receipt", "PR-1", supplier="Mill", lines=[bolts(1, "100", "Box")])
    for number, qty in enumerate((5, 7)):
        books.posts(
            "purchase_invoice", f"PI-{number}", supplier="Mill",
            lines=[bolts(qty, "8.333333333", against_receipt="PR-1")],
        )  # fmt: skip
    assert books.accounts() == {"Creditors": "-100.00", "Stock In Hand": "100.00"}
    assert stock(books) == [(12_000_000, 10_000)]


def test_another_price_is_another_price_in_any_unit() -> None:
    books = hardware(rate_difference="refuse")
    books.posts("purchase_receipt", "PR-1", supplier="Mill", lines=[bolts(1, "12", "Box")])
    refused = books.is_refused("purchase_invoice", "PI-1", lines=[bolts(6, "1.01", against_receipt="PR-1")])
    assert refused.code == "RateDiffers"
    books = hardware(rate_difference="revalue")
    books.posts("purchase_receipt", "PR-1", supplier="Mill", lines=[bolts(1, "12", "Box")])
    books.posts("purchase_invoice", "PI-1", supplier="Mill", lines=[bolts(6, "1.01", against_receipt="PR-1")])
    assert books.accounts() == {
        "Creditors": "-6.06", "Stock In Hand": "12.06", "Stock Received But Not Billed": "-6.00",
    }  # fmt: skip


def test_pieces_that_come_after_their_bill_in_boxes() -> None:
    books = hardware()
    books.posts("purchase_invoice", "PI-1", supplier="Mill", lines=[bolts(2, "100", "Box")])
    for number, qty in enumerate((5, 19)):
        books.posts(
            "purchase_receipt", f"PR-{number}", supplier="Mill", lines=[bolts(qty, "9", against_invoice="PI-1")]
        )
    assert books.accounts() == {"Creditors": "-200.00", "Stock In Hand": "200.00"}
    books.cancels("purchase_receipt", "PR-0")
    assert books.accounts() == {
        "Creditors": "-200.00", "Stock In Hand": "158.33", "Stock Received But Not Billed": "41.67",
    }  # fmt: skip


def test_boxes_sold_come_back_by_the_piece_at_their_share_of_cost() -> None:
    books = hardware()
    books.posts("purchase_receipt", "PR-1", supplier="Mill", lines=[bolts(2, "10.01", "Box")])
    books.posts("delivery_note", "DN-1", customer="Ann", lines=[bolts(2, "30", "Box")])
    for number, qty in enumerate((5, 7, 12)):
        books.posts("delivery_note", f"CR-{number}", customer="Ann", lines=[bolts(-qty, "2.5")], **back("DN-1"))
    assert [books.ledger(f"CR-{number}")["Stock In Hand"] for number in range(3)] == ["4.17", "5.84", "10.01"]
    assert stock(books) == [(24_000_000, 2_002)]
    books.posts("sales_invoice", "SI-1", customer="Ann", lines=[bolts(1, "30", "Box")], update_stock=True)
    refused = books.is_refused("sales_invoice", "CN-1", lines=[bolts(-13, "2.5")], update_stock=True, **back("SI-1"))
    assert refused.details["left"] == "12"
    books.posts("sales_invoice", "CN-1", lines=[bolts(-12, "2.5")], update_stock=True, **back("SI-1"))
    assert stock(books) == [(24_000_000, 2_002)]
    assert books.accounts() == {"Stock In Hand": "20.02", "Stock Received But Not Billed": "-20.02"}


@pytest.mark.parametrize("type_", ["sales_invoice", "purchase_invoice"])
def test_a_note_without_goods_takes_back_no_more_pieces_than_boxes_held(type_: str) -> None:
    books = hardware()
    books.posts(type_, "ONE", lines=[bolts(1, "24", "Box")])
    books.posts(type_, "HALF", lines=[bolts(-6, "2")], **back("ONE"))
    assert books.is_refused(type_, "MORE", lines=[bolts(-1, "24", "Box")], **back("ONE")).details["left"] == "6"
    books.posts(type_, "REST", lines=[bolts("-0.5", "24", "Box")], **back("ONE"))
    assert books.accounts() == {}


def test_pounds_go_back_to_the_last_millionth_of_a_kilogram() -> None:
    pounds = {"item": "Rope", "rate": "1.37", "warehouse": "Stores", "uom": "Lb"}
    for parts in ((1, 1, 1), (2, 1), (3,)):
        books = hardware()
        books.posts("purchase_receipt", "PR-1", lines=[{**pounds, "qty": 3}])
        books.posts("delivery_note", "DN-1", lines=[{**pounds, "qty": 3}])
        for number, qty in enumerate(parts):
            books.posts("delivery_note", f"CR-{number}", lines=[{**pounds, "qty": -qty}], **back("DN-1"))
        for number, qty in enumerate(parts):
            books.posts("purchase_receipt", f"RR-{number}", lines=[{**pounds, "qty": -qty}], **back("PR-1"))
        assert (books.accounts(), stock(books)) == ({}, [(0, 0)])
    books = hardware()
    books.posts("purchase_receipt", "PR-1", lines=[{**pounds, "qty": 3}])
    books.posts("purchase_receipt", "RR-1", lines=[{**pounds, "qty": "-1.360777", "uom": "Kg"}], **back("PR-1"))
    assert (books.accounts(), stock(books)) == ({}, [(0, 0)])


def test_a_service_received_by_the_day_is_billed_by_the_hour() -> None:
    books = Accountant(provisional_accounting_for_non_stock=True)
    books.know("item", code="Advice", is_stock_item=False, stock_uom="Hour", uoms={"Day": "8"})
    advice = {"item": "Advice"}
    books.posts("purchase_receipt", "PR-1", lines=[{**advice, "qty": 2, "rate": "800", "uom": "Day"}])
    books.posts(
        "purchase_invoice",
        "PI-1",
        lines=[{**advice, "qty": 4, "rate": "100", "uom": "Hour", "against_receipt": "PR-1"}],
    )
    assert books.ledger("PR-1")["Cost of Goods Sold"] == "1200.00"
    books.posts(
        "purchase_invoice",
        "PI-2",
        lines=[{**advice, "qty": 12, "rate": "100", "uom": "Hour", "against_receipt": "PR-1"}],
    )
    assert books.accounts() == {"Cost of Goods Sold": "1600.00", "Creditors": "-1600.00"}


def test_a_box_holds_what_it_held_when_it_came() -> None:
    books = hardware()
    books.posts("purchase_receipt", "PR-1", supplier="Mill", lines=[bolts(2, "120", "Box")])
    books.know("item", code="Bolt", stock_uom="Piece", uoms={"Box": "10"})
    books.posts("purchase_receipt", "RR-1", supplier="Mill", lines=[bolts(-1, "120", "Box")], **back("PR-1"))
    assert books.ledger("RR-1")["Stock In Hand"] == "-100.00"
    books.posts("purchase_receipt", "RR-2", supplier="Mill", lines=[bolts(-14, "10")], **back("PR-1"))
    assert (books.accounts(), stock(books)) == ({}, [(0, 0)])
