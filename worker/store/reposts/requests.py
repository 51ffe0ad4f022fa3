"""Repost requests and runs: who asked for what, which run took it up, where it stands and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from domain.books import RepostRequest
from domain.stock_ledger import Chain
from worker.store.database import Rows
from worker.store.names.spelling import Spelling
from worker.store.names.terms import Names

_json = msgspec.json.Encoder().encode

Progress = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pending:
    """Requests that no run has taken up yet, the earliest first, by their numbers."""

    numbers: list[int]
    requests: list[RepostRequest]


@dataclass(slots=True)
class Run:
    """An unpublished run as a worker that holds it sees it; `laid` is its pass as text."""

    number: int
    status: str
    progress: Progress
    upto_movement: int
    upto_difference: int
    laid: str | None


def pending_requests(connection: Rows, company: int, spelling: Spelling) -> Pending:
    """Everything that is still to be reposted in a company."""
    return _pending(connection, spelling, "company_id = %s AND run_id IS NULL", [company])


def bound_documents(connection: Rows, company: int, documents: list[int]) -> list[int]:
    """Which of these carry value from one movement to another within a voucher (made, repacked, moved), or take back what does."""
    found = connection.execute(
        "SELECT v.voucher_id FROM voucher v WHERE v.company_id = %s AND v.voucher_id = ANY(%s) AND EXISTS ("
        "  SELECT FROM stock_movement m WHERE m.company_id = v.company_id AND m.contra_id = 0 "
        "  AND m.voucher_id = CASE WHEN v.reverses = 0 THEN v.voucher_id ELSE v.reverses END)",
        [company, documents],
    )
    return [document for (document,) in found]


def causes(connection: Rows, company: int, run: int) -> list[tuple[int, date, date]]:
    """All documents that asked a run, or that no run has heard yet: sequence, own day, and the day of what it cancels (else its own)."""
    found = connection.execute(
        "SELECT v.voucher_id, v.posting_date, coalesce(t.posting_date, v.posting_date) FROM voucher v "
        "LEFT JOIN voucher t ON t.company_id = v.company_id AND t.voucher_id = v.reverses AND v.reverses <> 0 "
        "WHERE v.company_id = %(company)s AND v.voucher_id IN ("
        "  SELECT document_id FROM repost_request WHERE company_id = %(company)s AND (run_id = %(run)s OR run_id IS NULL))",
        {"company": company, "run": run},
    )
    return found.fetchall()


def chains_asked_for(connection: Rows, company: int, names: Names, chains: Iterable[Chain]) -> set[int]:
    """Which of these chains, by their numbers, wait for a repost that no run has taken up."""
    found = connection.execute(
        "SELECT DISTINCT chain_id FROM repost_request WHERE company_id = %s AND run_id IS NULL AND chain_id = ANY(%s)",
        [company, [names.chains[chain] for chain in chains]],
    )
    return {number for (number,) in found}


def moved_since(
    connection: Rows, company: int, names: Names, chains: Iterable[Chain], upto_movement: int
) -> dict[int, int]:
    """How many movements each of these chains had, by its number, behind a number that was the last."""
    found = connection.execute(
        "SELECT chain_id, count(*) FROM stock_movement WHERE company_id = %s AND movement_id > %s AND chain_id = ANY(%s) GROUP BY 1",
        [company, upto_movement, [names.chains[chain] for chain in chains]],
    )
    return dict(found.fetchall())


def document_of(connection: Rows, company: int, run: int, chain: int) -> int:
    """The last document on account of which a run is at a chain, or at all where the chain was not asked for itself."""
    row = connection.execute(
        "SELECT document_id FROM repost_request WHERE company_id = %s AND run_id = %s "
        "ORDER BY chain_id = %s DESC, document_id DESC LIMIT 1",
        [company, run, chain],
    ).fetchone()
    return 0 if row is None else int(row[0])


def ask_again(connection: Rows, names: Names, requests: Iterable[RepostRequest], now: datetime) -> None:
    """File requests that a run leaves for the next one; the caller holds the lane and saves no other requests with it."""
    for request in requests:
        connection.execute(
            "WITH next AS (UPDATE lane SET last_request = last_request + 1 WHERE company_id = %(company)s RETURNING last_request) "
            "INSERT INTO repost_request (company_id, request_id, chain_id, from_at, from_sequence, tail_at, tail_sequence, document_id, "
            "requested_at) SELECT %(company)s, last_request, %(chain)s, %(at)s, %(sequence)s, %(tail_at)s, %(tail_sequence)s, "
            "%(document)s, %(now)s FROM next",
            {
                "company": names.company, "chain": names.chains[request.chain], "at": request.at, "sequence": request.sequence,
                "tail_at": request.tail_at, "tail_sequence": request.tail_sequence, "document": request.document, "now": now,
            },
        )  # fmt: skip


def give_back(connection: Rows, company: int, run: int, *, but_documents: Iterable[int] = ()) -> None:
    """Let the requests of a run wait for another one, but for those that these documents made."""
    connection.execute(
        "UPDATE repost_request SET run_id = NULL WHERE company_id = %s AND run_id = %s AND document_id <> ALL (%s)",
        [company, run, list(but_documents)],
    )


def unpublished_runs(connection: Rows, company: int) -> list[int]:
    """Runs whose rows nobody may see."""
    found = connection.execute(
        "SELECT run_id FROM repost_run WHERE company_id = %s AND published_at IS NULL ORDER BY run_id", [company]
    )
    return [run for (run,) in found]


def is_paused(connection: Rows, company: int) -> bool:
    """Whether somebody has stopped the company's reposts."""
    row = connection.execute("SELECT FROM repost_pause WHERE company_id = %s", [company]).fetchone()
    return row is not None


def begin_run(connection: Rows, company: int, requests: list[int], now: datetime) -> Run:
    """Give a new run its number and let it take up these requests; the caller holds the lane."""
    row = connection.execute(
        "INSERT INTO repost_run (company_id, run_id, status, progress, upto_movement, upto_difference, batch_no, created_at) "
        "SELECT %(company)s, (SELECT coalesce(max(run_id), 0) + 1 FROM repost_run WHERE company_id = %(company)s), 'running', '{}', "
        "last_movement, last_difference, 0, %(now)s FROM lane WHERE company_id = %(company)s "
        "RETURNING run_id, status, progress, upto_movement, upto_difference, pass",
        {"company": company, "now": now},
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert gives its row
    run = Run(*row)
    take_up(connection, company, run.number, requests)
    return run


def take_up(connection: Rows, company: int, run: int, requests: list[int]) -> None:
    """Let a run take up these requests."""
    connection.execute(
        "UPDATE repost_request SET run_id = %s WHERE company_id = %s AND request_id = ANY(%s)", [run, company, requests]
    )


def open_runs(connection: Rows, company: int) -> list[Run] | None:
    """The company's runs that are under way, the one first that has waited longest for its turn; None where another worker is at them.

    They are held until the transaction ends, all or none: one worker at a time works for a company.
    """
    running = connection.execute(
        "SELECT count(*) FROM repost_run WHERE company_id = %s AND published_at IS NULL AND status = 'running'",
        [company],
    ).fetchone()
    found = connection.execute(
        "SELECT run_id, status, progress, upto_movement, upto_difference, pass FROM repost_run "
        "WHERE company_id = %s AND published_at IS NULL AND status = 'running' "
        "ORDER BY worked_at NULLS FIRST, run_id FOR UPDATE SKIP LOCKED",
        [company],
    )
    runs = [Run(*row) for row in found]
    return None if running is not None and len(runs) < running[0] else runs


def lay_down(connection: Rows, company: int, run: Run, now: datetime) -> None:
    """Write where a run stands, for whoever goes on with it."""
    connection.execute(
        "UPDATE repost_run SET progress = %s, upto_movement = %s, upto_difference = %s, pass = %s, worked_at = %s "
        "WHERE company_id = %s AND run_id = %s",
        [_json(run.progress).decode(), run.upto_movement, run.upto_difference, run.laid, now, company, run.number],
    )


def publish_run(connection: Rows, company: int, run: Run, batch_no: int, now: datetime) -> None:
    """Let readers see what a run wrote as a batch of the lane, from the commit of this transaction on."""
    connection.execute(
        "UPDATE repost_run SET status = 'published', batch_no = %s, progress = %s, pass = NULL, worked_at = %s, published_at = %s, "
        "finished_at = %s WHERE company_id = %s AND run_id = %s",
        [batch_no, _json(run.progress).decode(), now, now, now, company, run.number],
    )


def note_progress(connection: Rows, company: int, runs: Iterable[Run]) -> None:
    """Write what others have to tell these runs; where they stand, and whose turn it is, stays as it is."""
    for run in runs:
        connection.execute(
            "UPDATE repost_run SET progress = %s WHERE company_id = %s AND run_id = %s",
            [_json(run.progress).decode(), company, run.number],
        )


def withdraw_run(connection: Rows, company: int, run: int, items: Iterable[str] = ()) -> None:
    """End a run that got into the way of another one: its requests wait for the next, and what it wrote stays unseen for good.

    `items`: with which ones together it is to be begun anew, where it is.
    """
    connection.execute(
        "UPDATE repost_run SET status = 'withdrawn', pass = NULL, progress = %s WHERE company_id = %s AND run_id = %s",
        [_json({"again": sorted(items)}).decode(), company, run],
    )
    give_back(connection, company, run)


def runs_to_begin_anew(connection: Rows, company: int) -> dict[int, set[str]]:
    """Withdrawn runs that are to be begun anew, and the items that they came to."""
    found = connection.execute(
        "SELECT run_id, progress -> 'again' FROM repost_run WHERE company_id = %s AND published_at IS NULL AND status = 'withdrawn' "
        "AND json_array_length(progress -> 'again') > 0",
        [company],
    )
    return {run: set(items) for run, items in found}


def note_begun_anew(connection: Rows, company: int, runs: list[int]) -> None:
    """Other runs have taken the place of these."""
    connection.execute(
        "UPDATE repost_run SET progress = '{}' WHERE company_id = %s AND run_id = ANY(%s)", [company, runs]
    )


def fail_run(connection: Rows, company: int, run: int, error: dict[str, Any]) -> None:
    """End a run that can't go on; what it wrote stays unseen for good."""
    connection.execute(
        "UPDATE repost_run SET status = 'failed', error = %s, pass = NULL, finished_at = clock_timestamp() "
        "WHERE company_id = %s AND run_id = %s",
        [_json(error).decode(), company, run],
    )


def rows_ahead(
    connection: Rows, names: Names, requests: Iterable[RepostRequest], most: int | None = None
) -> dict[Chain, int]:
    """How many movements lie behind the places asked for, as far as can be told beforehand; of no chain more than `most` are counted."""
    first: dict[Chain, int] = {}
    for request in requests:
        first[request.chain] = min(request.at, first.get(request.chain, request.at))
    found = connection.execute(
        "SELECT asked.chain_id, c.rows FROM unnest(%s::int[], %s::bigint[]) AS asked (chain_id, at) CROSS JOIN LATERAL ("
        "  SELECT count(*) AS rows FROM (SELECT FROM stock_movement m WHERE m.company_id = %s AND m.chain_id = asked.chain_id "
        "  AND m.posting_at >= to_timestamp(asked.at / 1000000) LIMIT %s) m) c",
        [[names.chains[chain] for chain in first], list(first.values()), names.company, most],
    )
    rows: dict[int, int] = dict(found.fetchall())
    return {chain: rows[names.chains[chain]] for chain in first}


def _pending(connection: Rows, spelling: Spelling, which: str, values: list[object]) -> Pending:
    found = connection.execute(
        "SELECT request_id, chain_id, from_at, from_sequence, tail_at, tail_sequence, document_id FROM repost_request "
        f"WHERE {which} ORDER BY from_at, from_sequence, request_id",
        values,
    ).fetchall()
    spelling.know_chains({row[1] for row in found})
    requests = [RepostRequest(spelling.chains[row[1]], row[2], row[3], row[4], row[5], row[6]) for row in found]
    return Pending([row[0] for row in found], requests)


@dataclass(frozen=True, slots=True)
class WaitingCompany:
    """A company with something to repost: since when, when a run of it was last worked at, and its rank among the companies."""

    company_id: int
    company: str
    since: datetime
    worked_at: datetime | None
    priority: int = 0


def waiting_companies(connection: Rows) -> list[WaitingCompany]:
    """Companies with requests that no run has taken up, or with a run that is not published; not those that are paused.

    Those that go before others come first, then those that have waited longest.
    """
    found = connection.execute(
        "SELECT c.company_id, c.name, least(asked.since, run.since), worked.at, coalesce(k.priority, 0) FROM company c "
        "LEFT JOIN (SELECT company_id, min(requested_at) AS since FROM repost_request WHERE run_id IS NULL GROUP BY 1) asked "
        "  USING (company_id) "
        "LEFT JOIN (SELECT company_id, min(created_at) AS since FROM repost_run WHERE published_at IS NULL AND status = 'running' "
        "  GROUP BY 1) run USING (company_id) "
        "LEFT JOIN LATERAL (SELECT max(coalesce(published_at, worked_at)) AS at FROM repost_run w "
        "  WHERE w.company_id = c.company_id) worked ON true "
        "LEFT JOIN repost_priority k USING (company_id) "
        "WHERE least(asked.since, run.since) IS NOT NULL "
        "AND NOT EXISTS (SELECT FROM repost_pause p WHERE p.company_id = c.company_id) ORDER BY 5 DESC, 3, 1"
    )
    return [WaitingCompany(*row) for row in found]


def set_pause(connection: Rows, company: int, actor: str) -> bool:
    """Stop a company's reposts; False where somebody has already."""
    done = connection.execute(
        "INSERT INTO repost_pause (company_id, actor, paused_at) VALUES (%s, %s, clock_timestamp()) ON CONFLICT DO NOTHING",
        [company, actor],
    )
    return done.rowcount > 0


def end_pause(connection: Rows, company: int) -> bool:
    """Let a company's reposts go on; False where nobody had stopped them."""
    return connection.execute("DELETE FROM repost_pause WHERE company_id = %s", [company]).rowcount > 0


def set_priority(connection: Rows, company: int, priority: int) -> None:
    """Rank a company's reposts among the companies': above zero before others, below zero after them."""
    connection.execute(
        "INSERT INTO repost_priority (company_id, priority) VALUES (%s, %s) "
        "ON CONFLICT (company_id) DO UPDATE SET priority = excluded.priority",
        [company, priority],
    )


def retry_failed(connection: Rows, company: int) -> int:
    """Let the requests of failed runs wait for another one; gives how many there are."""
    return connection.execute(
        "UPDATE repost_request r SET run_id = NULL FROM repost_run f WHERE r.company_id = %s AND f.company_id = r.company_id "
        "AND f.run_id = r.run_id AND f.status = 'failed'",
        [company],
    ).rowcount
