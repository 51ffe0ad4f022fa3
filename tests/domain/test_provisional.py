"""Services received before their bill: what is accrued, and what bills, returns and cancels take back of it."""

from __future__ import annotations

from typing import Any

from tests.support.accountant import Accountant


def advised(rate: str = "10", qty: str = "3", **more: Any) -> Accountant:
    """A company that accounts for services as they come, after a receipt of some."""
    books = Accountant(provisional_accounting_for_non_stock=True, **more)
    books.posts("purchase_receipt", "PR", supplier="Mill", lines=[{"item": "Advice", "qty": qty, "rate": rate}])
    return books


def billed(books: Accountant, number: str, qty: str, at: str) -> None:
    line = {"item": "Advice", "qty": qty, "rate": "10", "against_receipt": {"number": "PR", "line": 1}}
    books.posts("purchase_invoice", number, supplier="Mill", posting_datetime=at, lines=[line])


def sent_back(books: Accountant, number: str, qty: str, at: str = "2024-06-16T10:00:00Z") -> None:
    line = {"item": "Advice", "qty": f"-{qty}", "rate": "10", "return_of": 1}
    more = {"is_return": True, "return_against": "PR", "posting_datetime": at}
    books.posts("purchase_receipt", number, supplier="Mill", lines=[line], **more)


def test_a_return_takes_its_share_of_the_accrual_with_it() -> None:
    books = advised()
    sent_back(books, "RR", "1")
    assert books.ledger("RR") == {"Cost of Goods Sold": "-10.00", "Provisional Expenses": "10.00"}
    billed(books, "PI", "2", "2024-06-17")
    assert books.accounts() == {"Cost of Goods Sold": "20.00", "Creditors": "-20.00"}


def test_shares_of_returns_go_by_posting_time_and_add_up() -> None:
    books = advised(rate="0.333333333")  # 1.00 in all
    sent_back(books, "Later", "1", "2024-06-18")
    sent_back(books, "Sooner", "1", "2024-06-17")
    sent_back(books, "Last", "1", "2024-06-19")
    shares = {number: books.ledger(number)["Provisional Expenses"] for number in ("Sooner", "Later", "Last")}
    assert shares == {"Sooner": "0.33", "Later": "0.34", "Last": "0.33"}
    books.cancels("purchase_receipt", "Sooner")
    assert books.ledger("Later")["Provisional Expenses"] == "0.33"
    assert books.accounts() == {"Cost of Goods Sold": "0.33", "Provisional Expenses": "-0.33"}


def test_what_bills_release_is_what_they_would_without_a_cancelled_one() -> None:
    books, never = advised(rate="0.333333333"), advised(rate="0.333333333")
    for one in (books, never):
        billed(one, "B", "1", "2024-06-18")
    billed(books, "A", "1", "2024-06-17")
    assert books.ledger("PR") == {"Cost of Goods Sold": "0.33", "Provisional Expenses": "-0.33"}
    books.cancels("purchase_invoice", "A")
    assert books.accounts() == never.accounts()
    assert books.ledger("PR") == never.ledger("PR")


def test_what_was_not_accrued_is_not_released() -> None:
    books = Accountant()
    books.posts("purchase_receipt", "PR", supplier="Mill", lines=[{"item": "Advice", "qty": "3", "rate": "10"}])
    books.know("company", name="Paper", currency="EUR", provisional_accounting_for_non_stock=True)
    billed(books, "PI", "1", "2024-06-17")
    sent_back(books, "RR", "1")
    assert books.accounts() == {"Cost of Goods Sold": "10.00", "Creditors": "-10.00"}
