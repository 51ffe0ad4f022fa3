"""A preview: post a document and repost what follows from it, in a transaction that is never committed, and say what would change."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from domain.accounting_period import first_open_day
from domain.books import RepostRequest
from domain.documents import Cancel
from domain.documents.plan import type_of
from domain.entries import place_of
from domain.errors import DocumentParked
from domain.money import Currency
from domain.posting_time import PostingTime
from domain.stock_ledger import Difference
from worker.messages import decode
from worker.services.deciding import Batch
from worker.services.lane_memory import LaneMemory
from worker.services.present_view import present_view
from worker.services.reposting.work import Work
from worker.store.database import Database, Rows
from worker.store.desk.document_pages import sequence_of
from worker.store.posting.lanes import LaneRow, wait_for_lane
from worker.store.posting.outcomes import fetch_outcomes, hold_outcome, release, revise
from worker.store.reposts.requests import begin_run, pending_requests, rows_ahead

MOST_ROWS = 20_000  # movements valued again for a preview, while posting waits; beyond them it extrapolates
_FAR = 10**12  # sequences that no document will ever have: what is accepted meanwhile does not clash


@dataclass(slots=True)
class Preview:
    """What posting a document would bring (minor units of `currency`, which only a company without a master lacks).

    `outcome`: posted, or why not; `vouchers`: change of stock value by voucher (type, number); `accounts`: change by account and month
    (`2024-06`), the document's own entries included; `rows`: movements to value again, in about `seconds`; `complete` says that all were
    looked at, otherwise changes are those of the first ones. `first_open_day`: the document's own day where that is open.
    """

    outcome: dict[str, Any]
    currency: Currency | None = None
    first_open_day: date | None = None
    vouchers: list[tuple[str, str, int]] = field(default_factory=list)
    accounts: list[tuple[str, str, int]] = field(default_factory=list)
    rows: int = 0
    seconds: float = 0.0
    complete: bool = True

    def told(self) -> dict[str, Any]:
        """As the contract words it."""
        shown = self.currency.show if self.currency is not None else str
        return {
            "would_be": self.outcome.get("status"),
            "vouchers": [{"type": t, "number": n, "change": shown(a)} for t, n, a in self.vouchers],
            "accounts": [
                {"account": account, "month": month, "change": shown(a)} for account, month, a in self.accounts
            ],
            "rows": self.rows,
            "seconds": self.seconds,
            "complete": self.complete,
            "first_open_day": self.first_open_day.isoformat() if self.first_open_day else None,
        }


def preview(database: Database, company: int, type_: str, number: str, payload: bytes) -> Preview:
    """What posting this document now would change, in arrival order and after reposting; nothing is written.

    A document that was refused or is parked is tried at its own place with this content; of any other the present outcome is told.

    Errors: DocumentRejected where it does not decode; Unavailable; psycopg's LockNotAvailable where the lane is not free in time.
    """
    document = decode(payload)
    with database.transaction() as connection:
        lane = wait_for_lane(connection, company)
        connection.execute("SAVEPOINT before")
        seen = _try(connection, lane, type_, number, payload)
        seen.first_open_day = _first_open_day(connection, company, document)
        connection.execute("ROLLBACK TO SAVEPOINT before")
    return seen


def _try(connection: Rows, lane: LaneRow, type_: str, number: str, payload: bytes) -> Preview:
    known = sequence_of(connection, lane.company_id, type_, number)
    if known is None:
        sequence = _file(connection, lane, type_, number, payload)
    elif hold_outcome(connection, lane.company_id, known) is not None:
        sequence = _revise(connection, lane, known, payload)
    else:
        # It is posted, or a worker is about to decide it: there is nothing to try.
        return Preview(fetch_outcomes(connection, lane.company_id, [known])[0])
    memory = LaneMemory(lane.company, lane.company_id)
    memory.begin(connection, lane)
    decided = Batch(connection, lane, memory, tallied=True).run(1)
    told = decided.outcomes if decided else []
    outcome = next(one for one in told if (one["type"], one["number"]) == (type_, number))
    if outcome["status"] not in ("posted", "open"):
        return Preview(outcome)
    work = Work(connection, lane.company_id, lane.now, lane)
    seen = Preview(outcome, work.view.currency)
    changes = _repost(work, lane, sequence, seen)
    _tell(work, sequence, changes, seen)
    return seen


def _file(connection: Rows, lane: LaneRow, type_: str, number: str, payload: bytes) -> int:
    """Put a document that nobody has sent yet behind all others, as if it were the only one to decide."""
    sequence = lane.decided_sequence + _FAR
    connection.execute(
        "INSERT INTO document (company_id, sequence, acceptance, type, number, size, payload, content_hash, publisher, message_id, "
        "received_at) SELECT %s, %s, last_number, %s, %s, %s, %s, '', 'preview', '', %s FROM acceptance WHERE company_id = 0",
        [lane.company_id, sequence, type_, number, len(payload), payload.decode(), lane.now],
    )
    lane.decided_sequence = sequence - 1
    return sequence


def _revise(connection: Rows, lane: LaneRow, sequence: int, payload: bytes) -> int:
    """Give a refused or parked document this content, as if it were the only one to decide."""
    revise(connection, lane.company_id, sequence, payload.decode(), "preview", "preview")
    connection.execute(
        "UPDATE outcome SET moment = NULL WHERE company_id = %s AND moment IS NOT NULL", [lane.company_id]
    )
    release(connection, lane.company_id, [sequence])
    row = connection.execute(
        "SELECT last_sequence FROM intake_counter WHERE company_id = %s", [lane.company_id]
    ).fetchone()
    assert row is not None  # noqa: S101 - every company has its counter
    lane.decided_sequence = row[0]
    return sequence


def _first_open_day(connection: Rows, company: int, document: object) -> date | None:
    """The day on which a document may be posted at the earliest; a cancel finds its own."""
    stated = getattr(document, "posting_datetime", None)
    if isinstance(document, Cancel) or not isinstance(stated, PostingTime):
        return None
    try:
        view = present_view(connection, company)
    except DocumentParked:
        return None  # the company's master is still to come, and its periods behind it
    _, day = stated.at(view.zone)
    return first_open_day(day, type_of(document), view.periods, view.frozen_upto)


def _repost(work: Work, lane: LaneRow, sequence: int, seen: Preview) -> list[Difference]:
    """Run the pass that the document asks for, as far as a preview goes."""
    pending = pending_requests(work.connection, work.company, work.spelling)
    if not any(request.document == sequence for request in pending.requests):
        return []
    work.settle_roles(lane)
    run = begin_run(work.connection, work.company, pending.numbers, lane.now)
    own = [RepostRequest(*request) for request in pending.requests if request.document == sequence]
    ahead = sum(rows_ahead(work.connection, work.names, own).values())
    begun = time.monotonic()
    replay = work.replay(run, pending.requests)
    seen.complete = not replay.advance(MOST_ROWS)
    found = replay.take()
    work.add(run, found)
    work.finish(run)
    took = time.monotonic() - begun
    seen.rows = replay.rows if seen.complete else max(ahead, replay.rows)
    seen.seconds = round(took * seen.rows / max(replay.rows, 1), 3)
    return [difference for difference in found.differences if difference.document == sequence]


def _tell(work: Work, sequence: int, changes: list[Difference], seen: Preview) -> None:
    """Sum what changes by voucher, and by account and month."""
    vouchers: dict[int, int] = defaultdict(int)
    accounts: dict[tuple[str, str], int] = defaultdict(int)
    for change in changes:
        vouchers[change.voucher] += change.amount
        if work.view.perpetual:
            _, day, contra = place_of(change, work.view)
            month = f"{day:%Y-%m}"
            accounts[change.account, month] += change.amount
            if contra:
                accounts[contra, month] -= change.amount
    own = work.connection.execute(
        "SELECT t.name, to_char(e.posting_date, 'YYYY-MM'), sum(e.debit - e.credit)::bigint FROM gl_entry e "
        "JOIN term t ON t.company_id = e.company_id AND t.term_id = e.account_id "
        "WHERE e.company_id = %s AND e.run_id = 0 AND (e.voucher_id = %s OR e.cause_id = %s) GROUP BY 1, 2",
        [work.company, sequence, sequence],
    )
    for account, month, amount in own:
        accounts[account, month] += amount
    named = work.connection.execute(
        "SELECT voucher_id, type, number FROM voucher WHERE company_id = %s AND voucher_id = ANY(%s) ORDER BY voucher_id",
        [work.company, list(vouchers)],
    )
    seen.vouchers = [(type_, number, vouchers[voucher]) for voucher, type_, number in named if vouchers[voucher]]
    seen.accounts = [(account, month, amount) for (account, month), amount in sorted(accounts.items()) if amount]
