"""One document with all that is kept of it, and how lists show it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from worker.store.database import Rows


class Listed(NamedTuple):
    """A document in a list, and what became of it."""

    sequence: int
    type: str
    number: str
    status: str
    received_at: datetime
    posted_at: datetime | None
    voucher_no: str | None
    error: dict[str, Any] | None
    attempts: int
    revisions: int


class Revision(NamedTuple):
    """An operator's edit: who made it, when, and why."""

    revision: int
    payload: str
    actor: str
    reason: str
    at: datetime


class Held(NamedTuple):
    """One document with all that is kept of it; `payload` is as it came, `waits_for` what a parked one waits for."""

    company: str
    listed: Listed
    payload: str
    publisher: str
    message_id: str
    waits_for: list[str]
    decided_at: datetime | None
    revisions: list[Revision]

    @property
    def present(self) -> str:
        """The content that decisions use."""
        return self.revisions[-1].payload if self.revisions else self.payload


# What a list shows of the documents whose sequences are the column of that name of `page`, and the joins that it takes.
SHOWN: Final = (
    "SELECT s.sequence, s.type, s.number, s.status, s.received_at, s.posted_at, s.voucher_no, s.error, coalesce(o.attempts, 0), "
    "(SELECT count(*) FROM document_revision r WHERE r.company_id = s.company_id AND r.sequence = s.sequence)"
)
STATUS: Final = (
    "JOIN books.document_status s ON s.company_id = %(company)s AND s.sequence = page.sequence "
    "LEFT JOIN outcome o ON o.company_id = %(company)s AND o.sequence = page.sequence "
)


def held_document(connection: Rows, company: int, sequence: int) -> Held | None:
    """One document with its content, its edits and what it waits for; None where there is none."""
    row = connection.execute(
        f"{SHOWN}, s.company, d.payload, d.publisher, d.message_id, s.waits_for, s.decided_at "
        f"FROM (SELECT %(sequence)s::bigint AS sequence) page {STATUS}"
        "JOIN document d ON d.company_id = %(company)s AND d.sequence = page.sequence",
        {"company": company, "sequence": sequence},
    ).fetchone()
    if row is None:
        return None
    revisions = connection.execute(
        "SELECT revision, payload, actor, reason, at FROM document_revision WHERE company_id = %s AND sequence = %s ORDER BY revision",
        [company, sequence],
    )
    listed, (name, payload, publisher, message_id, waits_for, decided_at) = Listed(*row[:10]), row[10:]
    return Held(
        name, listed, payload, publisher, message_id, waits_for, decided_at, [Revision(*one) for one in revisions]
    )


def sequence_of(connection: Rows, company: int, type_: str, number: str) -> int | None:
    """The sequence of a document by its key; None where there is none."""
    row = connection.execute(
        "SELECT sequence FROM document WHERE company_id = %s AND type = %s AND number = %s", [company, type_, number]
    ).fetchone()
    return None if row is None else row[0]
