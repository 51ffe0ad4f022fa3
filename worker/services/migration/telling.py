"""What a plan says: what stands in the way, the opening entry and what it is made of, the balances before and after, and the proof."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from domain.cut_over import first_day_of_year
from domain.general_ledger import Entry
from domain.master_view import MasterView
from domain.migration import Missing, Sums, balance_changes, earlier_years, prove, stock_against, unbilled_against
from domain.money import Currency
from worker.store.database import Rows
from worker.store.inventory_migration.sums import account_totals, purchase_names

Json = dict[str, Any]


def what_is_missing(as_of: date, missing: Iterable[Missing], notes: list[str]) -> Json:
    """What stands in the way of a migration; without it nothing is posted."""
    return {
        "as_of": as_of.isoformat(),
        "missing": [one._asdict() for one in missing],
        "notes": notes,
        "entries": [],
        "cut_over": None,
    }


def what_is_posted(connection: Rows, company: int, sums: Sums, entries: list[Entry], view: MasterView) -> Json:
    """The opening entry, in minor units for whoever applies it (`entries`) and in words; `view` has the cut-over already."""
    cut_over, currency = view.cut_over, view.currency
    assert cut_over is not None  # noqa: S101 - the view is that of the migrated company
    show = currency.show
    unbilled = unbilled_against(sums, view)
    names = purchase_names(connection, company, {one.of for one in unbilled})
    return {
        "cut_over": {
            "until": cut_over.until, "year_from": cut_over.year_from, "expense_account": cut_over.expense_account,
            "expense_accounts": cut_over.expense_accounts, "accounts": cut_over.accounts,
            "equity_account": cut_over.equity_account,
        },
        "entries": [
            [e.account, e.amount, e.date.isoformat(), e.cost_center, e.dimensions, e.against] for e in entries
        ],
        "stock": [
            {
                "account": one.account, "against": one.against, "stock_value": show(one.stock_value), "booked": show(one.booked),
                "amount": show(one.amount),
            }
            for one in stock_against(sums, view)
        ],
        "unbilled": [
            {
                "type": names[one.of].type, "number": names[one.of].number, "party": names[one.of].party,
                "posting_date": names[one.of].day.isoformat(), "against": one.account, "outstanding": show(-one.amount),
            }
            for one in unbilled
        ],
        "opening": _by_account(entries, currency),
        "earlier_years": {
            "until": first_day_of_year(cut_over.day, view.company.fiscal_year_start).isoformat(),
            "amount": show(earlier_years(sums, cut_over.year_from)), "account": cut_over.equity_account,
        },
        "trial_balance": [
            {"account": one.account, "before": show(one.before), "change": show(one.change), "after": show(one.after)}
            for one in balance_changes(
                account_totals(connection, company, cut_over.day), (e for e in entries if e.date <= cut_over.day)
            )
        ],
        "proof": [
            {
                "account": one.account, "day": one.day.isoformat(), "stock_value": show(one.stock_value), "before": show(one.before),
                "after": show(one.after), "difference": show(one.difference),
            }
            for one in prove(sums, entries, view)
        ],
    }  # fmt: skip


def _by_account(entries: list[Entry], currency: Currency) -> list[Json]:
    """The opening entry as a reader wants it: one line an account and day."""
    totals: dict[tuple[date, str], int] = {}
    for entry in entries:
        key = entry.date, entry.account
        totals[key] = totals.get(key, 0) + entry.amount
    return [
        {
            "posting_date": day.isoformat(), "account": account, "debit": currency.show(max(amount, 0)),
            "credit": currency.show(max(-amount, 0)),
        }
        for (day, account), amount in sorted(totals.items(), key=lambda one: (one[0][0], -one[1]))
        if amount
    ]  # fmt: skip
