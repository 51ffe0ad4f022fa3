"""What a shop with a till does: sales, what comes back, openings, closings, cancelled ones, and the stock behind it."""

from __future__ import annotations

from random import Random

from tests.support.history_writer.pen import PLAIN, Json, decimal

PRICES = {"FIRST": 1_250, "LAST": 799, "MEAN": 3_000}  # minor units; each item has one price
SHELF = "Shop"
_STORE = "Store"


class Shop:
    """Writes documents in the order of time; those of the stock behind the till may be dated back."""

    def __init__(self, random: Random, precision: int) -> None:
        self.random, self.precision = random, precision
        self.documents: list[Json] = []
        self._now, self._times = 1_000, set[int]()
        # One tax for everything, so that each item is one line of a closing, whatever is sold or comes back of it.
        vat: Json = {"account": "VAT", "charge": "percent_of_net_total", "rate": "19"}
        self.taxes = [vat] if random.random() < 0.5 else []

    def write(self, length: int) -> list[Json]:
        """Goods on the shelf, and then `length` documents."""
        for item in PLAIN:
            self._add("purchase_receipt", supplier="Farm", lines=[self._line(item, 60, rate=self._money(300, 700))])
        kinds = {
            self.sale: 9, self.back: 3, self.receipt: 2, self.delivery: 1, self.landed_cost: 1, self.transfer: 1, self.count: 2,
            self.closing: 2, self.undone: 1, self.opening: 2,
        }  # fmt: skip
        for _ in range(length):
            self.random.choices(list(kinds), list(kinds.values()))[0]()
        self.closing()
        return self.documents

    def _add(self, type_: str, *, past: bool = False, **content: object) -> None:
        self._now += self.random.randint(1, 90)
        minute = self.random.randrange(1_000, self._now) if past and self.random.random() < 0.4 else self._now
        while minute in self._times:
            minute += 1
        self._times.add(minute)
        at = f"2026-01-{1 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00Z"
        number = f"{type_}-{len(self.documents) + 1}"
        self.documents.append({"type": type_, "company": "Paper", "number": number, "posting_datetime": at, **content})

    def _line(self, item: str, most: int, **more: str) -> Json:
        return {"item": item, "qty": str(self.random.randint(1, most)), "warehouse": SHELF, **more}

    def _money(self, least: int, most: int) -> str:
        return decimal(self.random.randint(least, most), self.precision)

    def _earlier(self, type_: str) -> Json | None:
        found = [d for d in self.documents if d["type"] == type_ and not d.get("is_return")]
        return self.random.choice(found) if found else None

    def sale(self) -> None:
        """One to three items, paid in full, with change due, or in part; now and then told late."""
        lines = [
            {"item": item, "qty": str(self.random.randint(1, 6)), "rate": decimal(PRICES[item], self.precision)}
            for item in self.random.sample(PLAIN, self.random.randint(1, 3))
        ]
        mode = self.random.choice(("Cash", "Cash", "Card"))
        paid = self._money(1, 30_000) if mode == "Cash" else decimal(1, self.precision)
        customer = self.random.choice(("Ann", "Bob"))
        payments = [{"mode": mode, "amount": paid}]
        told = {"pos_profile": "Till", "customer": customer, "lines": lines, "taxes": self.taxes, "payments": payments}
        self._add("pos_invoice", past=self.random.random() < 0.3, **told)

    def back(self) -> None:
        """Some of a sale comes back."""
        sale = self._earlier("pos_invoice")
        if sale is None:
            return
        place = self.random.randrange(len(sale["lines"]))
        sold = sale["lines"][place]
        line = {**sold, "qty": f"-{self.random.randint(1, int(sold['qty']))}", "return_of": place + 1}
        payments = [{"mode": "Cash", "amount": f"-{self._money(1, 500)}"}]
        more = {"is_return": True, "return_against": sale["number"], "customer": sale["customer"]}
        self._add("pos_invoice", pos_profile="Till", **more, lines=[line], taxes=self.taxes, payments=payments)

    def receipt(self) -> None:
        """Goods come in, now and then told late."""
        line = self._line(self.random.choice(PLAIN), 30, rate=self._money(300, 700))
        self._add("purchase_receipt", past=True, supplier="Farm", lines=[line])

    def delivery(self) -> None:
        """Goods leave past the till."""
        self._add("delivery_note", past=True, customer="Ann", lines=[self._line(self.random.choice(PLAIN), 6)])

    def landed_cost(self) -> None:
        """A receipt turns out to have cost more."""
        if receipt := self._earlier("purchase_receipt"):
            charges = [{"account": "Customs Duty", "amount": self._money(1, 900)}]
            self._add("landed_cost_voucher", receipts=[receipt["number"]], charges=charges, distribute_by="qty")

    def transfer(self) -> None:
        """Goods go to the store room."""
        line = self._line(self.random.choice(PLAIN), 4)
        moved = {"item": line["item"], "qty": line["qty"], "from": SHELF, "to": _STORE}
        self._add("stock_entry", past=True, purpose="material_transfer", lines=[moved])

    def count(self) -> None:
        """The shelf is counted, while the till is open or after its closing."""
        line = self._line(self.random.choice(PLAIN), 90)
        self._add("stock_reconciliation", past=True, difference_account="Stock Adjustment", lines=[line])

    def opening(self) -> None:
        """The till opens with a float in its drawer."""
        self._add("pos_opening", pos_profile="Till", balances=[{"mode": "Cash", "amount": self._money(0, 20_000)}])

    def closing(self) -> None:
        """The till closes; its drawer is counted or not."""
        counted = [{"mode": "Cash", "amount": self._money(0, 90_000)}] if self.random.random() < 0.4 else []
        self._add("pos_closing", pos_profile="Till", counted=counted)

    def undone(self) -> None:
        """A closing, or an open sale, is taken back."""
        if target := self._earlier(self.random.choice(("pos_closing", "pos_invoice"))):
            self._add("cancel", target={"type": target["type"], "number": target["number"]})
