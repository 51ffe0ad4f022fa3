"""The drawer at closing: what should be in it by mode, what was counted, and what is over or short.

The money of each sale is expected once: by the closing that takes the sale up, or by the one that set it aside before. So money in the
drawer for a sale that waits is neither over nor short, and is not missed by the closing that takes the sale up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from domain.documents.plan import Head, Plan
from domain.documents.pos import PosClosing
from domain.pos_consolidation.merging import Consolidated
from domain.pos_receipt import PosReceipt, Tender


@dataclass(slots=True)
class Count:
    """One mode of payment: the account behind it, what should be there and what was counted (None where nobody counted).

    `set_aside` is what of the expected is of sales that no closing takes up yet; below zero where it was expected before.
    """

    mode: str
    account: str
    expected: int
    counted: int | None
    set_aside: int = 0

    @property
    def difference(self) -> int:
        """Over (positive) or short (negative), minor units."""
        return 0 if self.counted is None else self.counted - self.expected


class Waiting(NamedTuple):
    """A sale that a closing sets aside, or that one has set aside before, as this closing leaves it.

    `expected`: how often closings that stand have expected its money apart from taking it up.
    """

    sequence: int
    status: str
    expected: int
    receipt: PosReceipt

    @property
    def times(self) -> int:
        """How often this closing has to expect its money besides, -1 where it was expected before.

        Once in all for a sale that stands, and not at all for one that was cancelled: its money was given back.
        """
        taken_up = self.status == "consolidated"
        stands = self.status != "cancelled"
        return stands - taken_up - self.expected


def money_apart(sales: Iterable[Waiting]) -> dict[Tender, int]:
    """What to expect in the drawer for sales that were set aside, besides what is taken up (minor units)."""
    money: dict[Tender, int] = {}
    for sale in sales:
        for payment in sale.receipt.payments:
            money[payment.tender] = money.get(payment.tender, 0) + sale.times * payment.amount
        for change in sale.receipt.change:
            money[change.tender] = money.get(change.tender, 0) - sale.times * change.amount
    return {tender: amount for tender, amount in money.items() if amount}


def count_cash(
    planned: Plan,
    closing: PosClosing,
    head: Head,
    floats: Mapping[str, int],
    documents: Iterable[Consolidated],
    apart: Mapping[Tender, int],
) -> list[Count]:
    """Compare the drawer mode by mode and plan the entries for what is over or short; the float stays in the drawer.

    `apart` is the money of sales that were set aside (`money_apart`). Errors: DocumentRejected for an amount that the currency can't hold.
    """
    view = head.view
    expected, set_aside = dict(floats), dict[str, int]()
    accounts: dict[str, str] = {}
    for made in documents:
        for tender, amount in made.payments.items():
            accounts.setdefault(tender.mode, tender.account)
            expected[tender.mode] = expected.get(tender.mode, 0) + amount
        for tender, amount in made.change.items():
            expected[tender.mode] = expected.get(tender.mode, 0) - amount
    for tender, amount in apart.items():
        accounts.setdefault(tender.mode, tender.account)
        expected[tender.mode] = expected.get(tender.mode, 0) + amount
        set_aside[tender.mode] = set_aside.get(tender.mode, 0) + amount
    counted = {
        entry.mode: view.currency.exact(entry.amount, f"counted[{index}].amount")
        for index, entry in enumerate(closing.counted)
    }
    counts = [
        Count(
            mode, accounts.get(mode) or view.mode_account(mode), expected.get(mode, 0), counted.get(mode),
            set_aside.get(mode, 0),
        )
        for mode in dict.fromkeys((*expected, *counted))
    ]  # fmt: skip
    for count in counts:
        planned.entry(head, count.account, count.difference)
        planned.entry(head, view.role("cash_over_short"), -count.difference)
    return counts
