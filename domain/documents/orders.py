"""Purchase and sales orders: no ledger rows; what they leave open is on its way in, or promised and on its way out.

A receipt or delivery that names the order's line takes from what is open; a return that names it gives back. Cancelling an order
releases whatever is still open, also where part of it has come: that is how an order is closed short.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.books import Books, Link, OrderLine
from domain.documents.allowance import require_left
from domain.documents.amounts import compute
from domain.documents.item_lines import require_warehouse, stock_qty
from domain.documents.plan import Head, Plan
from domain.documents.references import reference, referred_line, require_posted, taken_qty
from domain.documents.shape import ItemLine, LineRef, TradeDocument
from domain.exact import MICRO, div_mirrored
from domain.shape import Name
from domain.stock_ledger import Chain


class PurchaseOrder(TradeDocument, tag="purchase_order", kw_only=True):
    """Goods on their way in."""

    lines: list[ItemLine]
    party: Name | None = None


class SalesOrder(TradeDocument, tag="sales_order", kw_only=True):
    """Goods promised to a customer."""

    lines: list[ItemLine]
    party: Name | None = None


class FulfillingLine(ItemLine, kw_only=True):
    """A line that brings or delivers goods, and may say which order it fulfils."""

    against_order: LineRef | Name | None = None


def plan(document: PurchaseOrder | SalesOrder, head: Head, books: Books) -> Plan:  # noqa: ARG001 - the signature of every plan
    """Each stock line's quantity, ordered or reserved where it is to arrive or to leave; a bundle reserves what it holds.

    Errors: DocumentRejected, DocumentParked.
    """
    view, planned = head.view, Plan()
    buying = isinstance(document, PurchaseOrder)
    amounts = compute(document, document.lines, view, buying=buying)
    for index, line in enumerate(document.lines):
        field = f"lines[{index}]"
        item = view.item(line.item, f"{field}.item")
        if not item.is_stock_item and not item.bundle:
            continue
        warehouse = require_warehouse(line.warehouse, item, view, field)
        view.stock_account(warehouse, f"{field}.warehouse")
        whole = stock_qty(line, item, line.qty, field)
        places = (
            {code: div_mirrored(whole * each, MICRO) for code, each in item.bundle.items()}
            if item.bundle
            else {item.code: whole}
        )
        for code, qty in places.items():
            if view.item(code, f"{field}.item").is_stock_item:
                chain = Chain(code, warehouse)
                planned.orders.append(OrderLine(index + 1, chain, qty if buying else -qty, whole))
    planned.figures = amounts.figures
    return planned


def fulfil(planned: Plan, lines: Sequence[FulfillingLine], head: Head, books: Books, order_type: str) -> None:
    """Link each line that names an order to the order's line, with the quantity that it takes from it in the item's stock unit.

    Errors: parked while the order is not posted, rejected where it is cancelled, has no such line, or has less of it left.
    """
    for index, line in enumerate(lines):
        ref = reference(line.against_order) if line.against_order is not None else None
        if ref is None:
            continue
        field = f"lines[{index}]"
        order = require_posted(books, order_type, ref.number, f"{field}.against_order")
        ordered: Sequence[ItemLine] = order.document.lines  # type: ignore[attr-defined]
        place = referred_line(ordered, ref, line.item, f"{field}.against_order")
        qty = taken_qty(line, line.qty, order, place, "delivers", head.view, field, planned)
        require_left(order, place, "delivers", qty, head.view, field, planned)
        planned.links.append(Link(head.sequence, index + 1, "delivers", order.sequence, place + 1, qty))
