"""How the field's best-known open system values stock, restated apart from the engine: one pass over the rows in time order.

A queue of [quantity, rate] per item and warehouse, or one rate; below zero one layer at the last known rate. A receipt that leaves the
queue short keeps that rate, one that crosses zero values all that is left at its own. Rates are fractions here, so that only each row's
stock value is rounded, as it is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

Json = dict[str, Any]
Place = tuple[str, str]  # item, warehouse
F = Fraction
CENT = F(1, 100)


@dataclass
class Queue:
    """Layers of one item in one warehouse; under an average there is one layer at the most."""

    method: str
    layers: list[list[Fraction]] = field(default_factory=list)
    last_rate: Fraction = field(default_factory=F)

    @property
    def qty(self) -> Fraction:
        """What is there, below zero where too much has left."""
        return sum((qty for qty, _ in self.layers), F(0))

    @property
    def value(self) -> Fraction:
        """What it is worth, to the cent as each row shows it."""
        exact = sum((qty * rate for qty, rate in self.layers), F(0))
        return floor(exact / CENT + F(1, 2)) * CENT

    def add(self, qty: Fraction, rate: Fraction) -> None:
        """Goods come in at a rate."""
        if self.layers and self.layers[-1][0] < 0:
            left = self.layers[-1][0] + qty
            self.layers = [[left, rate if left > 0 else self.layers[-1][1]]]
        elif self.layers and (self.method == "moving_average" or self.layers[-1][1] == rate):
            old_qty, old_rate = self.layers[-1]
            self.layers[-1] = [old_qty + qty, (old_qty * old_rate + qty * rate) / (old_qty + qty)]
        else:
            self.layers.append([qty, rate])

    def remove(self, qty: Fraction) -> None:
        """Goods go out by the method; what is not there leaves at the rate of the last layer."""
        while qty:
            if not self.layers:
                self.layers.append([-qty, self.last_rate])
                return
            place = -1 if self.method == "lifo" else 0
            layer = self.layers[place]
            self.last_rate = layer[1]
            if layer[0] < 0 or layer[0] > qty:
                layer[0] -= qty
                return
            qty -= layer[0]
            self.layers.pop(place)

    def count(self, qty: Fraction, rate: Fraction) -> None:
        """A physical count replaces everything."""
        self.layers = [[qty, rate]] if qty else []
        self.last_rate = rate


class PeerBooks:
    """Stock and the accounts against it after documents: quantities and values by place, balances by account."""

    def __init__(self, methods: dict[str, str]) -> None:
        self._methods = methods
        self.queues: dict[Place, Queue] = {}
        self.accounts: dict[str, Fraction] = defaultdict(Fraction)
        self._cost_of: dict[str, Fraction] = {}

    def tell(self, documents: Iterable[Json]) -> None:
        """Value everything in the order of posting times, whatever the order of arrival."""
        for document in sorted(documents, key=lambda one: one["posting_datetime"]):
            if document.get("purpose") == "repack":
                self._repack(document)
            else:
                for line in document["lines"]:
                    self._row(document, line)

    def _repack(self, document: Json) -> None:
        """Everything that goes in goes out first; what is made is worth that, and what the work cost."""
        *consumed, made = document["lines"]
        cost = sum((F(cost["amount"]) for cost in document.get("additional_costs", ())), F(0))
        self.accounts["Freight and Forwarding Charges"] -= cost
        worth = cost - sum(self._leaves(line) for line in consumed)
        qty = F(made["qty"])
        came = self._change(made["item"], made["to"], "", lambda q: q.add(qty, worth / qty))
        self.accounts["cost"] += worth - came  # goods that covered a shortage at another rate

    def _leaves(self, line: Json) -> Fraction:
        qty = F(line["qty"])
        return self._change(line["item"], line["from"], "", lambda q: q.remove(qty))

    def _row(self, document: Json, line: Json) -> None:
        kind, qty = document["type"], F(line["qty"])
        if kind == "stock_reconciliation":
            self._change(line["item"], line["warehouse"], "cost", lambda q: q.count(qty, F(line["rate"])))
        elif kind == "purchase_receipt":
            billed = floor(qty * F(line["rate"]) / CENT + F(1, 2)) * CENT
            self._change(line["item"], line["warehouse"], "cost", lambda q: q.add(qty, billed / qty))
            self.accounts["Stock Received But Not Billed"] -= billed
            self.accounts["cost"] += billed
        elif kind == "delivery_note" and qty > 0:
            left = self._change(line["item"], line["warehouse"], "cost", lambda q: q.remove(qty))
            self._cost_of[document["number"]] = -left / qty
        elif kind == "delivery_note":
            rate = self._cost_of[document["return_against"]]
            self._change(line["item"], line["warehouse"], "cost", lambda q: q.add(-qty, rate))
        else:
            left = self._leaves(line)
            came = self._change(line["item"], line["to"], "", lambda q: q.add(qty, -left / qty))
            self.accounts["cost"] -= left + came  # goods that covered a shortage at another rate

    def _change(self, item: str, warehouse: str, contra: str, act: Any) -> Fraction:
        queue = self.queues.setdefault((item, warehouse), Queue(self._methods[item]))
        before = queue.value
        act(queue)
        difference = queue.value - before
        self.accounts["Stock In Hand"] += difference
        if contra:
            self.accounts[contra] -= difference
        return difference
