"""Documents page by page: newest first, or by number where one is searched for. Every walk goes along an index from where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from worker.store.database import Rows

STATUSES: Final = ("accepted", "posted", "rejected", "parked", "cancelled")
_LAST: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which documents: of a status, a type, an error code; `number` is a number's beginning."""

    status: str | None = None
    type_: str | None = None
    code: str | None = None
    number: str | None = None


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


_SHOWN: Final = (
    "SELECT s.sequence, s.type, s.number, s.status, s.received_at, s.posted_at, s.voucher_no, s.error, coalesce(o.attempts, 0), "
    "(SELECT count(*) FROM document_revision r WHERE r.company_id = s.company_id AND r.sequence = s.sequence)"
)
_STATUS: Final = (
    "JOIN books.document_status s ON s.company_id = %(company)s AND s.sequence = page.sequence "
    "LEFT JOIN outcome o ON o.company_id = %(company)s AND o.sequence = page.sequence "
)


def document_page(
    connection: Rows, company: int, wanted: Wanted, *, before: int | None = None, limit: int = 50
) -> list[Listed]:
    """The newest documents that are wanted, or those accepted before a sequence; `number` is not looked at."""
    found = connection.execute(
        f"WITH page AS MATERIALIZED ({_walk(wanted)} ORDER BY sequence DESC LIMIT %(limit)s) "
        f"{_SHOWN} FROM page {_STATUS} ORDER BY page.sequence DESC",
        {**_parameters(company, wanted), "before": before or _LAST, "limit": limit},
    )
    return [Listed(*row) for row in found]


def documents_by_number(
    connection: Rows, company: int, wanted: Wanted, *, after: tuple[str, str] = ("", ""), limit: int = 50
) -> list[Listed]:
    """Documents whose number begins as wanted, by number and type; `after` is the last of the page before.

    The order of numbers is that of their code points, as in databases made with the C or C.UTF-8 collation.
    """
    narrowed = "".join(
        part
        for part, stated in (
            ("AND d.type = %(type)s ", wanted.type_),
            ("AND s.status = %(status)s ", wanted.status),
            ("AND s.error ->> 'code' = %(code)s ", wanted.code),
        )
        if stated is not None
    )
    found = connection.execute(
        f"{_SHOWN} FROM document d "
        "JOIN books.document_status s ON s.company_id = d.company_id AND s.sequence = d.sequence "
        "LEFT JOIN outcome o ON o.company_id = d.company_id AND o.sequence = d.sequence "
        "WHERE d.company_id = %(company)s AND d.number >= %(number)s AND d.number <= %(upto)s "
        "AND (d.number, d.type) > (%(after_number)s, %(after_type)s) AND starts_with(d.number, %(number)s) "
        f"{narrowed}ORDER BY d.number, d.type LIMIT %(limit)s",
        {
            **_parameters(company, wanted),
            "upto": f"{wanted.number}{chr(0x10FFFF)}",
            "after_number": after[0],
            "after_type": after[1],
            "limit": limit,
        },
    )
    return [Listed(*row) for row in found]


def held_document(connection: Rows, company: int, sequence: int) -> Held | None:
    """One document with its content, its edits and what it waits for; None where there is none."""
    row = connection.execute(
        f"{_SHOWN}, s.company, d.payload, d.publisher, d.message_id, s.waits_for, s.decided_at "
        f"FROM (SELECT %(sequence)s::bigint AS sequence) page {_STATUS}"
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


def _parameters(company: int, wanted: Wanted) -> dict[str, object]:
    return {
        "company": company,
        "status": wanted.status,
        "type": wanted.type_,
        "code": wanted.code,
        "number": wanted.number,
    }


def _walk(wanted: Wanted) -> str:
    """Sequences along the index that narrows most."""
    if wanted.status in ("rejected", "parked"):
        type_ = " AND d.type = %(type)s" if wanted.type_ else ""
        code = " AND o.error ->> 'code' = %(code)s" if wanted.code else ""
        return (
            "SELECT o.sequence FROM outcome o JOIN document d USING (company_id, sequence) WHERE o.company_id = %(company)s "
            f"AND o.status = %(status)s AND o.moment IS NULL AND o.sequence < %(before)s{type_}{code}"
        )
    if wanted.status == "accepted":
        type_ = " AND d.type = %(type)s" if wanted.type_ else ""
        # Few of those that the lane has yet to pass are refused or posted already: each is looked up, whatever PostgreSQL expects.
        return (
            "SELECT sequence FROM ((SELECT d.sequence FROM document d WHERE d.company_id = %(company)s AND d.sequence < %(before)s "
            "AND d.sequence > (SELECT decided_sequence FROM lane WHERE company_id = %(company)s) "
            "AND NOT EXISTS (SELECT FROM outcome o WHERE o.company_id = d.company_id AND o.sequence = d.sequence OFFSET 0) "
            "AND NOT EXISTS (SELECT FROM voucher v WHERE v.company_id = d.company_id AND v.voucher_id = d.sequence OFFSET 0)"
            f"{type_} ORDER BY d.sequence DESC LIMIT %(limit)s) "
            "UNION ALL SELECT o.sequence FROM outcome o JOIN document d USING (company_id, sequence) "
            f"WHERE o.company_id = %(company)s AND o.moment IS NOT NULL AND o.sequence < %(before)s{type_}) due"
        )
    if wanted.status == "cancelled":
        type_ = (
            " AND EXISTS (SELECT FROM document d WHERE d.company_id = c.company_id AND d.sequence = c.reverses "
            "AND d.type = %(type)s)"
            if wanted.type_
            else ""
        )
        return (
            "SELECT c.reverses AS sequence FROM voucher c WHERE c.company_id = %(company)s AND c.reverses <> 0 "
            f"AND c.reverses < %(before)s{type_}"
        )
    type_ = " AND d.type = %(type)s" if wanted.type_ else ""
    posted = (
        " AND EXISTS (SELECT FROM voucher v WHERE v.company_id = d.company_id AND v.voucher_id = d.sequence) "
        "AND NOT EXISTS (SELECT FROM voucher c WHERE c.company_id = d.company_id AND c.reverses = d.sequence AND c.reverses <> 0)"
        if wanted.status == "posted"
        else ""
    )
    return (
        f"SELECT d.sequence FROM document d WHERE d.company_id = %(company)s AND d.sequence < %(before)s{type_}{posted}"
    )
