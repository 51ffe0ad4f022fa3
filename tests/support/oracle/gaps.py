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


class Units(NamedTuple):
    """Units of a note's line, from one up to another."""

    note: Line
    first: Fraction
    last: Fraction


class Billing:
    """One line of a receipt, of `whole` units: which of them each bill takes, and which units of notes. Both are told in order of time."""

    def __init__(self, whole: Fraction, *, ahead: bool) -> None:
        self.bills: dict[Line, tuple[Fraction, list[Units]]] = {}  # own units; units of notes
        self.left: list[Units] = []
        self._whole, self._may_be_ahead = whole, ahead

    def own(self) -> Fraction:
        """How many units of the receipt itself are billed."""
        return sum((own for own, _ in self.bills.values()), F(0))

    def own_before(self, bill: Line) -> Fraction:
        """How many of them were billed before."""
        before = list(self.bills)[: list(self.bills).index(bill)]
        return sum((self.bills[one][0] for one in before), F(0))

    def bill(self, line: Line, qty: Fraction) -> None:
        """What was noted goes first."""
        taken = []
        while self.left and qty:
            note, first, last = self.left.pop(0)
            upto = min(last, first + qty)
            taken.append(Units(note, first, upto))
            qty -= upto - first
            if upto < last:
                self.left.insert(0, Units(note, upto, last))
        self.bills[line] = qty, taken

    def note(self, line: Line, qty: Fraction) -> None:
        """Bills that were beyond the receipt take it, the first of them first; what is left waits for others."""
        first = F(0)
        for bill in self.bills if self._may_be_ahead else ():
            own, taken = self.bills[bill]
            part = min(own, qty - first, self.own_before(bill) + own - self._whole)
            if part > 0:
                self.bills[bill] = own - part, [*taken, Units(line, first, first + part)]
                first += part
        if first < qty:
            self.left.append(Units(line, first, qty))


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
        self._clear(documents, "purchase_invoice", "against_receipt", self.billed)
        self._noted = {note: (of, taken) for note, of, taken in self._lines_of_notes(documents)}
        self._billings = self._match(documents)
        for line in self.billed:
            self._bill(line)
        for note in self._noted:
            self.notes[note] = self._owed(note)
        received: dict[Line, Line] = {}
        cleared = self._clear(documents, "purchase_receipt", "against_invoice", received)
        self.receipts = {
            line: self._gap(line, target, cleared[line], self._qty(line), 0) for line, target in received.items()
        }

    def waiting(self, receipt: Line) -> tuple[Fraction, int]:
        """How much of a receipt's line is not billed, and by how much that is dearer for what notes put back."""
        whole, billing = self._qty(receipt), self._billings.get(receipt)
        if billing is None:
            return whole, 0
        left = sum((last - first for _, first, last in billing.left), F(0))
        units = min(whole, max(F(0), whole - billing.own() + left))
        if self._prices.rate_difference == "leave":
            return units, 0
        own = share_after(self._prices.nets(self._known[receipt[0]])[receipt[1]], billing.own() - left, left, whole)
        return units, self._worth(billing.left) - own

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

    def _match(self, documents: list[Json]) -> dict[Line, Billing]:
        """Every line of a receipt that is billed."""
        found: dict[Line, Billing] = {}
        ahead = self._prices.rate_difference in ("revalue", "leave")
        for document in documents:
            for place in range(len(document.get("lines", ()))):
                line = document["number"], place
                if line in self.billed:
                    receipt = self.billed[line]
                    found.setdefault(receipt, Billing(self._qty(receipt), ahead=ahead)).bill(line, self._qty(line))
                elif line in self._noted and self._noted[line][0] in self.billed:
                    found[self.billed[self._noted[line][0]]].note(line, self._qty(line))
        return found

    def _bill(self, line: Line) -> Gap:
        if line not in self.bills:
            target = self.billed[line]
            billing = self._billings[target]
            (own, taken), before = billing.bills[line], billing.own_before(line)
            exchange = self._gap(line, target, before, own, 0).exchange
            self.bills[line] = Gap(exchange, 0)  # all that notes of this very bill have to know
            self.bills[line] = self._gap(line, target, before, own, self._worth(taken))
        return self.bills[line]

    def _worth(self, units: Iterable[Units]) -> int:
        """What notes put back for such units."""
        return sum(
            share_after(self._owed(note).unbilled, first, last - first, self._qty(note)) for note, first, last in units
        )

    def _owed(self, note: Line) -> Owed:
        """A note takes back its share of wherever its bill stands; another exchange rate than the bill's is gain or loss."""
        of, before = self._noted[note]
        prices, document, bill = self._prices, self._known[note[0]], self._known[of[0]]
        part, whole = self._qty(note), self._qty(of)
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

    def _qty(self, line: Line) -> Fraction:
        return self._prices.qty(self._line(line))

    def _gap(self, line: Line, target: Line, before: Fraction, part: Fraction, again: int) -> Gap:
        """By how much a line is dearer than such a share of the target, and than what it takes `again` of what notes put back."""
        prices, document, other = self._prices, self._known[line[0]], self._known[target[0]]
        whole = self._qty(target)
        gap = prices.nets(document)[line[1]] - share_after(prices.nets(other)[target[1]], before, part, whole) - again
        if "currency" not in document or document["currency"] != other.get("currency"):
            return Gap(0, gap)
        dearer = prices.stated_nets(document)[line[1]]
        dearer -= share_after(prices.stated_nets(other)[target[1]], before, part, whole)
        receipt = document if document["type"] == "purchase_receipt" else other
        parts = part_gap(gap + again, dearer, [document, other], receipt, prices)
        return Gap(parts.exchange, parts.price - again)
