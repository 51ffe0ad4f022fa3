"""General ledger entries of the stock ledger: every amount that stock books has its other side in the same breath.

Posting and reposting write their entries here, so the two ledgers can't learn different rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from domain.books import Unbilled
from domain.cut_over import first_instant
from domain.general_ledger import Entry
from domain.master_view import MasterView
from domain.masters import Item
from domain.stock_ledger import Difference, DifferenceKind, Movement

# What a document brings to a receipt, stating itself where that comes from.
BROUGHT = (DifferenceKind.LANDED_COST, DifferenceKind.RATE_DIFFERENCE)


class Place(NamedTuple):
    """Where a row of the stock ledger is booked: under which voucher, on which day, against which account."""

    voucher: int
    day: date
    contra: str


def place_of(row: Movement | Difference, view: MasterView) -> Place:
    """The row's own place; of what the opening entry of a migration stands for, that entry's.

    Only what a document after the cut-over brings to an earlier receipt is booked under the receipt, on the cut-over's day at the earliest.
    """
    cut_over, contra = view.cut_over, row.contra
    if cut_over is None:
        return Place(row.voucher, row.date, contra)
    brought = isinstance(row, Difference) and row.kind in BROUGHT
    if not cut_over.stands_for(row.voucher, row.at):
        # What a document before the cut-over brings is in the expense that it was booked to.
        return Place(
            row.voucher, row.date, purchase_expense(view, row.chain.item) if brought and not contra else contra
        )
    day = max(row.date, cut_over.day)
    if brought and contra:
        return Place(row.voucher, day, contra)
    return Place(cut_over.opening, day, opening_contra(view, row.chain.item, row.at, contra))


def opening_contra(view: MasterView, item: str, at: int, contra: str) -> str:
    """The account against which the opening entry holds goods that moved at an instant.

    The expense that purchases of the item were booked to; for what moved in earlier years the equity account, where one was chosen. What
    was posted with a date after the cut-over keeps its own, but for the accounts that only the perpetual rule knows.
    """
    cut_over = view.cut_over
    assert cut_over is not None  # noqa: S101 - there is an opening entry only then
    if at >= cut_over.until and contra and contra not in (
        view.role("stock_received_not_billed"), view.role("purchase_price_variance"),
    ):  # fmt: skip
        return contra
    return earlier_years_account(view, at) or purchase_expense(view, item)


def purchase_expense(view: MasterView, code: str) -> str:
    """The account that purchases of an item were booked to before the cut-over; nothing is asked of it, so this never fails."""
    cut_over = view.cut_over
    assert cut_over is not None  # noqa: S101 - asked about what an opening entry stands for
    known = view.book.get("item", code) if cut_over.expense_accounts else None
    own = view.defaults.account(known, "expense_account") if isinstance(known, Item) else None
    return own if own in cut_over.expense_accounts else cut_over.expense_account


Booked = tuple[
    Movement | Difference, int, int
]  # a row, the amount (minor units) it books on stock, and the document that caused it


def entries_of(rows: Iterable[Booked], view: MasterView) -> list[Entry]:
    """The stock accounts debited with what the rows booked and their contra accounts credited; no contra where it lies inside the voucher.

    Entries that differ in amount only are one, in the order in which they first come up; zeros are left out. A cost center
    goes only with a profit-and-loss account, as the field has it.
    """
    booked: dict[tuple[int, str, str, str, str, int, date], int] = {}
    migrated = view.cut_over is not None
    for row, amount, cause in rows:
        if migrated:
            voucher, day, contra = place_of(row, view)
            alike = (voucher, row.account, contra, row.cost_center, row.dimensions, cause, day)
        else:
            alike = (row.voucher, row.account, row.contra, row.cost_center, row.dimensions, cause, row.date)
        booked[alike] = booked.get(alike, 0) + amount
    # Many rows have both sides in common, so each pair of sides is looked at once.
    sums: dict[tuple[int, str, str, str, int, date], int] = {}
    for (voucher, account, contra, cost_center, dimensions, cause, day), amount in booked.items():
        stock = (voucher, account, "", dimensions, cause, day)
        sums[stock] = sums.get(stock, 0) + amount
        if contra:
            other = (voucher, contra, cost_center if view.is_profit_and_loss(contra) else "", dimensions, cause, day)
            sums[other] = sums.get(other, 0) - amount
    return [
        Entry(voucher, account, amount, day, "", center, dimensions, 0, cause)
        for (voucher, account, center, dimensions, cause, day), amount in sums.items()
        if amount
    ]


def opening_differences(
    entries: Iterable[Entry], unbilled: Iterable[Unbilled], view: MasterView, *, at: int, document: int
) -> list[Entry]:
    """How the opening entry changes with a voucher that it stands for: by the voucher's own entries on accounts that it covers,
    taken out, and by what the voucher changes about goods received but not billed.

    `at` is the voucher's posting time; `document` is what changes it.
    """
    cut_over = view.cut_over
    if cut_over is None:
        return []
    found: list[Entry] = []
    for entry in entries:
        if covered(entry.account, view):
            own = Entry(
                voucher=cut_over.opening, account=entry.account, amount=-entry.amount, date=max(entry.date, cut_over.day),
                dimensions=entry.dimensions, cause=document,
            )  # fmt: skip
            contra = earlier_years_account(view, at) or cut_over.expense_account
            found += [own, other_side(own, contra, entry.cost_center, view)]
    for one in unbilled:
        own = Entry(
            voucher=cut_over.opening, account=view.role("stock_received_not_billed"), amount=one.amount,
            date=max(one.day, cut_over.day), dimensions=one.dimensions, against=one.of, cause=document,
        )  # fmt: skip
        contra = earlier_years_account(view, first_instant(one.day, view.zone)) or one.account
        found += [own, other_side(own, contra, one.cost_center, view)]
    return found


def covered(account: str, view: MasterView) -> bool:
    """Whether an account belongs to those that the opening entry opened: of stock, and of stock received but not billed."""
    cut_over = view.cut_over
    assert cut_over is not None  # noqa: S101 - there is an opening entry only then
    return (
        account == view.role("stock_received_not_billed")
        or account in cut_over.accounts
        or view.account_type(account) == "stock"
    )


def earlier_years_account(view: MasterView, at: int) -> str:
    """The account for what moved at an instant of earlier years; empty where it was later, or none was chosen."""
    cut_over = view.cut_over
    return cut_over.equity_account or "" if cut_over is not None and at < cut_over.year_from else ""


def other_side(own: Entry, contra: str, cost_center: str, view: MasterView) -> Entry:
    """The other side of an entry, of the same amount. A cost center goes only with a profit-and-loss account, as the field has it."""
    center = (cost_center or view.cost_center) if view.is_profit_and_loss(contra) else ""
    return Entry(
        voucher=own.voucher, account=contra, amount=-own.amount, date=own.date, cost_center=center,
        dimensions=own.dimensions, cause=own.cause,
    )  # fmt: skip
