"""What every document shares: the header, the line references and taxes, as typed shapes.

Unknown fields are refused by name. Numbers are scaled integers (`Quantity`, `Rate`, `Money`), never binary floats.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.money import Money, Rate
from domain.posting_time import PostingTime
from domain.quantity import Quantity


class Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of everything in the contract: keywords only, unknown fields refused by name."""


class LineRef(Shape, kw_only=True):
    """A line of another document: its number and, where it matters, the line (counted from 1)."""

    number: str
    line: int | None = None


class DocumentRef(Shape, kw_only=True):
    """Another document, by type and number; the type may be left out where the number is unique."""

    number: str
    type: str | None = None


class Tax(Shape, kw_only=True):
    """A tax or charge on a document, in the order in which it is applied."""

    account: str
    charge: Literal[
        "actual", "percent_of_net_total", "percent_of_previous_tax", "percent_of_previous_total", "per_quantity"
    ] = "actual"
    category: Literal["total", "valuation", "valuation_and_total"] = "total"
    amount: Money | None = None
    rate: Rate | None = None
    included_in_rate: bool = False
    cost_center: str | None = None
    dimensions: dict[str, str] | None = None


class Payment(Shape, kw_only=True):
    """Money taken or given back in one mode."""

    mode: str
    amount: Money
    account: str | None = None


class ModeAmount(Shape, kw_only=True):
    """An amount in one mode of payment: a float at opening, a count at closing."""

    mode: str
    amount: Money


class Charge(Shape, kw_only=True):
    """A cost from outside: additional costs of a stock entry, charges of a landed cost voucher."""

    account: str
    amount: Money
    currency: str | None = None
    exchange_rate: Rate | None = None
    cost_center: str | None = None


class Document(Shape, tag_field="type", kw_only=True):
    """Header of every document."""

    company: str
    number: str
    posting_datetime: PostingTime
    schema: int = 1
    remarks: str | None = None
    actor: str | None = None
    cost_center: str | None = None
    dimensions: dict[str, str] | None = None
    amends: str | None = None
    total: Money | None = None


class TradeDocument(Document, kw_only=True):
    """Header of purchases and sales: currency, taxes, returns."""

    currency: str | None = None
    exchange_rate: Rate | None = None
    taxes: list[Tax] = []
    is_return: bool = False
    return_against: str | None = None


class Line(Shape, kw_only=True):
    """What every line may carry."""

    cost_center: str | None = None
    dimensions: dict[str, str] | None = None


class ItemLine(Line, kw_only=True):
    """A line that names an item; amount = qty x rate - discount, checked where stated."""

    item: str
    qty: Quantity
    rate: Rate = Rate(0)
    amount: Money | None = None
    warehouse: str | None = None
    uom: str | None = None
    conversion_factor: Rate | None = None
    batch: str | None = None
    serials: list[str] | None = None
    return_of: int | None = None
