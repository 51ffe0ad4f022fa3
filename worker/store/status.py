"""How the books stand: what waits, how long, and how far each lane is behind; reposts, tills and publishers of messages alike.

Each question reads counters and partial indexes, so that asking every few seconds costs nothing that grows with the books.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.store.database import Rows


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """One company's lane; every document it has accepted is in one of the four figures.

    `posted`: has a voucher, was it cancelled since or not. `rejected`, `parked`: was not posted, and nobody has asked for another
    decision. `waiting`: is to be decided, for the first time or again; `oldest_waiting`: since when the first of them does.
    """

    company: str
    posted: int
    rejected: int
    parked: int
    waiting: int
    oldest_waiting: datetime | None
    untold_batches: int


@dataclass(frozen=True, slots=True)
class RepostStatus:
    """One company's reposts: requests that wait, since when, movements that the present run has yet to value, runs that failed."""

    company: str
    requests: int
    oldest: datetime | None
    rows_to_go: int
    failed: int
    paused: bool


@dataclass(frozen=True, slots=True)
class TillStatus:
    """One till: its open sessions, by their numbers, and its sales that no closing has taken up."""

    company_id: int
    company: str
    profile: str
    sessions: list[int]
    open_sales: int
    quarantined: int


def lane_statuses(connection: Rows) -> list[LaneStatus]:
    """The status of every lane, by company name."""
    return _lanes(connection, None)


def lane_status(connection: Rows, company: int) -> LaneStatus:
    """The status of one company's lane."""
    (status,) = _lanes(connection, company)
    return status


def _lanes(connection: Rows, company: int | None) -> list[LaneStatus]:
    """Read from what lanes count as they go: of the documents only those are counted that were released and wait for their decision."""
    found = connection.execute(
        "SELECT c.name, l.vouchers - ahead.number, l.decided_sequence - l.vouchers + ahead.number - l.parked - released.rejected, "
        "  l.parked - released.parked, i.last_sequence - l.decided_sequence + released.rejected + released.parked, "
        "  least(next.received_at, released.since), l.batch_no - l.published_batch "
        "FROM lane l JOIN company c USING (company_id) JOIN intake_counter i USING (company_id) "
        "CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE status = 'rejected') AS rejected, "
        "  count(*) FILTER (WHERE status = 'parked') AS parked, min(released_at) AS since FROM outcome o "
        "  WHERE o.company_id = l.company_id AND o.sequence <= l.decided_sequence AND moment IS NOT NULL) released "
        # A closing posts what it generates at once, behind whatever was accepted in between.
        "CROSS JOIN LATERAL (SELECT count(*) AS number FROM voucher v WHERE v.company_id = l.company_id "
        "  AND v.voucher_id > l.decided_sequence) ahead "
        "LEFT JOIN LATERAL (SELECT received_at FROM document d WHERE d.company_id = l.company_id "
        "  AND d.sequence > l.decided_sequence ORDER BY sequence LIMIT 1) next ON true "
        "WHERE %(company)s::int IS NULL OR l.company_id = %(company)s ORDER BY c.name",
        {"company": company},
    )
    return [LaneStatus(*row) for row in found]


def repost_statuses(connection: Rows) -> list[RepostStatus]:
    """How reposts stand in each company that has something to repost, or a run that failed."""
    found = connection.execute(
        "SELECT c.name, coalesce(asked.number, 0), asked.oldest, coalesce(run.rows_to_go, 0)::bigint, coalesce(run.failed, 0), "
        "  EXISTS (SELECT FROM repost_pause p WHERE p.company_id = c.company_id) "
        "FROM company c "
        "LEFT JOIN (SELECT company_id, count(*) AS number, min(requested_at) AS oldest FROM repost_request WHERE run_id IS NULL "
        "  GROUP BY 1) asked USING (company_id) "
        "LEFT JOIN (SELECT company_id, sum((progress ->> 'rows_to_go')::numeric) FILTER (WHERE status = 'running') AS rows_to_go, "
        "  count(*) FILTER (WHERE status = 'failed' AND EXISTS (SELECT FROM repost_request left_over "
        "    WHERE left_over.company_id = r.company_id AND left_over.run_id = r.run_id)) AS failed "
        "  FROM repost_run r WHERE published_at IS NULL GROUP BY 1) run USING (company_id) "
        "WHERE asked.number > 0 OR run.rows_to_go IS NOT NULL OR run.failed > 0 ORDER BY 1"
    )
    return [RepostStatus(*row) for row in found]


def till_statuses(connection: Rows) -> list[TillStatus]:
    """Every till with an open session or with sales that wait for their closing."""
    found = connection.execute(
        "SELECT company_id, c.name, profile, coalesce(s.ids, '{}'), coalesce(i.open, 0), coalesce(i.quarantined, 0) "
        "FROM (SELECT company_id, profile, array_agg(session_id ORDER BY session_id) AS ids FROM pos_session "
        "  WHERE status = 'open' GROUP BY 1, 2) s "
        "FULL JOIN (SELECT company_id, profile, count(*) FILTER (WHERE status = 'open') AS open, "
        "  count(*) FILTER (WHERE status = 'quarantined') AS quarantined FROM pos_invoice "
        "  WHERE status IN ('open', 'quarantined') GROUP BY 1, 2) i USING (company_id, profile) "
        "JOIN company c USING (company_id) ORDER BY 2, 3"
    )
    return [TillStatus(*row) for row in found]


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """One company's last look at its books, and by what each account differs from its stock (minor units)."""

    company: str
    looked_at: datetime
    differences: dict[str, int]


def sync_statuses(connection: Rows) -> list[SyncStatus]:
    """How stock and accounts agree in each company that was ever looked at."""
    found = connection.execute(
        "SELECT c.name, looked.at, coalesce(parted.differences, '{}') FROM company c "
        "CROSS JOIN LATERAL (SELECT recorded_at AS at FROM reconciliation r WHERE r.company_id = c.company_id AND r.as_of IS NULL "
        "  ORDER BY reconciliation_id DESC LIMIT 1) looked "
        "LEFT JOIN LATERAL (SELECT jsonb_object_agg(t.name, s.difference) AS differences FROM sync_account s "
        "  JOIN term t ON t.company_id = s.company_id AND t.term_id = s.account_id WHERE s.company_id = c.company_id) parted ON true "
        "ORDER BY 1"
    )
    return [SyncStatus(*row) for row in found]


def active_reader(connection: Rows, stream: str) -> str | None:
    """Who reads a stream at present, None where nobody does."""
    row = connection.execute(
        "SELECT holder FROM stream_lease WHERE company_id = 0 AND stream = %s AND expires_at > clock_timestamp()",
        [stream],
    ).fetchone()
    return None if row is None else str(row[0])
