"""Repost requests and runs: who asked for what, which run took it up, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.books import RepostRequest
from worker.store.database import Rows
from worker.store.spelling import Spelling

_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Pending:
    """Requests that no run has taken up yet, the earliest first, by their numbers."""

    numbers: list[int]
    requests: list[RepostRequest]


def pending_requests(connection: Rows, company_id: int, spelling: Spelling) -> Pending:
    """Everything that is still to be reposted in a company."""
    found = connection.execute(
        "SELECT request_id, chain_id, from_at, from_sequence, tail_at, tail_sequence, document_id FROM repost_request "
        "WHERE company_id = %s AND run_id IS NULL ORDER BY from_at, from_sequence, request_id",
        [company_id],
    ).fetchall()
    spelling.know_chains(row[1] for row in found)
    requests = [RepostRequest(spelling.chains[row[1]], row[2], row[3], row[4], row[5], row[6]) for row in found]
    return Pending([row[0] for row in found], requests)


def begin_run(connection: Rows, company_id: int, requests: list[int], now: datetime) -> int:
    """Give a new run its number and let it take up these requests; the caller holds the lane."""
    row = connection.execute(
        "INSERT INTO repost_run (company_id, run_id, status, progress, created_at) "
        "SELECT %(company)s, coalesce(max(run_id), 0) + 1, 'running', '{}', %(now)s FROM repost_run WHERE company_id = %(company)s "
        "RETURNING run_id",
        {"company": company_id, "now": now},
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert gives its row
    run: int = row[0]
    connection.execute(
        "UPDATE repost_request SET run_id = %s WHERE company_id = %s AND request_id = ANY(%s)",
        [run, company_id, requests],
    )
    return run


def publish_run(connection: Rows, company_id: int, run: int, progress: dict[str, Any], now: datetime) -> None:
    """Let readers see what a run wrote, from the commit of this transaction on."""
    connection.execute(
        "UPDATE repost_run SET status = 'published', progress = %s, published_at = %s, finished_at = %s "
        "WHERE company_id = %s AND run_id = %s",
        [_json(progress).decode(), now, now, company_id, run],
    )
