"""Debit notes: each account gets back its share of what the bill put there, so that nothing of a bill taken back in full is left."""

from __future__ import annotations

from itertools import permutations
from random import Random
from typing import Any

import pytest

from tests.support.accountant import Accountant
from tests.support.laws import apart

SRBNB, VARIANCE, EXCHANGE = "Stock Received But Not Billed", "Purchase Price Variance", "Exchange Gain/Loss"
POLICIES = ("revalue", "variance", "leave")


def goods(qty: int, rate: str, **more: Any) -> dict[str, Any]:
    return {"item": "Apple", "qty": qty, "warehouse": "Stores", "rate": rate, **more}


def at(day: int) -> str:
    return f"2024-06-{day:02d}T09:00:00Z"


def bought(books: Accountant, type_: str, number: str, day: int, line: dict[str, Any], **more: Any) -> None:
    books.posts(type_, number, supplier="Farm", posting_datetime=at(day), lines=[line], **more)


def taken_back(
    books: Accountant, type_: str, number: str, day: int, line: dict[str, Any], of: str, **more: Any
) -> None:
    bought(books, type_, number, day, line, is_return=True, return_against=of, **more)


def billed(policy: str, received: int, rate: str, qty: int, bill_rate: str) -> Accountant:
    books = Accountant(rate_difference=policy)
    bought(books, "purchase_receipt", "PR-1", 1, goods(received, rate))
    bought(books, "purchase_invoice", "PI-1", 2, goods(qty, bill_rate, against_receipt="PR-1"))
    return books


@pytest.mark.parametrize("policy", POLICIES)
def test_goods_returned_and_debited_in_full_leave_nothing(policy: str) -> None:
    books = billed(policy, 10, "10", 10, "12")
    taken_back(books, "purchase_receipt", "RR-1", 3, goods(-10, "10"), "PR-1")
    taken_back(books, "purchase_invoice", "DN-1", 4, goods(-10, "12"), "PI-1")
    assert books.accounts() == {}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_nothing_is_left_whichever_of_two_bills_and_two_returns_comes_first(
    order: tuple[int, ...], policy: str
) -> None:
    # Thirds of 10.01 at 3.335, billed at two other prices, go back in two parts.
    books = Accountant(rate_difference=policy)
    bought(books, "purchase_receipt", "PR-1", 1, goods(3, "3.335"))
    for step in order:
        day = 2 + step
        if step in (0, 2):
            line = goods(2 - step // 2, f"4.{step}15", against_receipt="PR-1")
            bought(books, "purchase_invoice", f"PI-{day}", day, line)
        else:
            taken_back(books, "purchase_receipt", f"RR-{day}", day, goods(-1 - step // 3, "3.335"), "PR-1")
    taken_back(books, "purchase_invoice", "DN-1", 7, goods(-2, "4.015"), "PI-2")
    taken_back(books, "purchase_invoice", "DN-2", 8, goods(-1, "4.215"), "PI-4")
    assert books.accounts() == {}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("rates", [("1", "1"), ("0.90", "0.95")], ids=["own currency", "another"])
def test_goods_that_were_billed_before_they_came_leave_nothing_either(policy: str, rates: tuple[str, str]) -> None:
    books = Accountant(rate_difference=policy)
    early, late = ({"currency": "USD", "exchange_rate": rate} if rate != "1" else {} for rate in rates)
    bought(books, "purchase_invoice", "PI-1", 1, goods(3, "4.115"), **early)
    for day in (2, 3):
        line = goods(day - 1, "3.335", against_invoice="PI-1")
        bought(books, "purchase_receipt", f"PR-{day}", day, line, **late)
        taken_back(books, "purchase_receipt", f"RR-{day}", day + 2, line | {"qty": 1 - day}, f"PR-{day}", **late)
    taken_back(books, "purchase_invoice", "DN-1", 6, goods(-3, "4.115"), "PI-1", **early)
    assert books.accounts() == {}


def test_a_return_gives_back_its_share_of_what_bills_added_to_the_goods() -> None:
    books = billed("revalue", 10, "10", 5, "12")
    taken_back(books, "purchase_receipt", "RR-1", 3, goods(-5, "10"), "PR-1")
    # Five are billed and five go back: the bill's price is that of the five that stay.
    assert books.ledger("RR-1") == {SRBNB: "50.00", "Stock In Hand": "-55.00", VARIANCE: "5.00"}
    assert SRBNB not in books.accounts()
    bought(books, "purchase_invoice", "PI-2", 4, goods(5, "12", against_receipt="PR-1"))
    assert books.ledger("RR-1") == {SRBNB: "60.00", "Stock In Hand": "-60.00"}
    books.cancels("purchase_invoice", "PI-1")
    assert books.ledger("RR-1") == {SRBNB: "50.00", "Stock In Hand": "-55.00", VARIANCE: "5.00"}
    books.cancels("purchase_invoice", "PI-2")
    assert books.ledger("RR-1") == {SRBNB: "50.00", "Stock In Hand": "-50.00"}


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average"])
def test_a_bill_after_goods_went_back_in_a_closed_period_leaves_its_gap_in_the_goods_that_stayed(method: str) -> None:
    books = Accountant()
    books.know("item", code="Apple", valuation_method=method)
    bought(books, "purchase_receipt", "PR-1", 1, goods(10, "10"))
    taken_back(books, "purchase_receipt", "RR-1", 2, goods(-4, "10"), "PR-1")
    books.know(
        "accounting_period", company="Paper", name="Start", start="2024-06-01", end="2024-06-05", status="closed"
    )
    bought(books, "purchase_invoice", "PI-1", 10, goods(10, "11", against_receipt="PR-1"))
    taken_back(books, "purchase_invoice", "DN-1", 11, goods(-4, "11"), "PI-1")
    assert books.accounts() == {"Creditors": "-66.00", "Stock In Hand": "66.00"}


def test_of_a_variance_each_note_takes_its_share() -> None:
    # A bill of 10.01 clears 9.00 and leaves 1.01 as variance; three notes of 3.34 each take back 3.00 and the rest of their own.
    books = billed("variance", 3, "3", 3, "3.335")
    for day in (3, 4, 5):
        taken_back(books, "purchase_invoice", f"DN-{day}", day, goods(-1, "3.335"), "PI-1")
    assert [books.ledger(f"DN-{day}") for day in (3, 4, 5)] == 3 * [
        {"Creditors": "3.34", VARIANCE: "-0.34", SRBNB: "-3.00"}
    ]
    assert books.accounts()[SRBNB] == "-9.00"


@pytest.mark.parametrize("policy", [*POLICIES, "refuse"])
def test_goods_that_are_kept_are_billed_again_at_what_the_notes_put_back(policy: str) -> None:
    # Seven at 3.335 are billed in two parts, debited in other parts and billed once more: whatever the parts, the account ends at zero.
    again = "3.335" if policy == "refuse" else "4.105"
    books = Accountant(rate_difference=policy)
    bought(books, "purchase_receipt", "PR-1", 1, goods(7, "3.335"))
    for day, qty in ((2, 3), (3, 4)):
        bought(books, "purchase_invoice", f"PI-{day}", day, goods(qty, again, against_receipt="PR-1"))
    for number, day, qty, of in (("DN-1", 4, -2, "PI-2"), ("DN-2", 5, -3, "PI-3"), ("DN-3", 6, -1, "PI-2")):
        taken_back(books, "purchase_invoice", number, day, goods(qty, again), of)
    worth = books.accounts()["Stock In Hand"]
    for day, qty in ((7, 5), (8, 1)):
        bought(books, "purchase_invoice", f"PI-{day}", day, goods(qty, again, against_receipt="PR-1"))
    accounts = books.accounts()
    assert float(accounts["Stock In Hand"]) == pytest.approx(float(worth), abs=0.011)
    # What stands where the policy leaves gaps: seven at the difference of the two prices.
    rest, within = (5.39, 0.021) if policy == "leave" else (0, 0)
    assert float(accounts.get(SRBNB, "0")) == pytest.approx(rest, abs=within)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_wrong_bill_is_debited_and_billed_right_whatever_comes_first(policy: str) -> None:
    def told(*order: str) -> Accountant:
        books = Accountant(rate_difference=policy, over_billing_allowance=100)
        bought(books, "purchase_receipt", "PR-1", 1, goods(10, "10"))
        for step in order:
            if step == "wrong":
                bought(books, "purchase_invoice", "PI-1", 2, goods(10, "12", against_receipt="PR-1"))
            elif step == "note":
                taken_back(books, "purchase_invoice", "DN-1", 3, goods(-10, "12"), "PI-1")
            elif step == "right":
                bought(books, "purchase_invoice", "PI-2", 4, goods(10, "11", against_receipt="PR-1"))
            else:
                taken_back(books, "purchase_receipt", "RR-1", 5, goods(-4, "10"), "PR-1")
                taken_back(books, "purchase_invoice", "DN-2", 6, goods(-4, "11"), "PI-2")
        return books

    in_time = told("wrong", "note", "right", "back")
    worth, gap = {
        "revalue": ("66.00", {}),
        "variance": ("60.00", {VARIANCE: "6.00"}),
        "leave": ("60.00", {SRBNB: "6.00"}),
    }[policy]
    assert in_time.accounts() == {"Creditors": "-66.00", "Stock In Hand": worth} | gap
    for order in (("wrong", "right", "note", "back"), ("wrong", "right", "back", "note")):
        assert apart(told(*order).paper, in_time.paper) == []
    never = told("wrong", "right")
    cancelled = told("wrong", "right", "note")
    cancelled.cancels("purchase_invoice", "DN-1")
    assert cancelled.accounts() == never.accounts()


def test_a_note_stands_while_what_it_put_back_is_billed_again() -> None:
    books = billed("revalue", 10, "10", 10, "12")
    taken_back(books, "purchase_invoice", "DN-1", 3, goods(-10, "12"), "PI-1")
    bought(books, "purchase_invoice", "PI-2", 4, goods(10, "12", against_receipt="PR-1"))
    refused = books.is_refused("cancel", "CX-1", target={"type": "purchase_invoice", "number": "DN-1"})
    assert (refused.code, refused.field) == ("OverBilled", "target")
    books.cancels("purchase_invoice", "PI-2")
    books.cancels("purchase_invoice", "DN-1")
    assert books.accounts() == {"Creditors": "-120.00", "Stock In Hand": "120.00"}


def test_what_a_note_states_beyond_its_bill_is_variance() -> None:
    books = billed("leave", 10, "10", 10, "12")
    taken_back(books, "purchase_invoice", "DN-1", 4, goods(-5, "11"), "PI-1")
    assert books.ledger("DN-1") == {"Creditors": "55.00", VARIANCE: "5.00", SRBNB: "-60.00"}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("noted", ["0.95", "0.80"])
def test_a_bill_at_another_exchange_rate_goes_back_from_where_it_was(policy: str, noted: str) -> None:
    books = Accountant(rate_difference=policy)
    usd = {"currency": "USD"}
    bought(books, "purchase_receipt", "PR-1", 1, goods(10, "10"), exchange_rate="0.90", **usd)
    line = goods(10, "10", against_receipt="PR-1")
    bought(books, "purchase_invoice", "PI-1", 2, line, exchange_rate="0.95", **usd)
    assert books.accounts()[EXCHANGE] == "5.00"
    taken_back(books, "purchase_receipt", "RR-1", 3, goods(-10, "10"), "PR-1", exchange_rate="0.90", **usd)
    taken_back(books, "purchase_invoice", "DN-1", 4, goods(-10, "10"), "PI-1", exchange_rate=noted, **usd)
    assert books.accounts() == {}


@pytest.mark.parametrize("order", list(permutations((3, 4, 5))))
def test_notes_have_the_share_of_their_day(order: tuple[int, ...]) -> None:
    books, in_time = (billed("variance", 3, "3.335", 3, "4.115") for _ in range(2))
    for told, days in ((books, order), (in_time, sorted(order))):
        for day in days:
            taken_back(told, "purchase_invoice", f"DN-{day}", day, goods(-1, "4.115"), "PI-1")
    assert apart(books.paper, in_time.paper) == []
    books.cancels("purchase_invoice", f"DN-{order[0]}")
    never = billed("variance", 3, "3.335", 3, "4.115")
    for day in sorted(order[1:]):
        taken_back(never, "purchase_invoice", f"DN-{day}", day, goods(-1, "4.115"), "PI-1")
    assert books.accounts() == never.accounts()


def test_a_note_follows_its_bill_where_another_bill_comes_before_that() -> None:
    def told(*, late: bool) -> Accountant:
        books = Accountant(rate_difference="variance")
        bought(books, "purchase_receipt", "PR-1", 1, goods(3, "3.335"))
        days = (2, 4) if not late else (4, 2)
        for day in days:
            bought(books, "purchase_invoice", f"PI-{day}", day, goods(1, "4", against_receipt="PR-1"))
            if day == 4:
                taken_back(books, "purchase_invoice", "DN-1", 5, goods(-1, "4"), "PI-4")
        return books

    early, late = told(late=False), told(late=True)
    assert apart(early.paper, late.paper) == []
    assert late.ledger("DN-1") == {"Creditors": "4.00", VARIANCE: "-0.67", SRBNB: "-3.33"}
    late.cancels("purchase_invoice", "PI-2")
    assert late.ledger("DN-1") == {"Creditors": "4.00", VARIANCE: "-0.66", SRBNB: "-3.34"}


@pytest.mark.parametrize("policy", ["revalue", "variance"])
@pytest.mark.parametrize("method", ["fifo", "moving_average"])
def test_goods_that_are_billed_or_sent_back_leave_nothing_unbilled(policy: str, method: str) -> None:
    # Parts of a receipt are billed at any price, the others go back, in any order of time and of arrival.
    for seed in range(12):
        random = Random(seed)
        books = Accountant(rate_difference=policy, allow_negative_stock=True)
        books.know("item", code="Apple", valuation_method=method)
        left, rate = random.randint(3, 12), f"{random.randint(10_000, 99_999) / 10_000:.4f}"
        bought(books, "purchase_receipt", "PR-1", 1, goods(left, rate))
        days = random.sample(range(2, 28), 12)
        for day in days:
            part = min(left, random.randint(1, 4))
            left -= part
            if part and random.random() < 0.5:
                taken_back(books, "purchase_receipt", f"RR-{day}", day, goods(-part, rate), "PR-1")
            elif part:
                price = f"{random.randint(100, 1_200) / 100:.2f}"
                bought(books, "purchase_invoice", f"PI-{day}", day, goods(part, price, against_receipt="PR-1"))
        assert SRBNB not in books.accounts(), seed
