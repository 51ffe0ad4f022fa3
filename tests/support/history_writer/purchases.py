"""What is bought: orders, receipts, bills before and after them, returns, and costs that come later."""

from __future__ import annotations

from tests.support.history_writer.pen import Json, Pen, decimal

_FREIGHT = "Freight and Forwarding Charges"


class Purchases:
    """Documents between the company and its suppliers."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen

    def _bought(self) -> list[Json]:
        return [{**self.pen.coming(), "rate": self.pen.rate(1, 30)} for _ in range(self.pen.random.randint(1, 2))]

    def _taxes(self, terms: Json) -> list[Json]:
        """Charges of every kind: on the goods, on the bill, on both; fixed, by percentage, by quantity, included."""
        pen, taxes = self.pen, list[Json]()
        for _ in range(pen.random.choice((0, 0, 0, 1, 1, 2))):
            category = pen.random.choice(("valuation_and_total", "valuation_and_total", "valuation", "total"))
            tax: Json = {"account": "VAT" if category == "total" else _FREIGHT, "category": category}
            kind = pen.random.choice(("actual", "percent_of_net_total", "per_quantity"))
            if taxes and pen.chance(0.3):
                kind = pen.random.choice(("percent_of_previous_tax", "percent_of_previous_total"))
            tax["charge"] = kind
            if kind == "actual":
                tax["amount"] = pen.money(1, 999, terms)
            else:
                tax["rate"] = decimal(pen.random.randint(1, 250), 1)
            if kind == "percent_of_net_total" and category == "total" and not taxes and pen.chance(0.4):
                tax["included_in_rate"] = True
            taxes.append(tax)
        return taxes

    def order(self) -> Json:
        """Goods on their way in."""
        return {**self.pen.head("purchase_order", "PO"), "party": "Farm", "lines": self._bought()}

    def receipt(self) -> Json:
        """Goods from a supplier, some rejected, some against an order."""
        pen = self.pen
        lines = self._bought()
        for line in lines:
            if pen.chance(0.1) and "serials" not in line and line["warehouse"] != "Depot":
                line |= {"rejected_qty": str(pen.random.randint(1, 3)), "rejected_warehouse": "Depot"}
        ordered = pen.earlier("purchase_order") if pen.chance(0.5) else None
        if ordered is not None:
            line = ordered["lines"][0]
            lines.append({**line, "against_order": {"number": ordered["number"], "line": 1}})
        head = pen.head("purchase_receipt", "PR", ordered)
        if pen.setting.provisional and pen.chance(0.4):
            lines.append({"item": "SERVICE", "qty": str(pen.random.randint(1, 3)), "rate": pen.rate(1, 9)})
        terms = pen.foreign()
        return {**head, "supplier": "Farm", "lines": lines, "taxes": self._taxes(terms), **terms}

    def stock_bill(self) -> Json:
        """A bill that brings the goods."""
        head = self.pen.head("purchase_invoice", "PS")
        terms = self.pen.foreign()
        more = {"lines": self._bought(), "taxes": self._taxes(terms), **terms}
        return {**head, "supplier": "Farm", "update_stock": True, **more}

    def bill(self) -> Json | None:
        """A bill for some of a receipt, at its rate or another, in its currency at its exchange rate or another."""
        pen = self.pen
        receipt = pen.earlier("purchase_receipt")
        if receipt is None:
            return None
        place = pen.random.randrange(len(receipt["lines"]))
        line = receipt["lines"][place]
        rate = line["rate"] if pen.chance(0.4) else pen.rate(1, 30)
        kept = {key: line[key] for key in ("item", "warehouse", "uom", "conversion_factor") if key in line}
        billed = {
            **kept, "rate": rate, "qty": pen.part_of(line["qty"]),
            "against_receipt": {"number": receipt["number"], "line": place + 1},
        }  # fmt: skip
        currency: Json = {}
        if "currency" in receipt:
            kept_rate = pen.chance(0.3)
            worth = receipt["exchange_rate"] if kept_rate else pen.exchange_rate()
            currency = {"currency": receipt["currency"], "exchange_rate": worth}
        head = pen.head("purchase_invoice", "PI", receipt)
        taxes = self._taxes(currency) if pen.chance(0.3) else []
        return {**head, "supplier": "Farm", "lines": [billed], "taxes": taxes, **currency}

    def early_bill(self) -> Json:
        """A bill for goods that are still to come, and for a service."""
        lines = [
            {**self.pen.coming(), "rate": self.pen.rate(1, 30)},
            {"item": "SERVICE", "qty": "1", "rate": self.pen.rate(1, 9)},
        ]
        head = self.pen.head("purchase_invoice", "PB")
        return {**head, "supplier": "Farm", "lines": lines, **self.pen.foreign()}

    def late_receipt(self) -> Json | None:
        """Goods that come after their bill, at its rate or another."""
        pen = self.pen
        bills = [d for d in pen.documents if d["number"].startswith("PB-")]
        if not bills:
            return None
        bill = pen.random.choice(bills)
        line = bill["lines"][0]
        received = {**line, "against_invoice": {"number": bill["number"], "line": 1}}
        if "serials" not in line:
            received["qty"] = pen.part_of(line["qty"])
        if pen.chance(0.6):
            received["rate"] = pen.rate(1, 30)
        currency: Json = {key: bill[key] for key in ("currency", "exchange_rate") if key in bill}
        if currency and pen.chance(0.6):
            currency["exchange_rate"] = pen.exchange_rate()
        head = pen.head("purchase_receipt", "PL", bill)
        return {**head, "supplier": "Farm", "lines": [received], **currency}

    def give_back(self) -> Json | None:
        """Goods go back to the supplier: of a receipt or of a bill that brought them, or of none that is known."""
        pen = self.pen
        if pen.chance(0.1):
            goods = pen.lying(4)
            back = {**goods, "qty": f"-{goods['qty']}", "rate": pen.rate(1, 20)}
            terms = {"supplier": "Farm", "is_return": True, "lines": [back]}
            if pen.chance(0.5):
                return {**pen.head("purchase_invoice", "RX"), **terms, "update_stock": True, **pen.foreign()}
            return {**pen.head("purchase_receipt", "RX"), **terms}
        original = (
            pen.earlier("purchase_receipt") if pen.chance(0.6) else pen.earlier("purchase_invoice", update_stock=True)
        )
        return returned(pen, original, "RR") if original else None

    def debit_note(self) -> Json | None:
        """A supplier grants something on a bill; no goods move."""
        original = self.pen.earlier("purchase_invoice", update_stock=None)
        return returned(self.pen, original, "DX") if original else None

    def landed_cost(self) -> Json | None:
        """Charges that arrive later: over one receipt, over two, over chosen lines, in any currency."""
        pen = self.pen
        receipt = pen.earlier("purchase_receipt") or pen.earlier("purchase_invoice", update_stock=True)
        if receipt is None:
            return None
        shared: Json = {"distribute_by": pen.random.choice(("amount", "qty")), "receipts": [receipt["number"]]}
        charges: list[Json] = [{"account": "Customs Duty", "amount": pen.money(-300, 900)}]
        if pen.chance(0.2):
            charges.append({"account": "Shipping Charges", "amount": pen.money(1, 500)})
        other = pen.earlier("purchase_receipt", "purchase_invoice")
        if pen.chance(0.2):
            lines = receipt["lines"]
            stated = [pen.random.randint(1, 400) for _ in lines]
            charges = [{"account": "Customs Duty", "amount": decimal(sum(stated), pen.setting.precision)}]
            shared = {
                "distribute_by": "manual",
                "receipt_lines": [
                    {"number": receipt["number"], "line": place, "amount": decimal(amount, pen.setting.precision)}
                    for place, amount in enumerate(stated, start=1)
                ],
            }
        elif other is not None and other is not receipt and pen.chance(0.3):
            shared["receipts"].append(other["number"])
        elif foreign := pen.foreign():
            charges[0] = {"account": "Customs Duty", "amount": pen.money(1, 900, foreign), **foreign}
        return {**pen.head("landed_cost_voucher", "LC"), **shared, "charges": charges}


def returned(pen: Pen, original: Json, prefix: str) -> Json:
    """Part of a trade document taken back."""
    place = pen.random.randrange(len(original["lines"]))
    kept = ("supplier", "customer", "update_stock", "currency", "exchange_rate")
    taxes = [tax for tax in original.get("taxes", ()) if tax["charge"] == "percent_of_net_total"]
    return {
        **pen.head(original["type"], prefix, original), "is_return": True, "return_against": original["number"],
        **{key: original[key] for key in kept if key in original},
        "lines": [{**pen.some_of(original["lines"][place]), "return_of": place + 1}],
        "taxes": taxes if pen.chance(0.5) else [],
    }  # fmt: skip
