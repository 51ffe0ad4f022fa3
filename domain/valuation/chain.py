"""One movement folded into its chain: what it books, which shortages it covers, what a unit was last known to cost.

Every movement books R(value after) - R(value before), with R(x) = floor(x / minor unit + 1/2). Incoming values are whole minor
units, so they book exactly their amount; whatever rounding leaves is carried inside the chain and never lost (law 2).
"""

from __future__ import annotations

import msgspec

from domain.exact import MICRO, div_half_up
from domain.money import Currency
from domain.stock_ledger import Balance, Movement, Shortage
from domain.valuation.method import Method


class TrueUp(msgspec.Struct, gc=False):
    """A shortage that a receipt covered: the amount (minor units) by which the stock value changes, and the shortage covered."""

    amount: int
    qty: int
    shortage: Shortage


def receive(balance: Balance, method: Method, currency: Currency, qty: int, amount: int, movement: int) -> list[TrueUp]:
    """Take in `qty` millionths for exactly `amount` minor units; gives the true-ups of the shortages it covers, oldest first."""
    value = amount * currency.unit
    if not balance.shortages:
        method.receive(balance, qty, value, movement)
        balance.qty += qty
        balance.value += value
        return []
    true_ups: list[TrueUp] = []
    balance.qty += qty
    balance.value += value
    while balance.shortages and qty:
        shortage = balance.shortages[0]
        covered = min(shortage.qty, qty)
        cost = value if covered == qty else div_half_up(value * covered, qty)
        provisional = shortage.value if covered == shortage.qty else div_half_up(shortage.value * covered, shortage.qty)
        before = currency.amount(balance.value)
        balance.value += provisional - cost
        true_ups.append(TrueUp(currency.amount(balance.value) - before, covered, shortage))
        qty -= covered
        value -= cost
        shortage.qty -= covered
        shortage.value -= provisional
        if not shortage.qty:
            balance.shortages.popleft()
        if not balance.qty:
            balance.last_rate = div_half_up(cost * MICRO, covered)
    if qty:
        method.receive(balance, qty, value, movement)
    return true_ups


def issue(
    balance: Balance,
    method: Method,
    currency: Currency,
    qty: int,
    shortage: Shortage | None,
    fallback_rate: int | None = None,
    stated_rate: int | None = None,
) -> int:
    """Take out `qty` millionths at the method's cost; gives the booked amount (minor units, negative or zero).

    Where less is on hand the rest leaves at the `stated_rate`, else at the last known cost, else at `fallback_rate`, and is
    remembered as `shortage`.
    """
    before = currency.amount(balance.value)
    available = max(0, balance.qty)
    if qty < available:
        taken = method.take(balance, qty) if stated_rate is None else method.take_at_rate(balance, qty, stated_rate)
        balance.qty -= qty
        balance.value -= taken
        return currency.amount(balance.value) - before
    if available:
        balance.last_rate = method.end_rate(balance)
        method.take(balance, available)
        balance.value = 0
        balance.qty -= available
        qty -= available
    if qty:
        if shortage is None:
            raise AssertionError("an issue beyond the stock at hand must say which shortage it leaves")
        if stated_rate is not None:
            balance.last_rate = stated_rate
        elif balance.last_rate is None:
            balance.last_rate = fallback_rate or 0
        shortage.qty = qty
        shortage.value = div_half_up(qty * balance.last_rate, MICRO)
        balance.shortages.append(shortage)
        balance.qty -= qty
        balance.value -= shortage.value
    return currency.amount(balance.value) - before


def send_back(
    balance: Balance,
    method: Method,
    currency: Currency,
    qty: int,
    receipt: int,
    shortage: Shortage | None,
    rate: int | None,
    cost: int | None,
) -> int:
    """Take `qty` out of what is left of its own receipt, the rest by the method: from layers at that `rate` first, where it keeps layers.

    `cost` is its share of what the receipt booked (minor units), at which an average gives it back; None where that cost nothing.
    Gives the booked amount (minor units, negative or zero).
    """
    before = currency.amount(balance.value)
    if balance.qty > 0 and qty < balance.qty:
        found, taken = method.take_back(balance, receipt, qty, None if cost is None else cost * currency.unit)
        balance.qty -= found
        balance.value -= taken
        qty -= found
    if qty:
        issue(balance, method, currency, qty, shortage, rate, (rate or None) if method.LAYERED else None)
    return currency.amount(balance.value) - before


def count(
    balance: Balance,
    method: Method,
    currency: Currency,
    counted: Movement,
    shortage: Shortage,
    fallback: int | None,
) -> tuple[int, int]:
    """Set the chain to a counted quantity at a counted rate, absolutely; blanks keep what there is.

    Gives the quantity moved and the amount booked. A count that finds what the books say leaves the layers alone. A stated
    rate values the count at a whole amount; a kept rate keeps the unrounded value in proportion. Where tills have sold goods that
    are not in the books yet, or taken some back, a count can leave the books short: that is the count's own `shortage`.
    """
    before, old_qty = currency.amount(balance.value), balance.qty
    qty, rate = counted.counted_qty, counted.counted_rate
    if qty is None:
        qty = old_qty
    if rate is not None:
        value = currency.times(qty, rate) * currency.unit
    elif old_qty:
        value = (
            balance.value
            if qty == old_qty
            else div_half_up(balance.value * qty, old_qty)
            if old_qty > 0
            else (div_half_up(-balance.value * qty, -old_qty))
        )
    else:
        value = div_half_up(qty * (balance.last_rate if balance.last_rate is not None else fallback or 0), MICRO)
    if qty == old_qty and value == balance.value and qty > 0:
        return 0, 0
    if qty <= 0 and rate is not None:
        balance.last_rate = rate
    elif qty <= 0 and old_qty not in (0, qty):
        balance.last_rate = div_half_up(abs(balance.value) * MICRO, abs(old_qty))
    if qty < 0 and qty == old_qty:
        _price_shortages(balance, value)
    else:
        balance.shortages.clear()
        value = value if qty else 0
        method.count(balance, max(qty, 0), max(value, 0), counted.id)
        if qty < 0:
            shortage.qty, shortage.value = -qty, -value
            balance.shortages.append(shortage)
    balance.qty, balance.value = qty, value
    return qty - old_qty, currency.amount(value) - before


def count_batch(
    balance: Balance,
    method: Method,
    currency: Currency,
    held: int,
    counted: Movement,
    shortage: Shortage,
    fallback: int | None,
) -> tuple[int, int]:
    """Set one batch, of which there is `held`, to its count in a chain that values several together.

    A stated rate takes all of the batch out at cost and puts the counted quantity in at that rate; with the rate left blank only
    the difference moves. Gives the quantity moved and the amount booked.
    """
    before = currency.amount(balance.value)
    qty = held if counted.counted_qty is None else counted.counted_qty
    leaves, comes = (max(held - qty, 0), max(qty - held, 0)) if counted.counted_rate is None else (max(held, 0), qty)
    if leaves:
        issue(balance, method, currency, leaves, shortage, fallback)
    if comes:
        rate = counted.counted_rate
        worth = at_rate_in_force(balance, currency, comes, fallback) if rate is None else currency.times(comes, rate)
        receive(balance, method, currency, comes, worth, counted.id)
    return comes - leaves, currency.amount(balance.value) - before


def _price_shortages(balance: Balance, value: int) -> None:
    """Let what is short be worth `value` (below zero) in all: a rate was asserted while goods were still owed."""
    left, left_qty = -value, -balance.qty
    for shortage in balance.shortages:
        shortage_value = left if shortage.qty == left_qty else div_half_up(left * shortage.qty, left_qty)
        shortage.value = shortage_value
        left -= shortage_value
        left_qty -= shortage.qty


def add_value(
    balance: Balance, method: Method, currency: Currency, receipt: int, received_qty: int, amount: int
) -> int:
    """Lay a later cost of a receipt on its stock at hand; gives the part (minor units) that found no stock and goes to cost."""
    value = amount * currency.unit
    before = currency.amount(balance.value)
    balance.value += method.add_value(balance, receipt, received_qty, value)
    return amount - (currency.amount(balance.value) - before)


def at_rate_in_force(balance: Balance, currency: Currency, qty: int, fallback: int | None) -> int:
    """The amount of `qty` at the chain's rate of this moment: its average, its last known cost, else the fallback (minor units)."""
    if balance.qty > 0:
        return div_half_up(balance.value * qty, balance.qty * currency.unit)
    rate = balance.last_rate if balance.last_rate is not None else fallback or 0
    return currency.times(qty, rate)
