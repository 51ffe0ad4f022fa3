"""What documents say that goods cost: line amounts, charges, and what comes to a receipt's cost later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from tests.support.oracle.amounts import Amounts, Json, add_up, convert, minor_unit
from tests.support.oracle.gaps import Clearings, Gap, Line
from tests.support.oracle.pile import half_away, shares_of

F = Fraction
UNBILLED = "Stock Received But Not Billed"


class Prices:
    """Amounts of documents in minor units of the company's currency; `items` says what is kept in stock, and what a unit holds.

    `laid` is what later documents add to the cost of a line, with the accounts that bear it.
    """

    def __init__(self, items: dict[str, Json], minor: Fraction, rate_difference: str) -> None:
        self.items, self.minor, self.rate_difference = items, minor, rate_difference
        self.laid: dict[Line, list[tuple[str, int]]] = defaultdict(list)
        self.clearings = Clearings((), self)
        self._numbers: dict[str, Json] = {}
        self._added_up: dict[str, Amounts] = {}

    def is_stock(self, item: str) -> bool:
        """Whether an item is kept in stock by itself."""
        return bool(self.items[item].get("is_stock_item", True))

    def qty(self, line: Json) -> Fraction:
        """A line's quantity in the unit that stock is kept in, without its sign."""
        factor = line.get("conversion_factor")
        if factor is None:
            factor = self.items[line["item"]].get("uoms", {}).get(line["uom"], "1") if "uom" in line else "1"
        return abs(F(line["qty"])) * F(factor)

    # -- trade documents ----------------------------------------------------------------------------------------------

    def amounts(self, document: Json) -> Amounts:
        """What a document adds up to."""
        if document["number"] not in self._added_up:
            self._added_up[document["number"]] = add_up(document, self.minor)
        return self._added_up[document["number"]]

    def base(self, document: Json) -> Amounts:
        """What a document adds up to in the company's currency."""
        amounts = self.amounts(document).base
        assert amounts is not None
        return amounts

    def convert(self, amount: int, document: Json) -> int:
        """Minor units of a document's currency in those of the company's."""
        return convert(amount, document, self.minor)

    def stated_nets(self, document: Json) -> list[int]:
        """Line amounts without included taxes, in minor units of the document's own currency."""
        return self.amounts(document).nets

    def nets(self, document: Json) -> list[int]:
        """Line amounts without included taxes; each line converts once."""
        return self.base(document).nets

    def charges(self, document: Json) -> list[tuple[Json, list[int]]]:
        """Every charge that belongs to the goods of a purchase, and each line's share of it."""
        stocked = [i for i, line in enumerate(document["lines"]) if self.is_stock(line["item"])]
        weights = [self.nets(document)[i] for i in stocked]
        if not any(weights):
            weights = [half_away(F(document["lines"][i]["qty"]) * 10**6) for i in stocked]
        found = []
        for tax, amount in zip(document.get("taxes", ()), self.base(document).taxes, strict=True):
            if tax["category"] != "total" and stocked:
                shares = [0] * len(document["lines"])
                for i, share in zip(stocked, shares_of(amount, weights), strict=True):
                    shares[i] = share
                found.append((tax, shares))
        return found

    def costs(self, document: Json) -> list[int]:
        """Line amounts and their shares of the charges that belong to the goods; of a late receipt, its bill's price."""
        costs = list(self.nets(document))
        for _, shares in self.charges(document):
            costs = [cost + share for cost, share in zip(costs, shares, strict=True)]
        if self.rate_difference == "revalue":
            gaps = [self.gap(document, place).price for place in range(len(costs))]
            costs = [cost - gap for cost, gap in zip(costs, gaps, strict=True)]
        return costs

    def gap(self, document: Json, place: int) -> Gap:
        """By how much a line of a receipt is dearer than its share of the bill that came before it."""
        return self.clearings.receipts.get((document["number"], place), Gap(0, 0))

    # -- what comes later ---------------------------------------------------------------------------------------------

    def know(self, told: Iterable[Json]) -> None:
        """Take in all documents; what landed cost vouchers and dearer bills add counts from the receipt on, whenever they came."""
        self._numbers = {document["number"]: document for document in told}
        self.clearings = Clearings(self._numbers.values(), self)
        for document in sorted(self._numbers.values(), key=lambda d: str(d["posting_datetime"])):
            if document["type"] == "landed_cost_voucher":
                self._land(document)
        if self.rate_difference == "revalue":
            dearer: dict[Line, int] = defaultdict(int)
            for bill, receipt in self.clearings.billed.items():
                dearer[receipt] += self.clearings.bills[bill].price
            for receipt, amount in dearer.items():
                self.laid[receipt].append((UNBILLED, amount))

    def _land(self, voucher: Json) -> None:
        # A bill that brought no goods may be named, and cancelled later: it takes nothing.
        named = [number for number in voucher.get("receipts", ()) if number in self._numbers]
        takers = [(number, place) for number in named for place in self._goods(self._numbers[number])]
        takers += [(share["number"], share["line"] - 1) for share in voucher.get("receipt_lines", ())]
        if voucher["distribute_by"] == "manual":
            weights = [half_away(F(share["amount"]) / self.minor) for share in voucher["receipt_lines"]]
        elif voucher["distribute_by"] == "amount":
            weights = [self.nets(self._numbers[number])[place] for number, place in takers]
        else:
            weights = [half_away(self.qty(self._numbers[number]["lines"][place]) * 10**6) for number, place in takers]
        for charge in voucher["charges"]:
            for taker, share in zip(takers, shares_of(self.charged(charge), weights), strict=True):
                self.laid[taker].append((charge["account"], share))

    def _goods(self, receipt: Json) -> list[int]:
        """The lines of a document that brought goods."""
        if receipt["type"] == "purchase_invoice" and not receipt.get("update_stock"):
            return []
        return [place for place, line in enumerate(receipt["lines"]) if self.is_stock(line["item"])]

    def charged(self, charge: Json) -> int:
        """A charge in the company's currency."""
        return self.convert(half_away(F(charge["amount"]) / minor_unit(charge, self.minor)), charge)

    # -- stock entries ------------------------------------------------------------------------------------------------

    def additional(self, entry: Json) -> list[int]:
        """Each line's share of the additional costs of a stock entry."""
        lines = entry["lines"]
        transforms = entry["purpose"] in ("manufacture", "repack")
        takers = [i for i, line in enumerate(lines) if "to" in line and (line.get("finished") or not transforms)]
        total = sum(self.charged(cost) for cost in entry.get("additional_costs", ()))
        weights = [self.given(lines[i]) or 0 for i in takers]
        if not any(weights):
            weights = [half_away(F(lines[i]["qty"]) * 10**6) for i in takers]
        shares = [0] * len(lines)
        for index, share in zip(takers, shares_of(total, weights) if takers else [], strict=True):
            shares[index] = share
        return shares

    def given(self, line: Json) -> int | None:
        """The amount that a line states, or that its rate comes to; None where it says neither."""
        if "basic_amount" in line:
            return half_away(F(line["basic_amount"]) / self.minor)
        return half_away(F(line["qty"]) * F(line["rate"]) / self.minor) if "rate" in line else None
