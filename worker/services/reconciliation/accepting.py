"""Accepting a proposal: a person says what is missing, a second one where it is much, and the journal entry goes its way like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import DocumentRejected
from domain.master_view import MasterView
from domain.out_of_sync import Side
from domain.reconciliation import Proposal, filled_in, is_beyond
from worker.bells import Lane
from worker.services.present_view import present_view
from worker.services.submission import submit
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.intake.generated import free_numbers
from worker.store.posting.outcomes import fetch_outcome
from worker.store.reconciliation.proposals import (
    lock_proposal,
    note_first,
    note_refused,
    note_submitted,
    proposal,
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of an acceptance: the outcome of the journal, or None while a second person has to accept it."""

    proposal: Proposal
    outcome: dict[str, Any] | None


def accept(tools: Tools, lane: Lane, number: int, actor: str, settings: Mapping[str, str] | None = None) -> Acceptance:
    """Accept a proposal as somebody, with what they set; its journal is submitted, and decided at once where the lane is free.

    What waited for the account posts by itself after it. Errors: DocumentRejected where the proposal is not open, where something must
    be set first (ProposalIncomplete), or where a second person is needed and this is the first one again; Unavailable.
    """
    with tools.database.transaction() as connection:
        accepted = _accept(connection, lane, number, actor, settings or {})
    if isinstance(accepted, Proposal):
        return Acceptance(accepted, None)
    (outcome,) = submit(tools, [accepted])
    with tools.database.transaction() as connection:
        if outcome["status"] == "rejected":
            note_refused(connection, lane.company_id, number)
        after = proposal(connection, lane.company_id, number)
    assert after is not None  # noqa: S101 - proposals are never deleted
    return Acceptance(after, outcome)


def missing_in(view: MasterView, sides: tuple[Side, ...]) -> list[str]:
    """What must still be set before an entry can be posted: an account, a cost center, mandatory dimensions."""
    missing = []
    charged = [side for side in sides if not side.account or view.is_profit_and_loss(side.account)]
    if any(not side.account for side in sides):
        missing.append("account")
    if not view.cost_center and any(not side.cost_center for side in charged):
        missing.append("cost_center")
    common = view.company.dimensions or {}
    missing += [
        f"dimensions.{name}"
        for name in view.company.mandatory_dimensions
        if name not in common and any(name not in side.dimensions for side in charged)
    ]
    return missing


def _accept(
    connection: Rows, lane: Lane, number: int, actor: str, settings: Mapping[str, str]
) -> Proposal | dict[str, Any]:
    """The journal to submit; or the proposal, where it now waits for a second person."""
    company = lane.company_id
    opened = _open_proposal(connection, lane, number)
    view = present_view(connection, company)
    stock_accounts = {side.account for side in opened.sides if view.is_stock_account(side.account)} | {opened.account}
    sides, of_document = filled_in(opened.sides, stock_accounts, settings)
    missing = missing_in(view, sides)
    if missing:
        wanted = " ".join(f"--set {name}=..." for name in missing)
        raise DocumentRejected(
            "ProposalIncomplete",
            f"Proposal {number} still needs {', '.join(missing)}: perpetua reconcile accept {number} {wanted}.",
            missing[0],
            {"proposal": number, "missing": missing},
        )
    limit = view.company.second_acceptance_above
    if limit is not None and is_beyond(opened.difference, limit, view.currency):
        if opened.status == "proposed" or settings:
            # Whoever changes an entry is its first person: the second one accepts what the first has seen.
            note_first(connection, company, number, actor, sides)
            first = proposal(connection, company, number)
            assert first is not None  # noqa: S101 - it was there a moment ago
            return first
        if opened.first_by == actor:
            raise DocumentRejected(
                "SecondPersonNeeded",
                f"Proposal {number} is more than {view.company.name} lets one person accept, and {actor} has accepted it already. "
                "Let somebody else accept it.",
                "actor",
                {"proposal": number, "first_by": actor},
            )
    document = _free_number(connection, company, lane.company, opened.reference)
    note_submitted(connection, company, number, actor, document)
    return _journal(lane.company, document, opened, sides, of_document, view, actor)


def _open_proposal(connection: Rows, lane: Lane, number: int) -> Proposal:
    """The proposal, to oneself; one whose journal was refused is open again. Errors: DocumentRejected."""
    found = (
        proposal(connection, lane.company_id, number) if lock_proposal(connection, lane.company_id, number) else None
    )
    if found is not None and found.status == "submitted":
        decided = fetch_outcome(connection, lane.company, "journal_entry", found.document)
        if decided is None or decided["status"] == "rejected":
            note_refused(connection, lane.company_id, number)
            found = proposal(connection, lane.company_id, number)
    if found is None or found.status not in ("proposed", "awaiting_second"):
        reason = "there is none of this number" if found is None else f"it is {found.status}"
        raise DocumentRejected(
            "ProposalNotOpen",
            f"Proposal {number} can't be accepted: {reason}. Look at perpetua reconcile proposals for what is open.",
            "proposal",
            {"proposal": number},
        )
    return found


def _free_number(connection: Rows, company: int, name: str, reference: str) -> str:
    if fetch_outcome(connection, name, "journal_entry", reference) is None:
        return reference
    return free_numbers(connection, company, "journal_entry", reference, 1)[0]


def _journal(
    company: str,
    number: str,
    opened: Proposal,
    sides: tuple[Side, ...],
    of_document: dict[str, str],
    view: MasterView,
    actor: str,
) -> dict[str, Any]:
    show = view.currency.show
    why = f"takes back {opened.reverses}" if opened.reverses else "books the difference"
    return {
        "type": "journal_entry",
        "company": company,
        "number": number,
        "posting_datetime": datetime.now(view.zone).replace(tzinfo=None).isoformat(),
        "reference": opened.reference,
        "actor": actor,
        "remarks": f"Proposal {opened.number} {why}: {opened.account} and its stock differed by {show(opened.difference)}.",
        **of_document,
        "lines": [_line(side, show) for side in sides],
    }


def _line(side: Side, show: Any) -> dict[str, Any]:
    amount = {"debit": show(side.debit)} if side.debit else {"credit": show(side.credit)}
    optional = {"party": side.party, "cost_center": side.cost_center, "dimensions": side.dimensions}
    return {"account": side.account, **amount, **{name: value for name, value in optional.items() if value}}
