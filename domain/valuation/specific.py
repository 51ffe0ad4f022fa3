"""Specific identification: a serial number, or a batch valued by itself, is a chain of its own.

A serial number is one unit and keeps its own cost; within a batch every unit costs the batch's average as of that instant. Both are
the moving average of a chain that holds nothing else.
"""

from __future__ import annotations

from domain.valuation import moving_average

LAYERED = moving_average.LAYERED
covers = moving_average.covers
receive = moving_average.receive
count = moving_average.count
end_rate = moving_average.end_rate
take = moving_average.take
take_at_rate = moving_average.take_at_rate
take_layer = moving_average.take_layer
add_value = moving_average.add_value
