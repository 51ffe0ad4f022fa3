"""Proposals: the journal entry that would mend a difference, and what a person still has to say about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import DocumentRejected
from domain.out_of_sync import Side, reference_of


class ProposalKind(StrEnum):
    """What a proposal does: take a journal by hand back, or book the difference against stock adjustment."""

    REVERSAL = "reversal"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A journal entry that would mend a part of an account's difference (minor units), and how far it has come.

    `status`: proposed, awaiting_second (one person accepted, another has to), submitted (its journal is published under `number`),
    settled (the journal is posted), withdrawn (the difference has changed or gone). `reverses` names the journal by hand that a
    reversal takes back.
    """

    number: int
    account: str
    kind: ProposalKind
    difference: int
    sides: tuple[Side, ...]
    status: str
    proposed_at: datetime
    reverses: str = ""
    first_by: str | None = None
    accepted_by: str | None = None
    accepted_at: datetime | None = None
    document: str = ""
    settled_at: datetime | None = None

    @property
    def reference(self) -> str:
        """The name by which a journal entry says that it is this proposal's."""
        return reference_of(self.number)


def adjustment(account: str, difference: int, contra: str) -> tuple[Side, ...]:
    """Debit the stock account by what stock is worth more than its balance, credit stock adjustment; the other way where it is less."""
    amount = abs(difference)
    sides = (Side(account=account, debit=amount), Side(account=contra, credit=amount))
    return sides if difference > 0 else tuple(_turned(side) for side in sides)


def reversal(sides: Iterable[Side]) -> tuple[Side, ...]:
    """A journal by hand turned round, line by line."""
    return tuple(_turned(side) for side in sides)


def _turned(side: Side) -> Side:
    return Side(
        account=side.account, debit=side.credit, credit=side.debit, party=side.party, cost_center=side.cost_center,
        dimensions=side.dimensions,
    )  # fmt: skip


def filled_in(
    sides: Iterable[Side], stock_accounts: Collection[str], settings: Mapping[str, str]
) -> tuple[tuple[Side, ...], dict[str, str]]:
    """A proposed entry with what a person set: `account` (instead of stock adjustment), `cost_center`, `dimensions.NAME`, and the rest.

    The stock accounts' own lines stay as they are: they are what is mended. Gives what concerns the document as a whole too
    (`posting_datetime`, `remarks`). Errors: DocumentRejected where there is nothing of that name to set.
    """
    lines = {name: value for name, value in settings.items() if name in ("account", "cost_center")}
    dimensions = {name.partition(".")[2]: value for name, value in settings.items() if name.startswith("dimensions.")}
    document = {name: value for name, value in settings.items() if name in ("posting_datetime", "remarks")}
    for name in settings:
        if name not in lines and name not in document and not name.partition("dimensions.")[2]:
            raise DocumentRejected(
                "NothingToSet",
                f"{name}: a proposal has no such field. Set account, cost_center, dimensions.NAME, posting_datetime or remarks.",
                name,
            )
    filled = tuple(
        side
        if side.account in stock_accounts
        else Side(
            account=lines.get("account", side.account), debit=side.debit, credit=side.credit, party=side.party,
            cost_center=lines.get("cost_center", side.cost_center), dimensions={**side.dimensions, **dimensions},
        )
        for side in sides
    )  # fmt: skip
    return filled, document
