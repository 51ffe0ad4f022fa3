"""Period closing: the year's result moves to retained earnings."""

from __future__ import annotations

from datetime import date

from domain.books import Books
from domain.documents.plan import Head, Plan
from domain.documents.shape import Document
from domain.errors import DocumentRejected
from domain.master_book import unknown_master
from domain.master_view import MasterView
from domain.masters import AccountingPeriod
from domain.shape import Name


class PeriodClosing(Document, tag="period_closing", kw_only=True):
    """Closes the profit-and-loss accounts of an accounting period."""

    period: Name


def plan(document: PeriodClosing, head: Head, books: Books) -> Plan:
    """Every profit-and-loss balance of the period taken to zero, by cost center and dimensions; retained earnings take the result.

    The result keeps its dimensions there, so that each one's earnings can be told for ever.
    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    view, planned = head.view, Plan()
    period = _period(document, view)
    _require_last_day(head, period)
    earnings = view.role("retained_earnings")
    result = 0
    for balance in books.balances_between(date.fromisoformat(period.start), date.fromisoformat(period.end)):
        if not view.is_profit_and_loss(balance.account):
            continue
        planned.entry(
            head, balance.account, -balance.amount, cost_center=balance.cost_center, dimensions=balance.dimensions
        )
        planned.entry(head, earnings, balance.amount, dimensions=balance.dimensions)
        result -= balance.amount
    if not planned.entries:
        raise DocumentRejected(
            "NothingToClose",
            f"period: no profit-and-loss account has a balance in {period.name}; it is closed already, or nothing happened.",
            "period",
        )
    planned.figures = {"period": period.name, "result": view.currency.show(result)}
    return planned


def _period(document: PeriodClosing, view: MasterView) -> AccountingPeriod:
    period = view.book.get("accounting_period", document.period)
    if not isinstance(period, AccountingPeriod):
        raise unknown_master("accounting_period", document.period, "period")
    return period


def _require_last_day(head: Head, period: AccountingPeriod) -> None:
    """A closing of an earlier day would leave out what is still to come; one of a later day would burden the next period."""
    if head.date.isoformat() != period.end:
        raise DocumentRejected(
            "NotTheLastDay",
            f"posting_datetime: the closing of {period.name} belongs to its last day, {period.end}, not to {head.date}.",
            "posting_datetime",
            {"last_day": period.end},
        )
