"""Stock reconciliation: a physical count, absolute at its moment."""

from __future__ import annotations

from typing import Literal

from domain.documents.shape import Document, Line
from domain.money import Rate
from domain.quantity import Quantity
from domain.shape import Name


class StockReconciliationLine(Line, kw_only=True):
    """A counted item; a blank quantity or rate keeps what the books have."""

    item: Name
    warehouse: Name
    qty: Quantity | None = None
    rate: Rate | None = None
    batch: Name | None = None
    serials: list[Name] | None = None


class StockReconciliation(Document, tag="stock_reconciliation", kw_only=True):
    """A count of stock, or the opening stock of a new company."""

    lines: list[StockReconciliationLine]
    purpose: Literal["opening_stock", "stock_reconciliation"] = "stock_reconciliation"
    difference_account: Name | None = None
