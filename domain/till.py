"""A till as sales meet it: its profile, and what lines and payments of one kind were found to resolve to.

A till sells the same goods for the same few tenders all day. What was resolved once is kept as long as the view of the masters that
it was resolved by; refusals are not kept, each names its own line.
"""

from __future__ import annotations

import msgspec

from domain.masters import Item, PosProfile
from domain.pos_receipt import Tender
from domain.stock_ledger import Chain


class Shelf(msgspec.Struct, frozen=True, gc=False):
    """Where a till sells an item from, and on which account.

    `chain` is what plain goods are taken from; None where nothing is, or where batch, serial numbers or the parts of a bundle say which.
    """

    item: Item
    warehouse: str
    income: str
    is_stocked: bool
    chain: Chain | None


class Till:
    """A profile with what its sales have resolved: `shelves` by what a line says, `tenders` by mode and account."""

    __slots__ = ("profile", "shelves", "tenders")

    def __init__(self, profile: PosProfile) -> None:
        self.profile = profile
        self.shelves: dict[tuple[str | None, ...], Shelf] = {}
        self.tenders: dict[tuple[str, str | None], Tender] = {}
