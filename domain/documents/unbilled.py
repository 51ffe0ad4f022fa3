"""Goods received but not billed: an entry where the document follows the perpetual rule, else kept beside its figures.

A company that keeps periodic inventory has no use for the account, yet must know what is still to be billed: its migration opens the
account with exactly that, and whatever changes it later changes the opening entry.

Most of it are shares of another document's line, which others can change (`shares`). Such a change is kept by the document that causes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from domain.books import Unbilled
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.shares import Sharer
from domain.entries import opening_differences
from domain.master_view import MasterView
from domain.money import Money

_KEPT = "unbilled"  # where a voucher's figures keep it


class UnbilledLine(msgspec.Struct, gc=False, frozen=True):
    """One line of a purchase; `account` is the expense that such a purchase is booked to under periodic inventory.

    `causing` is the head of the document that is decided, where that changes the line of another.
    """

    planned: Plan
    head: Head
    account: str
    cost_center: str
    dimensions: str
    causing: Head | None = None

    def book(self, amount: int, of: int = 0, day: date | None = None) -> None:
        """Debit (or credit) what is received but not billed; `of` is the voucher that this clears, or else the document itself.

        `day` is when it takes effect, where that is not the document's own.
        """
        head = self.head
        if head.perpetual:
            self.planned.entry(head, head.view.role("stock_received_not_billed"), amount, dimensions=self.dimensions)
        elif amount:
            self.planned.unbilled.append(self._kept(amount, of, day, shared=False))

    def share(self, amount: int, of: int = 0, day: date | None = None) -> None:
        """Book a share of another document's line, or a change of one. An opening entry that stands for the line's document has it."""
        head = self.causing or self.head
        if self.head.perpetual or not amount:
            self.book(amount, of, day)
            return
        row, place = self._kept(amount, of, day, shared=True), self.planned.place or (head.at, head.sequence)
        self.planned.unbilled.append(row)
        if not head.view.is_in_opening(place[1], place[0]):  # what is in it itself brings all that it keeps (`folding`)
            self.planned.entries += opening_differences((), [row], head.view, at=place[0], document=head.sequence)

    def _kept(self, amount: int, of: int, day: date | None, *, shared: bool) -> Unbilled:
        head = self.head
        return Unbilled(
            of=of or head.sequence, day=day or head.date, account=self.account, amount=amount, cost_center=self.cost_center,
            dimensions=self.dimensions, shared=shared,
        )  # fmt: skip


def line_of(planned: Plan, own: Sharer, causing: Head) -> UnbilledLine:
    """The line that takes a share, for a document that changes it. Errors: DocumentRejected where its expense is not known any more."""
    head, line, view = own.head, own.line, own.head.view
    item, account = view.kept_item(line.item), ""
    if not head.perpetual:
        stated = getattr(line, "expense_account", None)
        account = view.expense_account(stated, item, "default_expense", f"lines[{own.place}].expense_account")
    center = cost_center_of(head, line.cost_center, item)
    dimensions = dimensions_of(head, line.dimensions, own.document.dimensions, item)
    return UnbilledLine(planned, head, account, center, dimensions, causing)


def kept(unbilled: Iterable[Unbilled], view: MasterView) -> dict[str, object]:
    """The figures that a voucher keeps of it, lines that differ in amount only as one; none where there is nothing."""
    sums: dict[tuple[int, date, str, str, str, bool], int] = {}
    for one in unbilled:
        key = one.of, one.day, one.account, one.cost_center, one.dimensions, one.shared
        sums[key] = sums.get(key, 0) + one.amount
    rows = [
        {
            "of": of, "day": day.isoformat(), "account": account, "cost_center": center, "dimensions": dimensions,
            "amount": view.currency.show(amount),
        }
        | ({"shared": True} if shared else {})
        for (of, day, account, center, dimensions, shared), amount in sums.items()
        if amount
    ]  # fmt: skip
    return {_KEPT: rows} if rows else {}


def read_back(figures: dict[str, Any], view: MasterView) -> list[Unbilled]:
    """What a voucher's figures kept of it."""
    return [
        Unbilled(
            of=row["of"],
            day=date.fromisoformat(row["day"]),
            account=row["account"],
            amount=view.currency.exact(Money.parse(row["amount"]), _KEPT),
            cost_center=row["cost_center"],
            dimensions=row["dimensions"],
            shared=row.get("shared", False),
        )
        for row in figures.get(_KEPT, ())
    ]
