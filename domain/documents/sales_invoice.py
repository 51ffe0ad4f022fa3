"""Sales invoice: revenue, taxes and receivable; with `update_stock` it delivers the goods as well."""

from __future__ import annotations

from typing import cast

from domain.books import Books, Link, PostedVoucher
from domain.documents.allowance import require_left
from domain.documents.amounts import Amounts, compute
from domain.documents.delivery_note import DeliveryNote
from domain.documents.exchange import settle_in_full
from domain.documents.orders import FulfillingLine, fulfil
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.references import reference, referred_line, require_posted, taken_qty
from domain.documents.returns import Returned, original_of, take_back
from domain.documents.sales_cost import deliver
from domain.documents.shape import LineRef, Payment, TradeDocument
from domain.errors import DocumentRejected
from domain.exact import div_mirrored
from domain.master_view import MasterView
from domain.money import Currency, Money, Rate
from domain.posting_time import PostingTime
from domain.shape import Name


class RoundedTotal:
    """Whether, and to what, the grand total is rounded: true or false, or the rounded total as the publisher states it."""

    __slots__ = ("stated", "wanted")

    def __init__(self, wanted: bool, stated: int | None = None) -> None:
        self.wanted = wanted
        self.stated = stated

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RoundedTotal) and (other.wanted, other.stated) == (self.wanted, self.stated)

    def __hash__(self) -> int:
        return hash((self.wanted, self.stated))

    def __repr__(self) -> str:
        return f"RoundedTotal({self.wanted}, {self.stated})"

    @classmethod
    def parse(cls, value: bool | int | str) -> RoundedTotal:
        """From JSON true, false, or a number. Errors: ValueError (not a number)."""
        return cls(value) if isinstance(value, bool) else cls(True, Money.parse(value))


class SalesLine(FulfillingLine, kw_only=True):
    """A sold line, of an invoice or a POS invoice."""

    discount: Money | None = None
    income_account: Name | None = None
    expense_account: Name | None = None
    against_delivery: LineRef | Name | None = None
    cost_rate: Rate | None = None
    allow_zero_rate: bool = False


class SalesInvoice(TradeDocument, tag="sales_invoice", kw_only=True):
    """An invoice to a customer, paid at once where `is_pos`."""

    lines: list[SalesLine]
    customer: Name | None = None
    update_stock: bool = False
    is_pos: bool = False
    due_date: PostingTime | None = None
    payments: list[Payment] = []
    change_amount: Money | None = None
    discount_percent: Rate | None = None
    discount_amount: Money | None = None
    rounded_total: RoundedTotal | None = None
    auto_write_off: bool = False


def plan(document: SalesInvoice, head: Head, books: Books) -> Plan:
    """Receivable against income and taxes, payments against the receivable, goods at cost where stock is updated.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    view, planned = head.view, Plan()
    amounts = compute(
        document, document.lines, view, discounts=[line.discount for line in document.lines],
        discount_percent=document.discount_percent, discount_amount=document.discount_amount,
    )  # fmt: skip
    original = original_of(document, head, books) if document.is_return else None
    if document.update_stock:
        deliver(planned, document, document.lines, head, original, books)
        fulfil(planned, document.lines, head, books, "sales_order")
    elif original is not None:
        for index, line in enumerate(document.lines):
            back = take_back(planned, head, original, line, index, books)
            if line.against_delivery is None:
                _invoice_again(planned, back, head, index, amounts.nets_base[index], books)
    for index, line in enumerate(document.lines):
        _revenue(planned, document, line, amounts.nets_base[index], index, head, books)
    for tax in amounts.taxes:
        planned.entry(
            head,
            view.account(tax.tax.account, "taxes.account"),
            -tax.base,
            cost_center=tax.tax.cost_center or "",
            dimensions=dimensions_of(head, tax.tax.dimensions, document.dimensions),
        )
    settle(planned, document, amounts, head, original)
    return planned


def _revenue(
    planned: Plan, document: SalesInvoice, line: SalesLine, net: int, index: int, head: Head, books: Books
) -> None:
    field = f"lines[{index}]"
    view = head.view
    item = view.item(line.item, f"{field}.item")
    account = view.income_account(line.income_account, item, f"{field}.income_account")
    planned.entry(
        head, account, -net, cost_center=cost_center_of(head, line.cost_center, item),
        dimensions=dimensions_of(head, line.dimensions, document.dimensions, item),
    )  # fmt: skip
    ref = reference(line.against_delivery)
    if ref is None:
        return
    if document.update_stock:
        raise DocumentRejected(
            "DeliveredTwice",
            f"{field}.against_delivery: {ref.number} has delivered these goods; an invoice for it must not update stock.",
            f"{field}.against_delivery",
        )
    delivery = require_posted(books, "delivery_note", ref.number, f"{field}.against_delivery")
    delivered = cast("DeliveryNote", delivery.document)
    place = referred_line(delivered.lines, ref, line.item, f"{field}.against_delivery")
    qty = taken_qty(line, line.qty, delivery, place, "bills", view, field, planned)
    require_left(delivery, place, "bills", qty, view, field, planned)
    planned.links.append(Link(head.sequence, index + 1, "bills", delivery.sequence, place + 1, qty, net))


def _invoice_again(planned: Plan, back: Returned, head: Head, index: int, net: int, books: Books) -> None:
    """What a credit note takes back of an invoice for delivered goods waits for another invoice. Errors: Lacking."""
    invoiced = cast("SalesInvoice", back.original.document).lines[back.place]
    ref = reference(invoiced.against_delivery)
    delivery = books.voucher("delivery_note", ref.number) if ref is not None else None
    if ref is None or delivery is None:
        return
    lines = cast("DeliveryNote", delivery.document).lines
    place = referred_line(lines, ref, invoiced.item, f"lines[{index}].return_of")
    planned.links.append(Link(head.sequence, index + 1, "debits", delivery.sequence, place + 1, back.qty, net))


class _Receivable:
    """What the customer owes, step by step as an invoice is booked.

    In another currency each step books what it leaves standing, converted, less what stood before: so what is paid in full is
    zero in both currencies.
    """

    __slots__ = ("_account", "_against", "_amounts", "_head", "_planned", "_standing", "party")

    def __init__(self, planned: Plan, party: str, amounts: Amounts, head: Head, original: PostedVoucher | None) -> None:
        self.party = party
        self._planned = planned
        self._amounts = amounts
        self._head = head
        self._account = head.view.receivable(party)
        self._against = original.sequence if original else head.sequence
        self._standing = 0

    def owe(self, amount: int) -> int:
        """Let the customer owe more (positive) or less, in the document's currency; gives the amount booked, in the company's."""
        amounts, base = self._amounts, self._head.view.currency
        before, self._standing = self._standing, self._standing + amount
        owed = amounts.in_base(self._standing, base) - amounts.in_base(before, base)
        foreign = amounts.currency is not base
        self._planned.entry(
            self._head, self._account, owed, party=self.party, against=self._against,
            currency=amounts.currency.code if foreign else "", currency_amount=amount if foreign else 0,
        )  # fmt: skip
        return owed

    def settle_with(self, account: str, amount: int) -> None:
        """Let an account take over some of the debt; of a negative amount, give some back."""
        self._planned.entry(self._head, account, -self.owe(-amount))


def settle(planned: Plan, document: SalesInvoice, amounts: Amounts, head: Head, original: PostedVoucher | None) -> None:
    """The receivable, its rounding, payments per mode, change and a written-off shortfall; adds their figures."""
    view, currency = head.view, amounts.currency
    receivable = _Receivable(planned, _customer(document, original), amounts, head, original)
    total = rounded(document.rounded_total, amounts, view)
    _require_payment(document, total, currency)
    off = receivable.owe(total) - amounts.grand_total_base + amounts.tax_rounding_base
    if off:
        planned.entry(head, view.role("round_off"), -off)
    paid = 0
    for index, payment in enumerate(document.payments):
        amount = currency.exact(payment.amount, f"payments[{index}].amount")
        receivable.settle_with(payment_account(view, payment, f"payments[{index}]"), amount)
        paid += amount
    change = _change(document, total, paid, currency)
    if change:
        receivable.settle_with(payment_account(view, document.payments[-1], "payments"), -change)
    short = total - paid + change
    written_off = short if document.auto_write_off and document.payments and short else 0
    if written_off:
        receivable.settle_with(view.role("write_off"), written_off)
    if original is not None:
        settle_in_full(planned, head, original)
    show = currency.show
    planned.figures = amounts.figures | {
        "rounded_total": show(total),
        "rounding_adjustment": show(amounts.rounding_of(total)),
        "round_off": view.currency.show(off),
        "paid_amount": show(paid),
        "change_amount": show(change),
        "write_off_amount": show(written_off),
        "is_return": document.is_return,
        "customer": receivable.party,
    }


def _require_payment(document: SalesInvoice, total: int, currency: Currency) -> None:
    """An invoice that is paid at once says how. Errors: DocumentRejected."""
    if document.is_pos and not document.is_return and not document.payments and total:
        raise DocumentRejected(
            "PaymentRequired",
            f"payments: an invoice that is paid at once (is_pos) states its payments; {currency.show(total)} is asked for. State what "
            "was paid in which mode, or leave is_pos out.",
            "payments",
            {"total": currency.show(total)},
        )


def _customer(document: SalesInvoice, original: PostedVoucher | None) -> str:
    """Who owes: as stated, else whoever the returned invoice was for."""
    if document.customer is None and original is not None:
        return cast("SalesInvoice", original.document).customer or ""
    return document.customer or ""


def payment_account(view: MasterView, payment: Payment, field: str) -> str:
    """The account of a payment: stated, else that of its mode (a mode's account is created on first mention)."""
    if payment.account is not None:
        return view.account(payment.account, f"{field}.account")
    return view.mode_account(payment.mode)


def rounded(wanted: RoundedTotal | None, amounts: Amounts, view: MasterView) -> int:
    """The grand total, rounded to the smallest coin where the document asks for it (the whole unit unless the company says otherwise)."""
    if wanted is None or not wanted.wanted:
        return amounts.grand_total
    currency = amounts.currency
    fraction = view.company.smallest_currency_fraction
    coin = currency.exact(fraction, "company.smallest_currency_fraction") if fraction else 10**currency.precision
    rounded = div_mirrored(amounts.grand_total, coin) * coin
    if wanted.stated is not None and (stated := currency.exact(wanted.stated, "rounded_total")) != rounded:
        raise DocumentRejected(
            "TotalMismatch",
            f"rounded_total: stated {currency.show(stated)}, but {currency.show(amounts.grand_total)} rounds to "
            f"{currency.show(rounded)}.",
            "rounded_total",
            {"stated": currency.show(stated), "computed": currency.show(rounded)},
        )
    return rounded


def _change(document: SalesInvoice, total: int, paid: int, currency: Currency) -> int:
    """Change given back: as stated, else what a cash sale was overpaid by."""
    if document.change_amount is not None:
        if document.change_amount and not document.payments:
            raise DocumentRejected(
                "PaymentRequired",
                "change_amount: change is given back out of a payment, and there is none. State the payments.",
                "payments",
            )
        return currency.exact(document.change_amount, "change_amount")
    return paid - total if document.is_pos and document.payments and not document.is_return and paid > total else 0
