"""Reconciliation: stock value against stock account balances, why they differ, and what would mend it."""

from domain.reconciliation.causes import Cause, CauseKind, Legs, classify, still_open
from domain.reconciliation.proposals import (
    Proposal,
    ProposalKind,
    adjustment,
    filled_in,
    number_in,
    reference_of,
    reversal,
)
from domain.reconciliation.verdicts import AccountVerdict, Finding, Reconciliation, Word, is_beyond, word_for

__all__ = [
    "AccountVerdict",
    "Cause",
    "CauseKind",
    "Finding",
    "Legs",
    "Proposal",
    "ProposalKind",
    "Reconciliation",
    "Word",
    "adjustment",
    "classify",
    "filled_in",
    "is_beyond",
    "number_in",
    "reference_of",
    "reversal",
    "still_open",
    "word_for",
]
