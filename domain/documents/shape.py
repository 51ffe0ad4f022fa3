"""What every document shares: the header, the line references and taxes, as typed shapes.

Unknown fields are refused by name. Numbers are scaled integers (`Quantity`, `Rate`, `Money`), never binary floats.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.money import Money, Rate
from domain.posting_time import PostingTime
from domain.quantity import Quantity
from domain.shape import LineNumber, Name, Prose, Shape


class LineRef(Shape, kw_only=True):
    """A line of another document: its number and, where it matters, the line (counted from 1)."""

    number: Name
    line: LineNumber | None = None


class DocumentRef(Shape, kw_only=True):
    """Another document, by type and number; the type may be left out where the number is unique."""

    number: Name
    type: Name | None = None


class Tax(Shape, kw_only=True):
    """A tax or charge on a document, in the order in which it is applied."""

    account: Name
    charge: Literal[
        "actual", "percent_of_net_total", "percent_of_previous_tax", "percent_of_previous_total", "per_quantity"
    ] = "actual"
    category: Literal["total", "valuation", "valuation_and_total"] = "total"
    amount: Money | None = None
    rate: Rate | None = None
    included_in_rate: bool = False
    cost_center: Name | None = None
    dimensions: dict[Name, Name] | None = None


class Payment(Shape, kw_only=True):
    """Money taken or given back in one mode."""

    mode: Name
    amount: Money
    account: Name | None = None


class Charge(Shape, kw_only=True):
    """A cost from outside: additional costs of a stock entry, charges of a landed cost voucher."""

    account: Name
    amount: Money
    currency: Name | None = None
    exchange_rate: Rate | None = None
    cost_center: Name | None = None


class Document(Shape, tag_field="type", kw_only=True):
    """Header of every document; with `preview` it is asked what the document would change, and nothing is posted."""

    company: Name
    number: Name
    posting_datetime: PostingTime
    schema: int = 1
    remarks: Prose | None = None
    actor: Name | None = None
    cost_center: Name | None = None
    dimensions: dict[Name, Name] | None = None
    amends: Name | None = None
    preview: bool = False
    total: Money | None = None


class TradeDocument(Document, kw_only=True):
    """Header of purchases and sales: currency, taxes, returns."""

    currency: Name | None = None
    exchange_rate: Rate | None = None
    taxes: list[Tax] = []
    is_return: bool = False
    return_against: Name | None = None


class Line(Shape, kw_only=True):
    """What every line may carry."""

    cost_center: Name | None = None
    dimensions: dict[Name, Name] | None = None


class ItemLine(Line, kw_only=True):
    """A line that names an item; amount = qty x rate - discount, checked where stated."""

    item: Name
    qty: Quantity
    rate: Rate = msgspec.field(default_factory=Rate)
    amount: Money | None = None
    warehouse: Name | None = None
    uom: Name | None = None
    conversion_factor: Rate | None = None
    batch: Name | None = None
    serials: list[Name] | None = None
    return_of: LineNumber | None = None
