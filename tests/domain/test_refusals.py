"""Every reason for which a document of stock or trade is refused or parked, once; both ledgers stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import DocumentParked, DocumentRejected
from tests.support.accountant import Accountant

Told = Callable[[Accountant], Any]


def line(item: str = "Apple", qty: Any = 10, rate: Any = 2, **more: Any) -> dict[str, Any]:
    return {"item": item, "qty": qty, "rate": rate, "warehouse": "Stores", **more}


def receipt(books: Accountant, number: str, *lines: dict[str, Any], **more: Any) -> Any:
    return books.says("purchase_receipt", number, supplier="Farm", lines=list(lines), **more)


def bill(books: Accountant, number: str, *lines: dict[str, Any], **more: Any) -> Any:
    return books.says("purchase_invoice", number, supplier="Farm", lines=list(lines), **more)


def delivery(books: Accountant, number: str, *lines: dict[str, Any], **more: Any) -> Any:
    return books.says("delivery_note", number, customer="Ann", lines=list(lines), **more)


def invoice(books: Accountant, number: str, *lines: dict[str, Any], **more: Any) -> Any:
    return books.says("sales_invoice", number, customer="Ann", lines=list(lines), **more)


def entry(books: Accountant, purpose: str, *lines: dict[str, Any], **more: Any) -> Any:
    return books.says("stock_entry", "SE-9", purpose=purpose, lines=list(lines), **more)


def count(books: Accountant, *lines: dict[str, Any], **more: Any) -> Any:
    return books.says("stock_reconciliation", "SR-9", lines=list(lines), **more)


def landed(books: Accountant, amount: int = 5, **more: Any) -> Any:
    return books.says("landed_cost_voucher", "LC-9", charges=[{"account": "Customs Duty", "amount": amount}], **more)


def cancel(books: Accountant, number: str, type_: str = "purchase_receipt") -> Any:
    return books.says("cancel", f"CX-{number}", target={"type": type_, "number": number})


def sold_clocks(books: Accountant) -> None:
    """Three clocks received, and sold on two lines of one delivery."""
    receipt(books, "PR-2", line("Clock", 3, serials=["C1", "C2", "C3"]))
    delivery(books, "DN-2", line("Clock", 2, serials=["C1", "C2"]), line("Clock", 1, serials=["C3"]))


def sold_and_back(books: Accountant) -> None:
    """One of the clocks came back, and was sold to somebody else."""
    sold_clocks(books)
    delivery(books, "DN-8", line("Clock", -1, serials=["C1"]), is_return=True, return_against="DN-2")
    delivery(books, "DN-7", line("Clock", 1, serials=["C1"]))


def credit_left_alone(books: Accountant) -> Any:
    """A charge of 5.00 is cancelled, and with it the credit of 24.00 that goods of 20.00 could bear because of it."""
    landed(books, receipts=["PR-1"])
    books.posts("landed_cost_voucher", "LC-8", receipts=["PR-1"], charges=[{"account": "Customs Duty", "amount": -24}])
    return cancel(books, "LC-9", "landed_cost_voucher")


def twice(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What the second one says after the first."""
    first()
    return second()


# The books hold receipt PR-1: 10 apples at 2.00, and delivery DN-1: 4 of them at 3.00.
REFUSED: list[tuple[str, str, Told]] = [
    ("AlreadyCancelled", "target", lambda b: twice(
        lambda: cancel(b, "DN-1", "delivery_note"), lambda: cancel(b, "DN-1", "delivery_note"))),
    ("NotProfitAndLoss", "lines[0].expense_account", lambda b: delivery(b, "DN-9", line(qty=1, expense_account="Cash"))),
    ("NotPositive", "lines[0].conversion_factor", lambda b: receipt(b, "PR-9", line(conversion_factor=0))),
    ("BatchMissing", "lines[0].batch", lambda b: receipt(b, "PR-9", line("Cheese"))),
    ("BatchNotWanted", "lines[0].batch", lambda b: receipt(b, "PR-9", line(batch="B1"))),
    ("CostBelowZero", "charges", lambda b: landed(b, receipts=["PR-1"], amount=-999)),
    ("CostBelowZero", "lines[0]", lambda b: receipt(
        b, "PR-9", line(), taxes=[{"account": "Customs Duty", "category": "valuation", "charge": "actual", "amount": -999}])),
    ("CostBelowZero", "lines[1]", lambda b: b.says(
        "stock_entry", "SE-9", purpose="manufacture", additional_costs=[{"account": "Customs Duty", "amount": -1}],
        lines=[{"item": "Apple", "qty": 1, "from": "Stores"}, {"item": "Pear", "qty": 1, "to": "Stores", "finished": True}])),
    ("CostBelowZero", "target", credit_left_alone),
    ("CountedTwice", "lines[1]", lambda b: count(b, line(), line())),
    ("DebitCreditMismatch", "lines", lambda b: b.says("journal_entry", "JE-9", lines=[{"account": "Cash", "debit": 5}])),
    ("DeliveredTwice", "lines[0].against_delivery", lambda b: invoice(
        b, "SI-9", line(qty=1, against_delivery="DN-1"), update_stock=True)),
    ("DisabledItem", "lines[0].item", lambda b: receipt(b, "PR-9", line("Old"))),
    ("DisabledWarehouse", "lines[0].warehouse", lambda b: receipt(b, "PR-9", line(warehouse="Shut"))),
    ("FinishedItemMissing", "lines", lambda b: entry(b, "repack", {"item": "Apple", "qty": 1, "from": "Stores"})),
    ("GroupWarehouse", "lines[0].warehouse", lambda b: receipt(b, "PR-9", line(warehouse="All"))),
    ("HasDependents", "target", lambda b: twice(lambda: bill(b, "PI-1", line(against_receipt="PR-1")), lambda: cancel(b, "PR-1"))),
    ("NegativeQuantity", "lines[0].qty", lambda b: count(b, line(qty=-1))),
    ("NegativeStock", "lines[0].qty", lambda b: delivery(b, "DN-9", line(qty=7))),
    ("NegativeStock", "lines", lambda b: cancel(b, "PR-1")),
    ("NegativeStock", "lines", lambda b: delivery(b, "DN-9", line(qty=7), posting_datetime="2024-06-15T08:01:30Z")),
    ("NotAStockItem", "lines[0].item", lambda b: entry(b, "material_issue", {"item": "Advice", "qty": 1, "from": "Stores"})),
    ("NotAStockItem", "lines[0].item", lambda b: count(b, line("Advice"))),
    ("NotOnOriginal", "lines[0].item", lambda b: delivery(b, "DN-9", line("Pear", -1), is_return=True, return_against="DN-1")),
    ("NotOnOriginal", "lines[0].serials", lambda b: twice(
        lambda: sold_clocks(b), lambda: delivery(b, "DN-9", line("Clock", -1, serials=["C9"]), is_return=True, return_against="DN-2"))),
    ("NotOnOriginal", "lines[0].serials", lambda b: twice(
        lambda: sold_clocks(b),
        lambda: delivery(b, "DN-9", line("Clock", -2, serials=["C1", "C3"]), is_return=True, return_against="DN-2"))),
    ("NotOnOriginal", "lines[0].serials", lambda b: twice(
        lambda: sold_clocks(b), lambda: receipt(b, "PR-9", line("Clock", -1, serials=["C9"]), is_return=True, return_against="PR-2"))),
    ("NotOnOriginal", "lines[0].batch", lambda b: twice(
        lambda: receipt(b, "PR-2", line("Cheese", batch="B1"), line("Cheese", batch="B2")),
        lambda: receipt(b, "PR-9", line("Cheese", -1, batch="B3"), is_return=True, return_against="PR-2"))),
    ("OverReturned", "lines[0].serials", lambda b: twice(
        lambda: sold_and_back(b),
        lambda: delivery(b, "DN-9", line("Clock", -1, serials=["C1"]), is_return=True, return_against="DN-2"))),
    ("OverBilled", "lines[0].qty", lambda b: bill(b, "PI-9", line(qty=11, against_receipt="PR-1"))),
    ("OverBilled", "lines[0].qty", lambda b: invoice(b, "SI-9", line(qty=5, against_delivery="DN-1"))),
    ("OverReceived", "lines[0].qty", lambda b: twice(
        lambda: bill(b, "PI-8", line(qty=2)), lambda: receipt(b, "PR-9", line(qty=3, against_invoice="PI-8")))),
    ("OverReceived", "lines[1].qty", lambda b: twice(
        lambda: b.says("purchase_order", "PO-1", party="Farm", lines=[line(qty=5)]),
        lambda: receipt(b, "PR-9", line(qty=3, against_order="PO-1"), line(qty=3, against_order="PO-1")))),
    ("OverDelivered", "lines[0].qty", lambda b: twice(
        lambda: b.says("sales_order", "SO-1", party="Ann", lines=[line(qty=2)]),
        lambda: delivery(b, "DN-9", line(qty=3, against_order="SO-1")))),
    ("NotOnReference", "lines[0].against_receipt", lambda b: bill(b, "PI-9", line("Pear", against_receipt="PR-1"))),
    ("NothingConsumed", "lines", lambda b: entry(b, "repack", {"item": "Apple", "qty": 1, "to": "Stores", "finished": True})),
    ("NothingCounted", "lines[0]", lambda b: count(b, {"item": "Apple", "warehouse": "Stores"})),
    ("NoAmountToShareBy", "distribute_by", lambda b: twice(
        lambda: receipt(b, "PR-2", line(rate=0)), lambda: landed(b, receipts=["PR-2"]))),
    ("NothingToCharge", "receipts", lambda b: twice(lambda: receipt(b, "PR-2", line("Advice")), lambda: landed(b, receipts=["PR-2"]))),
    ("NothingToReconcile", "lines", lambda b: count(b, line(qty=6))),
    ("OpeningNeedsBalanceSheetAccount", "difference_account", lambda b: count(
        b, line(qty=1), purpose="opening_stock", difference_account="Sales")),
    ("OverReturned", "lines[0].qty", lambda b: delivery(b, "DN-9", line(qty=-5), is_return=True, return_against="DN-1")),
    ("OverReturned", "lines[1].qty", lambda b: delivery(b, "DN-9", line(qty=-3), line(qty=-2), is_return=True, return_against="DN-1")),
    ("QuantityMissing", "lines[0].qty", lambda b: entry(b, "material_issue", {"item": "Apple", "from": "Stores"})),
    ("ReceiptMissing", "receipt_lines", lambda b: landed(b, receipt_lines=[1])),
    ("ReceivedTwice", "lines[0].against_receipt", lambda b: bill(b, "PI-9", line(against_receipt="PR-1"), update_stock=True)),
    ("ReferenceCancelled", "lines[0].against_delivery", lambda b: twice(
        lambda: cancel(b, "DN-1", "delivery_note"), lambda: invoice(b, "SI-9", line(qty=4, against_delivery="DN-1")))),
    ("RejectedWarehouseMissing", "lines[0].rejected_warehouse", lambda b: receipt(b, "PR-9", line(rejected_qty=1))),
    ("ReturnBeforeOriginal", "posting_datetime", lambda b: delivery(
        b, "DN-9", line(qty=-1), is_return=True, return_against="DN-1", posting_datetime="2024-06-14")),
    ("SameWarehouse", "lines[0].to", lambda b: entry(
        b, "material_transfer", {"item": "Apple", "qty": 1, "from": "Stores", "to": "Stores"})),
    ("SerialThereAlready", "lines[0].serials", lambda b: twice(
        lambda: receipt(b, "PR-2", line("Clock", 1, serials=["C1"])), lambda: receipt(b, "PR-9", line("Clock", 1, serials=["C1"])))),
    ("SerialsDoNotMatch", "lines[0].serials", lambda b: receipt(b, "PR-9", line("Clock", 2, serials=["C1"]))),
    ("SerialsNotWanted", "lines[0].serials", lambda b: receipt(b, "PR-9", line(serials=["C1"]))),
    ("SeveralFinishedItems", "lines", lambda b: entry(
        b, "manufacture", {"item": "Apple", "qty": 1, "from": "Stores"}, {"item": "Pear", "qty": 1, "to": "Stores", "finished": True},
        {"item": "Apple", "qty": 1, "to": "Stores", "finished": True})),
    ("StockAccountOnlyViaStock", "lines[0].account", lambda b: b.says(
        "journal_entry", "JE-9", lines=[{"account": "Stock In Hand", "debit": 5}, {"account": "Cash", "credit": 5}])),
    ("StockFrozen", "posting_datetime", lambda b: receipt(b, "PR-9", line(), posting_datetime="2024-01-31")),
    ("TotalMismatch", "receipt_lines", lambda b: landed(
        b, distribute_by="manual", receipt_lines=[{"number": "PR-1", "line": 1, "amount": 4}])),
    ("UnknownUnit", "lines[0].uom", lambda b: receipt(b, "PR-9", line("Pear", uom="Barrel"))),
    ("ValuationRateMissing", "lines[0].rate", lambda b: entry(b, "material_receipt", {"item": "Pear", "qty": 1, "to": "Stores"})),
    ("WarehouseMissing", "lines[0].warehouse", lambda b: receipt(b, "PR-9", {"item": "Apple", "qty": 1, "rate": 1})),
    ("WarehousesDoNotFit", "lines[0]", lambda b: entry(b, "material_issue", {"item": "Apple", "qty": 1, "to": "Stores"})),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "field", "told"), REFUSED, ids=[f"{code}-{place}" for place, (code, _, _) in enumerate(REFUSED)]
)
def test_refused_by_name_and_field(code: str, field: str, told: Told) -> None:
    books = small_books()
    error = answer(told, books)
    assert isinstance(error, DocumentRejected), error
    assert (error.code, error.field) == (code, field)


def answer(told: Told, books: Accountant) -> Any:
    """What a document is told; what its shape alone forbids is refused before it is decided."""
    try:
        return told(books)
    except DocumentRejected as error:
        return error


def test_a_refusal_leaves_no_trace() -> None:
    for _, _, told in REFUSED:
        books, untouched = small_books(), small_books()
        answer(told, books)
        if len(books.paper.postings) == len(untouched.paper.postings):
            assert books.accounts() == untouched.accounts()
            assert books.paper.balances == untouched.paper.balances


def test_a_bill_at_another_rate_is_refused_where_the_company_says_so() -> None:
    books = small_books(rate_difference="refuse")
    error = bill(books, "PI-1", line(rate=3, against_receipt="PR-1"))
    assert (error.code, error.field) == ("RateDiffers", "lines[0].rate")
    bill(books, "PI-2", line(rate=5))
    error = receipt(books, "PR-2", line(rate=4, against_invoice="PI-2"))
    assert (error.code, error.field) == ("RateDiffers", "lines[0].rate")


def test_a_price_or_a_charge_that_bears_a_credit_is_cancelled_behind_it() -> None:
    books = small_books()
    bill(books, "PI-1", line(rate=3, against_receipt="PR-1"))
    landed(books, receipts=["PR-1"], amount=-24)
    error = cancel(books, "PI-1", "purchase_invoice")
    assert (error.code, error.field, error.details) == ("CostBelowZero", "target", {"cost": "-4.00"})
    for type_, number in (("landed_cost_voucher", "LC-9"), ("purchase_invoice", "PI-1")):
        books.cancels(type_, number)
    assert books.accounts() == small_books().accounts()


PARKED: list[tuple[str, str, Told]] = [
    ("UnknownDocument", "voucher:purchase_receipt:PR-7", lambda b: bill(b, "PI-9", line(against_receipt="PR-7"))),
    ("UnknownDocument", "voucher:delivery_note:DN-7", lambda b: delivery(b, "DN-9", line(qty=-1), is_return=True, return_against="DN-7")),
    ("UnknownDocument", "voucher:purchase_receipt:PR-7", lambda b: cancel(b, "PR-7")),
    ("UnknownMaster", "item:Quince", lambda b: receipt(b, "PR-9", line("Quince"))),
    ("UnknownMaster", "warehouse:Cellar", lambda b: receipt(b, "PR-9", line(warehouse="Cellar"))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "cause", "told"), PARKED)
def test_parked_until_its_cause_comes(code: str, cause: str, told: Told) -> None:
    error = told(small_books())
    assert isinstance(error, DocumentParked), error
    assert (error.code, error.waits_for) == (code, (cause,))


def small_books(**settings: Any) -> Accountant:
    """Ten apples received, four of them delivered."""
    books = Accountant(stock_frozen_upto="2024-01-31", **settings)
    books.know("item", code="Pear", stock_uom="Piece", uoms={"Box": 12})
    books.know("item", code="Cheese", has_batch=True)
    books.know("item", code="Clock", has_serial=True)
    books.know("item", code="Old", disabled=True)
    books.know("warehouse", company="Paper", name="All", is_group=True)
    books.know("warehouse", company="Paper", name="Shut", disabled=True)
    receipt(books, "PR-1", line())
    delivery(books, "DN-1", line(qty=4, rate=3))
    return books
