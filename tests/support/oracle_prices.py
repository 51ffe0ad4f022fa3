"""What documents say about money, added up with fractions: line amounts, charges, and what comes to a receipt's cost later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from tests.support.oracle_pile import half_away, shares_of

Json = dict[str, Any]
F = Fraction


class Prices:
    """Amounts of documents in minor units of the company's currency; `items` says what a unit of measure holds."""

    def __init__(self, items: dict[str, Json], minor: Fraction, rate_difference: str) -> None:
        self.items, self.minor, self.rate_difference = items, minor, rate_difference
        self.laid: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._numbers: dict[str, Json] = {}

    def qty(self, line: Json) -> Fraction:
        """A line's quantity in the unit that stock is kept in, without its sign."""
        factor = line.get("conversion_factor")
        if factor is None:
            factor = self.items[line["item"]].get("uoms", {}).get(line["uom"], "1") if "uom" in line else "1"
        return abs(F(line["qty"])) * F(factor)

    # -- trade documents ----------------------------------------------------------------------------------------------

    def _minor_of(self, document: Json) -> Fraction:
        return F(1, 100) if "currency" in document else self.minor

    def convert(self, amount: int, document: Json) -> int:
        """Minor units of a document's currency in those of the company's."""
        rate = F(document.get("exchange_rate", "1"))
        return half_away(amount * self._minor_of(document) * rate / self.minor)

    def stated_nets(self, document: Json) -> list[int]:
        """Line amounts without included taxes, in minor units of the document's own currency."""
        amounts = [
            half_away(F(line["qty"]) * F(line.get("rate", "0")) / self._minor_of(document))
            for line in document["lines"]
        ]
        included = sum((F(tax["rate"]) / 100 for tax in document.get("taxes", ()) if tax.get("included_in_rate")), F(0))
        return [half_away(amount / (1 + included)) for amount in amounts]

    def nets(self, document: Json) -> list[int]:
        """Line amounts without included taxes; each line converts once."""
        return [self.convert(net, document) for net in self.stated_nets(document)]

    def charges(self, document: Json) -> list[int]:
        """Every tax and charge of a purchase, as a whole."""
        nets, minor = self.stated_nets(document), self._minor_of(document)
        so_far: list[list[Fraction]] = []
        totals = []
        for tax in document.get("taxes", ()):
            rate = F(tax.get("rate", "0")) / 100
            match tax["charge"]:
                case "actual":
                    own = [F(share) for share in shares_of(half_away(F(tax["amount"]) / minor), nets)]
                case "percent_of_net_total":
                    own = [net * rate for net in nets]
                case "percent_of_previous_tax":
                    own = [part * rate for part in so_far[-1]]
                case "percent_of_previous_total":
                    own = [(net + sum(part[i] for part in so_far)) * rate for i, net in enumerate(nets)]
                case "per_quantity":
                    own = [F(line["qty"]) * rate * 100 / minor for line in document["lines"]]
            so_far.append(own)
            totals.append(self.convert(half_away(sum(own, F(0))), document))
        return totals

    def costs(self, document: Json) -> list[int]:
        """Line amounts and their shares of the charges that belong to the goods; of a late receipt, its bill's price."""
        costs = nets = self.nets(document)
        for tax, charge in zip(document.get("taxes", ()), self.charges(document), strict=True):
            if tax["category"] != "total":
                weights = nets if any(nets) else [half_away(F(line["qty"]) * 10**6) for line in document["lines"]]
                costs = [cost + share for cost, share in zip(costs, shares_of(charge, weights), strict=True)]
        gaps = self._gaps(document) if self.rate_difference == "revalue" else [0] * len(costs)
        return [cost - gap for cost, gap in zip(costs, gaps, strict=True)]

    def _gaps(self, document: Json) -> list[int]:
        """By how much lines that come after their bill are dearer than it, at the receipt's own exchange rate."""
        gaps = [0] * len(document["lines"])
        for place, line in enumerate(document["lines"]):
            if "against_invoice" in line:
                bill = self._numbers[line["against_invoice"]["number"]]
                billed, before = bill["lines"][0], self._received_before(document, bill)
                whole = F(billed["qty"])
                if "currency" in document:
                    dearer = self.stated_nets(document)[place] - _share(
                        self.stated_nets(bill)[0], before, F(line["qty"]), whole
                    )
                    gaps[place] = self.convert(dearer, document)
                else:
                    gaps[place] = self.nets(document)[place] - _share(self.nets(bill)[0], before, F(line["qty"]), whole)
        return gaps

    def _received_before(self, document: Json, bill: Json) -> Fraction:
        """How much of a bill came before, in the order of posting times."""
        return sum(
            (
                F(line["qty"])
                for other in self._numbers.values()
                if other["posting_datetime"] < document["posting_datetime"] and not other.get("is_return")
                for line in other.get("lines", ())
                if line.get("against_invoice", {}).get("number") == bill["number"]
            ),
            F(0),
        )

    # -- what comes later ---------------------------------------------------------------------------------------------

    def know(self, told: Iterable[Json]) -> None:
        """Take in all documents; what landed cost vouchers and dearer bills add counts from the receipt on, whenever they came."""
        self._numbers = {document["number"]: document for document in told}
        billed: dict[tuple[str, int], list[tuple[Json, int]]] = defaultdict(list)
        for document in sorted(self._numbers.values(), key=lambda d: str(d["posting_datetime"])):
            if document["type"] == "landed_cost_voucher":
                self._land(document)
            elif document["type"] == "purchase_invoice" and self.rate_difference == "revalue":
                for place, line in enumerate(document["lines"]):
                    if "against_receipt" in line:
                        ref = line["against_receipt"]
                        billed[ref["number"], ref["line"] - 1].append((document, place))
        for (number, place), bills in billed.items():
            if dearer := self._dearer(self._numbers[number], place, bills):
                self.laid[number, place].append(dearer)

    def _dearer(self, receipt: Json, place: int, bills: list[tuple[Json, int]]) -> int:
        """What the bills of a receipt's line ask for beyond its price, at the receipt's exchange rate."""
        whole, dearer, before = F(receipt["lines"][place]["qty"]), 0, F(0)
        own = self.stated_nets(receipt)[place]
        for bill, line in bills:
            qty = F(bill["lines"][line]["qty"])
            if "currency" in bill:
                dearer += self.convert(self.stated_nets(bill)[line] - _share(own, before, qty, whole), receipt)
            else:
                dearer += self.nets(bill)[line] - _share(self.nets(receipt)[place], before, qty, whole)
            before += qty
        return dearer

    def _land(self, voucher: Json) -> None:
        takers = [
            (number, place) for number in voucher.get("receipts", ()) for place, _ in self._goods(self._numbers[number])
        ]
        takers += [(share["number"], share["line"] - 1) for share in voucher.get("receipt_lines", ())]
        if voucher["distribute_by"] == "manual":
            weights = [half_away(F(share["amount"]) / self.minor) for share in voucher["receipt_lines"]]
        elif voucher["distribute_by"] == "amount":
            weights = [self.nets(self._numbers[number])[place] for number, place in takers]
        else:
            weights = [half_away(self.qty(self._numbers[number]["lines"][place]) * 10**6) for number, place in takers]
        for charge in voucher["charges"]:
            amount = half_away(F(charge["amount"]) / self._minor_of(charge))
            for taker, share in zip(takers, shares_of(self.convert(amount, charge), weights), strict=True):
                self.laid[taker].append(share)

    def _goods(self, receipt: Json) -> list[tuple[int, Json]]:
        """The lines of a document that brought goods."""
        if receipt["type"] == "purchase_invoice" and not receipt.get("update_stock"):
            return []
        return list(enumerate(receipt["lines"]))

    # -- stock entries ------------------------------------------------------------------------------------------------

    def additional(self, entry: Json) -> list[int]:
        """Each line's share of the additional costs of a stock entry."""
        lines = entry["lines"]
        transforms = entry["purpose"] in ("manufacture", "repack")
        takers = [i for i, line in enumerate(lines) if "to" in line and (line.get("finished") or not transforms)]
        total = sum(
            self.convert(half_away(F(cost["amount"]) / self._minor_of(cost)), cost)
            for cost in entry.get("additional_costs", ())
        )
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


def _share(total: int, before: Fraction, part: Fraction, whole: Fraction) -> int:
    """The share of a part that comes after others, so that all of them add up to the whole."""
    return half_away(total * (before + part) / whole) - half_away(total * before / whole)
