"""Bills of receipts, and receipts of bills: what each line says beyond its share of the line that it clears.

Shares go by posting time. The part that another exchange rate makes is told apart from the part that another price makes, which is
what the goods cost more or less: at the exchange rate of the receipt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from tests.support.oracle.amounts import Json
from tests.support.oracle.pile import share_after

if TYPE_CHECKING:
    from tests.support.oracle.prices import Prices

Line = tuple[str, int]  # a document's number and one of its lines, from 0


class Gap(NamedTuple):
    """By how much a line is dearer than what it clears, in minor units of the company's currency."""

    exchange: int
    price: int


class Clearings:
    """The gap of every line that clears another: `bills` of receipts, `receipts` of bills; `billed` names the receipt's line."""

    def __init__(self, told: Iterable[Json], prices: Prices) -> None:
        self._prices = prices
        documents = sorted(told, key=lambda d: str(d["posting_datetime"]))
        self._known = {document["number"]: document for document in documents}
        self.billed: dict[Line, Line] = {}
        self.bills = self._clear(documents, "purchase_invoice", "against_receipt", self.billed)
        self.receipts = self._clear(documents, "purchase_receipt", "against_invoice", {})

    def _clear(self, documents: list[Json], kind: str, field: str, target_of: dict[Line, Line]) -> dict[Line, Gap]:
        cleared: dict[Line, Fraction] = defaultdict(Fraction)
        gaps = {}
        for document in documents:
            for place, line in enumerate(document.get("lines", ()) if document["type"] == kind else ()):
                if field not in line or not self._prices.is_stock(line["item"]):
                    continue
                target = line[field]["number"], line[field]["line"] - 1
                target_of[document["number"], place] = target
                gaps[document["number"], place] = self._gap(document, place, target, cleared[target])
                cleared[target] += self._prices.qty(line)
        return gaps

    def _gap(self, document: Json, place: int, target: Line, before: Fraction) -> Gap:
        prices, other = self._prices, self._known[target[0]]
        part, whole = prices.qty(document["lines"][place]), prices.qty(other["lines"][target[1]])
        gap = prices.nets(document)[place] - share_after(prices.nets(other)[target[1]], before, part, whole)
        if "currency" not in document or document["currency"] != other.get("currency"):
            return Gap(0, gap)
        share = share_after(prices.stated_nets(other)[target[1]], before, part, whole)
        receipt = document if document["type"] == "purchase_receipt" else other
        price = prices.convert(prices.stated_nets(document)[place] - share, receipt)
        return Gap(gap - price, price)
