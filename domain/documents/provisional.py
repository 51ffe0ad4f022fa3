"""Services received before their bill: an expense against a provisional liability, until bills and returns take both back.

A bill releases what it bills under the receipt's own voucher, as a receipt's other corrections are; so each voucher shows what it
stands for by now, and the bill alone shows the expense. A return takes its share of the accrual with it under its own voucher. Shares
go by posting times: a bill that comes between others, or is cancelled from between them, changes those behind it.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, cast

from domain.books import Books, Link, PostedVoucher
from domain.documents.allowance import require_left
from domain.documents.amounts import compute
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.references import referred_line, require_posted, taken_qty, whole_qty
from domain.documents.shape import LineRef
from domain.documents.shares import Change, Sharer, entering, leaving, place_of, sharer, takers
from domain.exact import cumulative_share
from domain.general_ledger import Entry
from domain.masters import Item

if TYPE_CHECKING:
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


def release(planned: Plan, own: Sharer, ref: LineRef, books: Books) -> None:
    """Take back what the receipt accrued for the part that a bill's line bills, at the most for all of it.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    head, field = own.head, f"lines[{own.place}].against_receipt"
    if not head.view.company.provisional_accounting_for_non_stock:
        return
    receipt = require_posted(books, "purchase_receipt", ref.number, field)
    received = cast("PurchaseReceipt", receipt.document)
    accrual = Accrual(receipt, referred_line(received.lines, ref, own.line.item, field), head)
    accrual.bill(planned, own, books, field)


class Accrual:
    """What a line (from 0) of a receipt accrued for a service; `head` is that of the document that bills, returns or cancels."""

    def __init__(self, receipt: PostedVoucher, place: int, head: Head) -> None:
        view, document = head.view, cast("PurchaseReceipt", receipt.document)
        self.receipt, self.place, self.head, self.view = receipt, place, head, view
        self.line, self.item = document.lines[place], view.kept_item(document.lines[place].item)
        self.whole = whole_qty(receipt, place, view)
        accruing = Head.of(receipt.sequence, document, view)
        self._center = cost_center_of(accruing, self.line.cost_center, self.item)
        self._dimensions = dimensions_of(accruing, self.line.dimensions, document.dimensions, self.item)
        self._accrued = compute(document, document.lines, view, buying=True).nets_base[place] if self._stands() else 0

    def _stands(self) -> bool:
        """Whether the receipt accrued anything: as the company had it then, and not under periodic inventory."""
        changes = self.view.book.changes(
            "company", self.view.company.name, attrgetter("provisional_accounting_for_non_stock")
        )
        then = next((stated for since, stated in reversed(changes) if since <= self.receipt.sequence), False)
        return bool(then) and self.view.follows_perpetual(self.receipt.sequence, self.receipt.at)

    def bill(self, planned: Plan, own: Sharer, books: Books, field: str) -> None:
        """A bill's line releases its share, and those behind it in time have theirs. Errors: DocumentRejected, Lacking."""
        head, receipt = self.head, self.receipt
        qty = taken_qty(own.line, own.line.qty, receipt, self.place, "bills", self.view, field, planned)
        require_left(receipt, self.place, "bills", qty, self.view, field, planned)
        before, changes = entering(
            takers(receipt, self.place + 1, "bills", head, planned), place_of(head, own.place + 1), qty
        )
        planned.links.append(Link(head.sequence, own.place + 1, "bills", receipt.sequence, self.place + 1, qty))
        self._release(planned, head, self._share(before, qty))
        self._correct(planned, changes, books)

    def withdraw(self, planned: Plan, bill: PostedVoucher, books: Books) -> None:
        """A bill is cancelled: those behind it have other shares now. Errors: Lacking."""
        everyone = takers(self.receipt, self.place + 1, "bills", self.head)
        self._correct(planned, leaving(everyone, bill.sequence), books)

    def give_back(self, planned: Plan, head: Head, share: int) -> None:
        """A return, whose head is given, takes its share of the line with it, and so of the accrual."""
        if not self._accrued:
            return
        expense, liability = _accounts(self.head, self.line, self.item, f"lines[{self.place}]")
        planned.entry(head, liability, share, dimensions=self._dimensions)
        planned.entry(head, expense, -share, cost_center=self._center, dimensions=self._dimensions)

    def _correct(self, planned: Plan, changes: list[Change], books: Books) -> None:
        for change in changes:
            other = sharer(change.taker, self.head, books).head
            had, has = (self._share(before, change.taker.qty) for before in (change.before, change.now))
            self._release(planned, other, has - had)

    def _share(self, before: int, qty: int) -> int:
        """What `qty` has of the accrual after so much of it was taken; nothing beyond all of it."""
        first, last = (max(0, min(upto, self.whole)) for upto in (before, before + qty))
        return cumulative_share(self._accrued, first, last - first, self.whole)

    def _release(self, planned: Plan, by: Head, share: int) -> None:
        """Under the receipt's voucher, on the day of the bill that it is released by."""
        expense, liability = _accounts(self.head, self.line, self.item, f"lines[{self.place}]")
        for account, amount in ((liability, share), (expense, -share)):
            if amount:
                planned.entries.append(
                    Entry(
                        voucher=self.receipt.sequence, account=account, amount=amount, date=by.date,
                        cost_center=self._center if self.view.is_profit_and_loss(account) else "", dimensions=self._dimensions,
                        against=by.sequence, cause=self.head.sequence,
                    )
                )  # fmt: skip


def _accounts(head: Head, line: PurchaseReceiptLine, item: Item, field: str) -> tuple[str, str]:
    """The expense account of a service and the account of the provisional liability."""
    view, stated = head.view, line.provisional_account
    expense = view.expense_account(line.expense_account, item, "default_expense", f"{field}.expense_account")
    return expense, view.account(stated, f"{field}.provisional_account") if stated else view.role("provisional")
