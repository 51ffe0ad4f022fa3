"""Repost requests and runs: who asked for what, which run took it up, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from domain.books import RepostRequest
from worker.store.database import Rows
from worker.store.spelling import Spelling

_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Pending:
    """Requests that no run has taken up yet, the earliest first, by their numbers.

    `cause_day` is the latest posting date of the documents that asked: what changes in a closed period can't take effect before it.
    """

    numbers: list[int]
    requests: list[RepostRequest]
    cause_day: date = date.min


def pending_requests(connection: Rows, company_id: int, spelling: Spelling) -> Pending:
    """Everything that is still to be reposted in a company."""
    found = connection.execute(
        "SELECT r.request_id, r.chain_id, r.from_at, r.from_sequence, r.tail_at, r.tail_sequence, r.document_id, v.posting_date "
        "FROM repost_request r JOIN voucher v ON v.company_id = r.company_id AND v.voucher_id = r.document_id "
        "WHERE r.company_id = %s AND r.run_id IS NULL ORDER BY r.from_at, r.from_sequence, r.request_id",
        [company_id],
    ).fetchall()
    spelling.know_chains(row[1] for row in found)
    requests = [RepostRequest(spelling.chains[row[1]], row[2], row[3], row[4], row[5], row[6]) for row in found]
    return Pending([row[0] for row in found], requests, max((row[7] for row in found), default=date.min))


def begin_run(connection: Rows, company_id: int, requests: list[int], cause_day: date, now: datetime) -> int:
    """Give a new run its number and let it take up these requests; the caller holds the lane."""
    row = connection.execute(
        "INSERT INTO repost_run (company_id, run_id, status, progress, cause_day, upto_movement, upto_difference, created_at) "
        "SELECT %(company)s, (SELECT coalesce(max(run_id), 0) + 1 FROM repost_run WHERE company_id = %(company)s), 'running', '{}', "
        "%(cause_day)s, last_movement, last_difference, %(now)s FROM lane WHERE company_id = %(company)s RETURNING run_id",
        {"company": company_id, "cause_day": cause_day, "now": now},
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
