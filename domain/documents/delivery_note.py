"""Delivery note: goods leave to a customer at cost; revenue waits for the invoice."""

from __future__ import annotations

from domain.documents.shape import ItemLine, TradeDocument
from domain.money import Rate
from domain.shape import Name


class DeliveryNoteLine(ItemLine, kw_only=True):
    """Delivered goods; `expense_account` overrides cost of goods sold, `cost_rate` values a return without an original."""

    allow_zero_rate: bool = False
    expense_account: Name | None = None
    cost_rate: Rate | None = None


class DeliveryNote(TradeDocument, tag="delivery_note", kw_only=True):
    """Goods delivered to a customer."""

    lines: list[DeliveryNoteLine]
    customer: Name | None = None
