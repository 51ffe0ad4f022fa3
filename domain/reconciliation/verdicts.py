"""Verdicts: what a look at a company's books came to, account by account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from domain.money import Currency
from domain.reconciliation.causes import Cause

Word = Literal["in_sync", "out_of_sync", "faulty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountVerdict:
    """A stock account against the stock of the warehouses that stand in it; figures in minor units.

    `parted_at` is the recorded moment since which the two have differed without a break, `parted_batch` the batch that was posted then
    (0 where a repost was published); `first_night` the first night on which it was seen.
    """

    account: str
    warehouses: tuple[str, ...]
    stock_value: int
    balance: int
    out_of_sync: bool = False
    parted_at: datetime | None = None
    parted_batch: int = 0
    first_night: date | None = None

    @property
    def difference(self) -> int:
        """Stock value less balance: what the account must be debited with to agree."""
        return self.stock_value - self.balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A law of the books that does not hold; `code` is that of the check which found it."""

    code: str
    message: str
    first_night: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One look at a company's books.

    `as_of` is the last posting date that counted, None where all did. `is_full`: everything was added up anew, not only what had come in
    since the look before. `figures` is what was seen beside the accounts, in words that JSON knows.
    """

    company: str
    number: int
    night: date
    as_of: date | None
    verdict: Word
    is_full: bool
    batch_no: int
    rows_read: int
    currency: Currency
    started_at: datetime
    recorded_at: datetime
    accounts: tuple[AccountVerdict, ...] = ()
    causes: tuple[Cause, ...] = ()
    findings: tuple[Finding, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        """What all accounts together differ by, each without its sign (minor units)."""
        return sum(abs(account.difference) for account in self.accounts)

    def causes_of(self, account: str) -> tuple[Cause, ...]:
        """The causes of one account's difference; their amounts add up to it."""
        return tuple(cause for cause in self.causes if cause.account == account)


def word_for(accounts: tuple[AccountVerdict, ...], findings: tuple[Finding, ...]) -> Word:
    """The verdict in a word: accounts that differ weigh more than laws that don't hold."""
    if any(account.out_of_sync for account in accounts):
        return "out_of_sync"
    return "faulty" if findings else "in_sync"


def is_beyond(difference: int, tolerance: int, currency: Currency) -> bool:
    """Whether an account's difference (minor units) is more than a company tolerates (nine decimals)."""
    return abs(currency.value(difference)) > tolerance
