"""Goods received but not billed: an entry where the document follows the perpetual rule, else kept beside its figures.

A company that keeps periodic inventory has no use for the account, yet must know what is still to be billed: its migration opens the
account with exactly that, and whatever changes it later changes the opening entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from domain.books import Unbilled
from domain.documents.plan import Head, Plan
from domain.master_view import MasterView
from domain.money import Money

_KEPT = "unbilled"  # where a voucher's figures keep it


class UnbilledLine(msgspec.Struct, gc=False, frozen=True):
    """One line of a purchase; `account` is the expense that such a purchase is booked to under periodic inventory."""

    planned: Plan
    head: Head
    account: str
    cost_center: str
    dimensions: str

    def book(self, amount: int, of: int = 0, day: date | None = None) -> None:
        """Debit (or credit) what is received but not billed; `of` is the voucher that this clears, or else the document itself.

        `day` is when it takes effect, where that is not the document's own.
        """
        head = self.head
        if head.perpetual:
            self.planned.entry(head, head.view.role("stock_received_not_billed"), amount, dimensions=self.dimensions)
        elif amount:
            self.planned.unbilled.append(
                Unbilled(
                    of=of or head.sequence, day=day or head.date, account=self.account, amount=amount, cost_center=self.cost_center,
                    dimensions=self.dimensions,
                )
            )  # fmt: skip


def kept(unbilled: Iterable[Unbilled], view: MasterView) -> dict[str, object]:
    """The figures that a voucher keeps of it, lines that differ in amount only as one; none where there is nothing."""
    sums: dict[tuple[int, date, str, str, str, bool], int] = {}
    for one in unbilled:
        key = one.of, one.day, one.account, one.cost_center, one.dimensions, one.shifted
        sums[key] = sums.get(key, 0) + one.amount
    rows = [
        {
            "of": of, "day": day.isoformat(), "account": account, "cost_center": center, "dimensions": dimensions,
            "amount": view.currency.show(amount),
        }
        | ({"shifted": True} if shifted else {})
        for (of, day, account, center, dimensions, shifted), amount in sums.items()
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
            shifted=row.get("shifted", False),
        )
        for row in figures.get(_KEPT, ())
    ]
