"""Purchase invoice: the supplier's bill, clearing what was received but not billed, or receiving the goods itself."""

from __future__ import annotations

from domain.documents.shape import ItemLine, LineRef, TradeDocument
from domain.posting_time import PostingTime
from domain.shape import Name


class PurchaseInvoiceLine(ItemLine, kw_only=True):
    """A billed line; `against_receipt` names the receipt line that it bills."""

    against_receipt: LineRef | Name | None = None
    expense_account: Name | None = None


class PurchaseInvoice(TradeDocument, tag="purchase_invoice", kw_only=True):
    """A supplier's bill; with `update_stock` it receives the goods as well."""

    lines: list[PurchaseInvoiceLine]
    supplier: Name | None = None
    update_stock: bool = False
    due_date: PostingTime | None = None
