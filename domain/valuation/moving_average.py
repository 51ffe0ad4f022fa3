"""Moving average: every unit on hand costs the same; a receipt moves the average, an issue keeps it.

The whole stock is one layer, so that the verbs are those of the other methods and a cost can still be traced. An item that had layers
before it went over to the average has them mixed when something is next taken: from then on, not before.
"""

from __future__ import annotations

from domain.exact import MICRO, div_half_up
from domain.stock_ledger import Balance, Layer
from domain.valuation import layers

LAYERED = False
count = layers.count


def covers(balance: Balance, qty: int) -> bool:  # noqa: ARG001 - the verb of every method
    """An average needs everything: layers of another method that are still in the store belong to it too."""
    return not balance.stored


def pooled(balance: Balance) -> Layer:
    """The stock as one layer; layers that another method left are mixed, and the latest of them names the receipt."""
    if balance.newest:
        layers.join(balance)
    if len(balance.layers) > 1:
        last = balance.layers[-1].receipt
        mixed = Layer(sum(layer.qty for layer in balance.layers), sum(layer.value for layer in balance.layers), last)
        balance.layers.clear()
        balance.layers.append(mixed)
    return balance.layers[0]


def receive(balance: Balance, qty: int, value: int, receipt: int) -> None:
    """Mix `qty` worth `value` into the stock; onto layers that nothing has mixed yet it is laid as one more."""
    if len(balance.layers) == 1 and not (balance.stored or balance.newest):
        pool = balance.layers[0]
        pool.qty += qty
        pool.value += value
        pool.receipt = receipt
    else:
        layers.receive(balance, qty, value, receipt)


def end_rate(balance: Balance) -> int:
    """What the unit that leaves last costs (nine decimals): the average."""
    return layers.rate_of(pooled(balance))


def take(balance: Balance, qty: int) -> int:
    """Take `qty` at the average; gives the value taken (nine decimals)."""
    pool = pooled(balance)
    taken = layers.split(pool, qty)
    if not pool.qty:
        balance.layers.clear()
    return taken


def take_at_rate(balance: Balance, qty: int, rate: int) -> int:
    """Take `qty` at a stated rate, bounded by the value there is; what is left is averaged anew."""
    pool = pooled(balance)
    if qty >= pool.qty:
        return take(balance, qty)
    taken = min(div_half_up(qty * rate, MICRO), pool.value)
    pool.qty -= qty
    pool.value -= taken
    return taken


def take_back(balance: Balance, receipt: int, qty: int, cost: int | None) -> tuple[int, int]:  # noqa: ARG001 - the verb of every method
    """Take less than there is at what it cost (nine decimals), bounded by the value there is; what is left is averaged anew.

    Gives the quantity and the value taken: nothing of goods that cost nothing (None), which are worth the average like any other.
    """
    if cost is None:
        return 0, 0
    pool = pooled(balance)
    taken = min(cost, max(pool.value, 0))
    pool.qty -= qty
    pool.value -= taken
    return qty, taken


def add_value(balance: Balance, receipt: int, received_qty: int, value: int) -> int:  # noqa: ARG001 - the verb of every method
    """Lay a later cost of a receipt on the stock at hand, at most for the quantity received; gives the part laid."""
    if not balance.layers:
        return 0
    left = balance.qty
    laid = value if left >= received_qty else div_half_up(value * left, received_qty)
    laid = max(laid, -balance.value)  # a credit takes no more than there is
    balance.layers[0].value += laid
    return laid
