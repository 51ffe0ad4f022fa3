"""Proposals as rows: written when a difference is found, read by people, posting and the mail."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.out_of_sync import Side
from domain.reconciliation import Proposal, ProposalKind
from worker.store.database import Rows

OPEN = ("proposed", "awaiting_second", "submitted")

_sides = msgspec.json.Decoder(list[Side])

_PROPOSAL = (
    "SELECT p.proposal_id, a.name, p.kind, p.difference, p.entry::text, p.status, p.proposed_at, coalesce(v.number, ''), p.first_by, "
    "p.accepted_by, p.accepted_at, p.number, p.settled_at FROM sync_proposal p "
    "JOIN term a ON a.company_id = p.company_id AND a.term_id = p.account_id "
    "LEFT JOIN voucher v ON v.company_id = p.company_id AND v.voucher_id = p.voucher_id AND p.voucher_id <> 0 "
)


def proposals(connection: Rows, company: int, *, only_open: bool = True, limit: int = 1000) -> list[Proposal]:
    """Proposals in the order in which they are best accepted: oldest first where only open ones are asked for, else newest first."""
    found = connection.execute(
        _PROPOSAL
        + "WHERE p.company_id = %(company)s "
        + ("AND p.status = ANY(%(open)s) ORDER BY p.proposal_id" if only_open else "ORDER BY p.proposal_id DESC")
        + " LIMIT %(limit)s",
        {"company": company, "open": list(OPEN), "limit": limit},
    )
    return [_proposal(row) for row in found]


def proposal(connection: Rows, company: int, number: int) -> Proposal | None:
    """One proposal by its number, whatever became of it."""
    row = connection.execute(_PROPOSAL + "WHERE p.company_id = %s AND p.proposal_id = %s", [company, number]).fetchone()
    return None if row is None else _proposal(row)


def _proposal(row: tuple[Any, ...]) -> Proposal:
    number, account, kind, difference, entry, status, proposed_at, reverses, first_by, by, at, document, settled_at = (
        row
    )
    return Proposal(
        number=number, account=account, kind=ProposalKind(kind), difference=difference, sides=tuple(_sides.decode(entry)),
        status=status, proposed_at=proposed_at, reverses=reverses, first_by=first_by, accepted_by=by, accepted_at=at,
        document=document, settled_at=settled_at,
    )  # fmt: skip
