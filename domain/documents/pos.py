"""Point of sale documents: the opening of a till, its sales and its closing."""

from __future__ import annotations

from typing import Literal

from domain.documents.sales_invoice import RoundedTotal, SalesLine
from domain.documents.shape import Document, Payment, TradeDocument
from domain.money import Money, Rate
from domain.shape import ModeAmount, Name


class PosOpening(Document, tag="pos_opening", kw_only=True):
    """A till opens with a float per mode."""

    pos_profile: Name
    user: Name | None = None
    balances: list[ModeAmount] = []


class PosInvoice(TradeDocument, tag="pos_invoice", kw_only=True):
    """A sale at a till: moves projected quantities at once and the ledgers at the closing."""

    pos_profile: Name
    lines: list[SalesLine]
    customer: Name | None = None
    user: Name | None = None
    payments: list[Payment] = []
    change_amount: Money | None = None
    discount_percent: Rate | None = None
    discount_amount: Money | None = None
    rounded_total: RoundedTotal | None = None
    reservation: Name | None = None


class PosClosing(Document, tag="pos_closing", kw_only=True):
    """A till closes: its open sales become one sales invoice."""

    pos_profile: Name
    user: Name | None = None
    opening: Name | None = None
    counted: list[ModeAmount] = []
    invoices: Literal["all_open"] | list[Name] = "all_open"
