"""How much may be taken of another document: what it has of an item in all, what notes took off, and what the company allows beyond."""

from __future__ import annotations

from typing import Any

from tests.support.accountant import Accountant


def apples(qty: int, **more: Any) -> dict[str, Any]:
    return {"item": "Apple", "qty": qty, "warehouse": "Stores", "rate": 2, **more}


def billed(books: Accountant, number: str, qty: int) -> dict[str, Any]:
    return {
        "type_": "purchase_invoice",
        "number": number,
        "supplier": "Farm",
        "lines": [apples(qty, against_receipt="PR-1")],
    }


def test_lines_of_one_item_count_together_and_rejected_goods_may_be_billed() -> None:
    books = Accountant()
    books.know("warehouse", company="Paper", name="Quarantine")
    rejected = {"rejected_qty": 1, "rejected_warehouse": "Quarantine"}
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[apples(5), apples(4, **rejected)])
    books.posts(**billed(books, "PI-1", 10))
    refused = books.is_refused(**billed(books, "PI-2", 1))
    assert refused.details == {"number": "PR-1", "item": "Apple", "there": "10", "taken": "11"}
    books.cancels("purchase_invoice", "PI-1")
    books.posts(**billed(books, "PI-2", 1))


def test_a_company_may_allow_a_percentage_more() -> None:
    books = Accountant(over_billing_allowance="10", over_delivery_receipt_allowance="50")
    books.posts("purchase_order", "PO-1", party="Farm", lines=[apples(10)])
    more = books.is_refused("purchase_receipt", "PR-0", supplier="Farm", lines=[apples(16, against_order="PO-1")])
    assert more.code == "OverReceived"
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[apples(15, against_order="PO-1")])
    books.posts(**billed(books, "PI-1", 10))
    assert books.is_refused(**billed(books, "PI-2", 7)).code == "OverBilled"
    books.posts(**billed(books, "PI-2", 6))
    assert books.accounts()["Stock Received But Not Billed"] == "2.00"  # one more was billed than came


def test_what_a_customer_is_credited_without_goods_coming_back_is_invoiced_again() -> None:
    books = Accountant()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[apples(10)])
    books.posts("delivery_note", "DN-1", customer="Ann", lines=[apples(10)])
    own = apples(10, against_delivery="DN-1")
    books.posts("sales_invoice", "SI-1", customer="Ann", lines=[own])
    assert books.is_refused("sales_invoice", "SI-2", customer="Ann", lines=[own]).code == "OverBilled"
    books.posts("sales_invoice", "CN-1", customer="Ann", is_return=True, return_against="SI-1", lines=[apples(-10)])
    books.posts("sales_invoice", "SI-2", customer="Ann", lines=[own])
