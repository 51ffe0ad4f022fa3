"""Bills of receipts, and receipts of bills: what each line says beyond its share of the line that it clears.

Shares go by posting time. The part that another exchange rate makes is told apart from the part that another price makes, which is
what the goods cost more or less: at the exchange rate of the receipt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from tests.support.oracle.amounts import Json
from tests.support.oracle.pile import share_after

if TYPE_CHECKING:
    from tests.support.oracle.prices import Prices

F = Fraction
Line = tuple[str, int]  # a document's number and one of its lines, from 0


class Gap(NamedTuple):
    """By how much a line is dearer than what it clears, in minor units of the company's currency."""

    exchange: int
    price: int


def part_gap(gap: int, dearer: int, pair: list[Json], receipt: Json, prices: Prices) -> Gap:
    """What another price makes of a gap: all of it between two documents at one rate, else so much as the receipt's rate makes it."""
    if dearer and len({Fraction(one["exchange_rate"]) for one in pair}) == 1:
        return Gap(0, gap)
    price = prices.convert(dearer, receipt)
    return Gap(gap - price, price)


class Owed(NamedTuple):
    """What a debit note's line takes back from what waits for bills or goods, and from exchange gain or loss; the rest is variance."""

    unbilled: int
    exchange: int


class Clearings:
    """The gap of every line that clears another: `bills` of receipts, `receipts` of bills; `billed` names the receipt's line; `notes`
    what debit notes take back.
    """

    def __init__(self, told: Iterable[Json], prices: Prices) -> None:
        self._prices = prices
        documents = sorted(told, key=lambda d: str(d["posting_datetime"]))
        self._known = {document["number"]: document for document in documents}
        self.billed: dict[Line, Line] = {}
        self.bills: dict[Line, Gap] = {}
        self.notes: dict[Line, Owed] = {}
        self._billed_before = self._clear(documents, "purchase_invoice", "against_receipt", self.billed)
        self._noted = list(self._lines_of_notes(documents))
        for line in self.billed:
            self._bill(line)
        for note, of, _ in self._noted:
            self.notes[note] = self._owed(note, of)
        received: dict[Line, Line] = {}
        cleared = self._clear(documents, "purchase_receipt", "against_invoice", received)
        self.receipts = {line: self._gap(*line, target, cleared[line], []) for line, target in received.items()}

    def _clear(self, documents: list[Json], kind: str, field: str, target_of: dict[Line, Line]) -> dict[Line, Fraction]:
        """Every line that clears another, and how much of that was cleared before it."""
        cleared: dict[Line, Fraction] = defaultdict(Fraction)
        before = {}
        for document in documents:
            for place, line in enumerate(document.get("lines", ()) if document["type"] == kind else ()):
                if field not in line or not self._prices.is_stock(line["item"]):
                    continue
                target = line[field]["number"], line[field]["line"] - 1
                target_of[document["number"], place] = target
                before[document["number"], place] = cleared[target]
                cleared[target] += self._prices.qty(line)
        return before

    def _lines_of_notes(self, documents: list[Json]) -> Iterator[tuple[Line, Line, Fraction]]:
        """Lines of debit notes in order of time, of which bill's line each is, and how much of that was taken back before."""
        taken: dict[Line, Fraction] = defaultdict(Fraction)
        for document in documents:
            if (
                document["type"] != "purchase_invoice"
                or document.get("update_stock")
                or "return_against" not in document
            ):
                continue
            for place, line in enumerate(document["lines"]):
                if self._prices.is_stock(line["item"]):
                    of = document["return_against"], line["return_of"] - 1
                    yield (document["number"], place), of, taken[of]
                    taken[of] += self._prices.qty(line)

    def _bill(self, line: Line) -> Gap:
        if line not in self.bills:
            target, before = self.billed[line], self._billed_before[line]
            part, whole = (self._prices.qty(self._line(one)) for one in (line, target))
            notes = list[tuple[Fraction, Line, Line]]()
            if before + part > whole:  # it bills again what was put back, the earliest first
                notes = self._noted_of(target)
            exchange = self._gap(*line, target, before, [(qty, 0) for qty, _, _ in notes]).exchange
            self.bills[line] = Gap(exchange, 0)  # all that notes of this very bill have to know
            amounts = [(qty, self._owed(note, of).unbilled) for qty, note, of in notes]
            self.bills[line] = self._gap(*line, target, before, amounts)
        return self.bills[line]

    def _noted_of(self, receipt: Line) -> list[tuple[Fraction, Line, Line]]:
        """What notes put back of a receipt's line at other prices than its own, in order of time."""
        if self._prices.rate_difference not in ("revalue", "leave"):
            return []
        notes = [(note, of) for note, of, _ in self._noted if self.billed.get(of) == receipt]
        return [(self._prices.qty(self._line(note)), note, of) for note, of in notes]

    def _owed(self, note: Line, of: Line) -> Owed:
        """A note takes back its share of wherever its bill stands; another exchange rate than the bill's is gain or loss."""
        before = next(taken for own, _, taken in self._noted if own == note)
        prices, document, bill = self._prices, self._known[note[0]], self._known[of[0]]
        part, whole = (prices.qty(self._line(one)) for one in (note, of))
        net, gap = prices.nets(bill)[of[1]], self._bill(of) if of in self.billed else Gap(0, 0)
        elsewhere = gap.price if prices.rate_difference in ("variance", "refuse") else 0
        unbilled = share_after(net - gap.exchange - elsewhere, before, part, whole)
        exchange = share_after(gap.exchange, before, part, whole)
        if "currency" in document and document["currency"] == bill.get("currency"):
            beyond = prices.nets(document)[note[1]] + share_after(net, before, part, whole)
            dearer = prices.stated_nets(document)[note[1]]
            dearer += share_after(prices.stated_nets(bill)[of[1]], before, part, whole)
            exchange -= part_gap(beyond, dearer, [document, bill], bill, prices).exchange
        return Owed(unbilled, exchange)

    def _line(self, line: Line) -> Json:
        found: Json = self._known[line[0]]["lines"][line[1]]
        return found

    def _gap(self, number: str, place: int, target: Line, before: Fraction, notes: list[tuple[Fraction, int]]) -> Gap:
        """By how much a line is dearer than its share of the target, and than its share of what notes put back."""
        prices, document, other = self._prices, self._known[number], self._known[target[0]]
        part, whole = prices.qty(self._line((number, place))), prices.qty(self._line(target))
        again, beyond, upto = 0, before - whole, before + part - whole
        for qty, amount in notes:
            first, last = (max(F(0), min(one, qty)) for one in (beyond, upto))
            again += share_after(amount, first, last - first, qty)
            beyond, upto = beyond - qty, upto - qty
        put_back = sum((qty for qty, _ in notes), F(0))
        first, last = (one - max(F(0), min(one - whole, put_back)) for one in (before, before + part))
        gap = (
            prices.nets(document)[place]
            - share_after(prices.nets(other)[target[1]], first, last - first, whole)
            - again
        )
        if "currency" not in document or document["currency"] != other.get("currency"):
            return Gap(0, gap)
        dearer = prices.stated_nets(document)[place]
        dearer -= share_after(prices.stated_nets(other)[target[1]], first, last - first, whole)
        receipt = document if document["type"] == "purchase_receipt" else other
        parts = part_gap(gap + again, dearer, [document, other], receipt, prices)
        return Gap(parts.exchange, parts.price - again)
