"""First in, first out: the oldest layer leaves first."""

from __future__ import annotations

from domain.stock_ledger import Balance
from domain.valuation import layers

receive = layers.receive
count = layers.count
take_layer = layers.take_layer
add_value = layers.add_value


def covers(balance: Balance, qty: int) -> bool:
    """Whether the loaded layers suffice to take `qty` millionths (more may lie in the store)."""
    return not balance.stored or layers.hold(balance.layers, qty)


def take(balance: Balance, qty: int) -> tuple[int, int]:
    """Take `qty` from the oldest layers on; gives the value taken (nine decimals) and the rate of the last layer touched."""
    taken, rate = 0, 0
    queue = balance.layers
    while qty:
        if not queue:
            layers.join(balance)
            queue = balance.layers
        layer = queue[0]
        if layer.qty <= qty:
            queue.popleft()
            qty -= layer.qty
            taken += layer.value
            rate = layers.rate_of(layer)
        else:
            taken += layers.split(layer, qty)
            rate = layers.rate_of(layer)
            qty = 0
    return taken, rate


def take_at_rate(balance: Balance, qty: int, rate: int) -> tuple[int, int]:
    """Take `qty` from the first layer of exactly `rate` while it lasts, the rest from the oldest."""
    for layer in balance.layers:
        if layers.rate_of(layer) == rate:
            part = min(layer.qty, qty)
            value = layers.split(layer, part)
            if not layer.qty:
                balance.layers.remove(layer)
            rest, last = take(balance, qty - part) if qty > part else (0, rate)
            return value + rest, last
    return take(balance, qty)
