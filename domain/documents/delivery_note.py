"""Delivery note: goods leave to a customer at cost; revenue waits for the invoice."""

from __future__ import annotations

from domain.books import Books
from domain.documents.amounts import compute
from domain.documents.item_lines import stock_qty
from domain.documents.orders import FulfillingLine, fulfil
from domain.documents.plan import Head, Plan
from domain.documents.returns import original_of
from domain.documents.sales_cost import deliver
from domain.documents.shape import TradeDocument
from domain.money import Rate
from domain.quantity import show_quantity
from domain.shape import Name


class DeliveryNoteLine(FulfillingLine, kw_only=True):
    """Delivered goods; `expense_account` overrides cost of goods sold, `cost_rate` values a return without an original."""

    allow_zero_rate: bool = False
    expense_account: Name | None = None
    cost_rate: Rate | None = None


class DeliveryNote(TradeDocument, tag="delivery_note", kw_only=True):
    """Goods delivered to a customer."""

    lines: list[DeliveryNoteLine]
    customer: Name | None = None


def plan(document: DeliveryNote, head: Head, books: Books) -> Plan:
    """Goods out at cost against cost of goods sold; taxes are carried to the invoice and post nothing here.

    Its figures say what an invoice is still to come for: line by line, in the item's stock unit.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    planned = Plan()
    amounts = compute(document, document.lines, head.view)
    original = original_of(document, head, books) if document.is_return else None
    deliver(planned, document, document.lines, head, original, books)
    fulfil(planned, document.lines, head, books, "sales_order")
    planned.figures = amounts.figures | {
        "customer": document.customer or "",
        "currency": amounts.currency.code,
        "line_items": [line.item for line in document.lines],
        "line_qtys": [show_quantity(_delivered(line, index, head)) for index, line in enumerate(document.lines)],
    }
    return planned


def _delivered(line: DeliveryNoteLine, index: int, head: Head) -> int:
    field = f"lines[{index}]"
    return stock_qty(line, head.view.item(line.item, f"{field}.item"), line.qty, field)
