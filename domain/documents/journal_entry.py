"""Journal entry: amounts between accounts, stated by a person or accepted from a proposal."""

from __future__ import annotations

import msgspec

from domain.documents.shape import Document, Line
from domain.money import Money, Rate
from domain.shape import Name


class JournalLine(Line, kw_only=True):
    """One side of one account."""

    account: Name
    debit: Money = msgspec.field(default_factory=Money)
    credit: Money = msgspec.field(default_factory=Money)
    party: Name | None = None


class JournalEntry(Document, tag="journal_entry", kw_only=True):
    """Entries that balance; `reference` names what they cure, for instance a reconciliation proposal."""

    lines: list[JournalLine]
    reference: Name | None = None
    currency: Name | None = None
    exchange_rate: Rate | None = None
    is_opening: bool = False
