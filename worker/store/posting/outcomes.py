"""Outcomes: what became of each document, as the contract words it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import msgspec

from worker.store.copy import NULL, copy_in, escape, stamp
from worker.store.database import Rows
from worker.store.intake.acceptance import take_acceptances
from worker.store.intake.previews import Held, find_preview

_json = msgspec.json.Encoder().encode


@dataclass(slots=True, kw_only=True)
class Decision:
    """A document that was not posted. `moment`: when what it waits for is there already, the place where it is due again."""

    sequence: int
    status: Literal["rejected", "parked"]
    error: dict[str, object]
    waits_for: tuple[str, ...] = ()
    attempts: int = 0
    moment: int | None = None


def write_decisions(connection: Rows, company_id: int, batch_no: int, now: datetime, decisions: list[Decision]) -> None:
    """Keep the outcomes of documents that were refused or parked."""
    written = stamp(now)
    rows = [
        f"{company_id}\t{d.sequence}\t{d.status}\t{escape(_json(d.error).decode())}\t{_array(d.waits_for)}\t{d.attempts}\t{batch_no}\t"
        f"{written}\t{NULL if d.moment is None else written}\t{NULL if d.moment is None else d.moment}\n"
        for d in decisions
    ]
    columns = "company_id, sequence, status, error, waits_for, attempts, batch_no, decided_at, released_at, moment"
    copy_in(connection, "outcome", columns, "".join(rows))


def clear_decisions(connection: Rows, company_id: int, sequences: list[int]) -> int:
    """Drop the outcomes of released documents, which are being decided anew; gives how many of them had been parked."""
    if not sequences:
        return 0
    cleared = connection.execute(
        "DELETE FROM outcome WHERE company_id = %s AND sequence = ANY(%s) RETURNING status", [company_id, sequences]
    )
    return sum(status == "parked" for (status,) in cleared)


def _array(texts: tuple[str, ...]) -> str:
    quoted = ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return escape("{" + quoted + "}")


_OUTCOME = (
    "SELECT company, type, number, status, sequence, received_at, posted_at, voucher_no, error, warning "
    "FROM books.document_status "
)


def _as_outcome(row: Sequence[Any]) -> dict[str, Any]:
    return outcome(*row)


def outcome(
    company: str,
    type_: str,
    number: str,
    status: str,
    sequence: int | None,
    received_at: datetime,
    posted_at: datetime | None = None,
    voucher_no: str | None = None,
    error: dict[str, Any] | None = None,
    warning: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The contract's outcome of one document; times are ISO 8601 text in UTC."""
    return {
        "company": company,
        "type": type_,
        "number": number,
        "status": status,
        "sequence": sequence,
        "received_at": _text(received_at),
        "posted_at": None if posted_at is None else _text(posted_at),
        "voucher_no": voucher_no,
        "error": error if status in {"rejected", "parked", "accepted", "quarantined"} else None,
        "vouchers": [voucher_no] if voucher_no else [],
        **({"warning": warning} if warning else {}),
    }


@lru_cache(maxsize=1024)
def _text(moment: datetime) -> str:
    """A time as outcomes word it; all documents of a batch share theirs."""
    return moment.isoformat()


def fetch_outcome(connection: Rows, company: str, type_: str, number: str) -> dict[str, Any] | None:
    """The outcome of one document, or what was asked about it; None where it was never accepted."""
    row = connection.execute(
        _OUTCOME + "WHERE company_id = (SELECT company_id FROM company WHERE name = %s) AND number = %s AND type = %s",
        [company, number, type_],
    ).fetchone()
    if row is not None:
        return _as_outcome(row)
    held = find_preview(connection, company, type_, number)
    return None if held is None else preview_outcome(held)


def asked_outcome(connection: Rows, company: str, type_: str, number: str) -> dict[str, Any] | None:
    """What was told of a document's preview; where the document itself stood under its key already, what became of that."""
    held = find_preview(connection, company, type_, number)
    if held is None or (held.answer or {}).get("known"):
        return fetch_outcome(connection, company, type_, number)
    return preview_outcome(held)


def preview_outcome(held: Held) -> dict[str, Any]:
    """The contract's outcome of a document of which it was asked what it would change; its error says why it would not be posted."""
    status = "previewing" if held.answer is None else "previewed"
    seen = held.answer or {}
    error = seen.get("error")
    if held.decision == "refused":
        status = "rejected"
        error = {
            "code": "PreviewRefused", "field": "", "details": {},
            "message": "Somebody looked at what it would change and refused it. Change it, or send it without the flag if it shall be "
            "posted after all.",
        }  # fmt: skip
    told = outcome(held.company, held.type, held.number, status, None, held.asked_at)
    return {**told, "error": error, "preview": seen.get("preview")}


def fetch_outcomes(connection: Rows, company_id: int, sequences: list[int]) -> list[dict[str, Any]]:
    """The outcomes of documents by their sequence, in its order."""
    found = connection.execute(
        # A look into the indexes for each, however many are asked for: a plan for all at once may go through every voucher.
        "SELECT told.* FROM unnest(%s::bigint[]) AS asked (sequence) CROSS JOIN LATERAL ("
        f"{_OUTCOME}WHERE company_id = %s AND sequence = asked.sequence OFFSET 0) told ORDER BY told.sequence",
        [sequences, company_id],
    )
    return [_as_outcome(row) for row in found]


def key_of_document(connection: Rows, company_id: int, sequence: int) -> dict[str, Any]:
    """A document as log lines name it: company, type, number and sequence."""
    row = connection.execute(
        "SELECT c.name, d.type, d.number FROM document d JOIN company c USING (company_id) WHERE d.company_id = %s AND d.sequence = %s",
        [company_id, sequence],
    ).fetchone()
    assert row is not None  # noqa: S101 - whoever asks has just read it
    return {"company": row[0], "type": row[1], "number": row[2], "sequence": sequence}


def sequences_of_batches(connection: Rows, company_id: int, after: int, upto: int) -> list[int]:
    """The documents whose outcome the batches after one and up to another have decided or changed, in their order."""
    found = connection.execute(
        "SELECT voucher_id FROM voucher WHERE company_id = %(company)s AND batch_no > %(after)s AND batch_no <= %(upto)s "
        "UNION SELECT reverses FROM voucher WHERE company_id = %(company)s AND batch_no > %(after)s AND batch_no <= %(upto)s "
        "AND reverses <> 0 "
        "UNION SELECT sequence FROM outcome WHERE company_id = %(company)s AND batch_no > %(after)s AND batch_no <= %(upto)s "
        "UNION SELECT s.voucher_id FROM voucher c JOIN pos_invoice s ON s.company_id = c.company_id AND s.closing_id = c.voucher_id "
        "WHERE c.company_id = %(company)s AND c.batch_no > %(after)s AND c.batch_no <= %(upto)s AND c.type = 'pos_closing' "
        # What a closing set aside, or its cancellation opened again, no longer names it: all that wait are told where they stand.
        "UNION SELECT s.voucher_id FROM pos_invoice s WHERE s.company_id = %(company)s AND s.status IN ('open', 'quarantined') "
        "AND EXISTS (SELECT FROM voucher c WHERE c.company_id = %(company)s AND c.batch_no > %(after)s AND c.batch_no <= %(upto)s "
        "AND (c.type = 'pos_closing' OR EXISTS (SELECT FROM voucher t WHERE t.company_id = %(company)s AND t.voucher_id = c.reverses "
        "AND c.reverses <> 0 AND t.type = 'pos_closing'))) ORDER BY 1",
        {"company": company_id, "after": after, "upto": upto},
    )
    return [sequence for (sequence,) in found]


def list_outcomes(
    connection: Rows,
    company_id: int,
    *,
    status: str | None = None,
    type_: str | None = None,
    number: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Outcomes of a company in sequence, page by page: `after` is the last sequence of the page before."""
    found = connection.execute(
        _OUTCOME + "WHERE company_id = %(company)s AND sequence > %(after)s "
        "AND (%(status)s::text IS NULL OR status = %(status)s) AND (%(type)s::text IS NULL OR type = %(type)s) "
        "AND (%(number)s::text IS NULL OR number = %(number)s) ORDER BY sequence LIMIT %(limit)s",
        {"company": company_id, "after": after, "status": status, "type": type_, "number": number, "limit": limit},
    )
    return [_as_outcome(row) for row in found]


def release(connection: Rows, company_id: int, sequences: list[int]) -> list[int]:
    """Have refused or parked documents decided anew, after everything accepted so far; gives those that there is something to decide of.

    They take a number in the order of acceptance, so that their second decision has its place in the order like any event.
    """
    number = take_acceptances(connection, 1) + 1
    changed = connection.execute(
        "UPDATE outcome SET moment = %s, released_at = clock_timestamp() "
        "WHERE company_id = %s AND sequence = ANY(%s) AND moment IS NULL RETURNING sequence",
        [number, company_id, sequences],
    )
    return sorted(sequence for (sequence,) in changed)


def release_all(connection: Rows, company_id: int, status: str, *, type_: str | None, code: str | None) -> int:
    """Have every refused, or every parked, document of a type and an error code decided anew; gives how many there are."""
    number = take_acceptances(connection, 1) + 1
    changed = connection.execute(
        "UPDATE outcome o SET moment = %(moment)s, released_at = clock_timestamp() FROM document d "
        "WHERE o.company_id = %(company)s AND o.status = %(status)s AND o.moment IS NULL "
        "AND d.company_id = o.company_id AND d.sequence = o.sequence AND (%(type)s::text IS NULL OR d.type = %(type)s) "
        "AND (%(code)s::text IS NULL OR o.error ->> 'code' = %(code)s)",
        {"moment": number, "company": company_id, "status": status, "type": type_, "code": code},
    )
    return changed.rowcount


def hold_outcome(connection: Rows, company_id: int, sequence: int) -> str | None:
    """Keep a refused or parked document from being decided until the transaction ends; gives its status, None where it is neither now."""
    row = connection.execute(
        "SELECT status FROM outcome WHERE company_id = %s AND sequence = %s AND moment IS NULL FOR UPDATE",
        [company_id, sequence],
    ).fetchone()
    return None if row is None else row[0]


def release_waiting(connection: Rows, company_id: int, causes: list[str]) -> int:
    """Have whatever waits for one of these causes decided anew, after everything accepted so far; gives how many documents that are."""
    waiting = connection.execute(
        "SELECT count(*) FROM outcome WHERE company_id = %s AND status = 'parked' AND moment IS NULL AND waits_for && %s::text[]",
        [company_id, causes],
    ).fetchone()
    if waiting is None or not waiting[0]:
        return 0
    changed = connection.execute(
        "WITH next AS (UPDATE acceptance SET last_number = last_number + 1 WHERE company_id = 0 RETURNING last_number) "
        "UPDATE outcome SET moment = next.last_number, released_at = clock_timestamp() FROM next "
        "WHERE company_id = %s AND status = 'parked' AND moment IS NULL AND waits_for && %s::text[]",
        [company_id, causes],
    )
    return changed.rowcount


def revise(connection: Rows, company_id: int, sequence: int, payload: str, actor: str, reason: str) -> int:
    """Keep an operator's edit of a document that was not posted; the original stays, decisions use the newest. Gives its number."""
    row = connection.execute(
        "INSERT INTO document_revision (company_id, sequence, revision, payload, actor, reason, at) "
        "SELECT %(company)s, %(sequence)s, coalesce(max(revision), 0) + 1, %(payload)s, %(actor)s, %(reason)s, clock_timestamp() "
        "FROM document_revision WHERE company_id = %(company)s AND sequence = %(sequence)s RETURNING revision",
        {"company": company_id, "sequence": sequence, "payload": payload, "actor": actor, "reason": reason},
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    revision: int = row[0]
    return revision
