"""Purchase and sales orders: no ledger rows; they feed ordered and reserved quantities."""

from __future__ import annotations

from domain.documents.shape import ItemLine, TradeDocument
from domain.shape import Name


class PurchaseOrder(TradeDocument, tag="purchase_order", kw_only=True):
    """Goods on their way in."""

    lines: list[ItemLine]
    party: Name | None = None


class SalesOrder(TradeDocument, tag="sales_order", kw_only=True):
    """Goods promised to a customer."""

    lines: list[ItemLine]
    party: Name | None = None
