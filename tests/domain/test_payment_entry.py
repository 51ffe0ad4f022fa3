"""Payments: what is open on documents, settled in part and in full, in the company's and in other currencies."""

from __future__ import annotations

from typing import Any

from tests.support.accountant import Accountant


def sold(books: Accountant, number: str, amount: str, **more: Any) -> None:
    """An invoice to Ann for advice."""
    line = {"item": "Advice", "qty": 1, "rate": amount}
    books.posts("sales_invoice", number, customer="Ann", lines=[line], **more)


def billed(books: Accountant, number: str, amount: str, **more: Any) -> None:
    """A bill from Farm for advice."""
    line = {"item": "Advice", "qty": 1, "rate": amount}
    books.posts("purchase_invoice", number, supplier="Farm", lines=[line], **more)


def against(type_: str, number: str, amount: str) -> dict[str, str]:
    """One settlement."""
    return {"type": type_, "number": number, "amount": amount}


def test_a_customer_pays_in_two_parts() -> None:
    books = Accountant()
    sold(books, "SI-1", "100.00")
    books.posts(
        "payment_entry", "PE-1", party="Ann", mode="Cash", amount="60", against=[against("sales_invoice", "SI-1", "60")]
    )
    assert books.ledger("PE-1") == {"Cash": "60.00", "Debtors": "-60.00"}
    assert books.open("sales_invoice", "SI-1") == "40.00"
    books.posts(
        "payment_entry", "PE-2", party="Ann", mode="Bank", amount="40", against=[against("sales_invoice", "SI-1", "40")]
    )
    assert books.open("sales_invoice", "SI-1") == ""
    assert books.accounts() == {"Bank": "40.00", "Cash": "60.00", "Sales": "-100.00"}


def test_we_pay_a_supplier_from_a_stated_account() -> None:
    books = Accountant()
    billed(books, "PI-1", "80.00")
    books.posts(
        "payment_entry", "PE-1", party="Farm", mode="Wire", account="Bank", amount="80",
        against=[against("purchase_invoice", "PI-1", "80")],
    )  # fmt: skip
    assert books.ledger("PE-1") == {"Bank": "-80.00", "Creditors": "80.00"}
    assert books.open("purchase_invoice", "PI-1") == ""


def test_more_than_is_open_is_refused_with_both_figures() -> None:
    books = Accountant()
    sold(books, "SI-1", "100.00")
    error = books.is_refused(
        "payment_entry",
        "PE-1",
        party="Ann",
        mode="Cash",
        amount="150",
        against=[against("sales_invoice", "SI-1", "150")],
    )
    assert (error.code, error.field) == ("Overpaid", "against[0].amount")
    assert error.details == {"stated": "150.00", "outstanding": "100.00"}


def test_more_settled_than_paid_is_refused_with_both_figures() -> None:
    books = Accountant()
    sold(books, "SI-1", "100.00")
    error = books.is_refused(
        "payment_entry",
        "PE-1",
        party="Ann",
        mode="Cash",
        amount="50",
        against=[against("sales_invoice", "SI-1", "100")],
    )
    assert (error.code, error.details) == ("SettledMoreThanPaid", {"settled": "100.00", "paid": "50.00"})


def test_what_is_left_over_stays_with_the_party_and_is_allotted_later() -> None:
    books = Accountant()
    sold(books, "SI-1", "100.00")
    books.posts(
        "payment_entry",
        "PE-1",
        party="Ann",
        mode="Cash",
        amount="150",
        against=[against("sales_invoice", "SI-1", "100")],
    )
    assert books.open("payment_entry", "PE-1") == "-50.00"
    sold(books, "SI-2", "70.00")
    books.posts(
        "payment_entry", "PE-2", party="Ann", mode="Cash", amount="20",
        against=[against("sales_invoice", "SI-2", "70"), against("payment_entry", "PE-1", "50")],
    )  # fmt: skip
    assert books.open("payment_entry", "PE-1") == books.open("sales_invoice", "SI-2") == ""
    assert books.accounts() == {"Cash": "170.00", "Sales": "-170.00"}


def test_a_prepayment_follows_the_party() -> None:
    books = Accountant()
    books.know("supplier", name="Farm", payable="Creditors")
    books.know("customer", name="Ann")
    books.posts("payment_entry", "PE-1", party="Farm", mode="Bank", amount="30")
    books.posts("payment_entry", "PE-2", party="Ann", mode="Bank", amount="45")
    books.posts("payment_entry", "PE-3", party="Ann", mode="Bank", amount="-5")
    assert books.ledger("PE-1") == {"Bank": "-30.00", "Creditors": "30.00"}
    assert books.ledger("PE-2") == {"Bank": "45.00", "Debtors": "-45.00"}
    assert books.ledger("PE-3") == {"Bank": "-5.00", "Debtors": "5.00"}


def test_an_unknown_party_pays_or_is_paid_by_the_sign() -> None:
    books = Accountant()
    books.posts("payment_entry", "PE-1", party="Somebody", mode="Bank", amount="30")
    books.posts("payment_entry", "PE-2", party="Somebody", mode="Bank", amount="-12")
    assert books.accounts() == {"Bank": "18.00", "Creditors": "12.00", "Debtors": "-30.00"}


def test_a_credit_note_is_paid_back() -> None:
    books = Accountant()
    note = {"item": "Advice", "qty": -1, "rate": "25"}
    books.posts("sales_invoice", "CN-1", customer="Ann", is_return=True, lines=[note])
    assert books.open("sales_invoice", "CN-1") == "-25.00"
    books.posts(
        "payment_entry", "PE-1", party="Ann", mode="Cash", amount="25", against=[against("sales_invoice", "CN-1", "25")]
    )
    assert books.ledger("PE-1") == {"Cash": "-25.00", "Debtors": "25.00"}


def test_a_return_stays_while_what_it_paid_back_does() -> None:
    books = Accountant()
    sold(books, "SI-1", "100.00")
    full = [against("sales_invoice", "SI-1", "100")]
    books.posts("payment_entry", "PE-1", party="Ann", mode="Cash", amount="100", against=full)
    back = {"item": "Advice", "qty": -1, "rate": "100.00"}
    books.posts("sales_invoice", "CN-1", customer="Ann", is_return=True, return_against="SI-1", lines=[back])
    assert books.open("sales_invoice", "SI-1") == "-100.00"
    books.posts("payment_entry", "PE-2", party="Ann", mode="Cash", amount="100", against=full)
    assert books.ledger("PE-2") == {"Cash": "-100.00", "Debtors": "100.00"}
    refused = books.is_refused("cancel", "C-1", target={"type": "sales_invoice", "number": "CN-1"})
    assert (refused.code, refused.details["dependents"]) == ("HasDependents", ["payment entry PE-2"])
    books.cancels("payment_entry", "PE-2")
    books.cancels("sales_invoice", "CN-1")
    assert books.open("sales_invoice", "SI-1") == ""
    assert books.accounts() == {"Cash": "100.00", "Sales": "-100.00"}


def test_cancelling_a_payment_opens_its_documents_again() -> None:
    books = Accountant()
    sold(books, "SI-1", "100.00")
    settled = [against("sales_invoice", "SI-1", "100")]
    books.posts("payment_entry", "PE-1", party="Ann", mode="Cash", amount="100", against=settled)
    refused = books.is_refused("cancel", "C-1", target={"type": "sales_invoice", "number": "SI-1"})
    assert (refused.code, "is paid by payment entry PE-1" in refused.message) == ("HasDependents", True)
    books.cancels("payment_entry", "PE-1")
    assert books.open("sales_invoice", "SI-1") == "100.00"
    assert books.accounts() == {"Debtors": "100.00", "Sales": "-100.00"}
    books.posts("payment_entry", "PE-2", party="Ann", mode="Bank", amount="100", against=settled)
    assert books.accounts() == {"Bank": "100.00", "Sales": "-100.00"}


def test_settling_another_currency_in_full_takes_the_whole_balance() -> None:
    # 333.33 USD at 0.91 make 303.33 EUR. 111.11 of it at 0.95 bring 105.55 and give up 101.11; the last 222.22 at 0.90 bring 200.00
    # and give up what is left, 202.22.
    books = Accountant()
    sold(books, "SI-1", "333.33", currency="USD", exchange_rate="0.91")
    assert books.open("sales_invoice", "SI-1") == "303.33"
    books.posts(
        "payment_entry", "PE-1", party="Ann", mode="Bank", amount="111.11", currency="USD", exchange_rate="0.95",
        against=[against("sales_invoice", "SI-1", "111.11")],
    )  # fmt: skip
    assert books.ledger("PE-1") == {"Bank": "105.55", "Debtors": "-101.11", "Exchange Gain/Loss": "-4.44"}
    books.posts(
        "payment_entry", "PE-2", party="Ann", mode="Bank", amount="222.22", currency="USD", exchange_rate="0.90",
        against=[against("sales_invoice", "SI-1", "222.22")],
    )  # fmt: skip
    assert books.ledger("PE-2") == {"Bank": "200.00", "Debtors": "-202.22", "Exchange Gain/Loss": "2.22"}
    assert books.open("sales_invoice", "SI-1") == ""
    receivable = [entry for entry in books.paper.entries if entry.account == "Debtors"]
    assert sum(entry.currency_amount for entry in receivable) == 0


def test_a_supplier_paid_at_a_dearer_rate_costs_a_loss() -> None:
    books = Accountant()
    billed(books, "PI-1", "100.00", currency="USD", exchange_rate="0.90")
    books.posts(
        "payment_entry", "PE-1", party="Farm", mode="Bank", amount="100", currency="USD", exchange_rate="0.97",
        against=[against("purchase_invoice", "PI-1", "100")],
    )  # fmt: skip
    assert books.ledger("PE-1") == {"Bank": "-97.00", "Creditors": "90.00", "Exchange Gain/Loss": "7.00"}


def test_a_debt_is_paid_in_its_own_currency() -> None:
    books = Accountant()
    sold(books, "SI-1", "100", currency="USD", exchange_rate="0.9")
    error = books.is_refused(
        "payment_entry", "PE-1", party="Ann", mode="Bank", amount="90", against=[against("sales_invoice", "SI-1", "90")]
    )
    assert (error.code, error.details) == ("OtherCurrency", {"currency": "USD"})
    without_rate = books.is_refused("payment_entry", "PE-2", party="Ann", mode="Bank", amount="90", currency="USD")
    assert without_rate.code == "ExchangeRateMissing"


def test_settlements_that_name_the_wrong_document() -> None:
    books = Accountant()
    sold(books, "SI-1", "100")
    books.posts("journal_entry", "JE-1", lines=[{"account": "Cash", "debit": 5}, {"account": "Bank", "credit": 5}])
    ours = against("sales_invoice", "SI-1", "10")
    wrong = {
        "OtherParty": ("Bob", [ours]),
        "SettledTwice": ("Ann", [ours, ours]),
        "NothingOutstanding": ("Ann", [against("journal_entry", "JE-1", "10")]),
    }
    for place, (code, (party, named)) in enumerate(wrong.items()):
        error = books.is_refused("payment_entry", f"PE-{place}", party=party, mode="Cash", amount="20", against=named)
        assert error.code == code
    parked = books.says(
        "payment_entry", "PE-9", party="Ann", mode="Cash", amount="1", against=[against("sales_invoice", "SI-9", "1")]
    )
    assert parked.waits_for == ("voucher:sales_invoice:SI-9",)


def test_a_customer_with_an_account_of_their_own() -> None:
    books = Accountant()
    books.know("account", name="Key Accounts", company="Paper", parent="Accounts Receivable", account_type="receivable")
    books.know("customer", name="Ann", receivable="Key Accounts")
    sold(books, "SI-1", "100")
    books.posts(
        "payment_entry",
        "PE-1",
        party="Ann",
        mode="Cash",
        amount="110",
        against=[against("sales_invoice", "SI-1", "100")],
    )
    assert books.ledger("PE-1") == {"Cash": "110.00", "Key Accounts": "-110.00"}
