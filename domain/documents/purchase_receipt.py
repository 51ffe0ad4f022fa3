"""Purchase receipt: goods come in from a supplier, valued at their net amount and a share of the valuation charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from domain.books import Books, Link
from domain.documents import purchase_return
from domain.documents.amounts import Amounts, compute
from domain.documents.item_lines import parts, rejected_part, require_warehouse, stock_qty
from domain.documents.orders import FulfillingLine, fulfil
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.provisional import accrue
from domain.documents.purchase_costs import LineCost, line_costs
from domain.documents.references import linked_qty, reference, referred_line, require_posted
from domain.documents.shape import LineRef, TradeDocument
from domain.documents.unbilled import UnbilledLine
from domain.errors import DocumentRejected
from domain.exact import allocate, cumulative_share
from domain.masters import Item
from domain.money import convert
from domain.quantity import Quantity
from domain.shape import Name
from domain.stock_ledger import Basis

if TYPE_CHECKING:
    from domain.documents.purchase_invoice import PurchaseInvoice


class PurchaseReceiptLine(FulfillingLine, kw_only=True):
    """Received (and rejected) goods; `against_invoice` where the bill came first."""

    rejected_qty: Quantity | None = None
    rejected_warehouse: Name | None = None
    expense_account: Name | None = None
    provisional_account: Name | None = None
    against_invoice: LineRef | Name | None = None


class PurchaseReceipt(TradeDocument, tag="purchase_receipt", kw_only=True):
    """Goods received from a supplier."""

    lines: list[PurchaseReceiptLine]
    supplier: Name | None = None


def plan(document: PurchaseReceipt, head: Head, books: Books) -> Plan:
    """Goods in at cost against stock received but not billed; valuation charges against their own accounts.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    if document.is_return:
        returned = purchase_return.plan(document, document.lines, head, books, "stock_received_not_billed")
        fulfil(returned, document.lines, head, books, "purchase_order")
        return returned
    view, planned = head.view, Plan()
    fulfil(planned, document.lines, head, books, "purchase_order")
    amounts = compute(document, document.lines, view, buying=True)
    costs = line_costs(amounts, document.lines, view)
    srbnb = view.role("stock_received_not_billed")
    for index, (line, cost) in enumerate(zip(document.lines, costs, strict=True)):
        field = f"lines[{index}]"
        item = view.item(line.item, f"{field}.item")
        if not item.is_stock_item:
            dimensions = dimensions_of(head, line.dimensions, document.dimensions, item)
            accrue(planned, head, line, item, cost.net, dimensions, field)
            continue
        warehouse = require_warehouse(line.warehouse, item, view, field)
        qty = stock_qty(line, item, line.qty, field)
        center = cost_center_of(head, line.cost_center, item)
        dimensions = dimensions_of(head, line.dimensions, document.dimensions, item)
        received = parts(view, line, item, warehouse, qty, field) if qty else []
        billed_first = line.against_invoice is not None
        expense = "" if head.perpetual else view.expense_account(line.expense_account, item, "default_expense", field)
        unbilled = UnbilledLine(planned, head, expense, center, dimensions)
        value = _value_of(line, cost, index, unbilled, books, amounts) if billed_first else cost.total
        shares = allocate(value, [part.qty for part in received]) if received else []
        for part, share in zip(received, shares, strict=True):
            planned.move(
                head, index + 1, part.chain, part.qty, Basis.STATED, account=view.stock_account(warehouse, f"{field}.warehouse"),
                contra=srbnb, cost_center=center, dimensions=dimensions, batch=part.batch, stated=share,
            )  # fmt: skip
        if head.perpetual:
            for charge in cost.charges:
                account = view.account(charge.account, "taxes.account")
                planned.entry(head, srbnb, charge.amount, dimensions=dimensions)
                planned.entry(head, account, -charge.amount, cost_center=charge.cost_center, dimensions=dimensions)
        elif not billed_first:
            unbilled.book(sum(charge.amount for charge in cost.charges) - sum(shares))
        if line.rejected_qty:
            _reject_goods(planned, head, line, item, index, warehouse, dimensions)
    planned.figures = amounts.figures
    return planned


def _reject_goods(
    planned: Plan, head: Head, line: PurchaseReceiptLine, item: Item, index: int, accepted_in: str, dimensions: str
) -> None:
    """Rejected goods lie in their own warehouse at no value until they go back."""
    view, field = head.view, f"lines[{index}]"
    qty = stock_qty(line, item, line.rejected_qty or 0, field)
    part = rejected_part(view, line, item, qty, accepted_in, field)
    planned.move(
        head, index + 1, part.chain, part.qty, Basis.STATED,
        account=view.stock_account(part.chain.warehouse, f"{field}.rejected_warehouse"),
        contra=view.role("stock_received_not_billed"), dimensions=dimensions, batch=part.batch,
    )  # fmt: skip


def _value_of(
    line: PurchaseReceiptLine, cost: LineCost, index: int, unbilled: UnbilledLine, books: Books, amounts: Amounts
) -> int:
    """The line's incoming value; where the bill came first, stock received but not billed is cleared at the bill's amount.

    The part of the gap that comes from another exchange rate goes to exchange gain or loss, never into stock; a price gap
    follows the company's rate difference policy. The link keeps what the line clears.
    """
    planned, head = unbilled.planned, unbilled.head
    ref = reference(line.against_invoice)
    if ref is None:
        return cost.total
    field = f"lines[{index}].against_invoice"
    view = head.view
    invoice = require_posted(books, "purchase_invoice", ref.number, field)
    bill = cast("PurchaseInvoice", invoice.document)
    billed_index = referred_line(bill.lines, ref, line.item, field)
    billed = compute(bill, bill.lines, view, buying=True)
    before, whole = linked_qty(invoice, billed_index + 1, "receives", planned), bill.lines[billed_index].qty
    price = cost.net - cumulative_share(billed.nets_base[billed_index], before, line.qty, whole)
    link = Link(head.sequence, index + 1, "receives", invoice.sequence, billed_index + 1, line.qty, cost.net)
    planned.links.append(link)
    if amounts.currency is not view.currency and billed.currency.code == amounts.currency.code:
        dearer = amounts.nets[index] - cumulative_share(billed.nets[billed_index], before, line.qty, whole)
        exchange = price - convert(dearer, amounts.exchange_rate, amounts.currency, view.currency)
        link.amount -= exchange
        price -= exchange
        _book_gap(unbilled, exchange, "exchange_gain_loss")
    value = cost.total
    policy = view.company.rate_difference
    if price and policy == "refuse":
        raise DocumentRejected(
            "RateDiffers",
            f"lines[{index}].rate: {ref.number} bills another rate, and {view.company.name} refuses rate differences. Correct "
            "the receipt, or change the company's rate_difference.",
            f"lines[{index}].rate",
        )
    if price and policy != "leave":
        link.amount -= price
        if policy == "revalue":
            value -= price
        else:
            _book_gap(unbilled, price, "purchase_price_variance")
    if not head.perpetual:
        unbilled.book(-link.amount, invoice.sequence)
    return value


def _book_gap(unbilled: UnbilledLine, amount: int, role: str) -> None:
    """What a receipt costs more than its bill says, and goods don't carry: no account under periodic inventory, where bills are expense."""
    head = unbilled.head
    if head.perpetual:
        unbilled.book(amount)
        unbilled.planned.entry(
            head, head.view.role(role), -amount, cost_center=unbilled.cost_center, dimensions=unbilled.dimensions
        )
