"""Last in, first out: the newest layer leaves first."""

from __future__ import annotations

from domain.stock_ledger import Balance
from domain.valuation import layers

receive = layers.receive
count = layers.count
take_layer = layers.take_layer
add_value = layers.add_value


def covers(balance: Balance, qty: int) -> bool:
    """Whether the loaded layers suffice to take `qty` millionths (more may lie in the store)."""
    return not balance.stored or layers.hold(reversed(balance.newest), qty)


def take(balance: Balance, qty: int) -> tuple[int, int]:
    """Take `qty` from the newest layers on; gives the value taken (nine decimals) and the rate of the last layer touched."""
    taken, rate = 0, 0
    while qty:
        queue = balance.newest or balance.layers
        layer = queue[-1]
        if layer.qty <= qty:
            queue.pop()
            qty -= layer.qty
            taken += layer.value
            rate = layers.rate_of(layer)
        else:
            taken += layers.split(layer, qty)
            rate = layers.rate_of(layer)
            qty = 0
    return taken, rate


def take_at_rate(balance: Balance, qty: int, rate: int) -> tuple[int, int]:  # noqa: ARG001 - the verb of every method
    """LIFO takes the newest layers whatever rate is stated."""
    return take(balance, qty)
