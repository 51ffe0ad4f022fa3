"""Goods that leave to a customer, and come back: at cost, against cost of goods sold."""

from __future__ import annotations

from collections.abc import Sequence

from domain.books import Books, PostedVoucher
from domain.documents.item_lines import Part, parts, require_warehouse, stock_qty
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.references import linked, whole_qty
from domain.documents.returns import Returned, take_back
from domain.documents.shape import ItemLine, TradeDocument
from domain.errors import DocumentRejected
from domain.exact import MICRO, cumulative_share, div_mirrored
from domain.master_view import MasterView
from domain.masters import Item
from domain.stock_ledger import ZERO_RATE, Basis, Movement


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
    for index, line in enumerate(lines):
        back = take_back(planned, head, original, line, index, books) if original else None
        item = head.view.item(line.item, f"lines[{index}].item")
        dimensions = dimensions_of(head, line.dimensions, document.dimensions, item)
        _deliver_item(planned, line, index, head, item, dimensions, back)


def deliver_line(
    planned: Plan,
    line: ItemLine,
    index: int,
    head: Head,
    dimensions: str,
    back: Returned | None = None,
) -> None:
    """Plan the goods of one line; `back` is what a return takes back by it.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    item = head.view.item(line.item, f"lines[{index}].item")
    _deliver_item(planned, line, index, head, item, dimensions, back)


def _deliver_item(
    planned: Plan, line: ItemLine, index: int, head: Head, item: Item, dimensions: str, back: Returned | None
) -> None:
    if not item.is_stock_item and not item.bundle:
        return
    view, field = head.view, f"lines[{index}]"
    warehouse = require_warehouse(line.warehouse, item, view, field)
    account = view.stock_account(warehouse, f"{field}.warehouse")
    center = cost_center_of(head, line.cost_center, item)
    qty = -back.qty if back else stock_qty(line, item, line.qty, field)
    for component, part in components(view, line, item, warehouse, qty, field):
        cogs = cost_account(getattr(line, "expense_account", None), component, view, field)
        if line.qty > 0:
            movement = planned.move(
                head, index + 1, part.chain, -part.qty, Basis.COST, account=account, contra=cogs,
                cost_center=center, dimensions=dimensions, batch=part.batch,
            )  # fmt: skip
            if getattr(line, "allow_zero_rate", False):
                movement.weight = ZERO_RATE
            continue
        sold = _sold(back, part)
        movement = planned.move(
            head, index + 1, part.chain, -part.qty, Basis.RETURNED, account=account, contra=sold.contra if sold else cogs,
            cost_center=center, dimensions=dimensions, batch=part.batch, source=sold.id if sold else 0,
        )  # fmt: skip
        if sold is not None and back is not None:
            movement.stated = _cost_share(back, sold, part)
        elif (cost_rate := getattr(line, "cost_rate", None)) is not None:
            movement.basis = Basis.STATED
            movement.stated = view.currency.times(-part.qty, cost_rate)
        if getattr(line, "allow_zero_rate", False):
            movement.weight = ZERO_RATE


def components(
    view: MasterView, line: ItemLine, item: Item, warehouse: str, qty: int, field: str
) -> list[tuple[Item, Part]]:
    """What `qty` (in the stock unit) of a sold line takes from stock: the item itself, or each stocked item of a bundle.

    Errors: DocumentRejected.
    """
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


def _sold(back: Returned | None, part: Part) -> Movement | None:
    if back is None:
        return None
    for movement in back.original.movements:
        if (
            movement.line == back.place + 1
            and movement.chain.item == part.chain.item
            and movement.chain.part == part.chain.part
            and movement.qty < 0
        ):
            return movement
    return None


def share_of_cost(
    planned: Plan, movement: Movement, original: PostedVoucher, sold: Movement, view: MasterView, covered: int
) -> int:
    """What goods come back at once earlier lines of the same document have covered what the sale owed, at `covered` more.

    As a repost would have it, which comes by the lines one after the other.
    """
    own = next(link for link in planned.links if link.kind == "returns" and link.line == movement.line)
    before = [
        link
        for link in linked(original, own.target_line, "returns", planned)
        if link.line < own.line or link.voucher != own.voucher
    ]
    taken = sum(link.qty for link in before)
    whole = whole_qty(original, own.target_line - 1, view)
    return _share(_cost(original, sold) - covered, sold, movement.qty, taken, own.qty, whole)


def _cost_share(back: Returned, sold: Movement, part: Part) -> int:
    """The share of what the sale booked as cost, true-ups included."""
    return _share(_cost(back.original, sold), sold, -part.qty, back.before, back.qty, back.whole)


def _cost(original: PostedVoucher, sold: Movement) -> int:
    return -sold.value - original.true_ups.get(sold.id, 0)


def _share(cost: int, sold: Movement, qty: int, before: int, taken: int, whole: int) -> int:
    """A part of a sale's cost; a serial number comes back at all of its own."""
    return cost if qty == -sold.qty else cumulative_share(cost, before, taken, whole)
