"""What settles or undoes other documents: payments, journals, cancels."""

from __future__ import annotations

from tests.support.history_writer.pen import Json, Pen


class Settling:
    """Documents that move money, or take another document back."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen

    def payment(self) -> Json | None:
        """Part of an invoice, in its own currency; now and then more than that, or for no document at all."""
        pen = self.pen
        if pen.chance(0.1):
            terms = pen.foreign()
            money = {"mode": "Bank", "amount": pen.money(1, 3_000, terms), **terms}
            return {**pen.head("payment_entry", "PX"), "party": pen.random.choice(("Ann", "Farm")), **money}
        invoice = pen.earlier("sales_invoice", "purchase_invoice")
        if invoice is None:
            return None
        currency: Json = {}
        if "currency" in invoice:
            currency = {"currency": invoice["currency"], "exchange_rate": pen.exchange_rate()}
        amount = settled = pen.money(1, 3_000, currency)
        if pen.chance(0.1):
            amount = str(1_000 + int(amount.partition(".")[0]))
        party = invoice.get("customer") or invoice["supplier"]
        return {
            **pen.head("payment_entry", "PE", invoice), "party": party, "mode": "Bank", "amount": amount,
            "against": [{"type": invoice["type"], "number": invoice["number"], "amount": settled}], **currency,
        }  # fmt: skip

    def journal(self) -> Json:
        """An amount from one account to another."""
        amount = self.pen.money(1, 900)
        lines = [{"account": "Bank", "debit": amount}, {"account": "Sales", "credit": amount}]
        return {**self.pen.head("journal_entry", "JE"), "lines": lines}

    def year_end(self) -> Json:
        """The year's result so far goes to retained earnings, whatever of the year is still to come."""
        minute = len(self.pen.documents)
        at = f"2026-06-28T{minute // 60:02d}:{minute % 60:02d}:00Z"
        return {"type": "period_closing", "number": f"YE-{minute + 1}", "posting_datetime": at, "period": "Year"}

    def cancel(self) -> Json | None:
        """Any earlier document taken back."""
        target = self.pen.random.choice(self.pen.documents)
        if target["type"] in ("cancel", "warehouse", "item") or target.get("purpose") == "account_transfer":
            return None
        named = {"type": target["type"], "number": target["number"]}
        return {**self.pen.head("cancel", "CX", target), "target": named}
