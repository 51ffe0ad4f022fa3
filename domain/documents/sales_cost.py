"""Goods that leave to a customer, and come back: at cost, against cost of goods sold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.books import Books, Link, PostedVoucher
from domain.documents.item_lines import Part, parts, require_warehouse, stock_qty
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.references import linked, original_line
from domain.documents.shape import ItemLine, TradeDocument
from domain.errors import DocumentRejected
from domain.exact import MICRO, cumulative_share, div_mirrored
from domain.master_view import MasterView
from domain.masters import Item
from domain.money import Rate
from domain.stock_ledger import ZERO_RATE, Basis, Movement


class CostLine(Protocol):
    """What a sold line says about cost."""

    expense_account: str | None
    cost_rate: Rate | None
    allow_zero_rate: bool


def deliver(
    planned: Plan,
    document: TradeDocument,
    lines: Sequence[ItemLine],
    head: Head,
    original: PostedVoucher | None,
    books: Books,
) -> None:
    """Plan the goods of a delivery or of an invoice that updates stock; on a return, back in at the share of what they cost.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    original_lines: Sequence[ItemLine] = original.document.lines if original else []  # type: ignore[attr-defined]
    for index, line in enumerate(lines):
        place = original_line(original, original_lines, line, index, books, planned) if original else -1
        if original:
            planned.links.append(Link(head.sequence, index + 1, "returns", original.sequence, place + 1, -line.qty))
        dimensions = dimensions_of(
            head, line.dimensions, document.dimensions, head.view.item(line.item, f"lines[{index}].item")
        )
        deliver_line(planned, line, index, head, dimensions, original, place)


def deliver_line(
    planned: Plan,
    line: ItemLine,
    index: int,
    head: Head,
    dimensions: str,
    original: PostedVoucher | None = None,
    place: int = -1,
) -> None:
    """Plan the goods of one line; `place` is the line of the original (from 0) that a return takes back.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    view, field = head.view, f"lines[{index}]"
    item = view.item(line.item, f"{field}.item")
    if not item.is_stock_item and not item.bundle:
        return
    warehouse = require_warehouse(line.warehouse, item, view, field)
    account = view.stock_account(warehouse, f"{field}.warehouse")
    center = cost_center_of(head, line.cost_center, item)
    before = _returned_before(original, place, index, head, planned) if original else 0
    for component, part in components(view, line, item, warehouse, field, -before):
        cogs = cost_account(getattr(line, "expense_account", None), component, view, field)
        if line.qty > 0:
            movement = planned.move(
                head, index + 1, part.chain, -part.qty, Basis.COST, account=account, contra=cogs,
                cost_center=center, dimensions=dimensions, batch=part.batch,
            )  # fmt: skip
            if getattr(line, "allow_zero_rate", False):
                movement.weight = ZERO_RATE
            continue
        sold = _sold(original, place + 1, part)
        movement = planned.move(
            head, index + 1, part.chain, -part.qty, Basis.RETURNED, account=account, contra=sold.contra if sold else cogs,
            cost_center=center, dimensions=dimensions, batch=part.batch, source=sold.id if sold else 0,
        )  # fmt: skip
        if sold is not None and original is not None:
            whole: int = original.document.lines[place].qty  # type: ignore[attr-defined]
            movement.stated = _cost_share(original, sold, before, -line.qty, whole, part)
        elif (cost_rate := getattr(line, "cost_rate", None)) is not None:
            movement.basis = Basis.STATED
            movement.stated = view.currency.times(-part.qty, cost_rate)
        if getattr(line, "allow_zero_rate", False):
            movement.weight = ZERO_RATE


def _returned_before(original: PostedVoucher, place: int, index: int, head: Head, planned: Plan) -> int:
    """How much of the original's line (from 0) earlier returns, and earlier lines of this one, took back (millionths)."""
    return sum(
        link.qty
        for link in linked(original, place + 1, "returns", planned)
        if link.line != index + 1 or link.voucher != head.sequence
    )


def components(
    view: MasterView, line: ItemLine, item: Item, warehouse: str, field: str, before: int = 0
) -> list[tuple[Item, Part]]:
    """What a sold line takes from stock: the item itself, or each stocked item of a bundle.

    `before` is what earlier returns brought back of the same line (negative). Errors: DocumentRejected.
    """
    qty = stock_qty(line, item, line.qty, field, before=before)
    if not item.bundle:
        return [(item, part) for part in parts(view, line, item, warehouse, qty, field)]
    found: list[tuple[Item, Part]] = []
    for code, each in item.bundle.items():
        component = view.item(code, f"{field}.item")
        if component.is_stock_item:
            found.append((component, Part(view.chain(component, warehouse), "", div_mirrored(qty * each, MICRO))))
    return found


def cost_account(stated: str | None, item: Item, view: MasterView, field: str) -> str:
    """Where the cost of sold goods goes: an account of profit and loss. Errors: DocumentRejected."""
    account = view.expense_account(stated, item, "cost_of_goods_sold", f"{field}.expense_account")
    if view.is_balance_sheet(account):
        raise DocumentRejected(
            "NotProfitAndLoss",
            f"{field}.expense_account: {account} belongs to the balance sheet, but goods that are sold are an expense. Name an account "
            "of profit and loss: on the line, in the defaults of the item or of its group, or as the company's cost_of_goods_sold.",
            f"{field}.expense_account",
            {"account": account},
        )
    return account


def _sold(original: PostedVoucher | None, line: int, part: Part) -> Movement | None:
    if original is None:
        return None
    for movement in original.movements:
        if (
            movement.line == line
            and movement.chain.item == part.chain.item
            and movement.chain.part == part.chain.part
            and movement.qty < 0
        ):
            return movement
    return None


def _cost_share(original: PostedVoucher, sold: Movement, before: int, qty: int, whole: int, part: Part) -> int:
    """The share of what the sale booked as cost, true-ups included; a serial number comes back at all of its own cost."""
    cost = -sold.value - original.true_ups.get(sold.id, 0)
    if -part.qty == -sold.qty:
        return cost
    return cumulative_share(cost, before, qty, whole)
