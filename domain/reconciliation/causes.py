"""Causes of a difference: documents whose rows in the two ledgers do not agree, and what else a reader should know first.

Both ledgers are written from the same amounts, so a document that was posted as it should be adds nothing to a difference. The others
add up to it exactly, by construction: a cause's amount is the document's stock value less its entries in the stock account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar


class CauseKind(StrEnum):
    """Why stock and its account differ, in the order in which a reader should hear of it."""

    PENDING_REPOST = "pending_repost"  # informs: a repost will move both ledgers alike
    OPEN_TILL = "open_till"  # informs: sales that no closing has taken up yet
    JOURNAL_BY_HAND = "journal_by_hand"  # the document names the stock account itself
    LEG_MISSING = "leg_missing"  # rows in one ledger, none in the other
    CANCELLED_ON_ONE_SIDE = "cancelled_on_one_side"
    CHAIN_BROKEN = "valuation_chain_broken"  # the stock ledger's rows are not what their chain's state says
    ROUNDING = "rounding"  # at most a minor unit a row
    LEG_ALTERED = "leg_altered"  # rows in both ledgers, whose amounts differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A part of an account's difference, in minor units, with the document that it comes from.

    `figure` is what a cause that only informs comes to (`amount` is 0 then). `voucher_no` is empty where no document is known.
    `recorded_at` is when it came into the books, `first_night` the first night on which it was seen; `proposal` mends it.
    """

    account: str
    kind: CauseKind
    amount: int
    message: str
    voucher_type: str = ""
    voucher: str = ""
    voucher_no: str = ""
    posting_date: date | None = None
    figure: int = 0
    recorded_at: datetime | None = None
    first_night: date | None = None
    proposal: int = 0

    def nights(self, night: date) -> int:
        """Its age: on how many nights it has been seen, this one included; at least one, also where it came up after that night."""
        return max(1, (night - self.first_night).days + 1) if self.first_night is not None else 1


class Legs(NamedTuple):
    """A document's rows in one stock account: how many there are in each ledger, what they come to, and what is known of it.

    `names_account`: the document itself names the account; `is_cancelled`: another takes it back. `reversed_stock` and
    `reversed_ledger`: whether each ledger has the rows that take it back. `entries_balance`: its entries in all accounts add up to zero.
    `chain_holds`: the rows of its chains come to what the chains' states say.
    """

    stock_rows: int
    ledger_rows: int
    stock_value: int
    balance: int
    names_account: bool = False
    is_cancelled: bool = False
    reversed_stock: bool = False
    reversed_ledger: bool = False
    entries_balance: bool = True
    chain_holds: bool = True


def classify(legs: Legs) -> CauseKind:
    """Why a document's rows differ, from what they look like."""
    if legs.names_account:
        return CauseKind.JOURNAL_BY_HAND
    if not legs.stock_rows or not legs.ledger_rows:
        return CauseKind.LEG_MISSING
    if legs.is_cancelled and legs.reversed_stock != legs.reversed_ledger:
        return CauseKind.CANCELLED_ON_ONE_SIDE
    if abs(legs.stock_value - legs.balance) <= legs.stock_rows and legs.entries_balance and legs.chain_holds:
        return CauseKind.ROUNDING
    if legs.entries_balance and not legs.chain_holds:
        return CauseKind.CHAIN_BROKEN
    return CauseKind.LEG_ALTERED


class Part(Protocol):
    """A document's part of an account's difference (minor units), and the proposal that it was assigned to (0 for none)."""

    @property
    def voucher(self) -> int:
        """The document's sequence."""

    @property
    def amount(self) -> int:
        """Minor units."""

    @property
    def proposal(self) -> int:
        """The proposal's number."""


P = TypeVar("P", bound=Part)


def still_open(parts: Iterable[P]) -> list[P]:
    """One account's parts that are not mended; what is left out adds up to nothing.

    A document that was taken back on another date is over. So is what a proposal named, together with the journal that it became: cancel
    that journal, and it is open again.
    """
    by_voucher: defaultdict[int, list[P]] = defaultdict(list)
    for part in parts:
        by_voucher[part.voucher].append(part)
    by_proposal: defaultdict[int, list[P]] = defaultdict(list)
    for group in by_voucher.values():
        if sum(part.amount for part in group) != 0:
            for part in group:
                by_proposal[part.proposal].append(part)
    return [
        part
        for proposal, group in by_proposal.items()
        if not proposal or sum(one.amount for one in group) != 0
        for part in group
        if part.amount
    ]
