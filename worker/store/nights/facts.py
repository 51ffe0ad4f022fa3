"""What the mail about a night tells beside the verdict: documents that wait, reposts, closings, sales set aside."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from worker.store.database import Rows

_NAMED = 5


class ParkedDocument(NamedTuple):
    """A document that waits for something."""

    type: str
    number: str
    received_at: datetime
    code: str
    message: str


def parked_documents(connection: Rows, company: int, limit: int) -> tuple[list[ParkedDocument], int]:
    """The documents that have waited for longest, and how many there are."""
    found = connection.execute(
        "SELECT d.type, d.number, d.received_at, coalesce(o.error ->> 'code', ''), coalesce(o.error ->> 'message', ''), count(*) OVER () "
        "FROM outcome o JOIN document d USING (company_id, sequence) "
        "WHERE o.company_id = %s AND o.status = 'parked' AND o.moment IS NULL ORDER BY d.sequence LIMIT %s",
        [company, limit],
    ).fetchall()
    return [ParkedDocument(*row[:-1]) for row in found], found[0][-1] if found else 0


class EndedRun(NamedTuple):
    """A repost run that was published, or failed; the documents that asked for it in words."""

    run: int
    status: str
    documents: str
    rows: int
    differences: int
    message: str


def runs_since(connection: Rows, company: int, since: datetime) -> list[EndedRun]:
    """Runs that ended after a moment, in their order."""
    found = connection.execute(
        "SELECT r.run_id, r.status, a.named, a.more, coalesce((r.progress ->> 'rows')::bigint, 0), "
        "  coalesce((r.progress ->> 'differences')::bigint, 0), coalesce(r.error ->> 'message', '') "
        "FROM repost_run r CROSS JOIN LATERAL ("
        f"  SELECT coalesce((array_agg(DISTINCT v.number ORDER BY v.number))[1:{_NAMED}], '{{}}') AS named, "
        f"    greatest(count(DISTINCT v.number) - {_NAMED}, 0) AS more FROM repost_request q "
        "    JOIN voucher v ON v.company_id = q.company_id AND v.voucher_id = q.document_id "
        "   WHERE q.company_id = r.company_id AND q.run_id = r.run_id) a "
        "WHERE r.company_id = %s AND r.finished_at > %s ORDER BY r.run_id",
        [company, since],
    )
    return [
        EndedRun(run, status, ", ".join(named) + (f" and {more} more" if more else ""), rows, differences, message)
        for run, status, named, more, rows, differences, message in found
    ]


class MonthChange(NamedTuple):
    """What runs changed of an account in a month (its first day), minor units: debit less credit."""

    month: date
    account: str
    amount: int


def changes_by_month(connection: Rows, company: int, runs: list[int], limit: int) -> list[MonthChange]:
    """What these runs changed, by month and account; their entries are found by the ranges of their chunks."""
    if not runs:
        return []
    found = connection.execute(
        "SELECT date_trunc('month', e.posting_date)::date, a.name, sum(e.debit - e.credit)::bigint "
        "FROM repost_chunk k JOIN gl_entry e ON e.company_id = k.company_id AND e.entry_id BETWEEN k.first_entry AND k.last_entry "
        "  AND e.run_id = k.run_id "
        "JOIN term a ON a.company_id = e.company_id AND a.term_id = e.account_id "
        "WHERE k.company_id = %s AND k.run_id = ANY(%s) GROUP BY 1, 2 HAVING sum(e.debit - e.credit) <> 0 ORDER BY 1, 2 LIMIT %s",
        [company, runs, limit],
    )
    return [MonthChange(*row) for row in found]


class DecidedClosing(NamedTuple):
    """A closing of a till: posted with its figures, or not posted and why."""

    number: str
    status: str
    message: str
    figures: dict[str, Any]


def closings_between(connection: Rows, company: int, after: int, upto: int) -> list[DecidedClosing]:
    """Closings among the documents after one sequence and up to another, in their order."""
    found = connection.execute(
        "SELECT d.number, CASE WHEN x.voucher_id IS NOT NULL THEN 'cancelled' WHEN v.voucher_id IS NOT NULL THEN 'posted' "
        "    ELSE coalesce(o.status, 'accepted') END, coalesce(o.error ->> 'message', ''), coalesce(v.figures, '{}') "
        "FROM document d LEFT JOIN voucher v ON v.company_id = d.company_id AND v.voucher_id = d.sequence "
        "LEFT JOIN voucher x ON x.company_id = d.company_id AND x.reverses = d.sequence AND x.reverses <> 0 "
        "LEFT JOIN outcome o ON o.company_id = d.company_id AND o.sequence = d.sequence "
        "WHERE d.company_id = %s AND d.sequence > %s AND d.sequence <= %s AND d.type = 'pos_closing' ORDER BY d.sequence",
        [company, after, upto],
    )
    return [DecidedClosing(*row) for row in found]


class SetAside(NamedTuple):
    """A sale that closings set aside."""

    number: str
    profile: str
    message: str


def quarantined_sales(connection: Rows, company: int, limit: int) -> list[SetAside]:
    """Sales that are set aside, oldest first."""
    found = connection.execute(
        "SELECT v.number, s.profile, coalesce(s.reason ->> 'message', '') FROM pos_invoice s JOIN voucher v USING (company_id, voucher_id) "
        "WHERE s.company_id = %s AND s.status = 'quarantined' ORDER BY s.voucher_id LIMIT %s",
        [company, limit],
    )
    return [SetAside(*row) for row in found]


def head_of_chain(connection: Rows, company: int) -> tuple[int, str]:
    """The newest batch of a company's books and its hash; the hash is empty before the first."""
    row = connection.execute(
        "SELECT batch_no, encode(head_hash, 'hex') FROM lane WHERE company_id = %s", [company]
    ).fetchone()
    return (0, "") if row is None else (row[0], row[1])


def minor(text: str | None, precision: int) -> int:
    """An amount of a document's figures in minor units."""
    return int(Decimal(text or 0).scaleb(precision))
