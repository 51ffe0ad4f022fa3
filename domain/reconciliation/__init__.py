"""Reconciliation: stock value against stock account balances, why they differ, and what would mend it."""

from domain.reconciliation.causes import Cause, CauseKind, Legs, classify, still_open
from domain.reconciliation.parting import Step, parted
from domain.reconciliation.planning import OpenCause, OpenProposal, Planned, plan_proposals
from domain.reconciliation.proposals import (
    Proposal,
    ProposalKind,
    adjustment,
    filled_in,
    reversal,
)
from domain.reconciliation.verdicts import AccountVerdict, Finding, Reconciliation, Word, is_beyond, word_for

__all__ = [
    "AccountVerdict",
    "Cause",
    "CauseKind",
    "Finding",
    "Legs",
    "OpenCause",
    "OpenProposal",
    "Planned",
    "Proposal",
    "ProposalKind",
    "Reconciliation",
    "Step",
    "Word",
    "adjustment",
    "classify",
    "filled_in",
    "is_beyond",
    "parted",
    "plan_proposals",
    "reversal",
    "still_open",
    "word_for",
]
