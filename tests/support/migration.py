"""A migration to perpetual inventory on paper: every row of the books is a term of the opening entry by itself; nothing is summed."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from domain.books import Books
from domain.cut_over import CutOver, first_instant
from domain.documents import JournalEntry
from domain.documents.plan import Head
from domain.documents.unbilled import read_back
from domain.entries import BROUGHT, covered
from domain.master_view import MasterView
from domain.migration import (
    BookedSum,
    ExpensedSum,
    OpenPurchase,
    StockSum,
    Sums,
    migrated,
    opening_entries,
    plan_opening,
)
from domain.posting import post_planned
from domain.posting_time import PostingTime, from_instant
from domain.stock_ledger import Difference, Movement
from tests.support.laws import STOCK_ACCOUNTS
from tests.support.paper_company import PaperCompany

SUSPENSE = "Stock Received But Not Billed"


def migrate(company: PaperCompany, day: date, year_from: date, *, equity: str | None = None) -> None:
    """Go over to perpetual inventory at the end of a day, in the fiscal year that began on `year_from`."""
    company.sequence += 1
    own, view = company.masters, MasterView(company.masters)
    cut_over = CutOver(
        name=own.company, company=own.company, day=day, until=first_instant(day + timedelta(days=1), view.zone), opening=company.sequence,
        expense_account="Cost of Goods Sold", accounts=sorted(STOCK_ACCOUNTS), equity_account=equity,
        year_from=first_instant(year_from, view.zone),
    )  # fmt: skip
    sums = _sums(company, cut_over, migrated(view, cut_over))
    own.add(replace(view.company, perpetual_inventory=True), company.sequence)
    own.add(cut_over, company.sequence)
    view = MasterView(own)
    at = cut_over.until - 1
    head = Head(company.sequence, "journal_entry", "OPENING", at, day, view, view.cost_center, "")
    books = Books(own, next_movement=len(company.movements) + 1)
    posting = post_planned(head, plan_opening(opening_entries(sums, view), {"cut_over": day.isoformat()}), books)
    journal = JournalEntry(
        company=own.company, number="OPENING", posting_datetime=PostingTime(from_instant(at)), lines=[]
    )
    company._record(posting, journal)


def _sums(company: PaperCompany, cut_over: CutOver, view: MasterView) -> Sums:
    sums = Sums()
    rows: list[Movement | Difference] = [*company.movements, *company.differences]
    for row in rows:
        value = row.value if isinstance(row, Movement) else row.amount
        later = row.at >= cut_over.until
        sums.stock.append(
            StockSum(
                row.account, row.chain.item, max(row.date, cut_over.day), row.at, value, row.contra if later else "",
                row.cost_center, row.dimensions,
            )
        )  # fmt: skip
    for entry in company.entries:
        if covered(entry.account, view):
            at = company.postings[entry.voucher].voucher.at
            sums.booked.append(BookedSum(entry.account, max(entry.date, cut_over.day), at, entry.amount))
    for posting in company.postings.values():
        for one in read_back(posting.voucher.figures, view):
            day = max(one.day, cut_over.day)
            sums.purchases.append(OpenPurchase(one.of, day, one.amount, one.dimensions))
            at = first_instant(one.day, view.zone)
            sums.expensed.append(ExpensedSum(one.account, day, at, one.amount, one.cost_center, one.dimensions))
    return sums


def owed_to_earlier_years(company: PaperCompany, year_from: date) -> int:
    """What the equity account must hold: stock that moved in earlier years, less what was not billed by then, as the books know it now."""
    view = MasterView(company.masters)
    start = first_instant(year_from, view.zone)
    until, opening = _cut_over(company).until, _cut_over(company).opening
    rows: list[Movement | Difference] = [*company.movements, *company.differences]
    own = [row for row in rows if row.at < start and (row.at < until or row.voucher < opening)]
    brought = [d for d in own if isinstance(d, Difference) and d.kind in BROUGHT and d.contra]
    value = sum(row.value if isinstance(row, Movement) else row.amount for row in own) - sum(d.amount for d in brought)
    for posting in company.postings.values():
        value += sum(one.amount for one in read_back(posting.voucher.figures, view) if one.day < year_from)
    return value


def _cut_over(company: PaperCompany) -> CutOver:
    cut_over = MasterView(company.masters).cut_over
    assert cut_over is not None
    return cut_over


def balances(company: PaperCompany, start: date) -> dict[str, dict[date, int]]:
    """Stock accounts and stock received but not billed at the end of each day from `start` on at which anything is posted."""
    days = sorted({start} | {entry.date for entry in company.entries if entry.date > start})
    return {
        account: {day: sum(e.amount for e in company.entries if e.account == account and e.date <= day) for day in days}
        for account in (*STOCK_ACCOUNTS, SUSPENSE)
    }


def out_of_step_from(company: PaperCompany, start: date) -> list[str]:
    """Law 2 from the cut-over on: at the end of every day each stock account holds what stock is worth."""
    stock: dict[tuple[str, date], int] = defaultdict(int)
    for row in company.rows():
        stock[row.account, max(row.date, start)] += row.amount
    for entry in company.entries:
        if entry.account in STOCK_ACCOUNTS:
            stock[entry.account, max(entry.date, start)] -= entry.amount
    return [f"{account} on {day}: stock is worth {apart} more" for (account, day), apart in stock.items() if apart]


def other_accounts(company: PaperCompany) -> dict[Any, int]:
    """What customers and suppliers owe, and everything else together: profit and loss, and equity."""
    totals: dict[Any, int] = defaultdict(int)
    view = MasterView(company.masters)
    for entry in company.entries:
        kind = entry.account if entry.party else view.root_type(entry.account)
        if entry.account not in (*STOCK_ACCOUNTS, SUSPENSE):
            totals[kind if entry.party else "result" if kind in ("income", "expense", "equity") else kind] += (
                entry.amount
            )
    return {key: amount for key, amount in totals.items() if amount}
