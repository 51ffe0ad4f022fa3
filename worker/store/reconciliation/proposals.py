"""Proposals as rows: written when a difference is found, read by people, posting and the mail."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from domain.out_of_sync import Remedy, Side
from domain.reconciliation import Proposal, ProposalKind
from worker.store.books.vouchers import VISIBLE
from worker.store.database import Rows

OPEN = ("proposed", "awaiting_second", "submitted")

_sides = msgspec.json.Decoder(list[Side])
_encode = msgspec.json.Encoder().encode


class OpenRow(NamedTuple):
    """An open proposal as rows refer to it: numbers for names, minor units."""

    number: int
    account: int
    kind: str
    difference: int
    status: str


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


def open_rows(connection: Rows, company: int) -> list[OpenRow]:
    """Every proposal that nobody has settled, oldest first."""
    found = connection.execute(
        "SELECT proposal_id, account_id, kind, difference, status FROM sync_proposal "
        "WHERE company_id = %s AND status = ANY(%s) ORDER BY proposal_id",
        [company, list(OPEN)],
    )
    return [OpenRow(*row) for row in found]


def remedies(connection: Rows, company: int) -> list[Remedy]:
    """The entries of all open proposals, oldest first."""
    found = connection.execute(
        "SELECT proposal_id, entry::text FROM sync_proposal WHERE company_id = %s AND status = ANY(%s) ORDER BY proposal_id",
        [company, list(OPEN)],
    )
    return [Remedy(number=number, sides=_sides.decode(entry)) for number, entry in found]


def propose(
    connection: Rows,
    company: int,
    account: int,
    kind: ProposalKind,
    voucher: int,
    difference: int,
    sides: Iterable[Side],
    now: datetime,
) -> int:
    """Write a proposal and give its number; the caller holds the company's lane."""
    row = connection.execute(
        "INSERT INTO sync_proposal (company_id, proposal_id, account_id, kind, voucher_id, difference, entry, status, proposed_at, number) "
        "SELECT %(company)s, coalesce(max(proposal_id), 0) + 1, %(account)s, %(kind)s, %(voucher)s, %(difference)s, %(entry)s, 'proposed', "
        "%(now)s, '' FROM sync_proposal WHERE company_id = %(company)s RETURNING proposal_id",
        {
            "company": company, "account": account, "kind": kind, "voucher": voucher, "difference": difference,
            "entry": _encode(list(sides)).decode(), "now": now,
        },
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    number: int = row[0]
    return number


def withdraw(connection: Rows, company: int, numbers: Collection[int]) -> None:
    """Note that what these would mend has changed or gone."""
    if numbers:
        connection.execute(
            "UPDATE sync_proposal SET status = 'withdrawn', settled_at = clock_timestamp() WHERE company_id = %s AND proposal_id = ANY(%s)",
            [company, list(numbers)],
        )


def note_settled(connection: Rows, company: int, number: int, document: str, now: datetime) -> None:
    """Note that a proposal's journal is posted, by whichever way it came."""
    connection.execute(
        "UPDATE sync_proposal SET status = 'settled', number = %s, settled_at = %s, accepted_at = coalesce(accepted_at, %s) "
        "WHERE company_id = %s AND proposal_id = %s",
        [document, now, now, company, number],
    )


def note_first(connection: Rows, company: int, number: int, actor: str, sides: Iterable[Side]) -> None:
    """Note that one person accepted these lines, which a second one has to accept too."""
    connection.execute(
        "UPDATE sync_proposal SET status = 'awaiting_second', first_by = %s, first_at = clock_timestamp(), entry = %s "
        "WHERE company_id = %s AND proposal_id = %s",
        [actor, _encode(list(sides)).decode(), company, number],
    )


def note_submitted(connection: Rows, company: int, number: int, actor: str, document: str) -> None:
    """Note that a proposal's journal is on its way under this number."""
    connection.execute(
        "UPDATE sync_proposal SET status = 'submitted', accepted_by = %s, accepted_at = clock_timestamp(), number = %s "
        "WHERE company_id = %s AND proposal_id = %s",
        [actor, document, company, number],
    )


def note_refused(connection: Rows, company: int, number: int) -> None:
    """Note that a proposal's journal was refused: it is open again, to be accepted with something else set."""
    connection.execute(
        "UPDATE sync_proposal SET status = CASE WHEN first_by IS NULL THEN 'proposed' ELSE 'awaiting_second' END, accepted_by = NULL, "
        "accepted_at = NULL WHERE company_id = %s AND proposal_id = %s AND status = 'submitted'",
        [company, number],
    )


def lock_proposal(connection: Rows, company: int, number: int) -> bool:
    """Have a proposal to oneself until the transaction ends; False where there is none."""
    row = connection.execute(
        "SELECT 1 FROM sync_proposal WHERE company_id = %s AND proposal_id = %s FOR UPDATE", [company, number]
    ).fetchone()
    return row is not None


def entries_of_journal(connection: Rows, company: int, voucher: int) -> list[Side]:
    """What a journal entry booked, netted over its accounts, parties, cost centers and dimensions; nothing of any other document."""
    found = connection.execute(
        "SELECT account.name, sum(e.debit - e.credit)::bigint, coalesce(party.name, ''), coalesce(center.name, ''), "
        "  coalesce(dimensions.name, '') FROM gl_entry e "
        "JOIN voucher v ON v.company_id = e.company_id AND v.voucher_id = e.voucher_id AND v.type = 'journal_entry' "
        "JOIN term account ON account.company_id = e.company_id AND account.term_id = e.account_id "
        "LEFT JOIN term party ON party.company_id = e.company_id AND party.term_id = e.party_id "
        "LEFT JOIN term center ON center.company_id = e.company_id AND center.term_id = e.cost_center_id "
        "LEFT JOIN term dimensions ON dimensions.company_id = e.company_id AND dimensions.term_id = e.dimensions_id "
        f"WHERE e.company_id = %s AND e.voucher_id = %s AND {VISIBLE.format('e')} "
        "GROUP BY account.name, party.name, center.name, dimensions.name HAVING sum(e.debit - e.credit) <> 0 ORDER BY min(e.entry_id)",
        [company, voucher],
    )
    return [
        Side(
            account=account, debit=max(amount, 0), credit=max(-amount, 0), party=party, cost_center=center,
            dimensions=msgspec.json.decode(dimensions) if dimensions else {},
        )
        for account, amount, party, center, dimensions in found
    ]  # fmt: skip


def _proposal(row: tuple[Any, ...]) -> Proposal:
    number, account, kind, difference, entry, status, proposed_at, reverses, first_by, by, at, document, settled_at = (
        row
    )
    return Proposal(
        number=number, account=account, kind=ProposalKind(kind), difference=difference, sides=tuple(_sides.decode(entry)),
        status=status, proposed_at=proposed_at, reverses=reverses, first_by=first_by, accepted_by=by, accepted_at=at,
        document=document, settled_at=settled_at,
    )  # fmt: skip
