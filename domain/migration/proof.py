"""The proof: every stock account holds what stock is worth, and what the opening entry does to every balance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from domain.entries import covered
from domain.general_ledger import Entry
from domain.master_view import MasterView
from domain.migration.opening import Sums


class AccountProof(NamedTuple):
    """One stock account at the end of a day (minor units): what stock is worth, its balance before and after the opening entry."""

    account: str
    day: date
    stock_value: int
    before: int
    after: int

    @property
    def difference(self) -> int:
        """What the account still lacks; zero is the proof."""
        return self.stock_value - self.after


class BalanceChange(NamedTuple):
    """A line of the trial balance before and after the opening entry (minor units, debit positive)."""

    account: str
    before: int
    change: int

    @property
    def after(self) -> int:
        """The balance with the opening entry."""
        return self.before + self.change


def prove(sums: Sums, entries: Iterable[Entry], view: MasterView) -> list[AccountProof]:
    """Every stock account at the end of the cut-over's day, and of each later day on which it changes."""
    suspense = view.role("stock_received_not_billed")
    changes: dict[str, dict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for stock in sums.stock:
        changes[stock.account][stock.day][0] += stock.value
    for booked in sums.booked:
        if booked.account != suspense:
            changes[booked.account][booked.day][1] += booked.amount
    for entry in entries:
        if entry.account != suspense and covered(entry.account, view):
            changes[entry.account][entry.date][2] += entry.amount
    proofs = []
    for account in sorted(changes):
        stock_value = before = opened = 0
        for day in sorted(changes[account]):
            of_day = changes[account][day]
            stock_value, before, opened = stock_value + of_day[0], before + of_day[1], opened + of_day[2]
            proofs.append(AccountProof(account, day, stock_value, before, before + opened))
    return proofs


def balance_changes(before: Mapping[str, int], entries: Iterable[Entry]) -> list[BalanceChange]:
    """The trial balance before and after; `before` has each account's balance."""
    change: dict[str, int] = defaultdict(int)
    for entry in entries:
        change[entry.account] += entry.amount
    return [
        BalanceChange(account, before.get(account, 0), change[account])
        for account in sorted(before.keys() | change.keys())
        if before.get(account, 0) or change[account]
    ]


def earlier_years(sums: Sums, year_from: int) -> int:
    """What belongs to years before an instant: stock as it stood then less its accounts, and less what was not billed by then.

    Purchases of those years were charged that much too much (minor units); whether it is credited to equity or to the present
    year's expense is for the company to choose.
    """
    stock = sum(one.value for one in sums.stock if one.at < year_from)
    booked = sum(one.amount for one in sums.booked if one.at < year_from)
    return stock - booked + sum(one.amount for one in sums.expensed if one.at < year_from)
