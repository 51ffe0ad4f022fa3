"""A stock account that differs from its stock: what posting knows of it, and the journal entries that would mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import msgspec


class Drift(NamedTuple):
    """By how much a document's rows part a stock account from its stock: stock value less entries, minor units."""

    voucher: int
    account: str
    date: date
    amount: int


class Side(msgspec.Struct, gc=False, kw_only=True):
    """One line of a proposed journal entry; `debit` and `credit` in minor units."""

    account: str
    debit: int = 0
    credit: int = 0
    party: str = ""
    cost_center: str = ""
    dimensions: dict[str, str] = {}

    @property
    def amount(self) -> int:
        """Debit positive, credit negative."""
        return self.debit - self.credit


class Remedy(msgspec.Struct, gc=False, kw_only=True):
    """An open proposal: by its number, the journal entry that would mend a difference."""

    number: int
    sides: list[Side]

    def amount_on(self, account: str) -> int:
        """What it books on an account, debit positive."""
        return sum(side.amount for side in self.sides if side.account == account)


@dataclass(slots=True, kw_only=True)
class OutOfSync:
    """An account whose balance is not its stock's value.

    `difference` is stock value less balance (minor units). `stock_value` and `balance` are as of when somebody last looked, None before
    that. `since` is an instant (microseconds); `causes` are the sequences of the documents that it comes from; `remedies` is in the order
    in which they are best accepted. `has_changed`: only difference, since and causes hold, the rest is as before.
    """

    account: str
    difference: int
    since: int
    stock_value: int | None = None
    balance: int | None = None
    warehouses: tuple[str, ...] = ()
    causes: set[int] = field(default_factory=set)
    remedies: list[Remedy] = field(default_factory=list)
    has_changed: bool = False

    @property
    def is_known(self) -> bool:
        """Whether its figures and remedies are those of now."""
        return not self.has_changed and self.stock_value is not None

    def remedy(self, number: int) -> Remedy | None:
        """The open proposal of this number, where it mends this account."""
        return next((remedy for remedy in self.remedies if remedy.number == number), None)


def reference_of(number: int) -> str:
    """What a journal entry states as its `reference` to be a proposal's."""
    return f"RECON-{number}"


def number_in(reference: str | None) -> int:
    """The proposal that a reference names, 0 where it names none."""
    kind, _, number = (reference or "").partition("-")
    return int(number) if kind == "RECON" and number.isascii() and number.isdigit() else 0
