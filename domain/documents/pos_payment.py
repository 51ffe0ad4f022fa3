"""What a customer hands over at a till: tenders, change, and what is owed or written off after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.documents.amounts import Amounts
from domain.documents.sales_invoice import payment_account
from domain.documents.shape import Payment
from domain.errors import DocumentRejected
from domain.master_view import MasterView
from domain.masters import PosProfile
from domain.money import Currency, Money
from domain.pos_receipt import ReceiptPayment, Tender
from domain.till import Till


class Sale(Protocol):
    """What a sale says about its payments."""

    payments: list[Payment]
    change_amount: Money | None
    is_return: bool


@dataclass(slots=True)
class Paid:
    """Tenders and change in the company's currency; the other figures in the sale's own."""

    payments: list[ReceiptPayment]
    change: list[ReceiptPayment]
    written_off: int
    paid: int
    given_back: int
    short_written_off: int


def take_payments(sale: Sale, till: Till, amounts: Amounts, total: int, view: MasterView) -> Paid:
    """Check and resolve the payments of a sale that asks for `total` (its own currency).

    Errors: DocumentRejected where nothing is paid, a payment has the wrong sign, a refund is too large, or the profile wants full
    payment and it is not.
    """
    currency, base, profile = amounts.currency, view.currency, till.profile
    if not sale.payments and total:
        raise DocumentRejected(
            "PaymentRequired",
            f"payments: a sale at a till is paid there, at least in part; {currency.show(total)} is asked for. State what was paid "
            "in which mode.",
            "payments",
            {"total": currency.show(total)},
        )
    payments, paid = [], 0
    for index, payment in enumerate(sale.payments):
        amount = _amount(payment, currency, sale.is_return, index)
        payments.append(ReceiptPayment(_tender(payment, till, view, index), amounts.in_base(amount, base)))
        paid += amount
    if sale.is_return and paid < total:
        raise DocumentRejected(
            "RefundTooLarge",
            f"payments: {currency.show(-paid)} is given back for goods worth {currency.show(-total)}. Give back that much at most.",
            "payments",
            {"total": currency.show(total), "paid": currency.show(paid)},
        )
    back = _change(sale, total, paid, currency)
    short = total - paid + back
    written_off = _written_off(short, profile, currency)
    if short - written_off > 0 and not profile.allow_partial_payment:
        raise DocumentRejected(
            "PaymentRequired",
            f"payments: {currency.show(short)} of {currency.show(total)} is not paid, and {profile.name} sells for full payment "
            "only.",
            "payments",
            {"missing": currency.show(short)},
        )
    change = _given_from(payments, amounts.in_base(back, base), profile, view) if back else []
    return Paid(payments, change, amounts.in_base(written_off, base), paid, back, written_off)


def _amount(payment: Payment, currency: Currency, is_return: bool, index: int) -> int:
    field = f"payments[{index}].amount"
    amount = currency.exact(payment.amount, field)
    if amount > 0 if is_return else amount < 0:
        raise DocumentRejected(
            "NegativeAmount",
            f"{field}: {currency.show(amount)} has the wrong sign: a sale takes money (positive), a return gives it back (negative).",
            field,
        )
    return amount


def _tender(payment: Payment, till: Till, view: MasterView, index: int) -> Tender:
    """The mode with the account stated, else the profile's for that mode, else the mode's own."""
    known = till.tenders.get((payment.mode, payment.account))
    if known is None:
        of_profile = (mode.account for mode in till.profile.payment_modes if mode.mode == payment.mode and mode.account)
        account = next(of_profile, None) if payment.account is None else None
        name = view.tender_account(account) if account else payment_account(view, payment, f"payments[{index}]")
        known = till.tenders[payment.mode, payment.account] = Tender(payment.mode, name)
    return known


def _change(sale: Sale, total: int, paid: int, currency: Currency) -> int:
    if sale.change_amount is not None:
        return currency.exact(sale.change_amount, "change_amount")
    return paid - total if not sale.is_return and paid > total else 0


def _written_off(short: int, profile: PosProfile, currency: Currency) -> int:
    if profile.write_off_limit is None:
        return 0
    return short if 0 < short <= currency.exact(profile.write_off_limit, "pos_profile.write_off_limit") else 0


def _given_from(
    payments: list[ReceiptPayment], back: int, profile: PosProfile, view: MasterView
) -> list[ReceiptPayment]:
    """Change comes from the profile's change account, else from the default mode's tender, else from the last one.

    A profile that does not post change entries keeps the tender net of it.
    """
    default = next((mode.mode for mode in profile.payment_modes if mode.default), "")
    source = next((payment for payment in payments if payment.tender.mode == default), payments[-1])
    if not profile.post_change_entries:
        source.amount -= back
        return []
    account = (
        view.account(profile.change_account, "pos_profile.change_account")
        if profile.change_account
        else source.tender.account
    )
    return [ReceiptPayment(Tender(source.tender.mode, account), back)]
