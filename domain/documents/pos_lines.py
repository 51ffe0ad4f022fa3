"""The lines of a sale at a till: every account resolved, and what each takes from stock."""

from __future__ import annotations

from collections.abc import Sequence

from domain.documents.amounts import Amounts
from domain.documents.item_lines import require_warehouse, stock_qty
from domain.documents.plan import Head, dimensions_of
from domain.documents.sales_cost import components, cost_account
from domain.documents.sales_invoice import SalesLine
from domain.documents.shape import Tax, TradeDocument
from domain.exact import MICRO, allocate, div_mirrored, show
from domain.master_view import MasterView
from domain.pos_receipt import LineKey, ReceiptLine
from domain.stock_ledger import Chain
from domain.till import Shelf, Till


def sold_lines(
    document: TradeDocument,
    lines: Sequence[SalesLine],
    head: Head,
    till: Till,
    amounts: Amounts,
    returned: Sequence[int],
    goods: dict[Chain, int],
) -> list[ReceiptLine]:
    """The receipt's lines; what they take from stock is added to `goods` (millionths of the stock unit).

    `returned` has for each line the original's line that it takes back, 0 where there is none. Errors: DocumentRejected, DocumentParked.
    """
    view = head.view
    tax = ", ".join(map(_in_words, document.taxes)) if document.taxes else ""
    shares = _tax_shares(amounts)
    common, center = document.dimensions, document.cost_center or till.profile.cost_center or head.cost_center
    sold = []
    for index, line in enumerate(lines):
        shelf = till.shelves.get((line.item, line.warehouse, line.income_account, line.expense_account))
        if shelf is None:
            shelf = _shelf_of(line, till, view, f"lines[{index}]")
        qty, net, cost_rate = int(line.qty), amounts.nets_base[index], line.cost_rate
        if shelf.is_stocked:
            _take(line, shelf, qty, view, index, goods)
        # By place, not by name: to find its fields by their names takes longer than to fill them.
        key = LineKey(
            line.item, line.uom or "", int(line.conversion_factor or 0), div_mirrored(net * MICRO, qty), shelf.warehouse, tax,
            shelf.income, line.expense_account or "", line.cost_center or center, dimensions_of(head, line.dimensions, common),
            line.batch or "", line.allow_zero_rate, None if cost_rate is None else int(cost_rate),
        )  # fmt: skip
        parts = [share[index] for share in shares] if shares else []
        sold.append(ReceiptLine(key, qty, net, parts, line.serials or [], returned[index]))
    return sold


def _shelf_of(line: SalesLine, till: Till, view: MasterView, field: str) -> Shelf:
    """Where a line's goods lie, found once for all lines that say the same. Errors: DocumentRejected, DocumentParked."""
    item = view.item(line.item, f"{field}.item")
    warehouse, chain = line.warehouse or till.profile.warehouse, None
    is_stocked = item.is_stock_item or bool(item.bundle)
    if is_stocked:
        warehouse = require_warehouse(warehouse, item, view, field)
        view.stock_account(warehouse, f"{field}.warehouse")
        if not (item.bundle or item.has_batch or item.has_serial):
            cost_account(line.expense_account, item, view, field)
            chain = Chain(item.code, warehouse)
    income = view.income_account(line.income_account or till.profile.income_account, item, f"{field}.income_account")
    shelf = Shelf(item, warehouse or "", income, is_stocked, chain)
    till.shelves[line.item, line.warehouse, line.income_account, line.expense_account] = shelf
    return shelf


def _take(line: SalesLine, shelf: Shelf, sold: int, view: MasterView, index: int, goods: dict[Chain, int]) -> None:
    """Add what a line takes from stock. Errors: DocumentRejected."""
    field = f"lines[{index}]"
    qty = stock_qty(line, shelf.item, sold, field)
    if shelf.chain is not None and not (line.batch or line.serials):
        goods[shelf.chain] = goods.get(shelf.chain, 0) + qty
        return
    for component, part in components(view, line, shelf.item, shelf.warehouse, qty, field):
        cost_account(line.expense_account, component, view, field)
        goods[part.chain] = goods.get(part.chain, 0) + part.qty


def _in_words(tax: Tax) -> str:
    rate = "" if tax.rate is None else f" {show(tax.rate, 9)}"
    center = f" at {tax.cost_center}" if tax.cost_center else ""
    return f"{tax.account} {tax.charge}{rate}{' included' if tax.included_in_rate else ''}{center}"


def _tax_shares(amounts: Amounts) -> list[list[int]]:
    """Each tax's part of each line in the company's currency; the parts sum to the tax."""
    return [
        tax.by_line if tax.base == tax.amount else allocate(tax.base, [abs(part) for part in tax.by_line])
        for tax in amounts.taxes
    ]
