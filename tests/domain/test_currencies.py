"""Purchases and sales in other currencies: each line converts once, and what exchange rates do never reaches stock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accountant import Accountant


def apples(qty: int, rate: str, **more: Any) -> dict[str, Any]:
    return {"item": "Apple", "qty": qty, "rate": rate, "warehouse": "Stores", **more}


def usd(rate: str) -> dict[str, str]:
    return {"currency": "USD", "exchange_rate": rate}


def received(policy: str = "revalue") -> Accountant:
    """Ten apples at 2.00 USD, received when a dollar was 0.90."""
    books = Accountant(rate_difference=policy)
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[apples(10, "2")], **usd("0.90"))
    assert books.ledger("PR-1") == {"Stock In Hand": "18.00", "Stock Received But Not Billed": "-18.00"}
    return books


@pytest.mark.parametrize("policy", ["revalue", "variance", "leave", "refuse"])
def test_a_bill_at_another_exchange_rate_touches_no_stock_whatever_the_policy(policy: str) -> None:
    books = received(policy)
    books.posts(
        "purchase_invoice", "PI-1", supplier="Farm", lines=[apples(10, "2", against_receipt="PR-1")], **usd("0.95")
    )
    assert books.accounts() == {"Creditors": "-19.00", "Exchange Gain/Loss": "1.00", "Stock In Hand": "18.00"}


def test_the_price_part_is_valued_at_the_receipts_exchange_rate() -> None:
    # 2.20 instead of 2.00 for ten is 2 USD dearer: 1.80 at 0.90 into stock. The bill of 22 USD at 0.95 is 20.90; 1.10 is exchange.
    books = received()
    books.posts(
        "purchase_invoice", "PI-1", supplier="Farm", lines=[apples(10, "2.20", against_receipt="PR-1")], **usd("0.95")
    )
    assert books.accounts() == {"Creditors": "-20.90", "Exchange Gain/Loss": "1.10", "Stock In Hand": "19.80"}
    books = received("variance")
    books.posts(
        "purchase_invoice", "PI-1", supplier="Farm", lines=[apples(10, "2.20", against_receipt="PR-1")], **usd("0.95")
    )
    assert books.accounts() == {
        "Creditors": "-20.90",
        "Exchange Gain/Loss": "1.10",
        "Purchase Price Variance": "1.80",
        "Stock In Hand": "18.00",
    }


def test_rounding_of_exchange_rates_is_never_taken_for_another_price() -> None:
    # 7 at 14.29 USD are 100.03 USD: 33.31 at 0.333, 32.91 (32.90987) at 0.329. Under `refuse` any price part would refuse the bill.
    books = Accountant(rate_difference="refuse")
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[apples(7, "14.29")], **usd("0.333"))
    for number, qty in (("PI-1", 3), ("PI-2", 4)):
        line = apples(qty, "14.29", against_receipt="PR-1")
        books.posts("purchase_invoice", number, supplier="Farm", lines=[line], **usd("0.329"))
    assert books.accounts() == {"Creditors": "-32.91", "Exchange Gain/Loss": "-0.40", "Stock In Hand": "33.31"}


def test_at_one_exchange_rate_nothing_is_the_exchange_s() -> None:
    # 1.59 USD are 131.09 (131.092), 5.44 are 448.52 (448.517); 3.85 by themselves would be 317.42 (317.4248) and leave a cent.
    books = Accountant()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[apples(1, "1.59")], **usd("82.448"))
    bill = {"lines": [apples(1, "5.44", against_receipt="PR-1")], **usd("82.448")}
    books.posts("purchase_invoice", "PI-1", supplier="Farm", **bill)
    assert books.accounts() == {"Creditors": "-448.52", "Stock In Hand": "448.52"}
    # A note of 1.60 takes 131.92 (131.9168) back; the 3.84 that are kept are variance, to the cent.
    note = {"lines": [apples(-1, "1.60")], "is_return": True, "return_against": "PI-1", **usd("82.448")}
    books.posts("purchase_invoice", "DN-1", supplier="Farm", **note)
    assert books.ledger("DN-1") == {
        "Creditors": "131.92", "Purchase Price Variance": "316.60", "Stock Received But Not Billed": "-448.52",
    }  # fmt: skip


def test_each_line_converts_once() -> None:
    # Three lines of 0.55 USD at 0.91 are 0.50 each (0.5005): 1.50. The payable is what the lines add up to.
    books = Accountant()
    books.posts(
        "purchase_invoice", "PI-1", supplier="Farm", lines=[apples(1, "0.55")] * 3, update_stock=True, **usd("0.91")
    )
    assert books.ledger("PI-1") == {"Creditors": "-1.50", "Stock In Hand": "1.50"}
    (payable,) = [entry for entry in books.paper.entries if entry.account == "Creditors"]
    assert (payable.currency, payable.currency_amount) == ("USD", -165)


def test_currencies_with_other_decimals() -> None:
    # 1,234 JPY at 0.0061 are 7.53 EUR (7.5274); into dinars of three decimals 12.50 EUR at 0.3345 are 4.181 (4.18125).
    books = Accountant()
    books.posts(
        "sales_invoice",
        "SI-1",
        customer="Ann",
        lines=[{"item": "Advice", "qty": 1, "rate": 1234}],
        currency="JPY",
        exchange_rate="0.0061",
    )
    assert books.ledger("SI-1") == {"Debtors": "7.53", "Sales": "-7.53"}
    dinars = Accountant("KWD")
    dinars.posts(
        "sales_invoice",
        "SI-1",
        customer="Ann",
        lines=[{"item": "Advice", "qty": 1, "rate": "12.5"}],
        currency="EUR",
        exchange_rate="0.3345",
    )
    assert dinars.ledger("SI-1") == {"Debtors": "4.181", "Sales": "-4.181"}
    cents = books.is_refused(
        "sales_invoice",
        "SI-2",
        customer="Ann",
        lines=[{"item": "Advice", "qty": 1, "rate": 10, "amount": "10.5"}],
        currency="JPY",
        exchange_rate="0.0061",
    )
    assert cents.code == "TooManyDecimals"


def test_a_sale_paid_in_parts_in_its_currency_leaves_nothing_standing() -> None:
    # 100 USD at 0.333 are 33.30. Three payments of 33.33, 33.33 and 33.34 convert to 11.10 each (11.0989, 11.0989, 11.1022).
    books = Accountant()
    paid = [
        {"mode": mode, "amount": amount} for mode, amount in (("Cash", "33.33"), ("Card", "33.33"), ("Bank", "33.34"))
    ]
    line = {"item": "Advice", "qty": 1, "rate": "100"}
    books.posts("sales_invoice", "SI-1", customer="Ann", lines=[line], payments=paid, **usd("0.333"))
    assert books.accounts() == {"Bank": "11.10", "Card": "11.10", "Cash": "11.10", "Sales": "-33.30"}
    assert books.open("sales_invoice", "SI-1") == ""


def test_a_credit_note_at_another_rate_takes_the_whole_balance() -> None:
    # 100 USD owed at 0.90; taken back in full at 0.95: income is reduced by 95, the 5 are exchange.
    books = Accountant()
    line = {"item": "Advice", "qty": 1, "rate": "100"}
    books.posts("sales_invoice", "SI-1", customer="Ann", lines=[line], **usd("0.90"))
    books.posts(
        "sales_invoice", "CN-1", is_return=True, return_against="SI-1", lines=[line | {"qty": -1}], **usd("0.95")
    )
    assert books.open("sales_invoice", "SI-1") == ""
    assert books.accounts() == {"Exchange Gain/Loss": "-5.00", "Sales": "5.00"}
    books.posts("purchase_invoice", "PI-1", supplier="Farm", lines=[line], **usd("0.90"))
    books.posts(
        "purchase_invoice", "DN-1", is_return=True, return_against="PI-1", lines=[line | {"qty": -1}], **usd("0.85")
    )
    assert books.open("purchase_invoice", "PI-1") == ""
    assert books.ledger("DN-1") == {"Cost of Goods Sold": "-85.00", "Creditors": "90.00", "Exchange Gain/Loss": "-5.00"}


def test_a_tax_in_another_currency_and_what_converting_it_leaves() -> None:
    # 10.01 USD net and 1.90 VAT (19%: 1.9019) are 11.91. At 0.85: net 8.51 (8.5085), VAT 1.62 (1.615), total 10.12 (10.1235).
    books = Accountant()
    tax = {"account": "VAT", "charge": "percent_of_net_total", "rate": 19}
    posting = books.posts(
        "sales_invoice",
        "SI-1",
        customer="Ann",
        lines=[{"item": "Advice", "qty": 1, "rate": "10.01"}],
        taxes=[tax],
        **usd("0.85"),
    )
    assert books.ledger("SI-1") == {"Debtors": "10.12", "Round Off": "0.01", "Sales": "-8.51", "VAT": "-1.62"}
    assert posting.voucher.figures["round_off"] == "-0.01"


def test_a_rate_is_needed_and_one_currency_is_none() -> None:
    books = Accountant()
    line = {"item": "Advice", "qty": 1, "rate": "100"}
    assert (
        books.is_refused("sales_invoice", "SI-1", customer="Ann", lines=[line], currency="USD").code
        == "ExchangeRateMissing"
    )
    books.posts("sales_invoice", "SI-2", customer="Ann", lines=[line], currency="EUR", exchange_rate="1")
    assert {entry.currency for entry in books.paper.entries} == {""}


def test_a_journal_in_another_currency_balances_in_both() -> None:
    books = Accountant()
    lines = [
        {"account": "Bank", "debit": "33.33"},
        {"account": "Card", "debit": "33.33"},
        {"account": "Cash", "credit": "66.66"},
    ]
    books.posts("journal_entry", "JE-1", lines=lines, **usd("0.333"))
    assert books.accounts() == {"Bank": "11.10", "Card": "11.10", "Cash": "-22.20"}
    assert sum(entry.currency_amount for entry in books.paper.entries) == 0


@pytest.mark.parametrize("policy", ["revalue", "variance", "leave", "refuse"])
def test_goods_that_come_after_their_bill_clear_it_in_parts_to_the_cent(policy: str) -> None:
    # 7 at 14.29 USD are billed at 0.333: 33.31. They come in three parts at 0.329: 9.40, 9.40 and 14.10 (14.1042) into stock; the
    # rest is exchange.
    books = Accountant(rate_difference=policy)
    books.posts("purchase_invoice", "PI-1", supplier="Farm", lines=[apples(7, "14.29")], **usd("0.333"))
    for number, qty in (("PR-1", 2), ("PR-2", 2), ("PR-3", 3)):
        books.posts(
            "purchase_receipt",
            number,
            supplier="Farm",
            lines=[apples(qty, "14.29", against_invoice="PI-1")],
            **usd("0.329"),
        )
    assert books.accounts() == {"Creditors": "-33.31", "Exchange Gain/Loss": "0.41", "Stock In Hand": "32.90"}
