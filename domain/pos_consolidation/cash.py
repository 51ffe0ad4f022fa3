"""The drawer at closing: what should be in it by mode, what was counted, and what is over or short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.documents.plan import Head, Plan
from domain.documents.pos import PosClosing
from domain.pos_consolidation.merging import Consolidated


@dataclass(slots=True)
class Count:
    """One mode of payment: the account behind it, what should be there and what was counted (None where nobody counted)."""

    mode: str
    account: str
    expected: int
    counted: int | None

    @property
    def difference(self) -> int:
        """Over (positive) or short (negative), minor units."""
        return 0 if self.counted is None else self.counted - self.expected


def count_cash(
    planned: Plan, closing: PosClosing, head: Head, floats: Mapping[str, int], documents: Iterable[Consolidated]
) -> list[Count]:
    """Compare the drawer mode by mode and plan the entries for what is over or short; the float stays in the drawer.

    Errors: DocumentRejected for an amount that the currency can't hold.
    """
    view = head.view
    expected = dict(floats)
    accounts: dict[str, str] = {}
    for made in documents:
        for tender, amount in made.payments.items():
            accounts.setdefault(tender.mode, tender.account)
            expected[tender.mode] = expected.get(tender.mode, 0) + amount
        for tender, amount in made.change.items():
            expected[tender.mode] = expected.get(tender.mode, 0) - amount
    counted = {
        entry.mode: view.currency.exact(entry.amount, f"counted[{index}].amount")
        for index, entry in enumerate(closing.counted)
    }
    counts = [
        Count(mode, accounts.get(mode) or view.mode_account(mode), expected.get(mode, 0), counted.get(mode))
        for mode in dict.fromkeys((*expected, *counted))
    ]
    for count in counts:
        planned.entry(head, count.account, count.difference)
        planned.entry(head, view.role("cash_over_short"), -count.difference)
    return counts
