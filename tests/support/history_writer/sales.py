"""What is sold: orders, deliveries, invoices with and without goods, and what comes back."""

from __future__ import annotations

from tests.support.history_writer.pen import Json, Pen, decimal
from tests.support.history_writer.purchases import returned


class Sales:
    """Documents between the company and its customers."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen

    def _sold(self) -> list[Json]:
        pen = self.pen
        lines = []
        for _ in range(pen.random.randint(1, 2)):
            line = {**pen.lying(), "rate": pen.rate(1, 40)}
            if pen.chance(0.1):
                line["allow_zero_rate"] = True
            if pen.chance(0.1):
                line["expense_account"] = "Shipping Charges"
            lines.append(line)
        if pen.chance(0.2) and {"FIRST", "MEAN"} <= set(pen.setting.items):
            qty = str(pen.random.randint(1, 4))
            lines.append({"item": "SET", "qty": qty, "warehouse": pen.place(), "rate": "9"})
        return lines

    def _taxes(self) -> list[Json]:
        pen = self.pen
        if pen.chance(0.6):
            return []
        included = pen.chance(0.4)
        taxes: list[Json] = [
            {
                "account": "VAT",
                "charge": "percent_of_net_total",
                "rate": pen.random.choice(("19", "7", "5.5")),
                "included_in_rate": included,
            }
        ]
        if pen.chance(0.4):
            kind = pen.random.choice(("percent_of_previous_tax", "percent_of_previous_total"))
            taxes.append({"account": "Service Tax", "charge": kind, "rate": "3", "included_in_rate": included})
        return taxes

    def _terms(self) -> Json:
        """Discount, rounding, payment: whatever an invoice may say about its money."""
        pen = self.pen
        terms = pen.foreign()
        if pen.chance(0.2):
            terms["discount_percent"] = decimal(pen.random.randint(1, 250), 1)
        elif pen.chance(0.1):
            terms["discount_amount"] = pen.money(1, 90, terms)
        if pen.chance(0.3):
            terms["rounded_total"] = True
        if pen.chance(0.3):
            terms["payments"] = [{"mode": "Cash", "amount": pen.money(1, 20_000, terms)}]
            terms["is_pos"] = pen.chance(0.5)
            terms["auto_write_off"] = pen.chance(0.2)
        return terms | {"taxes": self._taxes()}

    def order(self) -> Json:
        """Goods promised to a customer."""
        return {**self.pen.head("sales_order", "SO"), "party": "Ann", "lines": self._sold_plainly()}

    def _sold_plainly(self) -> list[Json]:
        of_goods = ("allow_zero_rate", "expense_account")
        return [{key: value for key, value in line.items() if key not in of_goods} for line in self._sold()]

    def delivery(self) -> Json:
        """Goods to a customer, now and then against an order."""
        pen, lines = self.pen, self._sold()
        ordered = pen.earlier("sales_order") if pen.chance(0.3) else None
        if ordered is not None:
            lines.append({**ordered["lines"][0], "against_order": {"number": ordered["number"], "line": 1}})
        return {**pen.head("delivery_note", "DN", ordered), "customer": "Ann", "lines": lines}

    def sale(self) -> Json:
        """An invoice that delivers the goods."""
        head = self.pen.head("sales_invoice", "SI")
        return {**head, "customer": "Ann", "update_stock": True, "lines": self._sold(), **self._terms()}

    def invoice(self) -> Json:
        """An invoice alone: for a delivery, or for a service."""
        pen = self.pen
        delivered = pen.earlier("delivery_note")
        lines: list[Json] = [{"item": "SERVICE", "qty": pen.qty(3), "rate": pen.rate(1, 50)}]
        if delivered is not None:
            place = pen.random.randrange(len(delivered["lines"]))
            line = delivered["lines"][place]
            kept = {key: line[key] for key in ("item", "warehouse", "rate", "uom", "conversion_factor") if key in line}
            lines[0] = {
                **kept, "qty": pen.part_of(line["qty"]), "against_delivery": {"number": delivered["number"], "line": place + 1},
            }  # fmt: skip
        head = pen.head("sales_invoice", "SX", delivered)
        return {**head, "customer": "Ann", "lines": lines, **self._terms()}

    def take_back(self) -> Json | None:
        """Goods or money back to a customer: of a sale, or of none that is known (then at a stated cost, or at the rate in force)."""
        pen = self.pen
        if pen.chance(0.1):
            goods = pen.coming(4)
            back = {**goods, "qty": f"-{goods['qty']}", "rate": pen.rate(1, 20)}
            if pen.chance(0.5):
                back["cost_rate"] = pen.rate(1, 9)
            terms = {"customer": "Ann", "is_return": True, "lines": [back]}
            if pen.chance(0.5):
                return {**pen.head("sales_invoice", "CX"), **terms, "update_stock": True, **pen.foreign()}
            return {**pen.head("delivery_note", "CX"), **terms}
        original = pen.earlier("delivery_note", "sales_invoice")
        return returned(pen, original, "CR") if original else None
