"""Purchase invoice: the supplier's bill, clearing what was received but not billed, or receiving the goods itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from domain.books import Books, PostedVoucher
from domain.documents import purchase_return
from domain.documents.allowance import require_left
from domain.documents.amounts import Amounts, compute
from domain.documents.bills_of_receipt import Added, BillsOfReceipt
from domain.documents.debit_note import DebitNotes
from domain.documents.exchange import settle_in_full
from domain.documents.item_lines import parts, require_warehouse, stock_qty
from domain.documents.orders import FulfillingLine, fulfil
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.provisional import Accrual, release
from domain.documents.purchase_costs import LineCost, line_costs
from domain.documents.references import reference, referred_line, require_posted
from domain.documents.returns import original_line, original_of, take_back
from domain.documents.shape import LineRef, TradeDocument
from domain.documents.shares import Sharer, cleared_by
from domain.documents.unbilled import line_of
from domain.errors import DocumentRejected
from domain.exact import allocate
from domain.master_view import MasterView
from domain.masters import Item
from domain.posting_time import PostingTime
from domain.shape import Name
from domain.stock_ledger import Basis

if TYPE_CHECKING:
    from domain.documents.purchase_receipt import PurchaseReceipt


class PurchaseInvoiceLine(FulfillingLine, kw_only=True):
    """A billed line; `against_receipt` names the receipt line that it bills."""

    against_receipt: LineRef | Name | None = None
    expense_account: Name | None = None


class PurchaseInvoice(TradeDocument, tag="purchase_invoice", kw_only=True):
    """A supplier's bill; with `update_stock` it receives the goods as well."""

    lines: list[PurchaseInvoiceLine]
    supplier: Name | None = None
    update_stock: bool = False
    due_date: PostingTime | None = None


@dataclass(frozen=True, slots=True)
class _Billed:
    """One line of the bill: its item, its net amount (minor units of the company's currency), and where it is charged."""

    index: int
    line: PurchaseInvoiceLine
    item: Item
    net: int
    cost_center: str
    dimensions: str

    @property
    def field(self) -> str:
        """Where the line stands in the document."""
        return f"lines[{self.index}]"

    def expense_account(self, view: MasterView) -> str:
        """Where the line goes as an expense. Errors: DocumentRejected where nothing says."""
        return view.expense_account(
            self.line.expense_account, self.item, "default_expense", f"{self.field}.expense_account"
        )

    def book(self, planned: Plan, head: Head, account: str, amount: int) -> None:
        """An entry of this line."""
        planned.entry(head, account, amount, cost_center=self.cost_center, dimensions=self.dimensions)


def plan(document: PurchaseInvoice, head: Head, books: Books) -> Plan:
    """Payable to the supplier against stock received but not billed, stock, expense and taxes.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    view = head.view
    amounts = compute(document, document.lines, view, buying=True)
    goods_go_back = document.is_return and document.update_stock
    planned = purchase_return.plan(document, document.lines, head, books, "") if goods_go_back else Plan()
    if document.update_stock:
        fulfil(planned, document.lines, head, books, "purchase_order")
    original = original_of(document, head, books) if document.is_return else None
    _payable(planned, document, amounts, head, original)
    costs = line_costs(amounts, document.lines, view) if document.update_stock else []
    for index, line in enumerate(document.lines):
        item = view.item(line.item, f"lines[{index}].item")
        billed = _Billed(
            index, line, item, amounts.nets_base[index], cost_center_of(head, line.cost_center, item),
            dimensions_of(head, line.dimensions, document.dimensions, item),
        )  # fmt: skip
        ref = reference(line.against_receipt)
        takes_off = original is not None and not document.update_stock
        debits = takes_off and item.is_stock_item and ref is None
        if original is not None and takes_off and not debits:
            take_back(planned, head, original, line, index, books)
        if document.update_stock and ref is not None:
            raise DocumentRejected(
                "ReceivedTwice",
                f"{billed.field}.against_receipt: {ref.number} has received these goods; an invoice against it must not "
                "update stock.",
                f"{billed.field}.against_receipt",
            )
        if not item.is_stock_item:
            _expense(planned, document, billed, head, books)
        elif original is not None and debits:
            _debit(planned, document, billed, amounts, head, original, books)
        elif not document.update_stock:
            _bill(planned, document, billed, amounts, head, books)
        elif not document.is_return:
            _receive(planned, billed, costs[index], head)
        elif head.perpetual:
            billed.book(planned, head, view.role("purchase_price_variance"), billed.net)
        if item.is_stock_item and not head.perpetual:
            billed.book(planned, head, billed.expense_account(view), billed.net)
    _taxes(planned, document, amounts, head)
    planned.figures = amounts.figures | {"round_off": view.currency.show(amounts.tax_rounding_base)}
    return planned


def _payable(
    planned: Plan, document: PurchaseInvoice, amounts: Amounts, head: Head, original: PostedVoucher | None
) -> None:
    view = head.view
    foreign = amounts.currency is not view.currency
    party = document.supplier or ""
    if document.supplier is None and original is not None:
        party = cast("PurchaseInvoice", original.document).supplier or ""
    planned.entry(
        head, view.payable(party), -amounts.grand_total_base, party=party,
        against=original.sequence if original else head.sequence,
        currency=amounts.currency.code if foreign else "", currency_amount=-amounts.grand_total if foreign else 0,
    )  # fmt: skip
    if amounts.tax_rounding_base:
        planned.entry(head, view.role("round_off"), amounts.tax_rounding_base)
    if original is not None:
        settle_in_full(planned, head, original)


def _expense(planned: Plan, document: PurchaseInvoice, billed: _Billed, head: Head, books: Books) -> None:
    """A service: an expense, in the place of a provisional one."""
    ref = reference(billed.line.against_receipt)
    if ref is not None:
        release(planned, Sharer(document, billed.index, head), ref, books)
    billed.book(planned, head, billed.expense_account(head.view), billed.net)


def _receive(planned: Plan, billed: _Billed, cost: LineCost, head: Head) -> None:
    """The bill brings the goods: stock against the payable, valuation charges against their own accounts."""
    view, line, item, field = head.view, billed.line, billed.item, billed.field
    warehouse = require_warehouse(line.warehouse, item, view, field)
    received = parts(view, line, item, warehouse, stock_qty(line, item, line.qty, field), field)
    for part, share in zip(received, allocate(cost.total, [part.qty for part in received]), strict=True):
        planned.move(
            head, billed.index + 1, part.chain, part.qty, Basis.STATED,
            account=view.stock_account(warehouse, f"{field}.warehouse"), contra="",
            cost_center=billed.cost_center, dimensions=billed.dimensions, batch=part.batch, stated=share,
        )  # fmt: skip
    if head.perpetual:
        for charge in cost.charges:
            account = view.account(charge.account, "taxes.account")
            planned.entry(head, account, -charge.amount, cost_center=charge.cost_center, dimensions=billed.dimensions)


def _taxes(planned: Plan, document: PurchaseInvoice, amounts: Amounts, head: Head) -> None:
    """What the supplier bills as tax or charge: to its own account (a charge booked at the receipt is cleared there)."""
    for tax in amounts.taxes:
        if tax.tax.category != "valuation":
            planned.entry(
                head, head.view.account(tax.tax.account, "taxes.account"), tax.base, cost_center=tax.tax.cost_center or "",
                dimensions=dimensions_of(head, tax.tax.dimensions, document.dimensions),
            )  # fmt: skip


def _bill(
    planned: Plan, document: PurchaseInvoice, billed: _Billed, amounts: Amounts, head: Head, books: Books
) -> None:
    """Goods that come by a receipt: the bill debits stock received but not billed, and clears the receipt that it names.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    own, ref = Sharer(document, billed.index, head), reference(billed.line.against_receipt)
    if ref is None:
        line_of(planned, own, head).book(billed.net)
        return
    field = f"{billed.field}.against_receipt"
    receipt = require_posted(books, "purchase_receipt", ref.number, field)
    received = cast("PurchaseReceipt", receipt.document)
    place = referred_line(received.lines, ref, billed.line.item, field)
    if received.is_return and billed.line.qty > 0:
        raise DocumentRejected(
            "NotOnReference",
            f"{field}: {receipt.number} sent goods back; name the receipt that brought them.",
            field,
            {"number": receipt.number},
        )
    clearing = BillsOfReceipt(receipt, place, head)
    known = clearing.revalued_by(planned)
    clearing.bill(planned, own, amounts, books)
    _follow(planned, clearing, known, books)


def _debit(
    planned: Plan,
    document: PurchaseInvoice,
    billed: _Billed,
    amounts: Amounts,
    head: Head,
    original: PostedVoucher,
    books: Books,
) -> None:
    """Goods that came by a receipt are taken off their bill. Errors: as `original_line`."""
    back = original_line(original, billed.line, billed.index, head.view, books, planned)
    notes = DebitNotes(original, back.place, head)
    clearing = notes.clearing(books)
    known = Added(0, 0, 0) if clearing is None else clearing.revalued_by(planned)
    notes.take(planned, Sharer(document, billed.index, head), back, amounts, books)
    if clearing is not None:
        _follow(planned, clearing, known, books)


def _follow(planned: Plan, clearing: BillsOfReceipt, known: Added, books: Books, cancelled: int = 0) -> None:
    """Debit notes of bills that clear other parts of a receipt now take back others, which may be billed again; and where bills add more
    or less to it than what is `known`, its returns take back as much more or less. Errors: Lacking.
    """
    receipt, place, head = clearing.target, clearing.place, clearing.head
    repriced = True
    while repriced:
        reshared, clearing.reshared = clearing.reshared, []
        for bill, then, now in reshared:
            if bill.voucher is not None and then != now:
                DebitNotes(bill.voucher, bill.place, head).follow(planned, then, now, books, cancelled)
        repriced = clearing.reprice(planned, books, cancelled)
    added = clearing.revalued_by(planned, cancelled)
    if added != known:
        own = purchase_return.own_clearance(receipt, place, head, planned, books)
        had, has = (purchase_return.ToGiveBack(own, upto) for upto in (known, added))
        purchase_return.follow(planned, receipt, place, head, had, has, books)


def withdraw(planned: Plan, head: Head, target: PostedVoucher, books: Books) -> None:
    """A bill is cancelled: those behind it that bill the same goods have other shares now, and so has their stock. Errors: Lacking."""
    document = cast("PurchaseInvoice", target.document)
    receipts = {ref.number for line in document.lines if (ref := reference(line.against_receipt)) is not None}
    for number in sorted(receipts):
        receipt = books.voucher("purchase_receipt", number)
        for line in cleared_by(target, receipt, "bills"):
            received = cast("PostedVoucher", receipt)
            item = cast("PurchaseReceipt", received.document).lines[line - 1].item
            if not head.view.kept_item(item).is_stock_item:
                Accrual(received, line - 1, head).withdraw(planned, target, books)
                continue
            clearing = BillsOfReceipt(received, line - 1, head)
            known = clearing.revalued_by(planned)
            clearing.withdraw(planned, target, books)
            _follow(planned, clearing, known, books, target.sequence)


def withdraw_note(planned: Plan, head: Head, target: PostedVoucher, books: Books) -> None:
    """A debit note is cancelled: those behind it take back other shares, and what it put back is billed again.

    Errors: DocumentRejected where that was billed again meanwhile; Lacking.
    """
    document = cast("PurchaseInvoice", target.document)
    bill = cast("PostedVoucher", books.voucher(target.type, document.return_against or ""))
    for line in cleared_by(target, bill, "returns"):
        notes = DebitNotes(bill, line - 1, head)
        if not head.view.kept_item(notes.billed.line.item).is_stock_item:
            continue
        clearing = notes.clearing(books)
        if clearing is None:
            notes.withdraw(planned, target, books)
            continue
        known = clearing.revalued_by(planned)
        links = clearing.target.links
        put_back = sum(link.qty for link in links if (link.voucher, link.kind) == (target.sequence, "debits"))
        require_left(clearing.target, clearing.place, clearing.kind, put_back, head.view, "target", planned)
        notes.withdraw(planned, target, books)
        _follow(planned, clearing, known, books, target.sequence)
