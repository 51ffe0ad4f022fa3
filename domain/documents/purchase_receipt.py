"""Purchase receipt: goods come in from a supplier, valued at their net amount and a share of the valuation charges."""

from __future__ import annotations

from domain.documents.shape import ItemLine, LineRef, TradeDocument
from domain.quantity import Quantity
from domain.shape import Name


class PurchaseReceiptLine(ItemLine, kw_only=True):
    """Received (and rejected) goods; `against_invoice` where the bill came first."""

    rejected_qty: Quantity | None = None
    rejected_warehouse: Name | None = None
    expense_account: Name | None = None
    provisional_account: Name | None = None
    against_invoice: LineRef | Name | None = None


class PurchaseReceipt(TradeDocument, tag="purchase_receipt", kw_only=True):
    """Goods received from a supplier."""

    lines: list[PurchaseReceiptLine]
    supplier: Name | None = None
