"""Causes in words: one sentence that says what is wrong with a document, and what to do."""

from __future__ import annotations

from domain.reconciliation import CauseKind

_SENTENCES = {
    CauseKind.JOURNAL_BY_HAND: "{0} names the stock account itself, which no stock follows. Cancel it, or accept its reversal.",
    CauseKind.LEG_MISSING: "{0} has rows in one ledger and none in the other: rows were removed or added behind the system's back.",
    CauseKind.CANCELLED_ON_ONE_SIDE: "{0} is taken back in one ledger and stands in the other.",
    CauseKind.CHAIN_BROKEN: "{0} is worth something else in the stock ledger than in its chain's layers: a row was altered.",
    CauseKind.ROUNDING: "{0} differs by no more than a minor unit a row.",
    CauseKind.LEG_ALTERED: "{0} has rows in both ledgers whose amounts differ: a row was altered.",
}


def in_words(kind: CauseKind, document: str) -> str:
    """A cause of which a document is at fault."""
    return _SENTENCES[kind].format(document[:1].upper() + document[1:])
