"""A naive oracle of stock value: the laws of the books worked out again with fractions, without the engine.

It takes accepted documents as they were published, puts them in the order of their posting times, and values every movement in one
simple pass: no streams, no differences, no residues, no arrival order. What the engine arrives at by posting, correcting and
reposting must be exactly this. Values are fractions of the currency unit; only R(x) = floor(x / minor unit + 1/2) and the nine
places of a cost layer round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

Json = dict[str, Any]
Place = tuple[str, str, str]  # item, warehouse, batch or serial number
F = Fraction


def nine(x: Fraction) -> Fraction:
    """Nine places, as cost layers carry them."""
    return F(floor(x * 10**9 + F(1, 2)), 10**9)


def half_away(x: Fraction) -> int:
    """To the nearest whole number, halves away from zero: amounts on documents."""
    return floor(x + F(1, 2)) if x >= 0 else -floor(-x + F(1, 2))


@dataclass
class Lot:
    """Goods on hand from one movement."""

    qty: Fraction
    value: Fraction
    source: object


@dataclass
class Owed:
    """Goods that left before they came: what the issue took for them."""

    qty: Fraction
    value: Fraction
    issue: object


@dataclass
class Pile:
    """What lies at one place, and how it is valued."""

    method: str
    lots: list[Lot] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    last_cost: Fraction | None = None

    @property
    def qty(self) -> Fraction:
        """What is there, below zero where goods are owed."""
        return sum((lot.qty for lot in self.lots), F(0)) - sum((o.qty for o in self.owed), F(0))

    @property
    def value(self) -> Fraction:
        """What it is worth."""
        return sum((lot.value for lot in self.lots), F(0)) - sum((o.value for o in self.owed), F(0))

    def put(self, qty: Fraction, value: Fraction, source: object) -> list[tuple[Owed, Fraction, Fraction]]:
        """Goods come in: first to what is owed (told as owed, provisional and real cost), the rest as a lot of its own."""
        covered = []
        while self.owed and qty:
            first = self.owed[0]
            part = min(first.qty, qty)
            cost = value if part == qty else nine(value * part / qty)
            provisional = first.value if part == first.qty else nine(first.value * part / first.qty)
            covered.append((first, provisional, cost))
            first.qty, first.value = first.qty - part, first.value - provisional
            qty, value = qty - part, value - cost
            if not first.qty:
                self.owed.pop(0)
            if not self.owed and not qty:
                self.last_cost = nine(cost / part)
        if qty and self.method == "moving_average" and self.lots:
            self.lots[0].qty += qty
            self.lots[0].value += value
        elif qty:
            self.lots.append(Lot(qty, value, source))
        return covered

    def pull(self, lot: Lot, qty: Fraction) -> None:
        """Part of a lot leaves; its last unit takes all that is left of it."""
        rate = nine(lot.value / lot.qty)
        lot.value -= lot.value if qty == lot.qty else nine(lot.value * qty / lot.qty)
        lot.qty -= qty
        self.last_cost = rate if not any(each.qty for each in self.lots) else self.last_cost
        self.lots = [each for each in self.lots if each.qty]

    def take(self, qty: Fraction, issue: object, fallback: Fraction, rate: Fraction | None = None) -> None:
        """Goods leave by the method; what is not there is owed at the last known cost."""
        if rate is not None and self.method == "moving_average" and self.lots and qty < self.lots[0].qty:
            lot = self.lots[0]
            lot.value -= min(nine(qty * rate), lot.value)
            lot.qty -= qty
            return
        if rate is not None and self.method == "fifo" and qty < self.qty:
            own = next((lot for lot in self.lots if nine(lot.value / lot.qty) == rate), None)
            if own is not None:
                part = min(own.qty, qty)
                self.pull(own, part)
                qty -= part
        while qty and self.lots:
            lot = self.lots[-1 if self.method == "lifo" else 0]
            part = min(lot.qty, qty)
            self.pull(lot, part)
            qty -= part
        if qty:
            if self.last_cost is None:
                self.last_cost = fallback
            self.owed.append(Owed(qty, nine(qty * self.last_cost), issue))

    def at_rate_in_force(self, qty: Fraction, minor: Fraction, fallback: Fraction) -> int:
        """What `qty` is worth at the average of this moment, in minor units."""
        if self.qty > 0:
            return floor(self.value * qty / self.qty / minor + F(1, 2))
        return half_away(qty * (self.last_cost if self.last_cost is not None else fallback) / minor)


class Oracle:
    """The stock of a company after documents: `booked` per (document number, place), quantity and minor units; `piles` per place."""

    def __init__(self, items: dict[str, Json], precision: int) -> None:
        self.items, self.minor = items, F(1, 10**precision)
        self.piles: dict[Place, Pile] = {}
        self.booked: dict[tuple[str, Place], tuple[Fraction, int]] = defaultdict(lambda: (F(0), 0))
        self._issues: dict[tuple[str, int, Place], tuple[Fraction, int]] = {}
        self._receipts: dict[tuple[str, int, Place], tuple[Fraction, int]] = {}
        self._covered: dict[object, int] = defaultdict(int)
        self._returned: dict[tuple[str, int, Place], Fraction] = defaultdict(Fraction)
        self._laid: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._batches: dict[tuple[Place, str], Fraction] = defaultdict(Fraction)

    def tell(self, documents: Iterable[Json]) -> None:
        """Value everything; documents in the order of acceptance, none of them cancelled."""
        told = list(documents)
        self._numbers = {document["number"]: document for document in told}
        self._lay_on(told)
        handlers: dict[str, Callable[[Json], None]] = {
            "purchase_receipt": self._purchase, "purchase_invoice": self._purchase, "delivery_note": self._sale,
            "sales_invoice": self._sale, "stock_entry": self._entry, "stock_reconciliation": self._count,
        }  # fmt: skip
        for document in sorted(told, key=lambda d: d["posting_datetime"]):
            if document["type"] in handlers:
                handlers[document["type"]](document)

    # -- money on documents -------------------------------------------------------------------------------------------

    def _nets(self, document: Json) -> list[int]:
        """Line amounts in minor units of the company's currency."""
        rate = F(document.get("exchange_rate", "1"))
        own = F(1, 100) if "currency" in document else self.minor
        stated = [half_away(F(line["qty"]) * F(line.get("rate", "0")) / own) for line in document["lines"]]
        return [half_away(amount * own * rate / self.minor) for amount in stated]

    def _costs(self, document: Json) -> list[int]:
        """Line amounts and their shares of the charges."""
        costs = nets = self._nets(document)
        for tax in document.get("taxes", ()):
            charge = half_away(F(tax["amount"]) * F(document.get("exchange_rate", "1")) / self.minor)
            weights = nets if any(nets) else [half_away(F(line["qty"]) * 10**6) for line in document["lines"]]
            costs = [cost + share for cost, share in zip(costs, _shares(charge, weights), strict=True)]
        return costs

    def _lay_on(self, told: list[Json]) -> None:
        """What landed cost vouchers and dearer bills add to receipts: it counts from the receipt on, whenever it came."""
        billed: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
        for document in told:
            if document["type"] == "landed_cost_voucher":
                receipt = self._numbers[document["receipts"][0]]
                weights = self._nets(receipt)
                if document["distribute_by"] == "qty":
                    weights = [half_away(F(line["qty"]) * 10**6) for line in receipt["lines"]]
                charge = half_away(F(document["charges"][0]["amount"]) / self.minor)
                for place, share in enumerate(_shares(charge, weights)):
                    self._laid[receipt["number"], place].append(share)
            for line, net in zip(document.get("lines", ()), self._bill(document), strict=False):
                number, place = line["against_receipt"]["number"], line["against_receipt"]["line"] - 1
                receipt = self._numbers[number]
                whole, net_received = F(receipt["lines"][place]["qty"]), self._nets(receipt)[place]
                before = billed[number, place]
                billed[number, place] += F(line["qty"])
                share = half_away(net_received * billed[number, place] / whole) - half_away(
                    net_received * before / whole
                )
                self._laid[number, place].append(net - share)

    def _bill(self, document: Json) -> list[int]:
        bills = document["type"] == "purchase_invoice" and not document.get("update_stock")
        return self._nets(document) if bills else []

    # -- movements ----------------------------------------------------------------------------------------------------

    def _places(self, line: Json, warehouse: str) -> list[tuple[Place, Fraction]]:
        qty = abs(F(line["qty"]))
        if "serials" in line:
            return [((line["item"], warehouse, serial), F(1)) for serial in line["serials"]]
        part = line.get("batch", "") if self.items[line["item"]].get("batch_wise_valuation") else ""
        return [((line["item"], warehouse, part), qty)]

    def _pile(self, place: Place) -> Pile:
        method = "moving_average" if place[2] else self.items[place[0]]["valuation_method"]
        return self.piles.setdefault(place, Pile(method))

    def _fallback(self, place: Place) -> Fraction:
        return F(self.items[place[0]].get("valuation_rate", "7"))

    def _in(self, number: str, place: Place, qty: Fraction, amount: int, source: object, laid: int = 0) -> None:
        pile = self._pile(place)
        before = floor(pile.value / self.minor + F(1, 2))
        self._true_up(pile, pile.put(qty, (amount + laid) * self.minor, source), before + amount + laid)
        self._book(number, place, qty, floor(pile.value / self.minor + F(1, 2)) - before)

    def _true_up(self, pile: Pile, covered: list[tuple[Owed, Fraction, Fraction]], booked: int) -> None:
        """Tell each issue what its goods cost more than it took them at; whole minor units, in the order in which they were owed."""
        value = pile.value - sum((provisional - cost for _, provisional, cost in covered), F(0))
        for owed, provisional, cost in covered:
            value += provisional - cost
            now = floor(value / self.minor + F(1, 2))
            self._covered[owed.issue] += now - booked
            booked = now

    def _out(self, number: str, place: Place, qty: Fraction, issue: object, rate: Fraction | None = None) -> int:
        pile = self._pile(place)
        before = floor(pile.value / self.minor + F(1, 2))
        pile.take(qty, issue, self._fallback(place), rate)
        amount = floor(pile.value / self.minor + F(1, 2)) - before
        self._book(number, place, -qty, amount)
        return amount

    def _move_batch(self, line: Json, warehouse: str, sign: int) -> None:
        """Keep count of a batch that lies in one pile with others."""
        if "batch" in line:
            for place, qty in self._places(line, warehouse):
                if not place[2]:
                    self._batches[place, line["batch"]] += sign * qty

    def _book(self, number: str, place: Place, qty: Fraction, amount: int) -> None:
        known = self.booked[number, place]
        self.booked[number, place] = known[0] + qty, known[1] + amount

    # -- documents ----------------------------------------------------------------------------------------------------

    def _purchase(self, document: Json) -> None:
        number = document["number"]
        if document["type"] == "purchase_invoice" and not document.get("update_stock"):
            return
        for line in document["lines"]:
            self._move_batch(line, line["warehouse"], -1 if document.get("is_return") else 1)
        if document.get("is_return"):
            self._send_back(document)
            return
        for index, (line, cost) in enumerate(zip(document["lines"], self._costs(document), strict=True)):
            places = self._places(line, line["warehouse"])
            weights = [half_away(qty * 10**6) for _, qty in places]
            each = [_shares(amount, weights) for amount in self._laid[number, index]]
            laid = [sum(column) for column in zip(*each, strict=True)] if each else [0] * len(places)
            for (place, qty), amount, more in zip(places, _shares(cost, weights), laid, strict=True):
                key = number, index, place
                self._receipts[key] = qty, amount + more
                self._in(number, place, qty, amount, key, more)

    def _send_back(self, document: Json) -> None:
        """Out of what is left of the receipt's own lot; what is not left of it, by the method (an average: at the receipt's cost)."""
        for line in document["lines"]:
            for place, wanted in self._places(line, line["warehouse"]):
                source = document["return_against"], line["return_of"] - 1, place
                received, amount = self._receipts[source]
                pile, qty = self._pile(place), wanted
                before = floor(pile.value / self.minor + F(1, 2))
                if qty < pile.qty:
                    for lot in [
                        each for each in pile.lots if each.source == source and pile.method != "moving_average"
                    ]:
                        part = min(lot.qty, qty)
                        pile.pull(lot, part)
                        qty -= part
                rate = nine(amount * self.minor / received) or None
                pile.take(qty, object(), self._fallback(place), rate)
                after = floor(pile.value / self.minor + F(1, 2))
                self._book(document["number"], place, -wanted, after - before)

    def _sale(self, document: Json) -> None:
        number = document["number"]
        for line in document["lines"]:
            self._move_batch(line, line["warehouse"], 1 if document.get("is_return") else -1)
        if document.get("is_return"):
            self._take_back(document)
            return
        for index, line in enumerate(document["lines"]):
            bundle = self.items[line["item"]].get("bundle")
            parts = (
                [{"item": item, "qty": F(each) * F(line["qty"])} for item, each in bundle.items()] if bundle else [line]
            )
            for part in parts:
                for place, qty in self._places(part, line["warehouse"]):
                    key = number, index, place
                    self._issues[key] = qty, self._out(number, place, qty, key)

    def _take_back(self, document: Json) -> None:
        for line in document["lines"]:
            bundle = self.items[line["item"]].get("bundle")
            parts = (
                [{"item": item, "qty": F(each) * F(line["qty"])} for item, each in bundle.items()] if bundle else [line]
            )
            for part in parts:
                for place, qty in self._places(part, line["warehouse"]):
                    sold = document["return_against"], line["return_of"] - 1, place
                    whole, amount = self._issues[sold]
                    cost, before = -amount - self._covered[sold], self._returned[sold]
                    self._returned[sold] += qty
                    share = half_away(cost * (before + qty) / whole) - half_away(cost * before / whole)
                    self._in(document["number"], place, qty, share, object())

    def _entry(self, document: Json) -> None:
        number, lines = document["number"], document["lines"]
        for line in lines:
            for end, sign in (("from", -1), ("to", 1)):
                if end in line:
                    self._move_batch(line, line[end], sign)
        purpose, shares = document["purpose"], self._additional(document)
        taken = 0
        left: dict[int, list[int]] = {}
        for index, line in enumerate(lines):
            if "from" in line:
                outs = [self._out(number, place, qty, object()) for place, qty in self._places(line, line["from"])]
                left[index], taken = outs, taken - sum(outs)
        if purpose in ("manufacture", "repack"):
            self._make(document, taken, shares)
            return
        for index, line in enumerate(lines):
            if "to" not in line:
                continue
            places = self._places(line, line["to"])
            weights = [half_away(qty * 10**6) for _, qty in places]
            more = _shares(shares[index], weights)
            stated = (
                _shares(half_away(F(line["qty"]) * F(line["rate"]) / self.minor), weights) if "rate" in line else None
            )
            for place_no, ((place, qty), extra) in enumerate(zip(places, more, strict=True)):
                if purpose == "material_transfer":
                    amount = -left[index][place_no]
                elif stated is not None:
                    amount = stated[place_no]
                else:
                    amount = self._pile(place).at_rate_in_force(qty, self.minor, self._fallback(place))
                self._in(number, place, qty, amount + extra, object())

    def _make(self, document: Json, taken: int, shares: list[int]) -> None:
        lines = document["lines"]
        made = [index for index, line in enumerate(lines) if "to" in line]
        amounts: dict[int, int] = {}
        for index in made:
            if lines[index].get("scrap"):
                stated = half_away(F(lines[index]["qty"]) * F(lines[index]["rate"]) / self.minor)
                amounts[index] = min(stated, max(taken, 0))
                taken -= amounts[index]
        finished = [index for index in made if lines[index].get("finished")]
        weights = [half_away(F(lines[index]["qty"]) * 10**6) for index in finished]
        for index, share in zip(finished, _shares(taken, weights), strict=True):
            amounts[index] = share + shares[index]
        for index in made:
            ((place, qty),) = self._places(lines[index], lines[index]["to"])
            self._in(document["number"], place, qty, amounts[index], object())

    def _additional(self, document: Json) -> list[int]:
        lines = document["lines"]
        transforms = document["purpose"] in ("manufacture", "repack")
        takers = [i for i, line in enumerate(lines) if "to" in line and (line.get("finished") or not transforms)]
        total = sum(half_away(F(cost["amount"]) / self.minor) for cost in document.get("additional_costs", ()))
        weights = [half_away(F(lines[i]["qty"]) * F(lines[i].get("rate", "0")) / self.minor) for i in takers]
        if not any(weights):
            weights = [half_away(F(lines[i]["qty"]) * 10**6) for i in takers]
        shares = [0] * len(lines)
        for index, share in zip(takers, _shares(total, weights) if takers else [], strict=True):
            shares[index] = share
        return shares

    def _count(self, document: Json) -> None:
        """Absolute at its moment: one lot of the counted quantity, at the counted rate or at the one in force."""
        for line in document["lines"]:
            ((place, _),) = self._places({**line, "qty": "0"}, line["warehouse"])
            pile = self._pile(place)
            if "batch" in line and not place[2]:
                self._count_batch(document["number"], place, line)
                continue
            there, value = pile.qty, pile.value
            before = floor(value / self.minor + F(1, 2))
            qty = F(line["qty"]) if "qty" in line else there
            if "rate" in line:
                worth = half_away(qty * F(line["rate"]) / self.minor) * self.minor
            elif there:
                worth = value if qty == there else nine(value * qty / there)
            else:
                worth = nine(qty * (pile.last_cost if pile.last_cost is not None else self._fallback(place)))
            if qty <= 0 and "rate" in line:
                pile.last_cost = F(line["rate"])
            elif not qty and there:
                pile.last_cost = nine(abs(value) / abs(there))
            if qty < 0:
                rest, rest_qty = -worth, -qty
                for owed in pile.owed:
                    owed.value = rest if owed.qty == rest_qty else nine(rest * owed.qty / rest_qty)
                    rest, rest_qty = rest - owed.value, rest_qty - owed.qty
            elif (qty, worth) != (there, value) or not qty:
                pile.owed, pile.lots = [], [Lot(qty, worth, object())] if qty else []
            self._book(document["number"], place, qty - there, floor(pile.value / self.minor + F(1, 2)) - before)

    def _count_batch(self, number: str, place: Place, line: Json) -> None:
        """One batch of several in a pile: at a rate, all of it out and what was counted in; without, the difference alone."""
        held = self._batches[place, line["batch"]]
        qty = F(line["qty"]) if "qty" in line else held
        out, into = (held, qty) if "rate" in line else (max(held - qty, F(0)), max(qty - held, F(0)))
        if out:
            self._out(number, place, out, object())
        if into:
            pile = self._pile(place)
            if "rate" in line:
                worth = half_away(into * F(line["rate"]) / self.minor)
            else:
                worth = pile.at_rate_in_force(into, self.minor, self._fallback(place))
            self._in(number, place, into, worth, object())
        self._batches[place, line["batch"]] = qty


def _shares(amount: int, weights: list[int]) -> list[int]:
    """An amount shared out: every share rounded, the last line takes what rounding leaves."""
    total = sum(weights)
    if not total:
        weights, total = [1] * len(weights), len(weights)
    shares = [half_away(F(amount * weight, total)) for weight in weights]
    shares[-1] += amount - sum(shares)
    return shares
