"""Rules that several stock documents share: opening accounts, charges in another currency, a missing rate, a cost below zero."""

from __future__ import annotations

from domain.documents.shape import Charge
from domain.errors import DocumentRejected
from domain.master_view import MasterView
from domain.money import Currency, convert


def opening_account(stated: str | None, view: MasterView) -> str:
    """The balance sheet account that opening stock comes from. Errors: DocumentRejected for a profit-and-loss account."""
    name = view.account(stated, "difference_account") if stated is not None else view.role("temporary_opening")
    if view.is_profit_and_loss(name):
        raise DocumentRejected(
            "OpeningNeedsBalanceSheetAccount",
            f"difference_account: {name} is a profit-and-loss account. Opening stock is no result of this year: name a "
            "balance sheet account, for instance Temporary Opening.",
            "difference_account",
            {"account": name},
        )
    return name


def charge_amount(charge: Charge, view: MasterView, field: str) -> int:
    """A charge in minor units of the company's currency. Errors: DocumentRejected where an exchange rate is missing."""
    view.account(charge.account, f"{field}.account")
    if charge.currency is None or charge.currency == view.currency.code:
        return view.currency.exact(charge.amount, f"{field}.amount")
    if charge.exchange_rate is None:
        raise DocumentRejected(
            "ExchangeRateMissing",
            f"{field}.exchange_rate: the charge is in {charge.currency}; state {view.currency.code} per {charge.currency}.",
            f"{field}.exchange_rate",
        )
    source = Currency(charge.currency)
    return convert(source.exact(charge.amount, f"{field}.amount"), charge.exchange_rate, source, view.currency)


def rate_missing(item: str, warehouse: str, field: str) -> DocumentRejected:
    """Nothing says what a unit costs."""
    return DocumentRejected(
        "ValuationRateMissing",
        f"{field}: nothing says what {item} costs in {warehouse}. State a rate, give the item a valuation_rate, or allow a "
        "zero rate on the line.",
        field,
        {"item": item, "warehouse": warehouse},
    )


def cost_below_zero(field: str, goods: str, cost: int, currency: Currency) -> DocumentRejected:
    """Goods would cost less than nothing: `cost` in minor units."""
    return DocumentRejected(
        "CostBelowZero",
        f"{field}: {goods} would cost {currency.show(cost)} in all. A credit takes off what goods cost, and no more: cancel the "
        "credit first, or book the rest of it as income.",
        field,
        {"cost": currency.show(cost)},
    )
