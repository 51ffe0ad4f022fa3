"""A naive oracle of stock value: the laws of the books worked out again with fractions, without the engine.

It takes accepted documents as they were published, puts them in the order of their posting times, and values every movement in one
simple pass: no streams, no differences, no residues, no arrival order. What the engine arrives at by posting, correcting and
reposting must be exactly this. Values are fractions of the currency unit; only R(x) = floor(x / minor unit + 1/2) and the nine
places of a cost layer round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from math import floor

from tests.support.oracle.amounts import Json
from tests.support.oracle.pile import Issue, Lot, Owed, Pile, half_away, nine, share_after, share_given_back, shares_of
from tests.support.oracle.prices import Prices

Place = tuple[str, str, str]  # item, warehouse, batch or serial number
F = Fraction

COST, ADJUSTMENT, VARIANCE = "Cost of Goods Sold", "Stock Adjustment", "Purchase Price Variance"


def counted_against(count: Json) -> str:
    """The account that a count's difference goes to, where the document names it or it is opening stock."""
    stated: str = count.get("difference_account", "Temporary Opening")
    return stated


class Oracle:
    """The stock of a company after documents: `booked` per (document number, place), quantity and minor units; `piles` per place."""

    def __init__(self, items: dict[str, Json], precision: int, rate_difference: str = "revalue") -> None:
        self.items, self.minor = dict(items), F(1, 10**precision)
        self.prices = Prices(items, self.minor, rate_difference)
        self.piles: dict[Place, Pile] = {}
        self.booked: dict[tuple[str, Place], tuple[Fraction, int]] = defaultdict(lambda: (F(0), 0))
        self.true_ups: dict[tuple[str, str], int] = defaultdict(int)
        self.costs: dict[tuple[str, str], int] = defaultdict(int)
        self._sold: dict[tuple[str, int, Place], tuple[Issue, Fraction, int]] = {}
        self._receipts: dict[tuple[str, int, Place], tuple[Fraction, int]] = {}
        self._covered: dict[Issue, int] = defaultdict(int)
        self._returned: dict[Issue, Fraction] = defaultdict(Fraction)
        self._sent: dict[tuple[str, int, Place], Fraction] = defaultdict(Fraction)
        self._batches: dict[tuple[Place, str], Fraction] = defaultdict(Fraction)

    def tell(self, documents: Iterable[Json]) -> None:
        """Value everything; documents in the order of acceptance, none of them cancelled."""
        told = list(documents)
        self.prices.know(told)
        handlers: dict[str, Callable[[Json], None]] = {
            "purchase_receipt": self._purchase, "purchase_invoice": self._purchase, "delivery_note": self._sale,
            "sales_invoice": self._sale, "stock_entry": self._entry, "stock_reconciliation": self._count,
            "item": self._change_method,
        }  # fmt: skip
        for document in sorted(told, key=lambda d: d["posting_datetime"]):
            if document["type"] in handlers:
                handlers[document["type"]](document)

    def _change_method(self, master: Json) -> None:
        """What moves in an item's piles from now on goes by another method; what lies there keeps its value."""
        code, method = master["code"], master["valuation_method"]
        self.items[code] = {**self.items[code], "valuation_method": method}
        for place, pile in self.piles.items():
            if place[0] == code and not place[2]:
                pile.method = method

    # -- movements ----------------------------------------------------------------------------------------------------

    def _places(self, line: Json, warehouse: str) -> list[tuple[Place, Fraction]]:
        if "serials" in line:
            return [((line["item"], warehouse, serial), F(1)) for serial in line["serials"]]
        part = line.get("batch", "") if self.items[line["item"]].get("batch_wise_valuation") else ""
        return [((line["item"], warehouse, part), self.prices.qty(line))]

    def _pile(self, place: Place) -> Pile:
        method = "moving_average" if place[2] else self.items[place[0]]["valuation_method"]
        return self.piles.setdefault(place, Pile(method))

    def _fallback(self, place: Place, line: Json | None = None) -> Fraction:
        free = line is not None and line.get("allow_zero_rate")
        return F(0) if free else F(self.items[place[0]].get("valuation_rate", "7"))

    def _in(self, number: str, place: Place, qty: Fraction, amount: int, source: object, laid: int = 0) -> None:
        pile = self._pile(place)
        before = floor(pile.value / self.minor + F(1, 2))
        self._true_up(number, pile, pile.put(qty, (amount + laid) * self.minor, source), before + amount + laid)
        self._book(number, place, qty, floor(pile.value / self.minor + F(1, 2)) - before)

    def _true_up(self, number: str, pile: Pile, covered: list[tuple[Owed, Fraction, Fraction]], booked: int) -> None:
        """Tell each issue what its goods cost more than it took them at; whole minor units, in the order in which they were owed."""
        value = pile.value - sum((provisional - cost for _, provisional, cost in covered), F(0))
        for owed, provisional, cost in covered:
            value += provisional - cost
            now = floor(value / self.minor + F(1, 2))
            self._covered[owed.issue] += now - booked
            self.true_ups[number, owed.issue.contra] += now - booked
            booked = now

    def _out(self, place: Place, qty: Fraction, issue: Issue, line: Json | None = None) -> int:
        pile = self._pile(place)
        before = floor(pile.value / self.minor + F(1, 2))
        rate = F(line["rate"]) if line is not None and "rate" in line else None
        pile.take(qty, issue, self._fallback(place, line), rate)
        amount = floor(pile.value / self.minor + F(1, 2)) - before
        self._book(issue.number, place, -qty, amount)
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
        for _, line in self._goods(document):
            self._move_batch(line, line["warehouse"], -1 if document.get("is_return") else 1)
        if document.get("is_return"):
            self._send_back(document)
            return
        costs = self.prices.costs(document)
        for index, line in self._goods(document):
            places = self._places(line, line["warehouse"])
            weights = [half_away(qty * 10**6) for _, qty in places]
            each = [shares_of(amount, weights) for _, amount in self.prices.laid[number, index]]
            laid = [sum(column) for column in zip(*each, strict=True)] if each else [0] * len(places)
            for (place, qty), amount, more in zip(places, shares_of(costs[index], weights), laid, strict=True):
                key = number, index, place
                self._receipts[key] = qty, amount + more
                self._in(number, place, qty, amount, key, more)
            if "rejected_qty" in line:
                self._reject(number, index, {**line, "qty": line["rejected_qty"]}, line["rejected_warehouse"])

    def _goods(self, document: Json) -> list[tuple[int, Json]]:
        """The lines of goods, with their places in the document; services move nothing."""
        return [(i, line) for i, line in enumerate(document["lines"]) if self.prices.is_stock(line["item"])]

    def _reject(self, number: str, index: int, line: Json, warehouse: str) -> None:
        """Rejected goods lie elsewhere, worth nothing."""
        self._move_batch(line, warehouse, 1)
        for place, qty in self._places(line, warehouse):
            key = number, index, place
            self._receipts[key] = qty, 0
            self._in(number, place, qty, 0, key)

    def _send_back(self, document: Json) -> None:
        """Accepted goods from where they lie, and rejected ones from where those do."""
        for index, line in self._goods(document):
            for place, wanted in self._places(line, line["warehouse"]):
                self._send(document, index, line, place, wanted)
            if "rejected_qty" in line:
                rejected = {**line, "qty": line["rejected_qty"]}
                self._move_batch(rejected, line["rejected_warehouse"], -1)
                for place, wanted in self._places(rejected, line["rejected_warehouse"]):
                    self._send(document, index, line, place, wanted)

    def _send(self, document: Json, index: int, line: Json, place: Place, wanted: Fraction) -> None:
        """Out of what is left of the receipt's own lot; what is not left of it, by the method. Out of an average, at what it cost."""
        issue = Issue(document["number"], index, place, VARIANCE)
        if "return_against" not in document:
            self._out(place, wanted, issue)
            return
        source = document["return_against"], line["return_of"] - 1, place
        received, amount = self._receipts[source]
        pile, qty = self._pile(place), wanted
        before = floor(pile.value / self.minor + F(1, 2))
        if qty < pile.qty:
            for lot in [each for each in pile.lots if each.source == source and pile.method != "moving_average"]:
                part = min(lot.qty, qty)
                pile.pull(lot, part)
                qty -= part
        if pile.method == "moving_average":
            share = share_given_back(amount, self._sent[source], wanted, received) if received else 0
            cost = share * self.minor if amount and not place[2] else None
            pile.give_back(qty, cost, issue, self._fallback(place))
        else:
            pile.take(qty, issue, self._fallback(place), nine(amount * self.minor / received) or None)
        self._sent[source] += wanted
        after = floor(pile.value / self.minor + F(1, 2))
        self._book(document["number"], place, -wanted, after - before)

    def _sale(self, document: Json) -> None:
        number = document["number"]
        if document["type"] == "sales_invoice" and not document.get("update_stock"):
            return
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
                    issue = Issue(number, index, place, line.get("expense_account", COST))
                    free = {"allow_zero_rate": line.get("allow_zero_rate")}
                    amount = self._out(place, qty, issue, free)
                    self._sold[number, index, place] = issue, qty, amount
                    self.costs[number, issue.contra] -= amount

    def _take_back(self, document: Json) -> None:
        for line in document["lines"]:
            bundle = self.items[line["item"]].get("bundle")
            parts = (
                [{"item": item, "qty": F(each) * F(line["qty"])} for item, each in bundle.items()] if bundle else [line]
            )
            for part in parts:
                for place, qty in self._places(part, line["warehouse"]):
                    if "return_against" not in document:
                        self._take_back_unknown(document["number"], line, place, qty)
                        continue
                    sold, whole, amount = self._sold[document["return_against"], line["return_of"] - 1, place]
                    cost, before = -amount - self._covered[sold], self._returned[sold]
                    self._returned[sold] += qty
                    share = share_after(cost, before, qty, whole)
                    self._in(document["number"], place, qty, share, object())
                    self.costs[document["number"], sold.contra] -= share

    def _take_back_unknown(self, number: str, line: Json, place: Place, qty: Fraction) -> None:
        """Goods of no known sale come back at the cost that is stated, else at the rate in force."""
        if "cost_rate" in line:
            worth = half_away(qty * F(line["cost_rate"]) / self.minor)
        else:
            worth = self._pile(place).at_rate_in_force(qty, self.minor, self._fallback(place))
        self._in(number, place, qty, worth, object())
        self.costs[number, line.get("expense_account", COST)] -= worth

    def _entry(self, document: Json) -> None:
        number, lines = document["number"], document["lines"]
        for line in lines:
            for end, sign in (("from", -1), ("to", 1)):
                if end in line:
                    self._move_batch(line, line[end], sign)
        purpose, shares = document["purpose"], self.prices.additional(document)
        taken = 0
        left: dict[int, list[int]] = {}
        for index, line in enumerate(lines):
            if "from" in line:
                outs = [
                    self._out(
                        place, qty, Issue(number, index, place, document.get("difference_account", ADJUSTMENT)), line
                    )
                    for place, qty in self._places(line, line["from"])
                ]
                left[index], taken = outs, taken - sum(outs)
        if purpose in ("manufacture", "repack"):
            self._make(document, taken, shares)
            return
        for index, line in enumerate(lines):
            if "to" not in line:
                continue
            places = self._places(line, line["to"])
            weights = [half_away(qty * 10**6) for _, qty in places]
            more = shares_of(shares[index], weights)
            given = self.prices.given(line)
            stated = None if given is None else shares_of(given, weights)
            for place_no, ((place, qty), extra) in enumerate(zip(places, more, strict=True)):
                if purpose == "material_transfer":
                    amount = -left[index][place_no]
                elif stated is not None:
                    amount = stated[place_no]
                else:
                    amount = self._pile(place).at_rate_in_force(qty, self.minor, self._fallback(place))
                self._in(number, place, qty, amount + extra, object())

    def _make(self, document: Json, taken: int, shares: list[int]) -> None:
        """Scrap at its stated amount, at most what went in; the rest by given amounts where all have one, else by quantity."""
        lines = document["lines"]
        made = [index for index, line in enumerate(lines) if "to" in line]
        amounts: dict[int, int] = {}
        for index in made:
            if lines[index].get("scrap"):
                amounts[index] = min(self.prices.given(lines[index]) or 0, max(taken, 0))
                taken -= amounts[index]
        finished = [index for index in made if lines[index].get("finished")]
        weights = [self.prices.given(lines[index]) or 0 for index in finished]
        if not all(weights):
            weights = [half_away(self.prices.qty(lines[index]) * 10**6) for index in finished]
        for index, share in zip(finished, shares_of(taken, weights), strict=True):
            amounts[index] = share + shares[index]
        for index in made:
            ((place, qty),) = self._places(lines[index], lines[index]["to"])
            self._in(document["number"], place, qty, amounts[index], object())

    def _count(self, document: Json) -> None:
        """Absolute at its moment: one lot of the counted quantity, at the counted rate or at the one in force."""
        for index, line in enumerate([told for stated in document["lines"] for told in self._each_serial(stated)]):
            ((place, _),) = self._places({**line, "qty": "0"}, line["warehouse"])
            pile = self._pile(place)
            if "batch" in line and not place[2]:
                self._count_batch(document, place, line)
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
            elif qty <= 0 and there not in (0, qty):
                pile.last_cost = nine(abs(value) / abs(there))
            if qty < 0 and qty == there:
                rest, rest_qty = -worth, -qty
                for owed in pile.owed:
                    owed.value = rest if owed.qty == rest_qty else nine(rest * owed.qty / rest_qty)
                    rest, rest_qty = rest - owed.value, rest_qty - owed.qty
            elif (qty, worth) != (there, value) or not qty:
                pile.owed, pile.lots = [], [Lot(qty, worth, object())] if qty > 0 else []
                if qty < 0:
                    issue = Issue(document["number"], index, place, counted_against(document))
                    pile.owed = [Owed(-qty, -worth, issue)]
            self._book(document["number"], place, qty - there, floor(pile.value / self.minor + F(1, 2)) - before)

    def _each_serial(self, line: Json) -> list[Json]:
        """A count of serial numbers is one of each that is listed, and of each that lies there and is not: a stated rate is not theirs."""
        if "serials" not in line:
            return [line]
        here = {
            place[2]
            for place, pile in self.piles.items()
            if place[:2] == (line["item"], line["warehouse"]) and pile.qty > 0
        }
        found = [{**line, "serials": [serial], "qty": "1"} for serial in line["serials"]]
        own = {name: value for name, value in line.items() if name != "rate"}
        gone = [{**own, "serials": [serial], "qty": "0"} for serial in sorted(here - set(line["serials"]))]
        return found + gone

    def _count_batch(self, document: Json, place: Place, line: Json) -> None:
        """One batch of several in a pile: at a rate, all of it out and what was counted in; without, the difference alone."""
        held = self._batches[place, line["batch"]]
        qty = F(line["qty"]) if "qty" in line else held
        out, into = (held, qty) if "rate" in line else (max(held - qty, F(0)), max(qty - held, F(0)))
        if out:
            self._out(place, out, Issue(document["number"], 0, place, counted_against(document)))
        if into:
            pile = self._pile(place)
            if "rate" in line:
                worth = half_away(into * F(line["rate"]) / self.minor)
            else:
                worth = pile.at_rate_in_force(into, self.minor, self._fallback(place))
            self._in(document["number"], place, into, worth, object())
        self._batches[place, line["batch"]] = qty
