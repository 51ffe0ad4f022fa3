"""Purchase return: goods go back to the supplier, at what is left of their own receipt.

The supplier's account and each charge account get back their share of the original; what stock gives up beyond or below that goes
to purchase price variance. Shares are cumulative, so that returning everything returns exactly the original.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from domain.books import Books, Link, PostedVoucher
from domain.documents.amounts import compute
from domain.documents.item_lines import Part, RejectingLine, parts, rejected_part, require_warehouse, stock_qty
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.purchase_costs import ChargeShare, LineCost, line_costs
from domain.documents.references import linked, original_line, original_of
from domain.documents.shape import ItemLine, TradeDocument
from domain.documents.unbilled import UnbilledLine
from domain.entries import purchase_expense
from domain.exact import cumulative_share
from domain.master_view import MasterView
from domain.masters import Item
from domain.stock_ledger import Basis, Chain, Movement


def plan(document: TradeDocument, lines: Sequence[ItemLine], head: Head, books: Books, counter_role: str) -> Plan:
    """Goods out against purchase price variance, the original's shares from variance to where they came from.

    `counter_role` is the account role that the goods were received against; a bill (empty) credits variance by itself, with
    what the supplier grants. Errors: DocumentRejected, DocumentParked, Lacking.
    """
    view, planned = head.view, Plan()
    original = original_of(document, head, books)
    amounts = compute(document, lines, view, buying=True)
    original_lines: Sequence[ItemLine] = original.document.lines if original else []  # type: ignore[attr-defined]
    original_costs = _original_costs(original, head) if original else []
    for index, line in enumerate(lines):
        field = f"lines[{index}]"
        item = view.item(line.item, f"{field}.item")
        share = LineCost(-amounts.nets_base[index], [])
        returned_line = before = 0
        if original:
            place = original_line(original, original_lines, line, index, books, planned)
            returned_line = place + 1
            earlier = linked(original, returned_line, "returns", planned)
            before = sum(link.qty for link in earlier)
            share = _share(original_costs[place], earlier, -line.qty, original_lines[place].qty)
            planned.links.append(
                Link(head.sequence, index + 1, "returns", original.sequence, returned_line, -line.qty, share.net)
            )
        if not item.is_stock_item:
            continue
        variance = view.role("purchase_price_variance")
        center = cost_center_of(head, line.cost_center, item)
        dimensions = dimensions_of(head, line.dimensions, document.dimensions, item)
        for part in _goods(view, line, item, before, field):
            source = _movement(original, returned_line, part.chain) if original else None
            planned.move(
                head, index + 1, part.chain, part.qty, Basis.SENT_BACK if source else Basis.COST,
                account=view.stock_account(part.chain.warehouse, f"{field}.warehouse"), contra=variance,
                cost_center=center, dimensions=dimensions, batch=part.batch, source=source.id if source else 0,
            )  # fmt: skip
        if counter_role:
            expense = getattr(line, "expense_account", None)
            account = "" if head.perpetual else view.expense_account(expense, item, "default_expense", field)
            unbilled = UnbilledLine(planned, head, account, center, dimensions)
            unbilled.book(share.net, original.sequence if original else 0)
        if head.perpetual:
            if counter_role:
                planned.entry(head, variance, -share.net, cost_center=center, dimensions=dimensions)
            for charge in share.charges:
                planned.entry(head, variance, -charge.amount, cost_center=center, dimensions=dimensions)
                planned.entry(
                    head, _charged(charge, line.item, original, view), charge.amount, cost_center=charge.cost_center,
                    dimensions=dimensions,
                )  # fmt: skip
    planned.figures = amounts.figures
    return planned


def _charged(charge: ChargeShare, item: str, original: PostedVoucher | None, view: MasterView) -> str:
    """The account that bore a charge: its own, or the one which the opening entry took the cost of the goods from."""
    if original is not None and view.is_in_opening(original.sequence, original.at):
        return purchase_expense(view, item)
    return view.account(charge.account, "taxes.account")


def _original_costs(original: PostedVoucher, head: Head) -> list[LineCost]:
    document: TradeDocument = original.document  # type: ignore[assignment]
    lines: Sequence[ItemLine] = original.document.lines  # type: ignore[attr-defined]
    return line_costs(compute(document, lines, head.view, buying=True), lines, head.view)


def _share(cost: LineCost, returned: list[Link], qty: int, whole: int) -> LineCost:
    """A return's share of what a line cost; with the shares of earlier returns it adds up to the whole, to the minor unit."""
    before = sum(link.qty for link in returned)
    return LineCost(
        cumulative_share(cost.net, 0, before + qty, whole) - sum(link.amount for link in returned),
        [
            ChargeShare(
                charge.account, charge.cost_center, cumulative_share(charge.amount, before, qty, whole), charge.in_total
            )
            for charge in cost.charges
        ],
    )


def _goods(view: MasterView, line: ItemLine, item: Item, before: int, field: str) -> list[Part]:
    """What goes back: accepted goods, after `before` of them went back already, and rejected ones out of their own warehouse."""
    goods: list[Part] = []
    warehouse = line.warehouse
    if line.qty:
        warehouse = require_warehouse(line.warehouse, item, view, field)
        goods = parts(view, line, item, warehouse, stock_qty(line, item, line.qty, field, before=-before), field)
    if rejected := getattr(line, "rejected_qty", None):
        qty = stock_qty(line, item, rejected, field)
        goods.append(rejected_part(view, cast("RejectingLine", line), item, qty, warehouse, field))
    return goods


def _movement(original: PostedVoucher, line: int, chain: Chain) -> Movement | None:
    """The receipt's movement that goods go back from: into the same warehouse, else the line's own wherever they lie by now."""
    own = [
        movement
        for movement in original.movements
        if movement.line == line
        and movement.chain.item == chain.item
        and movement.chain.part == chain.part
        and movement.qty > 0
    ]
    return next((movement for movement in own if movement.chain.warehouse == chain.warehouse), own[0] if own else None)
