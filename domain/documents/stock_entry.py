"""Stock entry: goods come in, go out, move or are transformed inside the company."""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.documents.shape import Charge, Document, Line
from domain.money import Money, Rate
from domain.quantity import Quantity
from domain.shape import Name


class StockEntryLine(Line, kw_only=True):
    """One movement: out of `from`, into `to`, or both."""

    item: Name
    source: Name | None = msgspec.field(name="from", default=None)
    target: Name | None = msgspec.field(name="to", default=None)
    qty: Quantity | None = None
    rate: Rate | None = None
    basic_amount: Money | None = None
    amount: Money | None = None
    uom: Name | None = None
    conversion_factor: Rate | None = None
    finished: bool = False
    scrap: bool = False
    batch: Name | None = None
    serials: list[Name] | None = None
    allow_zero_rate: bool = False


class StockEntry(Document, tag="stock_entry", kw_only=True):
    """A movement of goods for one purpose."""

    purpose: Literal["material_receipt", "material_issue", "material_transfer", "manufacture", "repack"]
    lines: list[StockEntryLine]
    additional_costs: list[Charge] = []
    difference_account: Name | None = None
    is_opening: bool = False
