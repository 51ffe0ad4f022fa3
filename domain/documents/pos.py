"""Point of sale documents: the opening of a till, its sales and its closing.

A sale moves projected quantities at once and the ledgers at its closing. What it comes to is decided here, once, and kept as a
receipt; the closing only sums.
"""

from __future__ import annotations

from typing import Literal

from domain.books import Books, Lacking, PostedVoucher
from domain.documents.amounts import Amounts, compute
from domain.documents.plan import Head, Plan
from domain.documents.pos_lines import sold_lines
from domain.documents.pos_payment import Paid, take_payments
from domain.documents.returns import original_of, take_back
from domain.documents.sales_invoice import RoundedTotal, SalesLine, rounded
from domain.documents.shape import Document, Payment, TradeDocument
from domain.errors import DocumentRejected
from domain.master_book import unknown_master
from domain.master_view import MasterView
from domain.masters import PosProfile
from domain.money import Money, Rate
from domain.pos_receipt import PosReceipt, ReceiptLine, ReceiptTax, TaxKey
from domain.posting_time import PostingTime
from domain.quantity import show_quantity
from domain.shape import ModeAmount, Name
from domain.stock_ledger import Chain, Lot
from domain.till import Till


class PosOpening(Document, tag="pos_opening", kw_only=True):
    """A till opens with a float per mode."""

    pos_profile: Name
    user: Name | None = None
    balances: list[ModeAmount] = []


class PosInvoice(TradeDocument, tag="pos_invoice", kw_only=True):
    """A sale at a till: moves projected quantities at once and the ledgers at the closing."""

    pos_profile: Name
    lines: list[SalesLine]
    customer: Name | None = None
    user: Name | None = None
    payments: list[Payment] = []
    change_amount: Money | None = None
    discount_percent: Rate | None = None
    discount_amount: Money | None = None
    rounded_total: RoundedTotal | None = None
    reservation: Name | None = None


class PosClosing(Document, tag="pos_closing", kw_only=True):
    """A till closes: its open sales become one sales invoice.

    `sales_until` is when the last sale was that it takes up, the posting time where nothing is said: a bar that closes after midnight
    posts its night on the day on which it opened.
    """

    pos_profile: Name
    user: Name | None = None
    opening: Name | None = None
    sales_until: PostingTime | None = None
    counted: list[ModeAmount] = []
    invoices: Literal["all_open"] | list[Name] = "all_open"


def profile_of(view: MasterView, name: str) -> PosProfile:
    """The profile of a till. Errors: DocumentParked while it is unknown."""
    return till_of(view, name).profile


def till_of(view: MasterView, name: str) -> Till:
    """A till by the name of its profile. Errors: DocumentParked while it is unknown."""
    known = view.tills.get(name)
    if known is not None:
        return known
    profile = view.book.get("pos_profile", name)
    if not isinstance(profile, PosProfile):
        raise unknown_master("pos_profile", name, "pos_profile")
    till = view.tills[name] = Till(profile)
    return till


def till_chains(document: PosInvoice, view: MasterView) -> list[Chain]:
    """What a sale is likely to take from stock, as far as it or the profile tells where it lies. Errors: DocumentParked."""
    usual = profile_of(view, document.pos_profile).warehouse
    return [
        Chain(line.item, warehouse, line.batch or "")
        for line in document.lines
        if (warehouse := line.warehouse or usual)
    ]


def plan_opening(document: PosOpening, head: Head, books: Books) -> Plan:  # noqa: ARG001 - the signature of every plan
    """No ledger rows: the floats are where they were, only in the drawer. Errors: DocumentParked, DocumentRejected."""
    view = head.view
    profile = profile_of(view, document.pos_profile)
    balances = document.balances or profile.opening_float
    amounts = {b.mode: view.currency.exact(b.amount, f"balances[{i}].amount") for i, b in enumerate(balances)}
    return Plan(figures={"balances": {mode: view.currency.show(amount) for mode, amount in amounts.items()}})


def unpaid_figures(document: PosInvoice, view: MasterView) -> dict[str, object]:
    """What a sale comes to before anything is paid or taken from stock. Errors: DocumentRejected, DocumentParked."""
    amounts = _amounts(document, view)
    total = rounded(_rounding_of(document, profile_of(view, document.pos_profile), view), amounts, view)
    return amounts.figures | _totals(amounts, total)


def plan(document: PosInvoice, head: Head, books: Books) -> Plan:
    """The receipt of a sale: its amounts, its payments, and the goods that it reserves; no rows in either ledger.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    view = head.view
    till = till_of(view, document.pos_profile)
    amounts = _amounts(document, view)
    original = original_of(document, head, books) if document.is_return else None
    planned = Plan()
    returned = _returned_lines(planned, document, head, original, books)
    total = rounded(_rounding_of(document, till.profile, view), amounts, view)
    paid = take_payments(document, till, amounts, total, view)
    goods: dict[Chain, int] = {}
    lines = sold_lines(document, document.lines, head, till, amounts, returned, goods)
    _require_available(document, goods, head, books)
    planned.receipt = _receipt(document, head, till.profile, amounts, lines, goods, total, paid)
    planned.figures = _figures(planned.receipt, amounts, total, paid)
    return planned


def _amounts(document: PosInvoice, view: MasterView) -> Amounts:
    return compute(
        document, document.lines, view, discounts=[line.discount for line in document.lines],
        discount_percent=document.discount_percent, discount_amount=document.discount_amount,
    )  # fmt: skip


def _rounding_of(document: PosInvoice, profile: PosProfile, view: MasterView) -> RoundedTotal | None:
    """As the sale says, else as the profile says, else to the smallest coin of a company that has one."""
    if document.rounded_total is not None:
        return document.rounded_total
    disabled = profile.disable_rounded_total
    if disabled is None:
        disabled = view.company.smallest_currency_fraction is None
    return None if disabled else RoundedTotal(True)


def _returned_lines(
    planned: Plan, document: PosInvoice, head: Head, original: PostedVoucher | None, books: Books
) -> list[int]:
    """For each line the line of the original (from 1) that it takes back, 0 where there is none. Errors: DocumentRejected, Lacking."""
    if original is None:
        return [0] * len(document.lines)
    return [
        take_back(planned, head, original, line, index, books).place + 1 for index, line in enumerate(document.lines)
    ]


def _require_available(document: PosInvoice, goods: dict[Chain, int], head: Head, books: Books) -> None:
    """What a till sells must be there, less what open sales have sold already. Errors: Lacking, DocumentRejected."""
    view, balances, reserved = head.view, books.balances, books.reserved
    if not (balances.keys() >= goods.keys() and reserved.keys() >= goods.keys()):
        if missing := tuple(chain for chain in goods if chain not in balances):
            raise Lacking(chains=missing)
        books.require_reserved(goods)
    for chain, qty in goods.items():
        if qty <= balances[chain].qty - reserved[chain]:
            continue
        stocked = view.item(chain.item)
        left = _there(chain, qty + books.reserved[chain], head, books) - books.reserved[chain]
        if qty > 0 and qty > left + view.negligible_shortage(stocked) and not view.allows_negative(stocked):
            index = next((i for i, line in enumerate(document.lines) if line.item == chain.item), 0)
            part = f" ({chain.part})" if chain.part else ""
            raise DocumentRejected(
                "InsufficientStock",
                f"lines[{index}].qty: {show_quantity(qty)} of {chain.item}{part} sold, but only {show_quantity(left)} left to "
                f"sell in {chain.warehouse}, open sales counted. Sell fewer, or bring stock there.",
                f"lines[{index}].qty",
                {"item": chain.item, "warehouse": chain.warehouse, "batch": chain.part, "left": show_quantity(left)},
            )


def _there(chain: Chain, wanted: int, head: Head, books: Books) -> int:
    """What there is to sell: now, or where a count behind the sale may have missed just these goods, up to that count. Errors: Lacking."""
    balance = books.balances[chain]
    if wanted <= balance.qty or (head.at, head.sequence) >= (balance.last_at, balance.last_sequence):
        return balance.qty
    history = books.history(Lot(chain), head.at, head.sequence)
    if history.next_count is None:
        return balance.qty
    return max(balance.qty, history.running if history.lowest is None else min(history.running, history.lowest))


def _receipt(
    document: PosInvoice,
    head: Head,
    profile: PosProfile,
    amounts: Amounts,
    lines: list[ReceiptLine],
    goods: dict[Chain, int],
    total: int,
    paid: Paid,
) -> PosReceipt:
    view = head.view
    center = document.cost_center or profile.cost_center or head.cost_center
    taxes = [
        ReceiptTax(
            TaxKey(
                view.account(tax.tax.account, f"taxes[{index}].account"), tax.tax.cost_center or center, tax.tax.charge,
                int(tax.tax.rate or 0),
            ),
            tax.base,
        )
        for index, tax in enumerate(amounts.taxes)
    ]  # fmt: skip
    net, asked = sum(amounts.nets_base), amounts.in_base(total, view.currency)
    round_off = asked - net - sum([tax.amount for tax in taxes])
    # By place, not by name: to find its fields by their names takes longer than to fill them.
    return PosReceipt(
        document.number, head.at, document.customer or profile.customer_default or "", lines, taxes, paid.payments, paid.change, net,
        amounts.grand_total_base, asked, round_off, paid.written_off, [(chain, qty) for chain, qty in goods.items() if qty],
        document.is_return, document.return_against or "", document.reservation or "",
    )  # fmt: skip


def _figures(receipt: PosReceipt, amounts: Amounts, total: int, paid: Paid) -> dict[str, object]:
    show = amounts.currency.show
    return {
        **amounts.figures,
        **_totals(amounts, total),
        "paid_amount": show(paid.paid),
        "change_amount": show(paid.given_back),
        "write_off_amount": show(paid.short_written_off),
        "is_return": receipt.is_return,
        "customer": receipt.customer,
    }


def _totals(amounts: Amounts, total: int) -> dict[str, object]:
    show = amounts.currency.show
    return {"rounded_total": show(total), "rounding_adjustment": show(amounts.rounding_of(total))}
