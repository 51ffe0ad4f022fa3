"""Services received before their bill: an expense against a provisional liability, until the bill takes both back.

The bill releases what it bills under the receipt's own voucher, as a receipt's other corrections are; so each voucher shows what it
stands for by now, and the bill alone shows the expense.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from domain.books import Books, Link
from domain.documents.amounts import compute
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.references import linked_qty, referred_line, require_posted, taken_qty, whole_qty
from domain.documents.shape import LineRef
from domain.exact import cumulative_share
from domain.general_ledger import Entry
from domain.masters import Item

if TYPE_CHECKING:
    from domain.documents.purchase_invoice import PurchaseInvoiceLine
    from domain.documents.purchase_receipt import PurchaseReceipt, PurchaseReceiptLine


def accrue(
    planned: Plan, head: Head, line: PurchaseReceiptLine, item: Item, net: int, dimensions: str, field: str
) -> None:
    """A service received: its expense against a provisional liability, where the company accounts for it before the bill.

    Errors: DocumentRejected, DocumentParked.
    """
    view = head.view
    if not (head.perpetual and view.company.provisional_accounting_for_non_stock):
        return
    expense, liability = _accounts(head, line, item, field)
    planned.entry(head, expense, net, cost_center=cost_center_of(head, line.cost_center, item), dimensions=dimensions)
    planned.entry(head, liability, -net, dimensions=dimensions)


def release(
    planned: Plan, head: Head, books: Books, line: PurchaseInvoiceLine, ref: LineRef, item: Item, index: int
) -> None:
    """Take back what the receipt accrued for the part that this line bills, at the most for all of it.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    view, field = head.view, f"lines[{index}].against_receipt"
    if not view.company.provisional_accounting_for_non_stock:
        return
    receipt = require_posted(books, "purchase_receipt", ref.number, field)
    received = cast("PurchaseReceipt", receipt.document)
    place = referred_line(received.lines, ref, line.item, field)
    own, whole = received.lines[place], whole_qty(receipt, place, view)
    before = linked_qty(receipt, place + 1, "bills", planned)
    qty = taken_qty(line, line.qty, receipt, place, "bills", view, field, planned)
    planned.links.append(Link(head.sequence, index + 1, "bills", receipt.sequence, place + 1, qty))
    if not view.follows_perpetual(receipt.sequence, receipt.at):
        return  # received under periodic inventory, which accrues nothing
    accrued = compute(received, received.lines, view, buying=True).nets_base[place]
    share = cumulative_share(accrued, before, max(0, min(qty, whole - before)), whole)
    expense, liability = _accounts(head, own, item, field)
    accruing = Head.of(receipt.sequence, received, view)
    center = cost_center_of(accruing, own.cost_center, item)
    dimensions = dimensions_of(accruing, own.dimensions, received.dimensions, item)
    for account, amount in ((liability, share), (expense, -share)):
        if amount:
            planned.entries.append(
                Entry(
                    voucher=receipt.sequence, account=account, amount=amount, date=head.date,
                    cost_center=center if view.is_profit_and_loss(account) else "", dimensions=dimensions,
                    against=head.sequence, cause=head.sequence,
                )
            )  # fmt: skip


def _accounts(head: Head, line: PurchaseReceiptLine, item: Item, field: str) -> tuple[str, str]:
    """The expense account of a service and the account of the provisional liability."""
    view, stated = head.view, line.provisional_account
    expense = view.expense_account(line.expense_account, item, "default_expense", f"{field}.expense_account")
    return expense, view.account(stated, f"{field}.provisional_account") if stated else view.role("provisional")
