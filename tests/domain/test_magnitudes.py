"""What would not fit the ledgers is refused by the field that brings it about, and what just fits is taken."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import DocumentRejected
from domain.money import AMOUNT_LIMIT
from domain.reposting import RepostFault
from tests.support.accountant import Accountant

LOTS = "9000000000"  # each figure of a line is one that may be stated; what comes of them is not
DEAR = "1000000"


def goods(qty: str, rate: str, **more: Any) -> dict[str, Any]:
    return {"item": "Apple", "warehouse": "Stores", "qty": qty, "rate": rate, **more}


def counted(qty: str | None, rate: str | None) -> dict[str, Any]:
    stated = {"qty": qty, "rate": rate}
    return {"item": "Apple", "warehouse": "Stores", **{name: figure for name, figure in stated.items() if figure}}


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("lines[0].rate", "purchase_receipt", {"lines": [goods(LOTS, DEAR)]}),
    ("lines[0].rate", "purchase_receipt", {"lines": [goods("1", LOTS)], "currency": "USD", "exchange_rate": DEAR}),
    ("lines[0].qty", "purchase_receipt", {"lines": [goods(LOTS, "0", uom="Box", conversion_factor="12")]}),
    ("lines[1].qty", "purchase_receipt", {"lines": [goods("1", "1"), goods("99999999995", "0")]}),
    ("lines[1].rate", "purchase_receipt", {"lines": [goods("1", "1"), goods("1", "999999999999990")]}),
    ("lines", "purchase_receipt", {"lines": [goods("1", "600000000000000", warehouse=name) for name in ("Stores", "Shop")]}),
    ("lines", "purchase_invoice", {"lines": [{"item": "Advice", "qty": LOTS, "rate": DEAR}]}),
    ("lines", "sales_invoice", {"lines": [{"item": "Advice", "qty": "1", "rate": "900000000000000"}], "taxes": [
        {"account": "VAT", "charge": "percent_of_net_total", "rate": "20"}]}),
    ("lines[0].rate", "stock_reconciliation", {"lines": [counted(LOTS, DEAR)]}),
    ("lines[0].rate", "stock_reconciliation", {"lines": [counted("90000000000", None)]}),
    ("lines[0].rate", "stock_reconciliation", {"lines": [counted(None, "999999999999999")]}),
    ("lines[0].rate", "delivery_note", {"lines": [goods("90000000000", "1")]}),
    ("lines[0].rate", "stock_entry", {
        "purpose": "material_issue", "lines": [{"item": "Apple", "from": "Stores", "qty": LOTS, "rate": DEAR}]}),
    ("lines[0].rate", "stock_entry", {
        "purpose": "material_receipt", "lines": [{"item": "Apple", "to": "Stores", "qty": "90000000000"}]}),
    ("lines", "journal_entry", {"lines": [
        *({"account": "Cash", "debit": "900000000000000"} for _ in "ab"),
        {"account": "Sales", "credit": "900000000000000"}, {"account": "VAT", "credit": "900000000000000"}]}),
    ("lines[0].qty", "sales_order", {"lines": [goods(LOTS, "1", uom="Box", conversion_factor="12")]}),
    ("lines", "landed_cost_voucher", {"receipts": ["PR-1"], "charges": [{"account": "Customs Duty", "amount": "999999999999999"},
        {"account": "Shipping Charges", "amount": "999999999999999"}]}),
]  # fmt: skip


def books() -> Accountant:
    """Ten apples at 20,000 each; stock may go short."""
    company = Accountant(allow_negative_stock=True)
    company.know("warehouse", company="Paper", name="Shop")
    company.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods("10", "20000")])
    return company


@pytest.mark.parametrize(("field", "type_", "content"), REFUSED)
def test_what_the_books_cannot_hold_is_refused(field: str, type_: str, content: dict[str, Any]) -> None:
    party = {"purchase_receipt": "supplier", "purchase_invoice": "supplier", "sales_order": "party"}
    if type_ not in ("stock_entry", "stock_reconciliation", "journal_entry", "landed_cost_voucher"):
        content = content | {party.get(type_, "customer"): "Ann"}
    company = books()
    before = company.accounts()
    error = company.is_refused(type_, "D-1", **content)
    assert (error.code, error.field) == ("NumberTooLarge", field)
    assert error.message.startswith(f"{field}: ")
    assert company.accounts() == before


def test_the_largest_amount_is_taken_and_given_back() -> None:
    company = Accountant()
    company.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods("2", "500000000000000")])
    assert company.paper.movements[-1].value == AMOUNT_LIMIT
    company.posts("delivery_note", "DN-1", customer="Ann", lines=[goods("2", "1")])
    company.cancels("delivery_note", "DN-1")
    assert company.ledger("PR-1")["Stock In Hand"] == "1000000000000000.00"


def test_a_repost_that_would_come_to_more_than_the_books_hold_fails_by_name() -> None:
    company = books()
    company.posts(
        "stock_reconciliation", "SR-1", posting_datetime="2024-06-20T08:00:00Z", lines=[counted("10000000000", None)]
    )
    company.repost = False
    # Accepted: it is the count behind it that is worth more by far, at the rate that is in force there now.
    line, at = goods("10", "900000"), "2024-06-18T08:00:00Z"
    company.posts("purchase_receipt", "PR-2", supplier="Farm", posting_datetime=at, lines=[line])
    with pytest.raises(RepostFault) as fault:
        company.paper.repost()
    cause = fault.value.__cause__
    assert isinstance(cause, DocumentRejected)
    assert (cause.code, fault.value.document) == ("NumberTooLarge", company.paper.sequence)
    assert "Apple in Stores would change by more than" in cause.message


def test_a_sale_at_a_till_that_no_closing_could_book_is_refused() -> None:
    company = books()
    company.know(
        "pos_profile",
        company="Paper",
        name="Till",
        warehouse="Stores",
        payment_modes=[{"mode": "Cash", "account": "Cash"}],
    )
    company.posts("pos_opening", "O-1", pos_profile="Till", user="ann", balances=[])
    paid = [{"mode": "Cash", "amount": "900000000000000"}] * 2
    sale = {"pos_profile": "Till", "user": "ann", "customer": "Eve", "payments": paid}
    error = company.is_refused("pos_invoice", "S-1", lines=[goods("18", "100000000000000", item="Advice")], **sale)
    assert (error.code, error.field) == ("NumberTooLarge", "lines")
