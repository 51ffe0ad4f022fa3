"""Documents as a careless publisher writes them: well formed, in the contract's words, and otherwise as it happens.

Fields are left out and put in at random, quantities may be a millionth, discounts exceed the price, goods are sent back that never
came, bills name what they never billed. Every item kind and unit is there. The same random source writes the same documents.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable
from random import Random
from typing import Any

Json = dict[str, Any]

WAREHOUSES = ("Store", "Shop", "Depot")
REJECTED = "Rejected"
ITEMS: dict[str, Json] = {
    "FIRST": {"valuation_method": "fifo"},
    "LAST": {"valuation_method": "lifo", "stock_uom": "Kg", "uoms": {"Lb": "0.45359237"}},
    "MEAN": {"valuation_method": "moving_average", "valuation_rate": "3"},
    "BATCH": {"has_batch": True},
    "POOL": {"has_batch": True, "batch_wise_valuation": False},
    "SERIAL": {"has_serial": True},
    "SERVICE": {"is_stock_item": False},
    "SET": {"is_stock_item": False, "bundle": {"FIRST": "1.5", "MEAN": "0.333333"}},
}
CURRENCIES = ("JPY", "EUR", "EUR", "KWD")
_QUANTITIES = ("1", "2", "3", "5", "10", "0.5", "1.333333", "0.000001")
_RATES = ("0", "1", "10", "3.333333333", "99.99", "0.01", "0.004")
_MONEY = ("0", "1", "-5", "100", "0.01", "33.33")
_CHARGES = ("actual", "percent_of_net_total", "percent_of_previous_tax", "percent_of_previous_total", "per_quantity")
_PURPOSES = ("material_receipt", "material_issue", "material_transfer", "manufacture", "repack")


class Careless:
    """Writes documents one after the other; `posted` tells it of those that others may refer to."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._posted: dict[str, list[Json]] = defaultdict(list)
        self._written = 0
        self._kinds: dict[str, tuple[int, Callable[[str], Json]]] = {
            "purchase_receipt": (6, self._trade), "purchase_invoice": (4, self._trade), "delivery_note": (4, self._trade),
            "sales_invoice": (3, self._trade), "stock_entry": (5, self._stock_entry), "stock_reconciliation": (2, self._count),
            "landed_cost_voucher": (2, self._landed_cost), "cancel": (2, self._cancel), "payment_entry": (1, self._payment),
        }  # fmt: skip

    def masters(self) -> list[Json]:
        """A company with some settings or others, its warehouses, items and batches."""
        random = self._random
        company = {
            "type": "company", "name": "Paper", "currency": random.choice(CURRENCIES),
            "allow_negative_stock": random.random() < 0.5, "provisional_accounting_for_non_stock": True,
            "rate_difference": random.choice(["revalue", "variance", "leave"]),
            "quantity_precision": random.choice([None, None, 3]),
        }  # fmt: skip
        return [
            company,
            *({"type": "warehouse", "company": "Paper", "name": name} for name in (*WAREHOUSES, REJECTED)),
            *({"type": "item", "code": code, **about} for code, about in ITEMS.items()),
            *({"type": "batch", "name": f"{code}-{n}", "item": code} for code in ("BATCH", "POOL") for n in (1, 2)),
        ]

    def write(self) -> Json:
        """The next document."""
        random = self._random
        self._written += 1
        kind = random.choices(list(self._kinds), [weight for weight, _ in self._kinds.values()])[0]
        at = f"2024-06-{random.randint(1, 28):02d}T{random.randint(0, 23):02d}:{random.randint(0, 59):02d}:00Z"
        head = {"type": kind, "company": "Paper", "number": f"D-{self._written}", "posting_datetime": at}
        return {**head, **self._kinds[kind][1](kind)}

    def posted(self, document: Json) -> None:
        """Remember a document that was taken."""
        self._posted[document["type"]].append(document)

    def _maybe(self, chance: float, **fields: Any) -> Json:
        return fields if self._random.random() < chance else {}

    def _known(self, *kinds: str) -> Json:
        known = [document for kind in kinds for document in self._posted[kind]]
        return self._random.choice(known) if known else {"type": kinds[0], "number": "never", "lines": [{}]}

    def _line(self, *, back: bool = False) -> Json:
        random, sign = self._random, "-" if back else ""
        item = random.choice(list(ITEMS))
        line: Json = {
            "item": item, "qty": sign + random.choice(_QUANTITIES), **self._maybe(0.85, rate=random.choice(_RATES)),
            **self._maybe(0.95, warehouse=random.choice(WAREHOUSES)),
            **self._maybe(0.08, conversion_factor=random.choice(["12", "0.333333333"])),
        }  # fmt: skip
        if item in ("BATCH", "POOL"):
            line |= self._maybe(0.95, batch=f"{item}-{random.randint(1, 2)}")
        if item == "LAST":
            line |= self._maybe(0.4, uom="Lb")
        if item == "SERIAL":
            serials = random.sample([f"S-{n}" for n in range(5)], random.randint(1, 3))
            line |= {"qty": f"{sign}{len(serials)}", "serials": serials}
        return line

    def _lines(self, most: int, *, back: bool = False) -> list[Json]:
        return [self._line(back=back) for _ in range(self._random.randint(1, most))]

    def _taxes(self, *, buying: bool) -> list[Json]:
        random = self._random
        taxes = []
        for _ in range(random.randint(1, 3)):
            charge = random.choice(_CHARGES)
            fixed = charge == "actual"
            tax: Json = {"account": random.choice(["VAT", "Shipping Charges", "Customs Duty"]), "charge": charge}
            tax |= {"amount": random.choice(_MONEY)} if fixed else {"rate": random.choice(["0", "5", "7.5", "100"])}
            tax |= {} if fixed else self._maybe(0.3, included_in_rate=True)
            if buying:
                tax |= self._maybe(0.7, category=random.choice(["total", "valuation", "valuation_and_total"]))
            taxes.append(tax)
        return taxes

    def _trade(self, kind: str) -> Json:
        random, buying = self._random, kind.startswith("purchase")
        back = random.random() < 0.3
        document: Json = {"supplier" if buying else "customer": "Somebody", "lines": self._lines(3, back=back)}
        document |= self._maybe(0.3, taxes=self._taxes(buying=buying))
        document |= self._maybe(0.12, currency="USD", exchange_rate=random.choice(["70", "0.013", "1.1"]))
        if back:
            document |= {"is_return": True}
            if random.random() < 0.75 and self._posted[kind]:
                document |= self._taken_back(self._known(kind))
        if kind.endswith("invoice"):
            document |= self._maybe(0.5, update_stock=True)
        if kind == "sales_invoice":
            document |= self._settled()
        document["lines"] = [line | self._referring(kind, back=back) for line in document["lines"]]
        return document

    def _taken_back(self, original: Json) -> Json:
        lines = []
        for place in self._random.sample(
            range(len(original["lines"])), self._random.randint(1, len(original["lines"]))
        ):
            line = copy.deepcopy(original["lines"][place])
            for field in ("qty", "rejected_qty"):
                if field in line and not line[field].startswith("-"):
                    line[field] = f"-{line[field]}"
            for field in ("against_receipt", "against_invoice", "against_delivery"):
                line.pop(field, None)
            lines.append(line | self._maybe(0.5, return_of=place + 1))
        return {"return_against": original["number"], "lines": lines}

    def _settled(self) -> Json:
        random = self._random
        tenders = [{"mode": "Cash", "amount": random.choice(_MONEY)} for _ in range(random.randint(0, 2))]
        return {
            **self._maybe(0.15, discount_percent=random.choice(["0", "10", "33.3", "100"])),
            **self._maybe(0.1, discount_amount=random.choice(_MONEY)), **self._maybe(0.3, rounded_total=True),
            **self._maybe(0.3, is_pos=True, payments=tenders), **self._maybe(0.2, auto_write_off=True),
        }  # fmt: skip

    def _referring(self, kind: str, *, back: bool) -> Json:
        """Fields of one type's lines alone, those that name other documents among them."""
        random = self._random
        if kind == "purchase_receipt" and not back:
            own = self._maybe(0.15, rejected_qty=random.choice(_QUANTITIES), rejected_warehouse=REJECTED)
            own |= self._maybe(0.3, qty="0") if own else {}
            return own | self._against("against_invoice", "purchase_invoice", 0.15)
        if kind == "purchase_invoice" and not back:
            return self._against("against_receipt", "purchase_receipt", 0.4)
        if kind == "sales_invoice":
            own = self._maybe(0.1, discount=random.choice(_MONEY)) | self._maybe(0.1, cost_rate=random.choice(_RATES))
            return own if back else own | self._against("against_delivery", "delivery_note", 0.25)
        return self._maybe(0.08, allow_zero_rate=True) if kind == "delivery_note" else {}

    def _against(self, field: str, kind: str, chance: float) -> Json:
        if self._random.random() >= chance or not self._posted[kind]:
            return {}
        other = self._known(kind)
        place = self._random.randrange(len(other["lines"]))
        stated = self._random.choice([other["number"], {"number": other["number"], "line": place + 1}])
        return {"item": other["lines"][place]["item"], field: stated}

    def _stock_entry(self, _: str) -> Json:
        random, purpose = self._random, self._random.choice(_PURPOSES)
        lines = [self._moved(line, purpose) for line in self._lines(4)]
        costs = [{"account": "Shipping Charges", "amount": random.choice(_MONEY)} for _ in range(random.randint(1, 2))]
        account = random.choice(["Temporary Opening", "Cost of Goods Sold"])
        return {
            "purpose": purpose, "lines": lines, **self._maybe(0.3, additional_costs=costs), **self._maybe(0.1, is_opening=True),
            **self._maybe(0.2, difference_account=account),
        }  # fmt: skip

    def _moved(self, line: Json, purpose: str) -> Json:
        random, where = self._random, line.pop("warehouse", WAREHOUSES[0])
        if purpose == "material_transfer":
            places = {"from": where, "to": random.choice(WAREHOUSES)}
        elif purpose == "material_issue" or (purpose in ("manufacture", "repack") and random.random() < 0.5):
            places = {"from": where}
        else:
            places = {"to": where}
        made = {} if "from" in places else random.choice([{"finished": True}, {"finished": True}, {"scrap": True}, {}])
        return {
            **line, **places, **made, **self._maybe(0.1, basic_amount=random.choice(_MONEY)),
            **self._maybe(0.1, allow_zero_rate=True),
        }  # fmt: skip

    def _count(self, _: str) -> Json:
        lines = []
        for line in self._lines(3):
            for field in ("uom", "conversion_factor", *self._random.choice([("rate",), ("qty",), (), ()])):
                line.pop(field, None)
            lines.append(line)
        return {"purpose": self._random.choice(["stock_reconciliation", "opening_stock"]), "lines": lines}

    def _landed_cost(self, _: str) -> Json:
        random = self._random
        receipts = [self._known("purchase_receipt", "purchase_invoice")["number"] for _ in range(random.randint(1, 2))]
        share = {"number": receipts[0], "line": random.randint(1, 3), "amount": random.choice(_MONEY)}
        return {
            "receipts": receipts, "distribute_by": random.choice(["amount", "qty", "manual"]),
            "charges": [{"account": "Shipping Charges", "amount": random.choice(_MONEY)}],
            **self._maybe(0.3, receipt_lines=[random.choice([1, 2, share])]),
        }  # fmt: skip

    def _cancel(self, _: str) -> Json:
        target = self._known(*(kind for kind in self._kinds if kind != "cancel"))
        return {"target": {"type": target["type"], "number": target["number"]}}

    def _payment(self, _: str) -> Json:
        settled = self._known("sales_invoice", "purchase_invoice")
        against = {"type": settled["type"], "number": settled["number"], "amount": self._random.choice(["1", "10"])}
        return {"party": "Somebody", "mode": "Cash", "amount": self._random.choice(["10", "100"]), "against": [against]}
