"""Point of sale documents: the opening of a till, its sales and its closing.

A sale moves projected quantities at once and the ledgers at its closing. What it comes to is decided here, once, and kept as a
receipt; the closing only sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from domain.books import Books, Lacking, PostedVoucher
from domain.documents.amounts import Amounts, compute
from domain.documents.item_lines import require_warehouse, stock_qty
from domain.documents.plan import Head, Plan, dimensions_of
from domain.documents.pos_payment import Paid, take_payments
from domain.documents.returns import original_of, take_back
from domain.documents.sales_cost import components, cost_account
from domain.documents.sales_invoice import RoundedTotal, SalesLine, rounded
from domain.documents.shape import Document, Payment, Tax, TradeDocument
from domain.errors import DocumentRejected
from domain.exact import MICRO, allocate, div_mirrored
from domain.exact import show as show_number
from domain.master_book import unknown_master
from domain.master_view import MasterView
from domain.masters import PosProfile
from domain.money import Money, Rate, convert
from domain.pos_receipt import LineKey, PosReceipt, ReceiptLine, ReceiptTax, TaxKey
from domain.posting_time import PostingTime
from domain.quantity import show_quantity
from domain.shape import ModeAmount, Name
from domain.stock_ledger import Chain, Lot


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
    known = view.profiles.get(name)
    if known is not None:
        return known
    profile = view.book.get("pos_profile", name)
    if not isinstance(profile, PosProfile):
        raise unknown_master("pos_profile", name, "pos_profile")
    view.profiles[name] = profile
    return profile


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
    profile = profile_of(view, document.pos_profile)
    amounts = _amounts(document, view)
    original = original_of(document, head, books) if document.is_return else None
    planned = Plan()
    returned = _returned_lines(planned, document, head, original, books)
    total = rounded(_rounding_of(document, profile, view), amounts, view)
    paid = take_payments(document, profile, amounts, total, view)
    goods: dict[Chain, int] = {}
    lines = _lines(document, head, profile, amounts, returned, goods)
    _require_available(document, goods, head, books)
    planned.receipt = _receipt(document, head, profile, amounts, lines, goods, total, paid)
    planned.figures = amounts.figures | _figures(planned.receipt, amounts, total, paid)
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


def _lines(
    document: PosInvoice,
    head: Head,
    profile: PosProfile,
    amounts: Amounts,
    returned: Sequence[int],
    goods: dict[Chain, int],
) -> list[ReceiptLine]:
    """The receipt's lines, every account resolved; what they take from stock is added to `goods`."""
    view = head.view
    tax = ", ".join(_in_words(tax) for tax in document.taxes)
    shares = _tax_shares(amounts)
    lines = []
    for index, line in enumerate(document.lines):
        field = f"lines[{index}]"
        item = view.item(line.item, f"{field}.item")
        warehouse = line.warehouse or profile.warehouse or ""
        if item.is_stock_item or item.bundle:
            warehouse = require_warehouse(line.warehouse or profile.warehouse, item, view, field)
            view.stock_account(warehouse, f"{field}.warehouse")
            qty = stock_qty(line, item, line.qty, field)
            for component, part in components(view, line, item, warehouse, qty, field):
                cost_account(line.expense_account, component, view, field)
                goods[part.chain] = goods.get(part.chain, 0) + part.qty
        key = LineKey(
            item=line.item,
            uom=line.uom or "",
            factor=int(line.conversion_factor or 0),
            rate=div_mirrored(amounts.nets_base[index] * MICRO, line.qty),
            warehouse=warehouse,
            tax=tax,
            income=view.income_account(line.income_account or profile.income_account, item, f"{field}.income_account"),
            expense=line.expense_account or "",
            cost_center=line.cost_center or document.cost_center or profile.cost_center or head.cost_center,
            dimensions=dimensions_of(head, line.dimensions, document.dimensions),
            batch=line.batch or "",
            zero_rate=line.allow_zero_rate,
            cost_rate=None if line.cost_rate is None else int(line.cost_rate),
        )
        lines.append(
            ReceiptLine(
                key, int(line.qty), amounts.nets_base[index], [share[index] for share in shares], line.serials or [],
                returned[index],
            )
        )  # fmt: skip
    return lines


def _in_words(tax: Tax) -> str:
    rate = "" if tax.rate is None else f" {show_number(tax.rate, 9)}"
    center = f" at {tax.cost_center}" if tax.cost_center else ""
    return f"{tax.account} {tax.charge}{rate}{' included' if tax.included_in_rate else ''}{center}"


def _tax_shares(amounts: Amounts) -> list[list[int]]:
    """Each tax's part of each line in the company's currency; the parts sum to the tax."""
    return [
        tax.by_line if tax.base == tax.amount else allocate(tax.base, [abs(part) for part in tax.by_line])
        for tax in amounts.taxes
    ]


def _require_available(document: PosInvoice, goods: dict[Chain, int], head: Head, books: Books) -> None:
    """What a till sells must be there, less what open sales have sold already. Errors: Lacking, DocumentRejected."""
    view = head.view
    missing = tuple(chain for chain in goods if chain not in books.balances)
    if missing:
        raise Lacking(chains=missing)
    books.require_reserved(goods)
    for chain, qty in goods.items():
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
    view, currency = head.view, amounts.currency

    def base(amount: int) -> int:
        return amount if currency is view.currency else convert(amount, amounts.exchange_rate, currency, view.currency)

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
    net = sum(amounts.nets_base)
    return PosReceipt(
        number=document.number,
        at=head.at,
        customer=document.customer or profile.customer_default or "",
        lines=lines,
        taxes=taxes,
        payments=paid.payments,
        change=paid.change,
        net=net,
        grand=amounts.grand_total_base,
        total=base(total),
        round_off=base(total) - net - sum(tax.amount for tax in taxes),
        written_off=paid.written_off,
        goods=[(chain, qty) for chain, qty in goods.items() if qty],
        is_return=document.is_return,
        returns_of=document.return_against or "",
        hold=document.reservation or "",
    )


def _figures(receipt: PosReceipt, amounts: Amounts, total: int, paid: Paid) -> dict[str, object]:
    show = amounts.currency.show
    return _totals(amounts, total) | {
        "paid_amount": show(paid.paid),
        "change_amount": show(paid.given_back),
        "write_off_amount": show(paid.short_written_off),
        "is_return": receipt.is_return,
        "customer": receipt.customer,
    }


def _totals(amounts: Amounts, total: int) -> dict[str, object]:
    show = amounts.currency.show
    return {"rounded_total": show(total), "rounding_adjustment": show(amounts.rounding_of(total))}
