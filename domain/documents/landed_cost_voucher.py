"""Landed cost voucher: charges that arrive after the goods become part of their cost."""

from __future__ import annotations

from typing import Literal

from domain.documents.shape import Charge, Document
from domain.money import Money
from domain.shape import LineNumber, Name, Shape


class ReceiptLineShare(Shape, kw_only=True):
    """A receipt line and, where shared out by hand, its amount."""

    number: Name
    line: LineNumber
    amount: Money | None = None


class LandedCostVoucher(Document, tag="landed_cost_voucher", kw_only=True):
    """Charges shared out over receipts; `receipt_lines` narrows to lines (numbers alone mean lines of the one receipt)."""

    charges: list[Charge]
    receipts: list[Name] = []
    receipt_lines: list[ReceiptLineShare | LineNumber] = []
    distribute_by: Literal["amount", "qty", "manual"] = "amount"
