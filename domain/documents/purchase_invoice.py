"""Purchase invoice: the supplier's bill, clearing what was received but not billed, or receiving the goods itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from domain.books import Books, Link, PostedVoucher
from domain.documents import purchase_return
from domain.documents.amounts import Amounts, compute
from domain.documents.item_lines import parts, require_warehouse, stock_qty
from domain.documents.orders import FulfillingLine, fulfil
from domain.documents.plan import Head, Plan, dimensions_of
from domain.documents.purchase_costs import LineCost, line_costs
from domain.documents.references import linked_qty, reference, referred_line, require_posted
from domain.documents.shape import LineRef, TradeDocument
from domain.errors import DocumentRejected
from domain.exact import allocate, cumulative_share
from domain.masters import Item
from domain.money import convert
from domain.posting_time import PostingTime
from domain.shape import Name
from domain.stock_ledger import Basis, Difference, DifferenceKind

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
    original = _original(document, books)
    _payable(planned, document, amounts, head, original)
    costs = line_costs(amounts, document.lines, view) if document.update_stock else []
    for index, line in enumerate(document.lines):
        field = f"lines[{index}]"
        item = view.item(line.item, f"{field}.item")
        net = amounts.nets_base[index]
        ref = reference(line.against_receipt)
        if document.update_stock and ref is not None:
            raise DocumentRejected(
                "ReceivedTwice",
                f"{field}.against_receipt: {ref.number} has received these goods; an invoice against it must not update stock.",
                f"{field}.against_receipt",
            )
        if not item.is_stock_item or not view.perpetual:
            _expense(planned, line, item, net, index, head, books)
            if item.is_stock_item and document.update_stock and not document.is_return:
                _receive(planned, document, line, item, costs[index], index, head)
        elif document.update_stock and document.is_return:
            planned.entry(head, view.role("purchase_price_variance"), net, cost_center=line.cost_center or "")
        elif document.update_stock:
            _receive(planned, document, line, item, costs[index], index, head)
        else:
            srbnb = view.role("stock_received_not_billed")
            planned.entry(head, srbnb, net, dimensions=dimensions_of(head, line.dimensions, document.dimensions))
            if ref is not None:
                _clear(planned, line, ref, net, index, amounts, head, books)
    _taxes(planned, amounts, head)
    planned.figures = amounts.figures
    return planned


def _original(document: PurchaseInvoice, books: Books) -> PostedVoucher | None:
    if not document.is_return or document.return_against is None:
        return None
    return require_posted(books, "purchase_invoice", document.return_against, "return_against")


def _payable(
    planned: Plan, document: PurchaseInvoice, amounts: Amounts, head: Head, original: PostedVoucher | None
) -> None:
    view = head.view
    foreign = amounts.currency is not view.currency
    planned.entry(
        head, view.payable(document.supplier or ""), -amounts.grand_total_base, party=document.supplier or "",
        against=original.sequence if original else head.sequence,
        currency=amounts.currency.code if foreign else "", currency_amount=-amounts.grand_total if foreign else 0,
    )  # fmt: skip
    if amounts.tax_rounding_base:
        planned.entry(head, view.role("round_off"), amounts.tax_rounding_base)


def _expense(
    planned: Plan, line: PurchaseInvoiceLine, item: Item, net: int, index: int, head: Head, books: Books
) -> None:
    """A service, or goods of a company that keeps periodic inventory: an expense; a provisional one is released first."""
    field = f"lines[{index}]"
    view = head.view
    role = "default_expense"
    account = view.expense_account(line.expense_account, item, role, f"{field}.expense_account")
    ref = reference(line.against_receipt)
    if ref is not None and view.company.provisional_accounting_for_non_stock and not item.is_stock_item:
        receipt = require_posted(books, "purchase_receipt", ref.number, f"{field}.against_receipt")
        received = cast("PurchaseReceipt", receipt.document)
        place = referred_line(received.lines, ref, line.item, f"{field}.against_receipt")
        own = received.lines[place]
        provisional = own.provisional_account or view.role("provisional")
        expense = view.expense_account(own.expense_account, item, role, f"{field}.expense_account")
        amounts = compute(received, received.lines, view, buying=True)
        before = linked_qty(receipt, place + 1, "bills", planned)
        part = max(0, min(line.qty, own.qty - before))
        share = cumulative_share(amounts.nets_base[place], before, part, own.qty)
        planned.entry(head, provisional, share)
        planned.entry(head, expense, -share)
        planned.links.append(Link(head.sequence, index + 1, "bills", receipt.sequence, place + 1, line.qty, net))
    planned.entry(head, account, net, cost_center=line.cost_center or "")


def _receive(
    planned: Plan,
    document: PurchaseInvoice,
    line: PurchaseInvoiceLine,
    item: Item,
    cost: LineCost,
    index: int,
    head: Head,
) -> None:
    """The bill brings the goods: stock against the payable, valuation charges against their own accounts."""
    field = f"lines[{index}]"
    view = head.view
    warehouse = require_warehouse(line.warehouse, item, view, field)
    received = parts(view, line, item, warehouse, stock_qty(line, item, line.qty, field), field)
    for part, share in zip(received, allocate(cost.total, [part.qty for part in received]), strict=True):
        planned.move(
            head, index + 1, part.chain, part.qty, Basis.STATED,
            account=view.stock_account(warehouse, f"{field}.warehouse"), contra="",
            cost_center=line.cost_center or "", dimensions=dimensions_of(head, line.dimensions, document.dimensions),
            batch=part.batch, stated=share,
        )  # fmt: skip
    if view.perpetual:
        for charge in cost.charges:
            planned.entry(
                head, view.account(charge.account, "taxes.account"), -charge.amount, cost_center=charge.cost_center
            )


def _taxes(planned: Plan, amounts: Amounts, head: Head) -> None:
    """What the supplier bills as tax or charge: to its own account (a charge booked at the receipt is cleared there)."""
    for tax in amounts.taxes:
        if tax.tax.category != "valuation":
            planned.entry(
                head,
                head.view.account(tax.tax.account, "taxes.account"),
                tax.base,
                cost_center=tax.tax.cost_center or "",
            )


def _clear(
    planned: Plan,
    line: PurchaseInvoiceLine,
    ref: LineRef,
    net: int,
    index: int,
    amounts: Amounts,
    head: Head,
    books: Books,
) -> None:
    """Clear stock received but not billed; where bill and receipt differ, by the company's policy.

    The price part is revalued into the receipt's stock, taken as variance, left standing or refused; the exchange part always
    goes to exchange gain or loss.
    """
    field = f"lines[{index}].against_receipt"
    view = head.view
    receipt = require_posted(books, "purchase_receipt", ref.number, field)
    received = cast("PurchaseReceipt", receipt.document)
    place = referred_line(received.lines, ref, line.item, field)
    before = linked_qty(receipt, place + 1, "bills", planned)
    planned.links.append(Link(head.sequence, index + 1, "bills", receipt.sequence, place + 1, line.qty, net))
    own = received.lines[place]
    booked = compute(received, received.lines, view, buying=True)
    expected = cumulative_share(booked.nets_base[place], before, line.qty, own.qty)
    exchange = 0
    if booked.currency.code == amounts.currency.code and amounts.currency is not view.currency:
        exchange = convert(
            amounts.nets[index], amounts.exchange_rate - booked.exchange_rate, amounts.currency, view.currency
        )
    price = net - expected - exchange
    srbnb = view.role("stock_received_not_billed")
    if exchange:
        planned.entry(head, srbnb, -exchange)
        planned.entry(head, view.role("exchange_gain_loss"), exchange)
    policy = view.company.rate_difference
    if not price or policy == "leave":
        return
    if policy == "refuse":
        raise DocumentRejected(
            "RateDiffers",
            f"lines[{index}].rate: {ref.number} was received at another rate, and {view.company.name} refuses rate "
            "differences. Correct the bill, or change the company's rate_difference.",
            f"lines[{index}].rate",
        )
    if policy == "variance":
        planned.entry(head, srbnb, -price)
        planned.entry(head, view.role("purchase_price_variance"), price, cost_center=line.cost_center or "")
        return
    movements = [m for m in receipt.movements if m.line == place + 1 and m.qty > 0 and m.basis == Basis.STATED]
    for movement, share in zip(movements, allocate(price, [m.qty for m in movements]), strict=True):
        planned.differences.append(
            Difference(
                movement=movement.id, voucher=receipt.sequence, chain=movement.chain, at=movement.at, date=movement.date,
                amount=share, kind=DifferenceKind.RATE_DIFFERENCE, account=movement.account, contra=srbnb,
                document=head.sequence, cost_center=movement.cost_center, dimensions=movement.dimensions,
            )
        )  # fmt: skip
