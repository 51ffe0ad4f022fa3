"""Repost runs page by page, newest first, and what waits for one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from worker.store.database import Rows

_LAST: Final = 2**62
_NAMED: Final = 5  # documents that are named; the rest are counted


class ListedRun(NamedTuple):
    """A run, where it stands, and the first documents that asked for it. `progress`: rows, rows_to_go, seconds_to_go, differences."""

    run: int
    status: str
    progress: dict[str, Any]
    error: dict[str, Any] | None
    created_at: datetime
    worked_at: datetime | None
    published_at: datetime | None
    requests: int
    documents: list[str]

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        done, to_go = self.progress.get("rows") or 0, self.progress.get("rows_to_go") or 0
        if self.published_at is not None:
            return 1.0
        return done / (done + to_go) if done else 0.0


class Waiting(NamedTuple):
    """What no run has taken up yet."""

    requests: int
    since: datetime | None
    documents: list[str]


class Steering(NamedTuple):
    """An operator's hand in a company's reposts: who paused them and when, and their rank among the companies'."""

    paused_by: str | None
    paused_at: datetime | None
    priority: int


def run_page(connection: Rows, company: int, *, before: int | None = None, limit: int = 20) -> list[ListedRun]:
    """The newest runs, or those before one."""
    found = connection.execute(
        "SELECT r.run_id, r.status, r.progress, r.error, r.created_at, r.worked_at, r.published_at, asked.requests, "
        f"coalesce(asked.named[1:{_NAMED}], '{{}}') FROM repost_run r CROSS JOIN LATERAL ("
        "  SELECT count(*) AS requests, array_agg(DISTINCT v.number ORDER BY v.number) AS named FROM ("
        "    SELECT document_id FROM repost_request q WHERE q.company_id = r.company_id AND q.run_id = r.run_id) q "
        "  LEFT JOIN voucher v ON v.company_id = r.company_id AND v.voucher_id = q.document_id) asked "
        "WHERE r.company_id = %s AND r.run_id < %s ORDER BY r.run_id DESC LIMIT %s",
        [company, before or _LAST, limit],
    )
    return [ListedRun(*row) for row in found]


def waiting_requests(connection: Rows, company: int) -> Waiting:
    """What waits for the next run."""
    row = connection.execute(
        f"SELECT count(*), min(q.requested_at), coalesce((array_agg(DISTINCT v.number ORDER BY v.number))[1:{_NAMED}], '{{}}') "
        "FROM repost_request q LEFT JOIN voucher v ON v.company_id = q.company_id AND v.voucher_id = q.document_id "
        "WHERE q.company_id = %s AND q.run_id IS NULL",
        [company],
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    return Waiting(*row)


def steering(connection: Rows, company: int) -> Steering:
    """How an operator steers a company's reposts."""
    row = connection.execute(
        "SELECT p.actor, p.paused_at, coalesce(k.priority, 0) FROM company c LEFT JOIN repost_pause p USING (company_id) "
        "LEFT JOIN repost_priority k USING (company_id) WHERE c.company_id = %s",
        [company],
    ).fetchone()
    return Steering(None, None, 0) if row is None else Steering(*row)
