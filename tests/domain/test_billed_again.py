"""Billed again: in whatever order a receipt is billed, debited, billed once more and sent back, nothing of it is left unbilled."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.support.accountant import Accountant
from tests.support.laws import apart

SRBNB, VARIANCE, STOCK = "Stock Received But Not Billed", "Purchase Price Variance", "Stock In Hand"
DAY, LAST = 86_400, 20 * 86_400  # seconds
Json = dict[str, Any]


def goods(qty: int, rate: str, **more: Any) -> Json:
    return {"item": "Apple", "qty": qty, "warehouse": "Stores", "rate": rate, **more}


def at(second: int) -> str:
    day, rest = divmod(second, DAY)
    return f"2024-06-{day + 1:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"


def bill(number: str, second: int, qty: int, rate: str, **more: Any) -> Json:
    lines = [goods(qty, rate, against_receipt="PR-1")]
    return {"type": "purchase_invoice", "number": number, "second": second, "lines": lines, **more}


def back(type_: str, number: str, second: int, qty: int, rate: str, of: str, **more: Any) -> Json:
    lines = [goods(-qty, rate)]
    return {
        "type": type_,
        "number": number,
        "second": second,
        "lines": lines,
        "is_return": True,
        "return_against": of,
    } | more


def told(books: Accountant, *documents: Json) -> Accountant:
    for document in documents:
        stated = {key: value for key, value in document.items() if key not in ("type", "number", "second")}
        moment = at(document["second"])
        books.posts(document["type"], document["number"], supplier="Farm", posting_datetime=moment, **stated)
    return books


def received(policy: str, qty: int, rate: str, method: str = "fifo", **more: Any) -> Accountant:
    books = Accountant(rate_difference=policy, allow_negative_stock=True, over_billing_allowance=10_000)
    books.know("item", code="Apple", valuation_method=method)
    receipt = {"type": "purchase_receipt", "number": "PR-1", "second": 0, "lines": [goods(qty, rate)]}
    return told(books, receipt | more)


def test_a_bill_takes_what_was_put_back_before_it_and_then_the_receipts_own_units() -> None:
    books = told(
        received("revalue", 10, "10"),
        bill("PI-1", 1 * DAY, 4, "12"),
        back("purchase_invoice", "DN-1", 2 * DAY, 4, "12", "PI-1"),
    )
    assert books.accounts() == {SRBNB: "-108.00", STOCK: "108.00"}  # six at ten, four at twelve
    told(books, bill("PI-2", 3 * DAY, 4, "11"))
    assert books.ledger("PI-2") == {SRBNB: "44.00", "Creditors": "-44.00"}
    assert books.accounts() == {SRBNB: "-60.00", STOCK: "104.00", "Creditors": "-44.00"}
    told(books, bill("PI-3", 4 * DAY, 6, "11"))
    assert books.accounts() == {STOCK: "110.00", "Creditors": "-110.00"}


def test_what_goes_back_unbilled_takes_what_notes_put_back_and_nobody_billed_again() -> None:
    # Four of ten go back; all ten are billed at 12, debited, and the six that stay are billed at 11.
    books = told(
        received("revalue", 10, "10"),
        back("purchase_receipt", "RR-1", 1 * DAY, 4, "10", "PR-1"),
        bill("PI-1", 2 * DAY, 10, "12"),
    )
    assert books.ledger("RR-1") == {SRBNB: "48.00", STOCK: "-48.00"}
    told(
        books,
        back("purchase_invoice", "DN-1", 3 * DAY, 10, "12", "PI-1"),
        bill("PI-2", 4 * DAY, 6, "11"),
    )
    # The ten cost 120 less 6; four of them took 45.60 off the shelf, and of what is not billed all that is left: four at 12.
    assert books.ledger("RR-1") == {SRBNB: "48.00", STOCK: "-45.60", VARIANCE: "-2.40"}
    assert books.accounts() == {STOCK: "68.40", VARIANCE: "-2.40", "Creditors": "-66.00"}


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1)])
def test_a_bill_ahead_of_the_note_that_makes_room_for_it_clears_what_that_puts_back(order: tuple[int, ...]) -> None:
    right, wrong = bill("PI-1", 1 * DAY, 10, "11"), bill("PI-2", 2 * DAY, 10, "12")
    documents = (wrong, back("purchase_invoice", "DN-1", 3 * DAY, 10, "12", "PI-2"), right)
    books = told(received("revalue", 10, "10"), *(documents[place] for place in order))
    assert books.accounts() == {STOCK: "110.00", "Creditors": "-110.00"}
    never = told(received("revalue", 10, "10"), right, wrong)
    books.cancels("purchase_invoice", "DN-1")
    assert books.accounts() == never.accounts()


def test_lines_of_one_bill_are_told_one_after_the_other_though_both_are_ahead_of_a_note() -> None:
    twice = bill("PI-2", 2 * DAY, 5, "11")
    books = told(
        received("revalue", 10, "10"),
        bill("PI-1", 1 * DAY, 10, "12"),
        back("purchase_invoice", "DN-1", 3 * DAY, 5, "12", "PI-1"),
        twice | {"lines": 2 * twice["lines"]},
    )
    assert books.accounts() == {SRBNB: "50.00", STOCK: "120.00", "Creditors": "-170.00"}  # five are billed too much
    told(books, back("purchase_invoice", "DN-2", 4 * DAY, 5, "12", "PI-1"))
    assert books.accounts() == {STOCK: "110.00", "Creditors": "-110.00"}


def test_a_bill_that_takes_off_by_itself_gives_back_what_was_billed_last() -> None:
    books = told(
        received("revalue", 10, "10"),
        bill("PI-1", 1 * DAY, 4, "12"),
        back("purchase_invoice", "DN-1", 2 * DAY, 4, "12", "PI-1"),
        bill("PI-2", 3 * DAY, 6, "11"),
        bill("CN-1", 4 * DAY, -6, "11", is_return=True, return_against="PI-2"),
    )
    assert books.accounts() == {SRBNB: "-108.00", STOCK: "108.00"}
    told(books, bill("PI-3", 5 * DAY, 10, "11"))
    assert books.accounts() == {STOCK: "110.00", "Creditors": "-110.00"}


def test_a_bill_dated_back_follows_the_note_that_it_gives_another_share() -> None:
    # PI-3 moves PI-2 beyond the receipt, so that its note puts back a cent more; and that cent is PI-3's own, which clears the note.
    usd = {"currency": "USD"}
    documents = [
        bill("PI-1", 1 * DAY, 8, "6.21", exchange_rate="0.87", **usd),
        bill("PI-2", 3 * DAY, 1, "9.2056", exchange_rate="0.97", **usd),
        back("purchase_invoice", "DN-1", 4 * DAY, 1, "4.58", "PI-2", exchange_rate="0.97", **usd),
        back("purchase_invoice", "DN-2", 5 * DAY, 8, "9.2056", "PI-1", exchange_rate="0.94", **usd),
        bill("PI-3", 2 * DAY, 8, "9.2056", exchange_rate="0.85", **usd),
        back("purchase_receipt", "RR-1", 6 * DAY, 1, "9.2056", "PR-1", exchange_rate="0.98", **usd),
    ]
    arrived, in_time = (
        told(received("revalue", 9, "9.2056", "moving_average", exchange_rate="0.98", **usd), *order)
        for order in (documents, sorted(documents, key=lambda document: int(document["second"])))
    )
    assert apart(arrived.paper, in_time.paper) == []
    assert SRBNB not in arrived.accounts()


class Story:
    """A receipt, and what happens to it until all of it is billed (net of notes) or sent back; in the order in which it is told."""

    def __init__(self, random: Random, *, abroad: bool, in_time: bool) -> None:
        self._random, self._abroad, self._in_time = random, abroad, in_time
        self.qty, self.rate = random.randint(3, 12), f"{random.randint(10_000, 99_999) / 10_000:.4f}"
        self.terms = self._terms()
        self.documents: list[Json] = []
        self._unbilled, self._returned = self.qty, 0
        self._open: dict[str, tuple[int, int, str]] = {}  # what is left of a bill, when it was, at what rate
        for step in range(random.randint(2, 7)):
            random.choice((self._return, self._bill, self._bill, self._debit))(step)
        while self._unbilled:
            (self._bill if self._unbilled > 0 else self._debit)(len(self.documents) + 100)

    def _terms(self) -> Json:
        return {"currency": "USD", "exchange_rate": f"0.{self._random.randint(80, 99)}"} if self._abroad else {}

    def _price(self) -> str:
        return self.rate if self._random.random() < 0.3 else f"{self._random.randint(100, 1_200) / 100:.2f}"

    def _second(self, after: int) -> int:
        if self._in_time:
            return (len(self.documents) + 1) * 60
        return self._random.randint(after + 1, after + (LAST - after) // 2)

    def _return(self, step: int) -> None:
        if left := self.qty - self._returned:
            part = self._random.randint(1, left)
            second = self._second(0)
            one = back("purchase_receipt", f"RR-{step}", second, part, self.rate, "PR-1", **self.terms)
            self.documents.append(one)
            self._returned += part
            self._unbilled -= part

    def _bill(self, step: int) -> None:
        if self._unbilled > 0:
            number, part, price = f"PI-{step}", self._random.randint(1, self._unbilled), self._price()
            self._open[number] = part, self._second(0), price
            self.documents.append(bill(number, self._open[number][1], part, price, **self._terms()))
            self._unbilled -= part

    def _debit(self, step: int) -> None:
        if bills := [number for number, (left, _, _) in self._open.items() if left]:
            number = self._random.choice(bills)
            left, billed, price = self._open[number]
            part = self._random.randint(1, left)
            second = self._second(billed)
            one = back("purchase_invoice", f"DN-{step}", second, part, price, number, **self._terms())
            self.documents.append(one)
            self._open[number] = left - part, billed, price
            self._unbilled += part


def _told(story: Story, policy: str, method: str, documents: list[Json]) -> Accountant:
    return told(received(policy, story.qty, story.rate, method, **story.terms), *documents)


@pytest.mark.parametrize("abroad", [False, True], ids=["own currency", "another"])
@pytest.mark.parametrize("policy", ["revalue", "variance"])
def test_what_is_billed_or_sent_back_leaves_nothing_unbilled_however_often_it_was_billed(
    policy: str, *, abroad: bool
) -> None:
    for seed in range(25):
        story = Story(Random(seed), abroad=abroad, in_time=True)
        accounts = _told(story, policy, ("fifo", "moving_average")[seed % 2], story.documents).accounts()
        assert SRBNB not in accounts, seed
        kept = all(document["type"] == "purchase_invoice" for document in story.documents)
        if kept and policy == "revalue" and not abroad:
            assert accounts == {STOCK: accounts[STOCK], "Creditors": f"-{accounts[STOCK]}"}, seed  # worth what is owed


@pytest.mark.parametrize("policy", ["revalue", "variance", "leave"])
def test_what_bills_clear_hangs_on_times_and_not_on_arrival(policy: str) -> None:
    for seed in range(40):
        story = Story(Random(seed), abroad=False, in_time=False)
        arrived = _told(story, policy, "fifo", story.documents)
        in_time = _told(story, policy, "fifo", sorted(story.documents, key=lambda document: int(document["second"])))
        assert apart(arrived.paper, in_time.paper) == [], seed
        if policy == "revalue":
            assert SRBNB not in arrived.accounts(), seed
