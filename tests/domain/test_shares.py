"""Parts of one price: whatever the order in which returns, bills and receipts arrive, each has the share of its place in time."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.support.accountant import Accountant
from tests.support.laws import apart

ORDERS = list(permutations((2, 3, 4)))


def goods(qty: Any, rate: str, **more: Any) -> dict[str, Any]:
    return {"item": "Apple", "qty": qty, "warehouse": "Stores", "rate": rate, **more}


def at(day: int) -> str:
    return f"2024-06-{day:02d}T09:00:00Z"


def returned(books: Accountant, number: str, day: int) -> None:
    books.posts(
        "purchase_receipt", number, supplier="Farm", is_return=True, return_against="PR-1", posting_datetime=at(day),
        lines=[goods(-1, "3.335")],
    )  # fmt: skip


def billed(books: Accountant, number: str, day: int, rate: str = "3.335", **more: Any) -> None:
    line = goods(1, rate, against_receipt="PR-1")
    books.posts("purchase_invoice", number, supplier="Farm", posting_datetime=at(day), lines=[line], **more)


def received(books: Accountant, number: str, day: int, **more: Any) -> None:
    line = goods(1, "3.50", against_invoice="PI-1")
    books.posts("purchase_receipt", number, supplier="Farm", posting_datetime=at(day), lines=[line], **more)


def three_apples(**company: Any) -> Accountant:
    """Three apples for 10.01, a price that no thirds add up to, and 0.10 of freight."""
    books = Accountant(**company)
    freight = {
        "account": "Freight and Forwarding Charges", "category": "valuation_and_total", "charge": "actual", "amount": "0.10",
    }  # fmt: skip
    books.posts(
        "purchase_receipt", "PR-1", supplier="Farm", posting_datetime=at(1), lines=[goods(3, "3.335")], taxes=[freight]
    )
    return books


@pytest.mark.parametrize("order", ORDERS)
def test_returns_have_the_share_of_their_day(order: tuple[int, ...]) -> None:
    books = three_apples()
    for day in order:
        returned(books, f"RR-{day}", day)
    assert [books.ledger(f"RR-{day}")["Stock Received But Not Billed"] for day in (2, 3, 4)] == ["3.34", "3.33", "3.34"]
    freight = [books.ledger(f"RR-{day}")["Freight and Forwarding Charges"] for day in (2, 3, 4)]
    assert freight == ["0.03", "0.04", "0.03"]
    assert books.accounts() == {}


def test_a_return_cancelled_from_between_others_leaves_them_their_own_shares() -> None:
    books, never = three_apples(), three_apples()
    for day in (2, 3, 4):
        returned(books, f"RR-{day}", day)
    books.cancels("purchase_receipt", "RR-2")
    for day in (3, 4):
        returned(never, f"RR-{day}", day)
    assert books.ledger("RR-3")["Stock Received But Not Billed"] == "3.34"
    assert not [line for line in apart(books.paper, never.paper) if "RR-2" not in line]


@pytest.mark.parametrize("policy", ["revalue", "variance", "leave"])
@pytest.mark.parametrize("order", ORDERS)
def test_bills_clear_the_share_of_their_day(order: tuple[int, ...], policy: str) -> None:
    books, in_time = three_apples(rate_difference=policy), three_apples(rate_difference=policy)
    for day in order:
        billed(books, f"PI-{day}", day, rate=f"3.{day}35")
    for day in sorted(order):
        billed(in_time, f"PI-{day}", day, rate=f"3.{day}35")
    assert apart(books.paper, in_time.paper) == []
    books.cancels("purchase_invoice", f"PI-{order[0]}")
    never = three_apples(rate_difference=policy)
    for day in sorted(order[1:]):
        billed(never, f"PI-{day}", day, rate=f"3.{day}35")
    assert books.accounts() == never.accounts()


def test_bills_of_another_currency_share_both_currencies_in_order_of_time() -> None:
    def told(order: tuple[int, ...]) -> Accountant:
        books = Accountant()
        money = {"currency": "USD", "exchange_rate": "0.93"}
        books.posts(
            "purchase_receipt", "PR-1", supplier="Farm", posting_datetime=at(1), lines=[goods(3, "3.335")], **money
        )
        for day in order:
            billed(books, f"PI-{day}", day, rate="3.41", currency="USD", exchange_rate=f"0.9{day}")
        return books

    first, *others = ORDERS
    for other in others:
        assert apart(told(first).paper, told(other).paper) == []


def test_thirds_of_one_price_are_no_other_price() -> None:
    books = three_apples(rate_difference="refuse", over_billing_allowance=40)
    for day in (2, 3, 4):
        billed(books, f"PI-{day}", day)
    assert "Stock Received But Not Billed" not in books.accounts()
    error = books.is_refused(
        "purchase_invoice", "PI-9", supplier="Farm", lines=[goods(1, "3.40", against_receipt="PR-1")]
    )
    assert error.code == "RateDiffers"


@pytest.mark.parametrize("policy", ["revalue", "variance", "leave"])
def test_receipts_of_a_bill_take_the_share_of_their_day(policy: str) -> None:
    def told(*days: int) -> Accountant:
        books = Accountant(rate_difference=policy)
        books.posts("purchase_invoice", "PI-1", supplier="Farm", posting_datetime=at(1), lines=[goods(3, "3.335")])
        for day in days:
            received(books, f"PR-{day}", day)
        return books

    first, *others = (told(*days) for days in ORDERS)
    for other in others:
        assert apart(first.paper, other.paper) == []
    first.cancels("purchase_receipt", "PR-2")
    assert first.accounts() == told(3, 4).accounts()


def test_what_shifts_in_a_closed_period_is_booked_on_the_first_open_day() -> None:
    books = three_apples()
    returned(books, "RR-3", 20)
    books.know("accounting_period", name="Late", company="Paper", start="2024-06-15", end="2024-06-30", status="closed")
    returned(books, "RR-2", 10)
    returned(books, "RR-1", 9)
    moved = [entry for entry in books.paper.entries if entry.cause and books.paper.number_of(entry.voucher) == "RR-3"]
    assert moved
    assert {entry.date.isoformat() for entry in moved} == {"2024-07-01"}
