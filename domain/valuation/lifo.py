"""Last in, first out: the newest layer leaves first."""

from __future__ import annotations

from domain.stock_ledger import Balance
from domain.valuation import layers

LAYERED = True
receive = layers.receive
count = layers.count
take_back = layers.take_back
add_value = layers.add_value


def covers(balance: Balance, qty: int) -> bool:
    """Whether the loaded layers suffice to take `qty` millionths (more may lie in the store)."""
    return not balance.stored or layers.hold(reversed(balance.newest), qty)


def end_rate(balance: Balance) -> int:
    """What the unit that leaves last costs (nine decimals): that of the oldest layer."""
    return layers.rate_of(balance.layers[0])


def take(balance: Balance, qty: int) -> int:
    """Take `qty` from the newest layers on; gives the value taken (nine decimals)."""
    taken = 0
    while True:
        queue = balance.newest or balance.layers
        layer = queue[-1]
        if layer.qty > qty:
            return taken + layers.split(layer, qty)
        queue.pop()
        qty -= layer.qty
        taken += layer.value
        if not qty:
            return taken


def take_at_rate(balance: Balance, qty: int, rate: int) -> int:  # noqa: ARG001 - the verb of every method
    """LIFO takes the newest layers whatever rate is stated."""
    return take(balance, qty)
