"""A company's lane: its one row, which the writer holds, and the documents that are due in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from worker.store.database import Rows
from worker.store.posting.append import Appender, Counters

_LANE = (
    "SELECT l.company_id, c.name, decided_sequence, batch_no, published_batch, head_hash, last_term, last_chain, fault_sequence, "
    "fault_attempts, clock_timestamp(), last_movement, last_difference, last_entry, last_link, last_request "
    "FROM lane l JOIN company c USING (company_id) WHERE l.company_id = %s"
)

# New documents are one stretch of sequences: its end is found first, then each table is read along it once. What was released lies
# scattered, and is looked up one by one.
_DUE = (
    "WITH stretch AS ("
    "  SELECT max(sequence) AS last FROM ("
    "    SELECT sequence, size, sum(size) OVER (ORDER BY sequence) AS upto FROM ("
    "      SELECT sequence, size FROM document WHERE company_id = %(company)s AND sequence > %(decided)s"
    "      ORDER BY sequence LIMIT %(documents)s) next) sized"
    "  WHERE upto - size < %(size)s"
    "), due AS ("
    "  SELECT d.sequence, d.acceptance AS moment, d.payload, d.received_at, d.type, d.number, 0 AS attempts, false AS released, "
    "    d.sequence IN (SELECT sequence FROM outcome WHERE company_id = %(company)s AND sequence > %(decided)s "
    "      AND sequence <= (SELECT last FROM stretch)) "
    "    OR d.type IN ('sales_invoice', 'journal_entry', 'cancel') AND d.sequence IN (SELECT voucher_id FROM voucher "
    "      WHERE company_id = %(company)s AND voucher_id > %(decided)s AND voucher_id <= (SELECT last FROM stretch)) AS decided, "
    "    d.size "
    "  FROM document d "
    "  WHERE d.company_id = %(company)s AND d.sequence > %(decided)s AND d.sequence <= (SELECT last FROM stretch)"
    "  UNION ALL "
    "  SELECT o.sequence, o.moment, coalesce(r.payload, d.payload), d.received_at, d.type, d.number, o.attempts, true, false, d.size "
    "  FROM (SELECT sequence, moment, attempts FROM outcome WHERE company_id = %(company)s AND moment IS NOT NULL"
    "    ORDER BY moment, sequence LIMIT %(documents)s) o "
    "  JOIN document d ON d.company_id = %(company)s AND d.sequence = o.sequence "
    "  LEFT JOIN LATERAL (SELECT payload FROM document_revision r WHERE r.company_id = %(company)s"
    "    AND r.sequence = o.sequence ORDER BY revision DESC LIMIT 1) r ON true"
    ") SELECT due.*, "
    "  EXISTS (SELECT FROM outcome o WHERE o.company_id = %(company)s AND o.status = 'parked' AND o.moment IS NULL), "
    "  EXISTS (SELECT FROM sync_account a WHERE a.company_id = %(company)s) "
    "FROM due ORDER BY moment, sequence"
)


Place = tuple[int, int]  # a moment in the order of acceptance, and the sequence of the document that is decided there


@dataclass(slots=True)
class LaneRow:
    """Where a lane stands. `head_hash` is the hash of its last batch; `now` the time of the batch that is being made."""

    company_id: int
    company: str
    decided_sequence: int
    batch_no: int
    published_batch: int
    head_hash: bytes
    last_term: int
    last_chain: int
    fault_sequence: int
    fault_attempts: int
    now: datetime
    counters: Counters


class Due(msgspec.Struct, gc=False):
    """A document to decide. `moment` is its place in the order of acceptance: its own, or that of what released it."""

    sequence: int
    moment: int
    payload: bytes
    received_at: datetime
    type: str
    number: str
    attempts: int
    released: bool
    decided: bool  # refused for its shape at acceptance, or posted by what made it: nothing is left to decide

    @property
    def place(self) -> Place:
        """Where it stands in the order of deciding."""
        return self.moment, self.sequence


def take_lane(connection: Rows, company_id: int) -> LaneRow | None:
    """Take the lane until the transaction ends; None while another writer has it."""
    row = connection.execute(f"{_LANE} FOR UPDATE OF l SKIP LOCKED", [company_id]).fetchone()
    return None if row is None else _lane_row(row)


def wait_for_lane(connection: Rows, company_id: int) -> LaneRow:
    """Take the lane until the transaction ends, after whoever has it. Errors: psycopg's LockNotAvailable after the lock timeout."""
    row = connection.execute(f"{_LANE} FOR UPDATE OF l", [company_id]).fetchone()
    assert row is not None  # noqa: S101 - every company has its lane
    return _lane_row(row)


def _lane_row(row: tuple[Any, ...]) -> LaneRow:
    return LaneRow(*row[:11], Counters(*row[11:]))  # type: ignore[call-arg]


class DueNow(NamedTuple):
    """What is to be decided next; whether any document is parked, and whether any stock account differs from its stock."""

    documents: list[Due]
    has_parked: bool
    has_differences: bool


def due_documents(connection: Rows, lane: LaneRow, documents: int, size: int) -> DueNow:
    """The next documents in the order in which they are to be decided, at most `documents` and about `size` bytes of them.

    Up to the place of the last one nothing is missing: one statement reads both the new and the released, so that neither overtakes
    the other. What it says beside them the statement that took the lane could not know: it may have looked before the lane's last
    writer was done.
    """
    found = connection.execute(
        _DUE, {"company": lane.company_id, "decided": lane.decided_sequence, "documents": documents, "size": size}
    ).fetchall()
    due = [Due(row[0], row[1], row[2].encode(), *row[3:9]) for row in found]
    has_parked, has_differences = found[0][10:] if found else (False, False)
    fresh = [document for document in due if not document.released]
    released = len(due) - len(fresh)
    fresh_size = sum(row[9] for row, document in zip(found, due, strict=True) if not document.released)
    ends = []
    if len(fresh) >= documents or fresh_size >= size:
        ends.append(fresh[-1].place)
    if released >= documents:
        # One master may release more documents than fit, so the list may end between two of the same moment.
        ends.append(max(document.place for document in due if document.released))
    due = [document for document in due if not ends or document.place <= min(ends)]
    return DueNow(due, has_parked, has_differences)


def parked_documents(
    connection: Rows, company_id: int, waited_for: list[str]
) -> list[tuple[Due, list[str], dict[str, object]]]:
    """Documents that wait for one of these causes, each with everything it waits for, and the outcome's error."""
    found = connection.execute(
        "SELECT o.sequence, d.acceptance, coalesce(r.payload, d.payload), d.received_at, d.type, d.number, o.attempts, o.waits_for, "
        "  o.error "
        "FROM outcome o JOIN document d USING (company_id, sequence) "
        "LEFT JOIN LATERAL (SELECT payload FROM document_revision r WHERE r.company_id = d.company_id "
        "  AND r.sequence = d.sequence ORDER BY revision DESC LIMIT 1) r ON true "
        "WHERE o.company_id = %s AND o.status = 'parked' AND o.moment IS NULL AND o.waits_for && %s::text[] ORDER BY o.sequence",
        [company_id, waited_for],
    )
    return [
        (
            Due(sequence, moment, payload.encode(), received_at, type_, number, attempts, released=True, decided=False),
            causes,
            error,
        )
        for sequence, moment, payload, received_at, type_, number, attempts, causes, error in found
    ]


def save_lane(connection: Rows, lane: LaneRow, appender: Appender, first: Counters, *, parked: int = 0) -> None:
    """Write where the lane stands now, and the batch's link in the hash chain.

    `first` are the counters before it; `parked` is by how many more documents are parked than before it.
    """
    counters = lane.counters
    previous, lane.head_hash = lane.head_hash, appender.digest(lane.head_hash)
    connection.execute(
        "INSERT INTO posted_batch (company_id, batch_no, vouchers, first_movement, last_movement, first_difference, last_difference, "
        "first_entry, last_entry, first_link, last_link, previous_hash, hash, posted_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            lane.company_id, lane.batch_no, appender.vouchers, first.movement + 1, counters.movement, first.difference + 1,
            counters.difference, first.entry + 1, counters.entry, first.link + 1, counters.link, previous, lane.head_hash, lane.now,
        ],
    )  # fmt: skip
    connection.execute(
        "UPDATE lane SET decided_sequence = %s, batch_no = %s, published_batch = %s, head_hash = %s, last_term = %s, "
        "last_chain = %s, fault_sequence = 0, fault_attempts = 0, last_movement = %s, last_difference = %s, last_entry = %s, "
        "last_link = %s, last_request = %s, vouchers = vouchers + %s, parked = parked + %s WHERE company_id = %s",
        [
            lane.decided_sequence, lane.batch_no, lane.published_batch, lane.head_hash, lane.last_term, lane.last_chain,
            counters.movement, counters.difference, counters.entry, counters.link, counters.request, appender.vouchers, parked,
            lane.company_id,
        ],
    )  # fmt: skip


def note_fault(connection: Rows, company_id: int, sequence: int, *, first: int = 1) -> int:
    """Count an attempt at a document that failed for a reason of ours; gives how often that has happened in a row.

    `first` is what the first one counts for.
    """
    row = connection.execute(
        "UPDATE lane SET fault_attempts = CASE WHEN fault_sequence = %(sequence)s THEN fault_attempts + 1 ELSE %(first)s END, "
        "fault_sequence = %(sequence)s WHERE company_id = %(company)s RETURNING fault_attempts",
        {"sequence": sequence, "company": company_id, "first": first},
    ).fetchone()
    assert row is not None  # noqa: S101 - the company was found before
    attempts: int = row[0]
    return attempts


def note_published(connection: Rows, company_id: int, batch_no: int) -> None:
    """Note that the outcomes of all batches up to this one were handed to the outcomes stream."""
    connection.execute(
        "UPDATE lane SET published_batch = greatest(published_batch, %s) WHERE company_id = %s", [batch_no, company_id]
    )


def lanes_with_work(connection: Rows) -> list[tuple[int, str]]:
    """Companies (number and name) with documents to decide, or with outcomes that were never handed on."""
    found = connection.execute(
        "SELECT l.company_id, c.name FROM lane l JOIN company c USING (company_id) JOIN intake_counter i USING (company_id) "
        "WHERE i.last_sequence > l.decided_sequence OR l.published_batch < l.batch_no "
        "OR EXISTS (SELECT FROM outcome o WHERE o.company_id = l.company_id AND o.moment IS NOT NULL) ORDER BY l.company_id"
    )
    return found.fetchall()
