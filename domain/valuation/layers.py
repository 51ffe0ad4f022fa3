"""Cost layers: what FIFO and LIFO share.

A layer carries the value that is left of one receipt, unrounded to nine decimals; rates are quotients for display. Taking a layer's
last unit takes its whole value, so nothing is left behind at quantity zero.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from domain.exact import MICRO, div_half_up
from domain.stock_ledger import Balance, Layer


def rate_of(layer: Layer) -> int:
    """What one unit of a layer costs, at nine decimals."""
    return div_half_up(layer.value * MICRO, layer.qty) if layer.qty else 0


def hold(layers: Iterable[Layer], qty: int) -> bool:
    """Whether these layers hold `qty` between them; looks at no more of them than it must."""
    for layer in layers:
        qty -= layer.qty
        if qty <= 0:
            return True
    return qty <= 0


def split(layer: Layer, qty: int) -> int:
    """Take part of a layer; gives the value taken."""
    if qty >= layer.qty:
        part = layer.value
        layer.qty = layer.value = 0
        return part
    part = div_half_up(layer.value * qty, layer.qty)
    layer.qty -= qty
    layer.value -= part
    return part


def join(balance: Balance) -> None:
    """Make the newest layers the oldest where nothing lies between them any more."""
    balance.layers.extend(balance.newest)
    balance.newest.clear()


def receive(balance: Balance, qty: int, value: int, receipt: int) -> None:
    """Lay `qty` worth `value` on top, as the layer of `receipt`."""
    (balance.newest if balance.stored or balance.newest else balance.layers).append(Layer(qty, value, receipt))


def count(balance: Balance, qty: int, value: int, receipt: int) -> None:
    """Replace everything by one layer, as a physical count does."""
    balance.newest.clear()
    balance.stored = balance.stored_qty = 0
    balance.layers = deque([Layer(qty, value, receipt)] if qty else [])


def take_back(balance: Balance, receipt: int, qty: int, cost: int | None) -> tuple[int, int]:  # noqa: ARG001 - the verb of every method
    """Take up to `qty` of what is left of one receipt; gives the quantity found there and its value."""
    found = taken = 0
    for queue in (balance.layers, balance.newest):
        for layer in [layer for layer in queue if layer.receipt == receipt]:
            part = min(layer.qty, qty - found)
            taken += split(layer, part)
            found += part
            if not layer.qty:
                queue.remove(layer)
            if found == qty:
                return found, taken
    return found, taken


def add_value(balance: Balance, receipt: int, received_qty: int, value: int) -> int:
    """Lay a later cost of a receipt on what is left of it; gives the part laid, in proportion to the quantity left."""
    own = [layer for queue in (balance.layers, balance.newest) for layer in queue if layer.receipt == receipt]
    left = sum(layer.qty for layer in own)
    if not left:
        return 0
    laid = value if left >= received_qty else div_half_up(value * left, received_qty)
    rest, rest_qty = laid, left
    for layer in own:
        part = rest if layer.qty == rest_qty else div_half_up(rest * layer.qty, rest_qty)
        layer.value += part
        rest -= part
        rest_qty -= layer.qty
    return laid
