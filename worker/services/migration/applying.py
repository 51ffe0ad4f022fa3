"""Apply a plan in one transaction under the company's lane, and take it back before anything else is posted.

The opening entry is a journal of our own; with it, in the same breath, the company's master turns perpetual inventory on and a master of
our own says from when. Killed at any point, nothing has happened; applied twice, it is applied once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, cast

import msgspec

from domain.books import Posting
from domain.cut_over import CutOver
from domain.documents import AnyDocument
from domain.documents.plan import Head, Plan
from domain.errors import InvariantBroken, PerpetuaError
from domain.general_ledger import Entry
from domain.migration import plan_opening, plan_rollback
from domain.posting import post_planned
from domain.posting_time import from_instant
from worker.messages import canonical, content_hash, decode_accepted, plain
from worker.services.deciding import Batch
from worker.services.lane_memory import LaneMemory
from worker.services.pos_closing import LaneDesk
from worker.store.database import Database, Rows
from worker.store.intake.acceptance import accept, lock_acceptance
from worker.store.intake.generated import Made, file_documents, free_numbers
from worker.store.intake.incoming import Incoming
from worker.store.intake.masters import newest_master
from worker.store.inventory_migration.plans import (
    APPLIED,
    ROLLED_BACK,
    StoredPlan,
    accounts_out_of_step,
    applied_plan,
    changes_since,
    load_plan,
    note_applied,
    note_rolled_back,
    opening_rows,
    posted_after,
    sight,
)
from worker.store.posting.lanes import LaneRow, wait_for_lane
from worker.store.posting.unfinished import pending_reposts, undecided_documents
from worker.store.reconciliation.ledger_sums import begin_anew

_encode = msgspec.json.Encoder().encode
_EVER = 2**57  # after every posting time, in microseconds
_PUBLISHER = "perpetua migrate"


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan: its opening entry's number, and whether that was posted just now."""

    number: str
    anew: bool


def apply_plan(database: Database, company: int, number: int) -> Applied:
    """Post a plan's opening entry and turn perpetual inventory on; a plan that is applied already stays so.

    Errors: PerpetuaError where there is no such plan, something stands in its way, or anything changed since; Unavailable.
    """
    with database.transaction() as connection:
        lane = wait_for_lane(connection, company)
        stored = _required(load_plan(connection, company, number), lane, number)
        if stored.status == APPLIED:
            return Applied(_name_of(connection, company, stored.opening), anew=False)
        lock_acceptance(connection)
        _require_periodic(connection, lane)
        _require_fresh(connection, lane, stored)
        return Applied(_apply(connection, lane, stored), anew=True)


def roll_back(database: Database, company: int) -> str:
    """Take the migration in force back, by reversal; gives the number of the reversal.

    Errors: PerpetuaError where there is none, or something was posted or accepted since; Unavailable.
    """
    with database.transaction() as connection:
        lane = wait_for_lane(connection, company)
        stored = applied_plan(connection, company)
        if stored is None or stored.opening is None:
            raise PerpetuaError("NothingToRollBack", f"{lane.company} has no migration to take back.", "company")
        lock_acceptance(connection)
        _require_nothing_since(connection, lane, stored.opening)
        return _roll_back(connection, lane, stored, stored.opening)


# -- forward ----------------------------------------------------------------------------------------------------------


def _required(stored: StoredPlan | None, lane: LaneRow, number: int) -> StoredPlan:
    if stored is None:
        raise PerpetuaError(
            "UnknownPlan", f"{lane.company} has no plan {number}. Make one: perpetua migrate plan.", "plan"
        )
    if stored.status == ROLLED_BACK:
        raise PerpetuaError(
            "PlanRolledBack",
            f"Plan {number} was applied and taken back. Make a new one: perpetua migrate plan.",
            "plan",
        )
    return stored


def _require_periodic(connection: Rows, lane: LaneRow) -> None:
    other = applied_plan(connection, lane.company_id)
    if other is not None:
        raise PerpetuaError(
            "PerpetualAlready",
            f"{lane.company} keeps perpetual inventory already, by plan {other.number}; there is nothing to migrate.",
            "company",
        )


def _require_fresh(connection: Rows, lane: LaneRow, stored: StoredPlan) -> None:
    missing = stored.content["missing"]
    if missing:
        raise PerpetuaError(
            "MigrationNotReady",
            f"Plan {stored.number} names {len(missing)} things that stand in the way, the first: {missing[0]['message']} Settle them "
            "and plan again.",
            "plan",
            {"missing": missing},
        )
    changes = []
    if sight(connection, lane.company_id).fingerprint != stored.fingerprint:
        changes = changes_since(connection, lane.company_id, stored) or ["the books changed"]
    for one in undecided_documents(connection, lane.company_id):
        waits = "is parked" if one.status == "parked" else "waits to be posted"
        changes.append(f"{one.type.replace('_', ' ')} {one.number} {waits}")
    changes += [f"{name} waits to be reposted" for name in pending_reposts(connection, lane.company_id, _EVER)]
    if changes:
        more = f" and {len(changes) - 3} more" if len(changes) > 3 else ""
        raise PerpetuaError(
            "PlanOutdated",
            f"Plan {stored.number} is out of date: since it was made {', '.join(changes[:3])}{more}. Make a new one: perpetua migrate "
            f"plan --as-of {stored.as_of}.",
            "plan",
            {"changes": changes},
        )


def _apply(connection: Rows, lane: LaneRow, stored: StoredPlan) -> str:
    company, content = lane.company_id, stored.content
    row = connection.execute("SELECT last_sequence FROM intake_counter WHERE company_id = %s", [company]).fetchone()
    assert row is not None  # noqa: S101 - a company is opened with its counter
    cut_over = msgspec.convert(
        {**content["cut_over"], "day": stored.as_of, "opening": row[0] + 1, "name": lane.company, "company": lane.company}, CutOver
    )  # fmt: skip
    _publish(connection, lane, cut_over, perpetual=True)
    entries = [
        Entry(
            voucher=cut_over.opening, account=account, amount=amount, date=date.fromisoformat(day), cost_center=center,
            dimensions=axes, against=against,
        )
        for account, amount, day, center, axes, against in content["entries"]
    ]  # fmt: skip
    [number] = free_numbers(connection, company, "journal_entry", "PERPETUAL", 1)
    document = {
        "type": "journal_entry", "company": lane.company, "number": number, "reference": f"migration plan {stored.number}",
        "posting_datetime": from_instant(cut_over.until - 1).isoformat(),
        "remarks": f"Opening entry of perpetual inventory as of {stored.as_of}.",
        "lines": [{key: one[key] for key in ("account", "debit", "credit")} for one in content["opening"]],
    }  # fmt: skip
    figures: dict[str, object] = {"cut_over": stored.as_of.isoformat(), "plan": stored.number}
    plan = plan_opening(entries, figures)
    _post(connection, lane, document, cut_over.until - 1, stored.as_of, lambda _head: plan, settle=cut_over)
    note_applied(connection, company, stored.number, cut_over.opening)
    begin_anew(connection, company)
    _require_in_step(connection, lane, stored.as_of)
    return number


def _require_in_step(connection: Rows, lane: LaneRow, start: date) -> None:
    """The proof, from the rows themselves. Errors: InvariantBroken, and nothing was applied."""
    apart = accounts_out_of_step(connection, lane.company_id, start)
    if apart:
        account, day, stock, balance = apart[0]
        raise InvariantBroken(
            "MigrationOutOfStep",
            f"After the opening entry {account} would hold {balance} minor units on {day}, and stock is worth {stock}. Nothing was "
            "applied; report this with the plan.",
            details={"company": lane.company, "accounts": len(apart)},
        )


# -- and back ---------------------------------------------------------------------------------------------------------


def _require_nothing_since(connection: Rows, lane: LaneRow, opening: int) -> None:
    later = posted_after(connection, lane.company_id, opening)
    later += [f"{u.type.replace('_', ' ')} {u.number}" for u in undecided_documents(connection, lane.company_id)]
    if later:
        raise PerpetuaError(
            "PostedSinceMigration",
            f"The migration of {lane.company} can't be taken back any more: {', '.join(later[:5])} came after it, by the rule of "
            "perpetual inventory. Correct single documents by cancels and journal entries.",
            "company",
            {"documents": later},
        )


def _roll_back(connection: Rows, lane: LaneRow, stored: StoredPlan, opening: int) -> str:
    company = lane.company_id
    raw = newest_master(connection, company, "cut_over", lane.company)
    assert raw is not None  # noqa: S101 - the plan was applied with it
    cut_over = msgspec.json.decode(raw, type=CutOver)
    _publish(connection, lane, msgspec.structs.replace(cut_over, ended=True), perpetual=False)
    entries = [
        Entry(
            voucher=opening,
            account=account,
            amount=amount,
            date=day,
            cost_center=center,
            dimensions=axes,
            against=against,
        )
        for account, amount, day, center, axes, against in opening_rows(connection, company, opening)
    ]
    target = _name_of(connection, company, opening)
    [number] = free_numbers(connection, company, "cancel", target, 1)
    document = {
        "type": "cancel", "company": lane.company, "number": number, "target": {"type": "journal_entry", "number": target},
        "reason": f"Migration plan {stored.number} is rolled back.",
    }  # fmt: skip
    figures: dict[str, object] = {"reason": document["reason"], "cancels": f"journal_entry {target}"}
    at = cut_over.until - 1
    plan = partial(plan_rollback, entries, opening=opening, figures=figures)
    _post(connection, lane, document, at, stored.as_of, plan)
    note_rolled_back(connection, company, stored.number)
    begin_anew(connection, company)
    return number


# -- both ways --------------------------------------------------------------------------------------------------------


def _publish(connection: Rows, lane: LaneRow, cut_over: CutOver, *, perpetual: bool) -> None:
    """The company's master with the other method, and the cut-over: masters that hold for whatever is posted from here on."""
    raw = newest_master(connection, lane.company_id, "company", lane.company)
    assert raw is not None  # noqa: S101 - a plan was made with it
    company = cast("dict[str, Any]", plain(raw)) | {"perpetual_inventory": perpetual}
    incoming = [
        Incoming(
            company=owner, type=kind, number=lane.company, payload=payload, content_hash=content_hash(payload),
            publisher=_PUBLISHER, is_master=True,
        )
        for owner, kind, payload in (
            (str(company.get("company", "*")), "company", _encode(company)),
            (lane.company, "cut_over", _encode(cut_over)),
        )
    ]  # fmt: skip
    accept(connection, incoming, canonical=canonical)


def _post(
    connection: Rows,
    lane: LaneRow,
    document: dict[str, Any],
    at: int,
    day: date,
    plan: Any,
    *,
    settle: CutOver | None = None,
) -> None:
    """File a document of our own and post it, by the masters that hold now, as a batch of the lane."""
    payload = _encode(document)
    memory = LaneMemory(lane.company, lane.company_id)
    memory.begin(connection, lane)
    if settle is not None:
        # Reposts work beside the lane and can't give numbers to accounts that they meet first.
        for account in (settle.expense_account, *settle.expense_accounts, settle.equity_account or ""):
            _ = memory.names.by_kind["account"][account]
        memory.names.settle(connection)

    def work(desk: LaneDesk) -> None:
        made = Made(document["type"], document["number"], payload)
        [sequence] = file_documents(connection, lane.company_id, [made], lane.now)
        view = desk.books.view
        head = Head(sequence, document["type"], document["number"], at, day, view, view.cost_center, "")
        desk.post(partial(_decide, head, plan, desk), cast("AnyDocument", decode_accepted(payload)), first=False)

    Batch(connection, lane, memory).post_own(work)


def _decide(head: Head, plan: Any, desk: LaneDesk) -> Posting:
    planned: Plan = plan(head)
    return post_planned(head, planned, desk.books)


def _name_of(connection: Rows, company: int, sequence: int | None) -> str:
    row = connection.execute(
        "SELECT number FROM voucher WHERE company_id = %s AND voucher_id = %s", [company, sequence]
    ).fetchone()
    assert row is not None  # noqa: S101 - a plan that was applied has its voucher
    name: str = row[0]
    return name
