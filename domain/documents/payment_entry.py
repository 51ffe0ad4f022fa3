"""Payment entry: money received or paid in one mode, settling what documents have left open.

Money and debts are counted from our side: a debit is owed to us, a credit is owed by us. A document that is open as a debit (an
invoice to a customer) is settled by money coming in; one that is open as a credit (a supplier's bill, a credit note, an earlier
prepayment) by money going out. So a payment may set a credit note off against an invoice, and one of nothing allot a prepayment.

Without documents to settle the direction follows the party: from a customer, to a supplier; a negative amount is money given
back. A party that is known as neither, or as both, pays us where the amount is positive and is paid where it is negative.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.books import Books, Link, PostedVoucher
from domain.documents.plan import Head, Plan
from domain.documents.references import require_posted
from domain.documents.shape import Document
from domain.errors import DocumentRejected
from domain.exact import NANO
from domain.general_ledger import Entry
from domain.master_view import MasterView
from domain.money import Currency, Money, Rate, convert
from domain.shape import Name, Shape


class Settlement(Shape, kw_only=True):
    """The part of a payment that settles one document."""

    type: Name
    number: Name
    amount: Money


class PaymentEntry(Document, tag="payment_entry", kw_only=True):
    """Money moved in one mode between a party and us."""

    party: Name
    mode: Name
    amount: Money
    account: Name | None = None
    against: list[Settlement] = []
    currency: Name | None = None
    exchange_rate: Rate | None = None


class _Money(NamedTuple):
    """The currency that money moves in, and its rate to the company's."""

    currency: Currency
    rate: int
    foreign: bool

    def base(self, amount: int, view: MasterView) -> int:
        """Minor units of the payment's currency in those of the company's."""
        return convert(amount, self.rate, self.currency, view.currency) if self.foreign else amount


def plan(document: PaymentEntry, head: Head, books: Books) -> Plan:
    """Money against what the settled documents have left open; the rest stays on the party's account, to be settled later.

    In another currency a document that is settled in full gives up its whole balance in the company's; the difference is exchange gain
    or loss. Errors: DocumentRejected, DocumentParked, Lacking.
    """
    view, planned = head.view, Plan()
    money = _money(document, view)
    settled_base, moved = 0, 0
    for index, settlement in enumerate(document.against):
        field = f"against[{index}]"
        target = require_posted(books, settlement.type, settlement.number, field)
        owed = _open_debt(target, document, planned.links, field)
        part = _part(settlement, owed, money, target, field)
        share = owed.amount if part == _currency_amount(owed) else _worth(part, owed, target, view)
        _owe(planned, head, owed.account, document.party, -share, -part, target.sequence, money)
        planned.links.append(Link(head.sequence, index + 1, "pays", target.sequence, 0, 0, part))
        settled_base += share
        moved += part
    amount = _signed_amount(document, moved, money.currency, view)
    rest = amount - moved
    if rest and (amount > 0) != (rest > 0):
        _refuse_more_than_paid(document, moved, money.currency)
    total_base, rest_base = money.base(amount, view), money.base(rest, view)
    planned.entry(
        head, _cash_account(document, view), total_base, party="",
        currency=money.currency.code if money.foreign else "", currency_amount=amount if money.foreign else 0,
    )  # fmt: skip
    if rest:
        _owe(
            planned,
            head,
            _party_account(document, amount, view),
            document.party,
            -rest_base,
            -rest,
            head.sequence,
            money,
        )
    if gain := total_base - rest_base - settled_base:
        planned.entry(head, view.role("exchange_gain_loss"), -gain)
    planned.figures = {
        "paid_amount": money.currency.show(amount),
        "unallocated_amount": money.currency.show(rest),
        "exchange_gain_loss": view.currency.show(gain),
    }
    return planned


def _money(document: PaymentEntry, view: MasterView) -> _Money:
    if document.currency is None or document.currency == view.currency.code:
        return _Money(view.currency, NANO, False)
    if document.exchange_rate is None:
        raise DocumentRejected(
            "ExchangeRateMissing",
            f"exchange_rate: the payment is in {document.currency}, the books in {view.currency.code}. State the rate "
            f"({view.currency.code} per {document.currency}).",
            "exchange_rate",
        )
    return _Money(Currency(document.currency), document.exchange_rate, True)


def _open_debt(target: PostedVoucher, document: PaymentEntry, links: list[Link], field: str) -> Entry:
    """What the document has left open with this party. Errors: DocumentRejected where that is nothing, or it was named before."""
    named = f"{target.type.replace('_', ' ')} {target.number}"
    if any(link.target == target.sequence for link in links):
        raise DocumentRejected(
            "SettledTwice", f"{field}: {named} is settled twice by this payment. State its amount once.", field
        )
    owed = next((entry for entry in target.outstanding if entry.party == document.party), None)
    if owed is not None:
        return owed
    others = sorted({entry.party for entry in target.outstanding})
    if others:
        raise DocumentRejected(
            "OtherParty",
            f"{field}: {named} is open with {', '.join(others)}, not with {document.party}. Name the party that pays it.",
            field,
            {"parties": others},
        )
    raise DocumentRejected(
        "NothingOutstanding",
        f"{field}: {named} has nothing left to settle. Leave it out; the money stays on the party's account.",
        field,
    )


def _currency_amount(owed: Entry) -> int:
    """What is open in the currency of its document, minor units, debit positive."""
    return owed.currency_amount if owed.currency else owed.amount


def _worth(part: int, owed: Entry, target: PostedVoucher, view: MasterView) -> int:
    """What part of a debt stands at in the company's currency: at its document's own rate, whatever else was paid of it."""
    rate = getattr(target.document, "exchange_rate", None)
    return convert(part, rate, Currency(owed.currency), view.currency) if owed.currency and rate else part


def _part(settlement: Settlement, owed: Entry, money: _Money, target: PostedVoucher, field: str) -> int:
    """The settled part of a debt in the payment's currency, with the sign of the debt. Errors: DocumentRejected."""
    currency = money.currency.code if money.foreign else ""
    if currency != owed.currency:
        stated = owed.currency or "the company's currency"
        raise DocumentRejected(
            "OtherCurrency",
            f"{field}: {target.number} is open in {stated}. Pay it in that currency, stating what its money was worth "
            "as the exchange_rate.",
            field,
            {"currency": stated},
        )
    part = money.currency.exact(settlement.amount, f"{field}.amount")
    left = _currency_amount(owed)
    if part > abs(left):
        show = money.currency.show
        raise DocumentRejected(
            "Overpaid",
            f"{field}.amount: {show(part)} is to settle {target.number}, of which only {show(abs(left))} is open. State at most "
            "that; what is paid beyond it stays on the party's account.",
            f"{field}.amount",
            {"stated": show(part), "outstanding": show(abs(left))},
        )
    return part if left > 0 else -part


def _signed_amount(document: PaymentEntry, moved: int, currency: Currency, view: MasterView) -> int:
    """The money of the payment, positive where it comes in: as the settled documents say, else as the party does."""
    amount = currency.exact(document.amount, "amount")
    if moved:
        return abs(amount) if moved > 0 else -abs(amount)
    return -amount if _is_supplier(document.party, view) else amount


def _is_supplier(party: str, view: MasterView) -> bool:
    return view.book.get("supplier", party) is not None and view.book.get("customer", party) is None


def _refuse_more_than_paid(document: PaymentEntry, moved: int, currency: Currency) -> None:
    paid, settled = currency.show(abs(document.amount) // currency.unit), currency.show(abs(moved))
    raise DocumentRejected(
        "SettledMoreThanPaid",
        f"against: {settled} is to be settled, but only {paid} is paid. Settle less, or correct the amount.",
        "against",
        {"settled": settled, "paid": paid},
    )


def _cash_account(document: PaymentEntry, view: MasterView) -> str:
    return view.account(document.account, "account") if document.account else view.mode_account(document.mode)


def _party_account(document: PaymentEntry, amount: int, view: MasterView) -> str:
    """The account of what is left unsettled: a known party's own side, else receivable for money in and payable for money out."""
    customer = view.book.get("customer", document.party) is not None
    supplier = view.book.get("supplier", document.party) is not None
    if customer != supplier:
        return view.receivable(document.party) if customer else view.payable(document.party)
    return view.receivable(document.party) if amount > 0 else view.payable(document.party)


def _owe(
    planned: Plan, head: Head, account: str, party: str, base: int, amount: int, against: int, money: _Money
) -> None:
    planned.entry(
        head, account, base, party=party, against=against,
        currency=money.currency.code if money.foreign else "", currency_amount=amount if money.foreign else 0,
    )  # fmt: skip
