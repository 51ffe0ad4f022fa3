"""Taxes, discounts, rounding, change and write-off: invoices as an accountant works them out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accountant import Accountant


def advice(rate: str, qty: int = 1, **more: Any) -> dict[str, Any]:
    return {"item": "Advice", "qty": qty, "rate": rate, **more}


def percent(account: str, rate: str, base: str = "net_total", **more: Any) -> dict[str, Any]:
    return {"account": account, "charge": f"percent_of_{base}", "rate": rate, **more}


def sale(books: Accountant, number: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An invoice to Ann; gives its figures."""
    return books.posts("sales_invoice", number, customer="Ann", lines=list(lines), **more).voucher.figures


def test_taxes_on_top_of_each_other() -> None:
    # 10% of 200 is 20; 5% of that tax is 1; 2% of the total so far, 221, is 4.42.
    books = Accountant()
    figures = sale(
        books, "SI-1", advice("100"), advice("50", 2),
        taxes=[
            percent("VAT", "10"), percent("Service Tax", "5", "previous_tax"), percent("Customs Duty", "2", "previous_total"),
        ],
    )  # fmt: skip
    assert (figures["net_total"], figures["grand_total"]) == ("200.00", "225.42")
    assert books.ledger("SI-1") == {
        "Customs Duty": "-4.42",
        "Debtors": "225.42",
        "Sales": "-200.00",
        "Service Tax": "-1.00",
        "VAT": "-20.00",
    }


def test_a_fixed_charge_and_one_per_unit() -> None:
    books = Accountant()
    fixed = {"account": "Shipping Charges", "charge": "actual", "amount": "7.50"}
    figures = sale(
        books, "SI-1", advice("10", 3), taxes=[fixed, {"account": "VAT", "charge": "per_quantity", "rate": "0.25"}]
    )
    assert figures["grand_total"] == "38.25"
    assert books.ledger("SI-1") == {"Debtors": "38.25", "Sales": "-30.00", "Shipping Charges": "-7.50", "VAT": "-0.75"}


def test_inclusive_taxes_are_taken_out_of_the_rates() -> None:
    # 118 holds 18% VAT: 100 + 18. With a further 2% of the total so far on top of it: 118 = net x 1.18 x 1.02, net 98.04 (98.0392),
    # VAT 17.65 (17.6472), and 2% of 115.69 (115.6872) is 2.31 (2.3137).
    books = Accountant()
    sale(books, "SI-1", advice("118"), taxes=[percent("VAT", "18", included_in_rate=True)])
    assert books.ledger("SI-1") == {"Debtors": "118.00", "Sales": "-100.00", "VAT": "-18.00"}
    both = [
        percent("VAT", "18", included_in_rate=True),
        percent("Service Tax", "2", "previous_total", included_in_rate=True),
    ]
    sale(books, "SI-2", advice("118"), taxes=both)
    assert books.ledger("SI-2") == {"Debtors": "118.00", "Sales": "-98.04", "Service Tax": "-2.31", "VAT": "-17.65"}


def test_what_inclusive_taxes_leave_over_is_declared_and_goes_to_round_off() -> None:
    # Three lines of 0.99 with 7% inside: 0.93 each (0.9252), 7% of 2.79 is 0.20 (0.1953): 2.99 instead of 2.97.
    books = Accountant()
    figures = sale(books, "SI-1", *[advice("0.99")] * 3, taxes=[percent("VAT", "7", included_in_rate=True)])
    assert (figures["grand_total"], figures["round_off"]) == ("2.97", "-0.02")
    assert books.ledger("SI-1") == {"Debtors": "2.97", "Round Off": "0.02", "Sales": "-2.79", "VAT": "-0.20"}


def test_a_discount_on_the_document_lowers_the_taxes_as_well() -> None:
    # 110 with 10% tax; 10% off is 11, of which 10 lowers the net.
    books = Accountant()
    figures = sale(books, "SI-1", advice("60"), advice("40"), taxes=[percent("VAT", "10")], discount_percent="10")
    assert figures["grand_total"] == "99.00"
    assert books.ledger("SI-1") == {"Debtors": "99.00", "Sales": "-90.00", "VAT": "-9.00"}
    by_amount = sale(books, "SI-2", advice("60"), advice("40"), taxes=[percent("VAT", "10")], discount_amount="22")
    assert by_amount["grand_total"] == "88.00"
    assert books.ledger("SI-2") == {"Debtors": "88.00", "Sales": "-80.00", "VAT": "-8.00"}


def test_a_discount_spares_fixed_charges() -> None:
    # 100 and 10 shipping; 11 off the total of 110 comes off the goods alone.
    books = Accountant()
    shipping = {"account": "Shipping Charges", "charge": "actual", "amount": "10"}
    sale(books, "SI-1", advice("100"), taxes=[shipping], discount_amount="11")
    assert books.ledger("SI-1") == {"Debtors": "99.00", "Sales": "-89.00", "Shipping Charges": "-10.00"}


def test_a_discount_on_a_line() -> None:
    books = Accountant()
    figures = sale(books, "SI-1", advice("10", 3, discount="4.50", amount="25.50"), advice("5"))
    assert (figures["line_amounts"], figures["net_total"]) == (["25.50", "5.00"], "30.50")


@pytest.mark.parametrize(
    ("rate", "coin", "total", "off"), [("99.62", None, "100.00", "0.38"), ("99.62", "0.05", "99.60", "-0.02")]
)
def test_the_rounded_total_declares_its_rounding(rate: str, coin: str | None, total: str, off: str) -> None:
    books = Accountant(**({"smallest_currency_fraction": coin} if coin else {}))
    figures = sale(books, "SI-1", advice(rate), rounded_total=True)
    assert (figures["rounded_total"], figures["rounding_adjustment"], figures["round_off"]) == (total, off, off)
    assert books.ledger("SI-1")["Debtors"] == total
    assert books.accounts()["Round Off"] == str(-float(off))


def test_a_rounded_total_that_is_stated_must_be_right() -> None:
    books = Accountant()
    error = books.is_refused("sales_invoice", "SI-1", customer="Ann", lines=[advice("99.62")], rounded_total="99")
    assert (error.code, error.details) == ("TotalMismatch", {"stated": "99.00", "computed": "100.00"})


def test_a_cash_sale_gives_change() -> None:
    books = Accountant()
    paid = [{"mode": "Card", "amount": "20"}, {"mode": "Cash", "amount": "50"}]
    figures = sale(books, "SI-1", advice("64.40"), is_pos=True, payments=paid)
    assert (figures["paid_amount"], figures["change_amount"]) == ("70.00", "5.60")
    assert books.ledger("SI-1") == {"Card": "20.00", "Cash": "44.40", "Sales": "-64.40"}
    assert books.open("sales_invoice", "SI-1") == ""


def test_what_is_paid_at_once_states_its_payments() -> None:
    books = Accountant()
    error = books.is_refused("sales_invoice", "SI-1", customer="Ann", lines=[advice("10")], is_pos=True)
    assert (error.code, error.field, error.details) == ("PaymentRequired", "payments", {"total": "10.00"})
    sale(books, "SI-2", advice("0"), is_pos=True)


def test_the_rounding_of_taxes_in_the_price_is_told() -> None:
    books = Accountant()
    taxes = [percent("VAT", "14", included_in_rate=True)] * 2
    figures = sale(books, "SI-1", advice("24900"), taxes=taxes)
    assert (figures["net_total"], figures["rounding_adjustment"]) == ("19453.13", "-0.01")
    assert books.ledger("SI-1") == {"Debtors": "24900.00", "Round Off": "0.01", "Sales": "-19453.13", "VAT": "-5446.88"}


def test_change_needs_a_payment() -> None:
    books = Accountant()
    error = books.is_refused(
        "sales_invoice", "SI-1", customer="Ann", lines=[advice("10")], is_pos=True, change_amount="5"
    )
    assert (error.code, error.field) == ("PaymentRequired", "payments")


def test_a_small_shortfall_is_written_off_where_asked() -> None:
    books = Accountant()
    short = {"is_pos": True, "payments": [{"mode": "Cash", "amount": "99.50"}]}
    figures = sale(books, "SI-1", advice("100"), auto_write_off=True, **short)
    assert figures["write_off_amount"] == "0.50"
    assert books.ledger("SI-1") == {"Cash": "99.50", "Sales": "-100.00", "Write Off": "0.50"}
    sale(books, "SI-2", advice("100"), **short)
    assert books.open("sales_invoice", "SI-2") == "0.50"


def test_a_credit_note_mirrors_its_invoice_to_the_cent() -> None:
    books = Accountant()
    taxes = [percent("VAT", "7", included_in_rate=True)]
    sale(books, "SI-1", *[advice("0.99")] * 3, taxes=taxes, discount_percent="3.5")
    back = [advice("0.99", -1, return_of=line) for line in (1, 2, 3)]
    books.posts(
        "sales_invoice", "CN-1", is_return=True, return_against="SI-1", lines=back, taxes=taxes, discount_percent="3.5"
    )
    assert books.accounts() == {}
    assert books.open("sales_invoice", "SI-1") == ""


def test_a_bill_with_tax_and_a_charge_in_the_value_of_the_goods() -> None:
    # 10 apples at 2 make 20, freight of 5 goes into their value, 10% VAT is on the net alone.
    books = Accountant()
    apples = {"item": "Apple", "qty": 10, "rate": 2, "warehouse": "Stores"}
    freight = {
        "account": "Freight and Forwarding Charges",
        "charge": "actual",
        "amount": 5,
        "category": "valuation_and_total",
    }
    books.posts(
        "purchase_invoice",
        "PI-1",
        supplier="Farm",
        update_stock=True,
        lines=[apples],
        taxes=[freight, percent("VAT", "10")],
    )
    assert books.ledger("PI-1") == {"Creditors": "-27.00", "Stock In Hand": "25.00", "VAT": "2.00"}


def test_a_total_that_does_not_add_up_is_refused_with_both_figures() -> None:
    books = Accountant()
    error = books.is_refused("sales_invoice", "SI-1", customer="Ann", lines=[advice("100")], total="101")
    assert (error.code, error.details) == ("TotalMismatch", {"stated": "101.00", "computed": "100.00"})
    wrong_line = books.is_refused("sales_invoice", "SI-2", customer="Ann", lines=[advice("100", amount="99")])
    assert (wrong_line.code, wrong_line.field) == ("AmountMismatch", "lines[0].amount")


@pytest.mark.parametrize(
    ("tax", "code"),
    [
        ({"account": "VAT", "charge": "actual", "amount": 5, "included_in_rate": True}, "ActualTaxIncluded"),
        (percent("VAT", "5", "previous_tax"), "NoPreviousTax"),
        ({"account": "VAT", "charge": "percent_of_net_total"}, "MissingField"),
    ],
)
def test_taxes_that_can_not_be_worked_out(tax: dict[str, Any], code: str) -> None:
    assert (
        Accountant().is_refused("sales_invoice", "SI-1", customer="Ann", lines=[advice("1")], taxes=[tax]).code == code
    )


@pytest.mark.parametrize("base", ["previous_tax", "previous_total"])
def test_a_tax_in_the_price_builds_on_nothing_that_comes_on_top(base: str) -> None:
    # With the levy on top nothing says what the price holds: 5% of the levy is owed, yet was never part of 100.
    levy = {"account": "Customs Duty", "charge": "per_quantity", "rate": "8"}
    inside = percent("VAT", "5", base, included_in_rate=True)
    error = Accountant().is_refused(
        "sales_invoice", "SI-1", customer="Ann", lines=[advice("100")], taxes=[levy, inside]
    )
    assert (error.code, error.field) == ("TaxOnTopIncluded", "taxes[1].included_in_rate")
    assert error.details == {"included": "VAT", "on_top": "Customs Duty"}
    # What comes after it, or does not build on it, may well be in the price beside it.
    books = Accountant()
    after = percent("Service Tax", "10", included_in_rate=True)
    figures = sale(books, "SI-1", advice("110"), taxes=[levy, after, percent("VAT", "5", "previous_total")])
    assert (figures["net_total"], figures["grand_total"]) == ("100.00", "123.90")


def test_a_supplier_s_price_holds_nothing_that_the_supplier_is_not_owed() -> None:
    duty = percent("Customs Duty", "10", included_in_rate=True)
    for kind in ("purchase_invoice", "purchase_receipt"):
        refused = Accountant().is_refused(
            kind, "P-1", supplier="Farm", lines=[advice("110")], taxes=[{**duty, "category": "valuation"}]
        )
        assert (refused.code, refused.field) == ("ValuationTaxIncluded", "taxes[0].included_in_rate")
    books = Accountant()
    books.posts(
        "purchase_invoice", "PI-1", supplier="Farm", lines=[advice("110")], taxes=[{**duty, "category": "total"}]
    )
    assert books.ledger("PI-1") == {"Cost of Goods Sold": "100.00", "Customs Duty": "10.00", "Creditors": "-110.00"}


def test_a_debit_note_takes_back_no_more_than_was_billed() -> None:
    books = Accountant()
    books.posts("purchase_invoice", "PI-1", supplier="Farm", lines=[advice("10", 3)])
    back = {"is_return": True, "return_against": "PI-1"}
    books.posts("purchase_invoice", "DN-1", lines=[advice("10", -2)], **back)
    assert books.open("purchase_invoice", "PI-1") == "-10.00"
    error = books.is_refused("purchase_invoice", "DN-2", lines=[advice("10", -2)], **back)
    assert (error.code, error.details) == ("OverReturned", {"left": "1"})
    early = books.is_refused(
        "purchase_invoice", "DN-3", posting_datetime="2024-06-01T09:00:00Z", lines=[advice("10", -1)], **back
    )
    assert early.code == "ReturnBeforeOriginal"
