"""The opening entry: what stock is worth against the expense that it was booked to, and what is received but not billed.

It is a sum over everything posted so far, so whatever changes one of its terms later changes the opening entry by that and no more
(`domain.entries`). Each term counts on its own day where that lies after the cut-over, else on the cut-over's day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from domain.books import Link
from domain.cut_over import CutOver
from domain.documents.plan import Head, Plan
from domain.entries import earlier_years_account, opening_contra, other_side
from domain.general_ledger import Entry, merge
from domain.master_view import MasterView


class StockSum(NamedTuple):
    """Value (minor units) of goods that moved, by stock account, item and day.

    `at` is any instant of those that are summed: they all lie in earlier years, or all after the cut-over, or all between. `contra` is
    stated for those after the cut-over alone.
    """

    account: str
    item: str
    day: date
    at: int
    value: int
    contra: str = ""
    cost_center: str = ""
    dimensions: str = ""


class BookedSum(NamedTuple):
    """What was booked on an account that the opening entry covers, by day; `at` as in `StockSum`."""

    account: str
    day: date
    at: int
    amount: int
    dimensions: str = ""


class OpenPurchase(NamedTuple):
    """What is not billed of a receipt, or not received of a bill (`of` is its sequence), by day: credit negative, as the account has it."""

    of: int
    day: date
    amount: int
    dimensions: str = ""


class PurchaseShare(NamedTuple):
    """What of an open purchase was booked to one expense account; `at` as in `StockSum`. It says the same as the two sums beside it."""

    of: int
    account: str
    at: int
    amount: int


class ExpensedSum(NamedTuple):
    """The other side of all of them, by the expense account that purchases are booked to; `at` as in `StockSum`."""

    account: str
    day: date
    at: int
    amount: int
    cost_center: str = ""
    dimensions: str = ""


@dataclass(slots=True)
class Sums:
    """Everything that the opening entry is made of."""

    stock: list[StockSum] = field(default_factory=list)
    booked: list[BookedSum] = field(default_factory=list)
    purchases: list[OpenPurchase] = field(default_factory=list)
    expensed: list[ExpensedSum] = field(default_factory=list)
    shares: list[PurchaseShare] = field(default_factory=list)


class StockAgainst(NamedTuple):
    """A stock account opened against one other account (minor units): what stock is worth there, less what the account held by then."""

    account: str
    against: str
    stock_value: int
    booked: int

    @property
    def amount(self) -> int:
        """What the opening entry debits to the stock account, and credits to the other."""
        return self.stock_value - self.booked


def migrated(view: MasterView, cut_over: CutOver) -> MasterView:
    """The same masters as they will be from the cut-over on."""
    after = MasterView(view.book)
    after.perpetual, after.cut_over = True, cut_over
    return after


def opening_entries(sums: Sums, view: MasterView) -> list[Entry]:
    """The opening entry, balanced day by day; `view` has the cut-over already. Its receivers of stock come first."""
    cut_over = view.cut_over
    assert cut_over is not None  # noqa: S101 - the view is that of the migrated company
    opening = cut_over.opening
    own: list[Entry] = []
    others: list[Entry] = []
    for stock, contra in _stock_contras(sums, view):
        entry = Entry(
            voucher=opening, account=stock.account, amount=stock.value, date=stock.day, dimensions=stock.dimensions
        )
        own.append(entry)
        others.append(other_side(entry, contra, stock.cost_center, view))
    for booked, contra in _booked_contras(sums, view):
        entry = Entry(
            voucher=opening,
            account=booked.account,
            amount=-booked.amount,
            date=booked.day,
            dimensions=booked.dimensions,
        )
        own.append(entry)
        others.append(other_side(entry, contra, "", view))
    suspense = view.role("stock_received_not_billed")
    own += [
        Entry(
            voucher=opening, account=suspense, amount=purchase.amount, date=purchase.day, dimensions=purchase.dimensions,
            against=purchase.of,
        )
        for purchase in sums.purchases
    ]  # fmt: skip
    for expensed in sums.expensed:
        entry = Entry(
            voucher=opening, account=suspense, amount=expensed.amount, date=expensed.day, dimensions=expensed.dimensions
        )
        contra = earlier_years_account(view, expensed.at) or expensed.account
        others.append(other_side(entry, contra, expensed.cost_center, view))
    return merge([*own, *others])


def stock_against(sums: Sums, view: MasterView) -> list[StockAgainst]:
    """Each account that the opening entry opens, against each account that it takes the other side from; zeros left out."""
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for stock, contra in _stock_contras(sums, view):
        found[stock.account, contra][0] += stock.value
    for booked, contra in _booked_contras(sums, view):
        found[booked.account, contra][1] += booked.amount
    return [StockAgainst(*accounts, *sums) for accounts, sums in sorted(found.items()) if any(sums)]


def unbilled_against(sums: Sums, view: MasterView) -> list[PurchaseShare]:
    """Each open purchase against each account that its other side is taken from."""
    found: dict[tuple[int, str], int] = defaultdict(int)
    for share in sums.shares:
        found[share.of, earlier_years_account(view, share.at) or share.account] += share.amount
    return [PurchaseShare(of, account, 0, amount) for (of, account), amount in sorted(found.items()) if amount]


def _stock_contras(sums: Sums, view: MasterView) -> Iterator[tuple[StockSum, str]]:
    for stock in sums.stock:
        yield stock, opening_contra(view, stock.item, stock.at, stock.contra)


def _booked_contras(sums: Sums, view: MasterView) -> Iterator[tuple[BookedSum, str]]:
    assert view.cut_over is not None  # noqa: S101 - the view is that of the migrated company
    for booked in sums.booked:
        yield booked, earlier_years_account(view, booked.at) or view.cut_over.expense_account


def expense_accounts(items: Iterable[str], view: MasterView) -> list[str]:
    """The accounts that purchases of these items are booked to, other than the company's own."""
    found: set[str] = set()
    for code in items:
        own = view.defaults.account(view.kept_item(code), "expense_account")
        if own is not None:
            found.add(own)
    return sorted(found)


def plan_opening(entries: list[Entry], figures: dict[str, object]) -> Plan:
    """The opening entry as the plan of a journal entry."""
    return Plan(entries=entries, figures=figures)


def plan_rollback(entries: Iterable[Entry], head: Head, *, opening: int, figures: dict[str, object]) -> Plan:
    """Every entry of the opening taken back on its own day, under the opening's voucher, as the plan of a cancel."""
    planned = Plan(figures=figures)
    planned.entries = [replace(entry, amount=-entry.amount, cause=head.sequence) for entry in entries]
    planned.links.append(Link(head.sequence, 0, "reverses", opening, 0))
    return planned
