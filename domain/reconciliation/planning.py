"""Which proposals an account needs: the reversal of each journal by hand first, then one entry for the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.reconciliation.causes import CauseKind, still_open
from domain.reconciliation.proposals import ProposalKind

MOST_REVERSALS = 20  # journals by hand that are taken back one by one; of more, one entry for all is easier to accept


class OpenCause(NamedTuple):
    """A document's part of an account's difference (minor units), and the proposal that it was assigned to (0 for none)."""

    voucher: int
    kind: CauseKind
    amount: int
    proposal: int
    is_reversible: bool = False


class OpenProposal(NamedTuple):
    """A proposal that nobody has settled: `is_submitted` while its journal is on its way."""

    number: int
    kind: ProposalKind
    difference: int
    is_submitted: bool = False


@dataclass(slots=True)
class Planned:
    """What becomes of an account's proposals; `adjusted` are the documents whose parts the adjustment books, `adjustment` what it books."""

    kept: set[int] = field(default_factory=set)
    reversals: list[int] = field(default_factory=list)
    adjusted: list[int] = field(default_factory=list)
    adjustment: int = 0


def plan_proposals(causes: Iterable[OpenCause], proposals: Collection[OpenProposal]) -> Planned:
    """Plan for an account that is out of sync, given all of its causes and its open proposals.

    What is submitted stays until its journal is decided; what fits stays too; everything else is withdrawn and proposed anew.
    """
    planned = Planned(kept={proposal.number for proposal in proposals if proposal.is_submitted})
    known = {proposal.number: proposal for proposal in proposals}
    parts = [cause for cause in still_open(causes) if cause.proposal not in planned.kept]
    amounts: defaultdict[int, int] = defaultdict(int)
    for cause in parts:
        amounts[cause.voucher] += cause.amount
    journals = {
        c.voucher for c in parts if c.is_reversible and c.kind is CauseKind.JOURNAL_BY_HAND and amounts[c.voucher]
    }
    if len(journals) > MOST_REVERSALS:
        journals = set()
    for voucher in sorted(journals):
        own = {cause.proposal for cause in parts if cause.voucher == voucher}
        proposal = known.get(own.pop()) if len(own) == 1 else None
        if proposal is not None and proposal.kind is ProposalKind.REVERSAL:
            planned.kept.add(proposal.number)
        else:
            planned.reversals.append(voucher)
    rest = [cause for cause in parts if cause.voucher not in journals]
    amount = sum(cause.amount for cause in rest)
    if amount:
        own = {cause.proposal for cause in rest}
        proposal = known.get(own.pop()) if len(own) == 1 else None
        if proposal is not None and proposal.kind is ProposalKind.ADJUSTMENT and proposal.difference == amount:
            planned.kept.add(proposal.number)
        else:
            planned.adjusted = sorted({cause.voucher for cause in rest})
            planned.adjustment = amount
    return planned
