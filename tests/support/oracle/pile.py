"""What lies at one place, told in fractions: lots of goods, goods owed, and how they come in and leave by each method."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import NamedTuple

F = Fraction


def nine(x: Fraction) -> Fraction:
    """Nine places, as cost layers carry them."""
    return F(floor(x * 10**9 + F(1, 2)), 10**9)


def half_away(x: Fraction) -> int:
    """To the nearest whole number, halves away from zero: amounts on documents."""
    return floor(x + F(1, 2)) if x >= 0 else -floor(-x + F(1, 2))


@dataclass
class Lot:
    """Goods on hand from one movement."""

    qty: Fraction
    value: Fraction
    source: object


class Issue(NamedTuple):
    """What took goods out: a document's line at one place, and the account that bears what they turn out to have cost."""

    number: str
    line: int
    place: object
    contra: str


@dataclass
class Owed:
    """Goods that left before they came: what the issue took for them."""

    qty: Fraction
    value: Fraction
    issue: Issue


@dataclass
class Pile:
    """What lies at one place, and how it is valued."""

    method: str
    lots: list[Lot] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    last_cost: Fraction | None = None

    @property
    def qty(self) -> Fraction:
        """What is there, below zero where goods are owed."""
        return sum((lot.qty for lot in self.lots), F(0)) - sum((o.qty for o in self.owed), F(0))

    @property
    def value(self) -> Fraction:
        """What it is worth."""
        return sum((lot.value for lot in self.lots), F(0)) - sum((o.value for o in self.owed), F(0))

    def put(self, qty: Fraction, value: Fraction, source: object) -> list[tuple[Owed, Fraction, Fraction]]:
        """Goods come in: first to what is owed (told as owed, provisional and real cost), the rest as a lot of its own."""
        covered = []
        while self.owed and qty:
            first = self.owed[0]
            part = min(first.qty, qty)
            cost = value if part == qty else nine(value * part / qty)
            provisional = first.value if part == first.qty else nine(first.value * part / first.qty)
            covered.append((first, provisional, cost))
            first.qty, first.value = first.qty - part, first.value - provisional
            qty, value = qty - part, value - cost
            if not first.qty:
                self.owed.pop(0)
            if not self.owed and not qty:
                self.last_cost = nine(cost / part)
        if qty and self.method == "moving_average" and len(self.lots) == 1:
            self.lots = [Lot(self.lots[0].qty + qty, self.lots[0].value + value, source)]
        elif qty:
            self.lots.append(Lot(qty, value, source))
        return covered

    def _pool(self) -> None:
        """An average knows no lots: where goods leave by it, all that other methods left become one, named by the latest."""
        if self.method == "moving_average" and len(self.lots) > 1:
            qty, value = sum((lot.qty for lot in self.lots), F(0)), sum((lot.value for lot in self.lots), F(0))
            self.lots = [Lot(qty, value, self.lots[-1].source)]

    def pull(self, lot: Lot, qty: Fraction) -> None:
        """Part of a lot leaves; its last unit takes all that is left of it."""
        rate = nine(lot.value / lot.qty)
        lot.value -= lot.value if qty == lot.qty else nine(lot.value * qty / lot.qty)
        lot.qty -= qty
        self.last_cost = rate if not any(each.qty for each in self.lots) else self.last_cost
        self.lots = [each for each in self.lots if each.qty]

    def take(self, qty: Fraction, issue: Issue, fallback: Fraction, rate: Fraction | None = None) -> None:
        """Goods leave by the method; what is not there is owed at the last known cost."""
        self._pool()
        if rate is not None and self.method == "moving_average" and self.lots and qty < self.lots[0].qty:
            lot = self.lots[0]
            lot.value -= min(nine(qty * rate), lot.value)
            lot.qty -= qty
            return
        if rate is not None and self.method == "fifo" and qty < self.qty:
            for lot in [each for each in self.lots if nine(each.value / each.qty) == rate]:
                part = min(lot.qty, qty)
                if part:
                    self.pull(lot, part)
                    qty -= part
        while qty and self.lots:
            lot = self.lots[-1 if self.method == "lifo" else 0]
            part = min(lot.qty, qty)
            self.pull(lot, part)
            qty -= part
        if qty:
            if rate is not None:
                self.last_cost = rate
            elif self.last_cost is None:
                self.last_cost = fallback
            self.owed.append(Owed(qty, nine(qty * self.last_cost), issue))

    def give_back(self, qty: Fraction, cost: Fraction | None, issue: Issue, fallback: Fraction) -> None:
        """Out of an average at a cost, though no more than all is worth; at none, or where nothing stays, as anything leaves."""
        self._pool()
        if cost is None or qty >= self.qty:
            self.take(qty, issue, fallback)
        else:
            self.lots[0].value -= min(cost, self.value)
            self.lots[0].qty -= qty

    def at_rate_in_force(self, qty: Fraction, minor: Fraction, fallback: Fraction) -> int:
        """What `qty` is worth at the average of this moment, in minor units."""
        if self.qty > 0:
            return floor(self.value * qty / self.qty / minor + F(1, 2))
        return half_away(qty * (self.last_cost if self.last_cost is not None else fallback) / minor)


def share_after(total: int, before: Fraction, part: Fraction, whole: Fraction) -> int:
    """The share of a part that comes after others, so that all of them add up to the whole."""
    return half_away(total * (before + part) / whole) - half_away(total * before / whole)


def share_given_back(total: int, before: Fraction, part: Fraction, whole: Fraction) -> int:
    """The share of a part that goes back after others: what is kept is rounded, and what went back is the rest."""
    return half_away(total * (whole - before) / whole) - half_away(total * (whole - before - part) / whole)


def shares_of(amount: int, weights: list[int]) -> list[int]:
    """An amount shared out: every share rounded, the last line takes what rounding leaves."""
    total = sum(weights)
    if not total:
        weights, total = [1] * len(weights), len(weights)
    shares = [half_away(F(amount * weight, total)) for weight in weights]
    shares[-1] += amount - sum(shares)
    return shares
