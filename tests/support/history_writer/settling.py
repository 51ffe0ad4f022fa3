"""What settles or undoes other documents: payments, journals, cancels."""

from __future__ import annotations

from tests.support.history_writer.pen import Json, Pen, decimal


class Settling:
    """Documents that move money, or take another document back."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen

    def payment(self) -> Json | None:
        """Part of an invoice, in its own currency."""
        pen = self.pen
        invoice = pen.earlier("sales_invoice", "purchase_invoice")
        if invoice is None:
            return None
        currency: Json = {}
        if "currency" in invoice:
            currency = {"currency": invoice["currency"], "exchange_rate": decimal(pen.random.randint(80, 130), 2)}
        amount = decimal(pen.random.randint(1, 3_000), 2) if currency else pen.money(1, 3_000)
        party = invoice.get("customer") or invoice["supplier"]
        return {
            **pen.head("payment_entry", "PE", invoice), "party": party, "mode": "Bank", "amount": amount,
            "against": [{"type": invoice["type"], "number": invoice["number"], "amount": amount}], **currency,
        }  # fmt: skip

    def journal(self) -> Json:
        """An amount from one account to another."""
        amount = self.pen.money(1, 900)
        lines = [{"account": "Bank", "debit": amount}, {"account": "Sales", "credit": amount}]
        return {**self.pen.head("journal_entry", "JE"), "lines": lines}

    def cancel(self) -> Json | None:
        """Any earlier document taken back."""
        target = self.pen.random.choice(self.pen.documents)
        if target["type"] == "cancel":
            return None
        named = {"type": target["type"], "number": target["number"]}
        return {**self.pen.head("cancel", "CX", target), "target": named}
