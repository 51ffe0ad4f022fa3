"""Textbook examples of perpetual inventory: each step's cost, and what is left after it, as worked out by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from domain.exact import share_given_back
from domain.money import Currency
from domain.stock_ledger import Balance, Basis, Chain, Movement, Shortage
from domain.valuation import chain
from domain.valuation.method import METHODS

EURO = Currency("EUR")

# A step is what happens, what it books, and the layers left, each as quantity and value. Things that happen:
# in quantity cost | out quantity | back quantity receipt (to the supplier) | count quantity rate | lay receipt received cost
Step = tuple[str, str, str]

EXAMPLES: dict[str, tuple[str, list[Step]]] = {
    "first in first out: a sale reaches into the second purchase": ("fifo", [
        ("in 10 50.00", "50.00", "10 50.00"),
        ("in 10 60.00", "60.00", "10 50.00 | 10 60.00"),
        ("out 15", "-80.00", "5 30.00"),
        ("in 20 140.00", "140.00", "5 30.00 | 20 140.00"),
        ("out 5", "-30.00", "20 140.00"),
        ("out 20", "-140.00", ""),
    ]),
    "last in first out: the same purchases, other costs": ("lifo", [
        ("in 10 50.00", "50.00", "10 50.00"),
        ("in 10 60.00", "60.00", "10 50.00 | 10 60.00"),
        ("out 15", "-85.00", "5 25.00"),
        ("in 20 140.00", "140.00", "5 25.00 | 20 140.00"),
        ("out 22", "-150.00", "3 15.00"),
        ("out 3", "-15.00", ""),
    ]),
    "moving average: each purchase moves it, no sale does": ("moving_average", [
        ("in 10 50.00", "50.00", "10 50.00"),
        ("in 10 60.00", "60.00", "20 110.00"),
        ("out 15", "-82.50", "5 27.50"),
        ("in 20 140.00", "140.00", "25 167.50"),
        ("out 5", "-33.50", "20 134.00"),
        ("out 20", "-134.00", ""),
    ]),
    "a third of ten: cents that rounding leaves are never lost": ("moving_average", [
        ("in 3 10.00", "10.00", "3 10.00"),
        ("out 1", "-3.33", "2 6.666666667"),
        ("out 1", "-3.34", "1 3.333333333"),
        ("out 1", "-3.33", ""),
    ]),
    "one layer taken in sevenths": ("fifo", [
        ("in 7 1.00", "1.00", "7 1.00"),
        ("out 2", "-0.29", "5 0.714285714"),
        ("out 4", "-0.57", "1 0.142857143"),
        ("out 1", "-0.14", ""),
    ]),
    "a month of rising prices, first in first out": ("fifo", [
        ("in 200 2000.00", "2000.00", "200 2000.00"),
        ("in 300 3300.00", "3300.00", "200 2000.00 | 300 3300.00"),
        ("out 400", "-4200.00", "100 1100.00"),
        ("in 400 4800.00", "4800.00", "100 1100.00 | 400 4800.00"),
        ("out 300", "-3500.00", "200 2400.00"),
        ("in 100 1300.00", "1300.00", "200 2400.00 | 100 1300.00"),
        ("out 250", "-3050.00", "50 650.00"),
    ]),
    "the same month, last in first out": ("lifo", [
        ("in 200 2000.00", "2000.00", "200 2000.00"),
        ("in 300 3300.00", "3300.00", "200 2000.00 | 300 3300.00"),
        ("out 400", "-4300.00", "100 1000.00"),
        ("in 400 4800.00", "4800.00", "100 1000.00 | 400 4800.00"),
        ("out 300", "-3600.00", "100 1000.00 | 100 1200.00"),
        ("in 100 1300.00", "1300.00", "100 1000.00 | 100 1200.00 | 100 1300.00"),
        ("out 250", "-3000.00", "50 500.00"),
    ]),
    "the same month, moving average": ("moving_average", [
        ("in 200 2000.00", "2000.00", "200 2000.00"),
        ("in 300 3300.00", "3300.00", "500 5300.00"),
        ("out 400", "-4240.00", "100 1060.00"),
        ("in 400 4800.00", "4800.00", "500 5860.00"),
        ("out 300", "-3516.00", "200 2344.00"),
        ("in 100 1300.00", "1300.00", "300 3644.00"),
        ("out 250", "-3036.67", "50 607.333333333"),
    ]),
    "sold before it was bought: the purchase books its amount, and trues up what it covers": ("fifo", [
        ("in 5 50.00", "50.00", "5 50.00"),
        ("out 15", "-150.00", ""),
        ("in 15 225.00", "225.00 true-up -50.00", "5 75.00"),
    ]),
    "short twice, covered in part": ("moving_average", [
        ("in 1 4.00", "4.00", "1 4.00"),
        ("out 3", "-12.00", ""),
        ("out 2", "-8.00", ""),
        ("in 3 15.00", "15.00 true-up -2.00 true-up -1.00", ""),
        ("in 2 10.00", "10.00 true-up -1.00", "1 5.00"),
    ]),
    "back to the supplier out of its own layer, the rest out of the oldest": ("fifo", [
        ("in 10 100.00", "100.00", "10 100.00"),
        ("in 10 150.00", "150.00", "10 100.00 | 10 150.00"),
        ("back 4 2", "-60.00", "10 100.00 | 6 90.00"),
        ("back 7 2", "-100.00", "9 90.00"),
    ]),
    "back to the supplier from an average at what it cost, and what stays is averaged anew": ("moving_average", [
        ("in 10 100.00", "100.00", "10 100.00"),
        ("in 10 140.00", "140.00", "20 240.00"),
        ("back 5 2", "-70.00", "15 170.00"),
        ("out 3", "-34.00", "12 136.00"),
    ]),
    "parts of a purchase that go back add up to what it cost": ("moving_average", [
        ("in 3 10.00", "10.00", "3 10.00"),
        ("in 3 20.00", "20.00", "6 30.00"),
        ("back 1 1", "-3.33", "5 26.67"),
        ("back 1 1", "-3.34", "4 23.33"),
        ("back 1 1", "-3.33", "3 20.00"),
    ]),
    "dear goods go back from a cheap average, for no more than all is worth": ("moving_average", [
        ("in 10 1000.00", "1000.00", "10 1000.00"),
        ("in 100 1000.00", "1000.00", "110 2000.00"),
        ("out 100", "-1818.18", "10 181.818181818"),
        ("back 8 1", "-181.82", "2 0.00"),
        ("out 2", "0.00", ""),
    ]),
    "cheap goods go back until nothing is there, and take all value": ("moving_average", [
        ("in 10 10.00", "10.00", "10 10.00"),
        ("in 10 1000.00", "1000.00", "20 1010.00"),
        ("out 10", "-505.00", "10 505.00"),
        ("back 4 1", "-4.00", "6 501.00"),
        ("back 6 1", "-501.00", ""),
    ]),
    "goods that cost nothing go back at the average": ("moving_average", [
        ("in 100 10000.00", "10000.00", "100 10000.00"),
        ("in 5 0.00", "0.00", "105 10000.00"),
        ("back 5 2", "-476.19", "100 9523.80952381"),
    ]),
    "a count is absolute, and layers become one": ("fifo", [
        ("in 10 50.00", "50.00", "10 50.00"),
        ("in 10 60.00", "60.00", "10 50.00 | 10 60.00"),
        ("count 20 -", "0.00", "10 50.00 | 10 60.00"),
        ("count 18 -", "-11.00", "18 99.00"),
        ("count - 6", "9.00", "18 108.00"),
        ("count 20 5.5", "2.00", "20 110.00"),
        ("count 0 -", "-110.00", ""),
        ("count 2 -", "11.00", "2 11.00"),
    ]),
    "what a count leaves the books short of is owed, and comes in at what it costs then": ("fifo", [
        ("in 10 50.00", "50.00", "10 50.00"),
        ("count -1 -", "-55.00", ""),
        ("count -3 -", "-10.00", ""),
        ("in 5 40.00", "40.00 true-up -9.00", "2 16.00"),
    ]),
    "freight that comes later: to what is left, the rest to the cost of what was sold": ("fifo", [
        ("in 10 100.00", "100.00", "10 100.00"),
        ("in 10 150.00", "150.00", "10 100.00 | 10 150.00"),
        ("out 6", "-60.00", "4 40.00 | 10 150.00"),
        ("lay 1 10 5.00", "2.00", "4 42.00 | 10 150.00"),
    ]),
    "a serial number keeps its own cost": ("specific", [
        ("in 1 999.99", "999.99", "1 999.99"),
        ("lay 1 1 10.00", "10.00", "1 1009.99"),
        ("out 1", "-1009.99", ""),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_step_is_as_worked_out_by_hand(example: str) -> None:
    method, steps = EXAMPLES[example]
    book = Book(method)
    for place, (what, booked, left) in enumerate(steps, start=1):
        assert (book.happens(what), book.layers()) == (booked, left), f"step {place}: {what}"
        assert book.balance.qty or not book.balance.value


class Book:
    """One chain, told what happens in words."""

    def __init__(self, method: str) -> None:
        self.balance, self.method = Balance(), METHODS[method]
        self.moves = 0
        self.costs: dict[int, tuple[int, int]] = {}
        self.sent_back: dict[int, int] = defaultdict(int)

    def happens(self, what: str) -> str:
        """Let something happen; gives what it books."""
        self.moves += 1
        verb, *words = what.split()
        return str(getattr(self, f"_{verb}")(*words))

    def _in(self, qty: str, cost: str) -> str:
        self.costs[self.moves] = _micro(qty), _cents(cost)
        covered = chain.receive(self.balance, self.method, EURO, _micro(qty), _cents(cost), self.moves)
        return " ".join([cost, *(f"true-up {EURO.show(true_up.amount)}" for true_up in covered)])

    def _out(self, qty: str) -> str:
        return EURO.show(chain.issue(self.balance, self.method, EURO, _micro(qty), self._shortage(), 0))

    def _back(self, qty: str, receipt: str) -> str:
        of, part = int(receipt), _micro(qty)
        received, cost = self.costs[of]
        share = share_given_back(cost, self.sent_back[of], part, received) if cost else None
        self.sent_back[of] += part
        rate = cost * EURO.unit * 10**6 // received
        booked = chain.send_back(self.balance, self.method, EURO, part, of, self._shortage(), rate, share)
        return EURO.show(booked)

    def _count(self, qty: str, rate: str) -> str:
        counted = _counted(None if qty == "-" else qty, None if rate == "-" else rate, self.moves)
        return EURO.show(chain.count(self.balance, self.method, EURO, counted, self._shortage(), None)[1])

    def _lay(self, receipt: str, received: str, cost: str) -> str:
        rest = chain.add_value(self.balance, self.method, EURO, int(receipt), _micro(received), _cents(cost))
        return EURO.show(_cents(cost) - rest)

    def layers(self) -> str:
        """The layers left, oldest first."""
        return " | ".join(
            f"{layer.qty // 10**6} {_plain(Decimal(layer.value) / 10**9)}" for layer in self.balance.layers
        )

    def _shortage(self) -> Shortage:
        return Shortage(0, 0, self.moves, "Cost of Goods Sold")


def test_one_batch_counted_among_several_that_are_valued_together() -> None:
    # Two batches in one first-in-first-out queue: 5 at 10 and 5 at 20. Counting 3 of one at 12 takes its 5 out at cost, the oldest first.
    book = Book("fifo")
    book.happens("in 5 50.00")
    book.happens("in 5 100.00")
    counted = _counted(qty="3", rate="12")
    moved = chain.count_batch(book.balance, book.method, EURO, _micro("5"), counted, Shortage(0, 0, 3, ""), None)
    assert moved == (_micro("-2"), _cents("-14.00"))
    assert book.layers() == "5 100.00 | 3 36.00"


def _counted(qty: str | None, rate: str | None, number: int = 3) -> Movement:
    return Movement(
        id=number, voucher=number, line=1, chain=Chain("Item", "Stores"), at=0, date=date(2024, 6, 15), qty=0, value=0,
        basis=Basis.COUNTED, account="Stock In Hand", contra="Stock Adjustment", counted_qty=None if qty is None else _micro(qty),
        counted_rate=None if rate is None else int(Decimal(rate) * 10**9),
    )  # fmt: skip


def _micro(qty: str) -> int:
    return int(Decimal(qty) * 10**6)


def _cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


def _plain(value: Decimal) -> str:
    cents = value.quantize(Decimal("0.01"))
    return str(cents) if cents == value else str(value.normalize())
