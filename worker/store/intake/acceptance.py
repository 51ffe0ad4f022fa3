"""Acceptance: messages become documents and masters, in one order, in one transaction.

The lock on the single row of `acceptance` puts all acceptances of the database into the order in which they commit. So a number
seen by a reader means that every lower number can be seen too, sequences have no gaps, and which master holds for which document never
depends on timing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from worker.store.copy import NULL, copy_in, escape, hexadecimal, stamp
from worker.store.database import Rows
from worker.store.intake.incoming import Incoming, Receipt
from worker.store.intake.previews import hold
from worker.store.intake.publishers import write_refusals
from worker.store.names.companies import SHARED, SHARED_COMPANY, company_ids, open_companies

Canonical = Callable[[bytes], bytes]
_Key = tuple[int, str, str]

SLICE = 100  # documents whose rows PostgreSQL takes in while the next ones' are told

_json = msgspec.json.Encoder().encode

_DOCUMENT = (
    "company_id, sequence, acceptance, type, number, size, payload, content_hash, publisher, message_id, received_at"
)
_MASTER = "company_id, kind, name, version, acceptance, payload, content_hash, publisher, message_id, received_at"
_OUTCOME = "company_id, sequence, status, error, waits_for, attempts, batch_no, decided_at, released_at, moment"


class _Known(msgspec.Struct, gc=False):
    """The content that a key stands for already: in the store, or earlier in this batch."""

    content_hash: bytes
    sequence: int = 0
    version: int = 0
    payload: bytes | None = None


@dataclass(slots=True)
class _Batch:
    """What one transaction is going to write."""

    number: int
    received: str
    sequences: dict[int, int]
    companies: dict[str, int]
    documents: dict[_Key, _Known]
    masters: dict[_Key, _Known]
    document_rows: list[str] = field(default_factory=list)
    outcome_rows: list[str] = field(default_factory=list)
    master_rows: list[str] = field(default_factory=list)
    refused: list[tuple[int, Incoming, dict[str, object]]] = field(default_factory=list)
    previews: list[tuple[int, Incoming]] = field(default_factory=list)
    barred: list[Incoming] = field(default_factory=list)
    brought: list[tuple[int, str, int]] = field(default_factory=list)  # company, "kind:name", acceptance

    def store_documents(self, connection: Rows) -> None:
        """Write the documents taken so far, behind the caller's back. Errors: of PostgreSQL, at the latest from the commit."""
        connection.copy_behind("document", _DOCUMENT, "".join(self.document_rows).encode())
        self.document_rows.clear()


def accept(connection: Rows, messages: list[Incoming], *, canonical: Canonical) -> list[Receipt]:
    """Store what is new among the messages and say what became of each, in their order.

    `canonical` gives two ways of writing the same content one form; it is asked only where the bytes of a known key differ.
    The caller commits; nothing of a batch is stored where it does not. Errors: those of PostgreSQL.
    """
    last, now = lock_acceptance(connection)
    for message in messages:
        if message.type and not _is_storable(message.payload):
            message.company = message.type = message.number = ""
    # What is barred opens no company and is compared with nothing.
    admitted = [message for message in messages if not message.barred]
    companies = _companies(connection, admitted)
    keys = {_key(companies, message): message.is_master for message in admitted if message.type and not message.preview}
    documents = _known_documents(connection, [key for key, is_master in keys.items() if not is_master])
    masters = _known_masters(connection, [key for key, is_master in keys.items() if is_master])
    _load_differing(connection, companies, admitted, documents)
    first_sequences = _reserve(
        connection, (key[0] for key, is_master in keys.items() if not is_master and key not in documents)
    )
    batch = _Batch(last, stamp(now), first_sequences, companies, documents, masters)
    receipts = []
    for message in messages:
        receipts.append(_take(batch, message, canonical))
        if len(batch.document_rows) >= SLICE:
            batch.store_documents(connection)
    _write(connection, batch, last, now)
    return receipts


def lock_acceptance(connection: Rows) -> tuple[int, datetime]:
    """Let nothing else be accepted until this transaction ends; gives the last number of acceptance, and the time."""
    row = connection.execute(
        "SELECT last_number, clock_timestamp() FROM acceptance WHERE company_id = 0 FOR UPDATE"
    ).fetchone()
    assert row is not None  # noqa: S101 - the first migration writes this row
    return row[0], row[1]


def _is_storable(payload: bytes) -> bool:
    """PostgreSQL keeps any text but that with a NUL; what is not UTF-8 has no key to begin with."""
    return b"\x00" not in payload


def _companies(connection: Rows, messages: list[Incoming]) -> dict[str, int]:
    names = {message.company for message in messages if message.type and message.company != SHARED}
    names.update(m.number for m in messages if m.is_master and m.type == "company" and m.error is None)
    companies = {SHARED: SHARED_COMPANY, **company_ids(connection, names)} if names else {SHARED: SHARED_COMPANY}
    # In the order of mention, so that equal streams give equal numbers.
    missing = [name for name in dict.fromkeys(_mentioned(messages)) if name in names and name not in companies]
    if missing:
        companies |= open_companies(connection, missing)
    return companies


def _mentioned(messages: list[Incoming]) -> Iterable[str]:
    for message in messages:
        yield message.company
        yield message.number


def _key(companies: dict[str, int], message: Incoming) -> _Key:
    return companies[message.company], message.type, message.number


def _known_documents(connection: Rows, keys: list[_Key]) -> dict[_Key, _Known]:
    if not keys:
        return {}
    found = connection.execute(
        # One look into the index of numbers for each key, however little the planner knows of the table yet: asked for the type
        # too (hence the fence before that), it might go through all documents of the type instead.
        "SELECT key.company_id, key.type, key.number, d.content_hash, d.sequence "
        "FROM unnest(%s::int[], %s::text[], %s::text[]) AS key (company_id, type, number) CROSS JOIN LATERAL ("
        "  SELECT d.type, d.content_hash, d.sequence FROM document d "
        "  WHERE d.company_id = key.company_id AND d.number = key.number OFFSET 0) d WHERE d.type = key.type",
        _transposed(keys),
    )
    return {(row[0], row[1], row[2]): _Known(row[3], sequence=row[4]) for row in found}


def _known_masters(connection: Rows, keys: list[_Key]) -> dict[_Key, _Known]:
    if not keys:
        return {}
    found = connection.execute(
        "SELECT DISTINCT ON (m.company_id, m.kind, m.name) m.company_id, m.kind, m.name, m.content_hash, m.version, m.payload "
        "FROM master m JOIN unnest(%s::int[], %s::text[], %s::text[]) AS key (company_id, kind, name) "
        "USING (company_id, kind, name) ORDER BY m.company_id, m.kind, m.name, m.version DESC",
        _transposed(keys),
    )
    return {(row[0], row[1], row[2]): _Known(row[3], version=row[4], payload=row[5].encode()) for row in found}


def _transposed(keys: list[_Key]) -> list[list[object]]:
    return [list(column) for column in zip(*keys, strict=True)]


def _load_differing(
    connection: Rows,
    companies: dict[str, int],
    messages: list[Incoming],
    documents: dict[_Key, _Known],
) -> None:
    """Payloads of known documents that came with other bytes: the same content may be written in two ways."""
    wanted: dict[tuple[int, int], _Known] = {}
    for message in messages:
        if message.type and not message.is_master and documents:
            known = documents.get(_key(companies, message))
            if known is not None and known.content_hash != message.content_hash:
                wanted[companies[message.company], known.sequence] = known
    if wanted:
        found = connection.execute(
            "SELECT d.company_id, d.sequence, d.payload FROM document d "
            "JOIN unnest(%s::int[], %s::bigint[]) AS key (company_id, sequence) USING (company_id, sequence)",
            [[company for company, _ in wanted], [sequence for _, sequence in wanted]],
        )
        for company, sequence, payload in found:
            wanted[company, sequence].payload = payload.encode()


def _reserve(connection: Rows, new_documents: Iterable[int]) -> dict[int, int]:
    """Take the next sequences of each company; returns the last one given before this batch."""
    counts: dict[int, int] = {}
    for company in new_documents:
        counts[company] = counts.get(company, 0) + 1
    if not counts:
        return {}
    found = connection.execute(
        "UPDATE intake_counter c SET last_sequence = c.last_sequence + taken.count "
        "FROM unnest(%s::int[], %s::bigint[]) AS taken (company_id, count) WHERE c.company_id = taken.company_id "
        "RETURNING c.company_id, c.last_sequence - taken.count",
        [list(counts), list(counts.values())],
    )
    return dict(found.fetchall())


def _take(batch: _Batch, message: Incoming, canonical: Canonical) -> Receipt:
    if message.barred:
        return _bar(batch, message)
    if not message.type:
        error = message.error or {
            "code": "Malformed",
            "message": "The message cannot be read.",
            "field": "",
            "details": {},
        }
        batch.refused.append((SHARED_COMPANY, message, error))
        return Receipt(company="", type="", number="", status="unreadable", error=error)
    company = batch.companies[message.company]
    receipt = Receipt(
        company=message.company,
        type=message.type,
        number=message.number,
        status="new",
        company_id=company,
        error=message.error,
    )
    if message.preview:
        receipt.status = "preview"
        batch.previews.append((company, message))
    elif message.is_master:
        _take_master(batch, message, receipt, canonical)
    else:
        _take_document(batch, message, receipt, canonical)
    return receipt


def _bar(batch: _Batch, message: Incoming) -> Receipt:
    error = message.error or {}
    batch.refused.append((SHARED_COMPANY, message, error))
    batch.barred.append(message)
    return Receipt(company=message.company, type=message.type, number=message.number, status="barred", error=error)


def _take_document(batch: _Batch, message: Incoming, receipt: Receipt, canonical: Canonical) -> None:
    company = receipt.company_id
    key = (company, message.type, message.number)
    known = batch.documents.get(key)
    if known is not None:
        receipt.sequence = known.sequence
        if _same(known, message, canonical):
            receipt.status = "known"
            receipt.error = None
        else:
            receipt.status = "conflict"
            receipt.error = conflict(message.company, message.type, message.number)
            batch.refused.append((company, message, receipt.error))
        return
    batch.number += 1
    receipt.sequence = batch.sequences[company] = batch.sequences[company] + 1
    batch.documents[key] = _Known(message.content_hash, sequence=receipt.sequence, payload=message.payload)
    batch.document_rows.append(
        f"{company}\t{receipt.sequence}\t{batch.number}\t{escape(message.type)}\t{escape(message.number)}\t{len(message.payload)}\t"
        f"{escape(message.payload.decode())}\t{hexadecimal(message.content_hash)}\t{escape(message.publisher)}\t"
        f"{escape(message.message_id)}\t{batch.received}\n"
    )
    if message.error is not None:
        receipt.status = "rejected"
        error = escape(_json(message.error).decode())
        batch.outcome_rows.append(
            f"{company}\t{receipt.sequence}\trejected\t{error}\t{{}}\t0\t0\t{batch.received}\t{NULL}\t{NULL}\n"
        )


def _take_master(batch: _Batch, message: Incoming, receipt: Receipt, canonical: Canonical) -> None:
    company = receipt.company_id
    if message.error is not None:
        receipt.status = "rejected"
        batch.refused.append((company, message, message.error))
        return
    key = (company, message.type, message.number)
    known = batch.masters.get(key)
    if known is not None and _same(known, message, canonical):
        receipt.status = "unchanged"
        return
    batch.number += 1
    receipt.status = "master"
    version = 1 if known is None else known.version + 1
    batch.masters[key] = _Known(message.content_hash, version=version, payload=message.payload)
    batch.brought.append((company, f"{message.type}:{message.number}", batch.number))
    batch.master_rows.append(
        f"{company}\t{escape(message.type)}\t{escape(message.number)}\t{version}\t{batch.number}\t"
        f"{escape(message.payload.decode())}\t{hexadecimal(message.content_hash)}\t{escape(message.publisher)}\t"
        f"{escape(message.message_id)}\t{batch.received}\n"
    )


def _same(known: _Known, message: Incoming, canonical: Canonical) -> bool:
    if known.content_hash == message.content_hash:
        return True
    return known.payload is not None and canonical(known.payload) == canonical(message.payload)


def find_document(connection: Rows, company: int, type_: str, number: str) -> tuple[int, bytes] | None:
    """The sequence and the content of the document that a key stands for."""
    row = connection.execute(
        "SELECT sequence, payload FROM document WHERE company_id = %s AND type = %s AND number = %s",
        [company, type_, number],
    ).fetchone()
    return None if row is None else (row[0], row[1].encode())


def conflict(company: str, type_: str, number: str) -> dict[str, object]:
    """Why a document is refused whose key stands for another."""
    return {
        "code": "DuplicateConflict",
        "message": f"{type_} {number} of {company} is known with other content. The first content stands: "
        "send a new number for a new document, or cancel the first one.",
        "field": "number",
        "details": {},
    }


def _write(connection: Rows, batch: _Batch, last: int, now: datetime) -> None:
    batch.store_documents(connection)
    copy_in(connection, "outcome", _OUTCOME, "".join(batch.outcome_rows))
    copy_in(connection, "master", _MASTER, "".join(batch.master_rows))
    if batch.refused:
        with connection.cursor() as cursor:
            # The same unreadable bytes, or the same conflict, sent again and again are one row.
            cursor.executemany(
                "INSERT INTO refused_message (company_id, type, number, content_hash, raw, publisher, message_id, error, received_at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [
                    (
                        company,
                        m.type,
                        m.number,
                        m.content_hash,
                        m.payload,
                        m.publisher,
                        m.message_id,
                        _json(error).decode(),
                        now,
                    )
                    for company, m, error in batch.refused
                ],
            )
    write_refusals(connection, batch.barred)
    hold(connection, batch.previews)
    if batch.number > last:
        connection.execute("UPDATE acceptance SET last_number = %s WHERE company_id = 0", [batch.number])
    if batch.brought:
        _release(connection, batch.brought)


def _release(connection: Rows, brought: list[tuple[int, str, int]]) -> None:
    """Parked documents that wait for one of these masters are due again, at the place of the first of them."""
    connection.execute(
        "UPDATE outcome o SET moment = due.moment, released_at = clock_timestamp() FROM ("
        "  SELECT w.company_id, w.sequence, min(b.moment) AS moment"
        "  FROM unnest(%s::int[], %s::text[], %s::bigint[]) AS b (company_id, cause, moment)"
        "  JOIN outcome w ON w.status = 'parked' AND w.waits_for && ARRAY[b.cause] AND b.company_id IN (0, w.company_id)"
        "  GROUP BY w.company_id, w.sequence"
        ") due WHERE o.company_id = due.company_id AND o.sequence = due.sequence AND o.status = 'parked' AND o.moment IS NULL",
        [
            [company for company, _, _ in brought],
            [cause for _, cause, _ in brought],
            [moment for *_, moment in brought],
        ],
    )


def take_acceptances(connection: Rows, count: int) -> int:
    """Take the next numbers in the order of acceptance, held up until the transaction ends; gives the number before them."""
    row = connection.execute(
        "UPDATE acceptance SET last_number = last_number + %s WHERE company_id = 0 RETURNING last_number - %s",
        [count, count],
    ).fetchone()
    assert row is not None  # noqa: S101 - the first migration writes this row
    number: int = row[0]
    return number
