"""Purchase receipt: goods come in from a supplier, valued at their net amount and a share of the valuation charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from domain.books import Books, PostedVoucher
from domain.documents import purchase_return
from domain.documents.amounts import Amounts, compute
from domain.documents.bills_of_receipt import BillsOfReceipt
from domain.documents.item_lines import parts, rejected_part, require_warehouse, stock_qty
from domain.documents.orders import FulfillingLine, fulfil
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.provisional import accrue
from domain.documents.purchase_costs import LineCost, line_costs
from domain.documents.receipts_of_bill import ReceiptsOfBill
from domain.documents.references import reference, referred_line, require_posted
from domain.documents.shape import LineRef, TradeDocument
from domain.documents.shares import Sharer, cleared_by
from domain.documents.unbilled import line_of
from domain.exact import allocate
from domain.masters import Item
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
    view, planned, perpetual = head.view, Plan(), head.perpetual
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
        qty = stock_qty(line, item, line.qty, field)
        all_rejected = (
            line.rejected_qty and not qty
        )  # nothing comes into a warehouse of its own, and it need not name one
        warehouse = line.warehouse if all_rejected else require_warehouse(line.warehouse, item, view, field)
        center = cost_center_of(head, line.cost_center, item)
        dimensions = dimensions_of(head, line.dimensions, document.dimensions, item)
        received = parts(view, line, item, warehouse, qty, field) if qty and warehouse else []
        billed_first = line.against_invoice is not None
        value = cost.total
        if billed_first:
            value = _value_of(planned, Sharer(document, index, head), cost, books, amounts)
        if received:
            account = view.stock_account(received[0].chain.warehouse, f"{field}.warehouse")
            shares = [value] if len(received) == 1 else allocate(value, [part.qty for part in received])
            for part, share in zip(received, shares, strict=True):
                planned.move(
                    head, index + 1, part.chain, part.qty, Basis.STATED, account=account,
                    contra=srbnb, cost_center=center, dimensions=dimensions, batch=part.batch, stated=share,
                )  # fmt: skip
        if perpetual:
            for charge in cost.charges:
                account = view.account(charge.account, "taxes.account")
                planned.entry(head, srbnb, charge.amount, dimensions=dimensions)
                planned.entry(head, account, -charge.amount, cost_center=charge.cost_center, dimensions=dimensions)
        elif not billed_first:
            line_of(planned, Sharer(document, index, head), head).book(
                sum(charge.amount for charge in cost.charges) - (value if received else 0)
            )
        if line.rejected_qty:
            _reject_goods(planned, head, line, item, index, warehouse, dimensions)
    planned.figures = amounts.figures
    return planned


def _reject_goods(
    planned: Plan,
    head: Head,
    line: PurchaseReceiptLine,
    item: Item,
    index: int,
    accepted_in: str | None,
    dimensions: str,
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


def _value_of(planned: Plan, own: Sharer, cost: LineCost, books: Books, amounts: Amounts) -> int:
    """The line's incoming value; where the bill came first, its price counts as far as the company's policy has it so.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    line, head = cast("PurchaseReceiptLine", own.line), own.head
    ref = reference(line.against_invoice)
    if ref is None:
        return cost.total
    field = f"lines[{own.place}].against_invoice"
    invoice = require_posted(books, "purchase_invoice", ref.number, field)
    place = referred_line(cast("PurchaseInvoice", invoice.document).lines, ref, line.item, field)
    clearing = ReceiptsOfBill(invoice, place, head)
    gap = clearing.receive(planned, own, amounts, cost.net, books)
    _follow(planned, clearing, books)
    return cost.total - gap


def _follow(planned: Plan, clearing: ReceiptsOfBill, books: Books) -> None:
    """Receipts that clear other parts of their bill now have their returns take back others. Errors: Lacking."""
    for receipt, had, has in clearing.reshared:
        if receipt.voucher is not None and had != has:
            added = BillsOfReceipt(receipt.voucher, receipt.place, clearing.head).revalued_by(planned)
            then, now = (purchase_return.ToGiveBack(one, added) for one in (had, has))
            purchase_return.follow(planned, receipt.voucher, receipt.place, clearing.head, then, now, books)


def withdraw(planned: Plan, head: Head, target: PostedVoucher, books: Books) -> None:
    """A receipt is cancelled: those behind it that were billed before by the same lines have other shares now. Errors: Lacking."""
    document = cast("PurchaseReceipt", target.document)
    bills = {ref.number for line in document.lines if (ref := reference(line.against_invoice)) is not None}
    for number in sorted(bills):
        bill = books.voucher("purchase_invoice", number)
        for line in cleared_by(target, bill, "receives"):
            clearing = ReceiptsOfBill(cast("PostedVoucher", bill), line - 1, head)
            clearing.leave(planned, target, books)
            _follow(planned, clearing, books)
