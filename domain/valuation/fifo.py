"""First in, first out: the oldest layer leaves first."""

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
    return not balance.stored or layers.hold(balance.layers, qty)


def end_rate(balance: Balance) -> int:
    """What the unit that leaves last costs (nine decimals): that of the newest layer."""
    return layers.rate_of((balance.newest or balance.layers)[-1])


def take(balance: Balance, qty: int) -> int:
    """Take `qty` from the oldest layers on; gives the value taken (nine decimals)."""
    taken = 0
    queue = balance.layers
    while True:
        if not queue:
            layers.join(balance)
        layer = queue[0]
        if layer.qty > qty:
            return taken + layers.split(layer, qty)
        queue.popleft()
        qty -= layer.qty
        taken += layer.value
        if not qty:
            return taken


def take_at_rate(balance: Balance, qty: int, rate: int) -> int:
    """Take `qty` from the layers of exactly `rate`, oldest first, and what they don't hold from the oldest of the others."""
    taken = 0
    for queue in (balance.layers, balance.newest):
        for layer in [layer for layer in queue if layers.rate_of(layer) == rate]:
            part = min(layer.qty, qty)
            taken += layers.split(layer, part)
            qty -= part
            if not layer.qty:
                queue.remove(layer)
            if not qty:
                return taken
    return taken + take(balance, qty)
