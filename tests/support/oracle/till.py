"""Tills by hand: what each closing takes out of stock, and what its sales come to, worked out from the sales as they were published.

A closing's goods are told to the oracle as deliveries at its moment, one for each document that it makes: what was sold less what came
back of the same document; anything else that comes back is a return of the document that it had left by.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from tests.support.oracle.amounts import Json, add_up
from tests.support.oracle.pile import half_away

F = Fraction


@dataclass
class Tills:
    """All sales of a company's tills; each item has one price, so each has one line in a closing's document.

    `closings` by number: the document, the sales that it has taken up, and the float that it found in the drawer. `floats` are those that
    no closing has found yet.
    """

    minor: Fraction
    warehouse: str
    by_customer: bool
    credit_notes: bool
    sales: dict[str, Json] = field(default_factory=dict)
    closings: dict[str, tuple[Json, list[str], int]] = field(default_factory=dict)
    floats: list[int] = field(default_factory=list)

    def open(self, opening: Json) -> None:
        """A float is put into the drawer."""
        self.floats += [self._minor_units(part["amount"]) for part in opening["balances"]]

    def close(self, closing: Json, taken: list[str]) -> None:
        """The drawer is closed over these sales; its float stays there for whoever opens it next."""
        self.closings[closing["number"]] = closing, taken, sum(self.floats)
        self.floats = []

    def undo(self, number: str) -> None:
        """A closing that has not been, or a sale; of a closing the float is in the drawer again."""
        if number in self.closings:
            self.floats.append(self.closings.pop(number)[2])
        self.sales.pop(number, None)

    def booked(self) -> set[str]:
        """The sales that a closing has taken up."""
        return {number for _, taken, _ in self.closings.values() for number in taken}

    def unbooked(self, item: str, at: str) -> Fraction:
        """What was sold of an item by a moment, and is not in the books by then."""
        closed = {
            number
            for closing, taken, _ in self.closings.values()
            if closing["posting_datetime"] <= at
            for number in taken
        }
        return sum(
            (
                F(line["qty"])
                for number, sale in self.sales.items()
                if number not in closed and sale["posting_datetime"] <= at
                for line in sale["lines"]
                if line["item"] == item
            ),
            F(0),
        )

    # -- goods --------------------------------------------------------------------------------------------------------

    def deliveries(self) -> list[Json]:
        """Every document of every closing, as goods that leave and come back; in the order in which they are posted."""
        left_by: dict[tuple[str, str], tuple[str, int]] = {}  # sale, item -> delivery, line from 1
        made: list[Json] = []
        for closing, taken, _ in self.closings.values():
            for part in self._documents(taken):
                made += self._delivery(closing, part, f"{closing['number']}/{len(made)}", left_by)
        return made

    def _documents(self, taken: list[str]) -> list[list[Json]]:
        sales = sorted((self.sales[number] for number in taken), key=lambda sale: str(sale["posting_datetime"]))
        parts: dict[str, list[Json]] = defaultdict(list)
        for sale in sales:
            parts[sale["customer"] if self.by_customer else ""].append(sale)
        if not self.credit_notes:
            return list(parts.values())
        split = [
            [[s for s in part if bool(s.get("is_return")) is back] for back in (False, True)] for part in parts.values()
        ]
        return [half for halves in split for half in halves if half]

    def _delivery(
        self, closing: Json, part: list[Json], number: str, left_by: dict[tuple[str, str], tuple[str, int]]
    ) -> list[Json]:
        here = {sale["number"] for sale in part if not sale.get("is_return")}
        sold: dict[str, Fraction] = {}
        back: dict[tuple[str, int, str], Fraction] = defaultdict(Fraction)
        for sale in part:
            for line in sale["lines"]:
                item, original = line["item"], sale.get("return_against", "")
                if not sale.get("is_return") or original in here:
                    sold[item] = sold.get(item, F(0)) + F(line["qty"])
                else:
                    back[*left_by[original, item], item] -= F(line["qty"])
        items = [item for item, qty in sold.items() if qty]
        for place, item in enumerate(items, start=1):
            left_by |= {(own, item): (number, place) for own in here}
        head = {"type": "delivery_note", "posting_datetime": closing["posting_datetime"]}
        lines = [{"item": item, "qty": str(sold[item]), "warehouse": self.warehouse} for item in items]
        found: list[Json] = []
        for (delivery, place, item), qty in back.items():
            line = {"item": item, "qty": str(-qty), "warehouse": self.warehouse, "return_of": place}
            more = {"is_return": True, "return_against": delivery, "lines": [line]}
            found.append({**head, "number": f"{number}<{len(found)}", **more})
        # What comes back in a document is there when the rest of it leaves.
        return [*found, {**head, "number": number, "lines": lines}] if lines else found

    # -- money --------------------------------------------------------------------------------------------------------

    def money(self) -> dict[str, int]:
        """What all closings come to on each account but those of goods and their cost."""
        totals: dict[str, int] = defaultdict(int)
        for closing, taken, found in self.closings.values():
            cash = found
            for number in taken:
                sale = self.sales[number]
                amounts = add_up(sale, self.minor)
                totals["Sales"] -= sum(amounts.nets)
                for tax, amount in zip(sale.get("taxes", ()), amounts.taxes, strict=True):
                    totals[tax["account"]] -= amount
                owed = amounts.grand
                for payment in sale["payments"]:
                    paid = self._minor_units(payment["amount"])
                    totals[payment["mode"]] += paid
                    cash += paid if payment["mode"] == "Cash" else 0
                    owed -= paid
                if owed < 0 and not sale.get("is_return"):
                    totals["Cash"] += owed
                    cash, owed = cash + owed, 0
                totals["Debtors"] += owed
            for count in closing.get("counted", ()):
                over = self._minor_units(count["amount"]) - cash
                totals["Cash"] += over
                totals["Cash Over and Short"] -= over
        return totals

    def _minor_units(self, amount: str) -> int:
        return half_away(F(amount) / self.minor)
