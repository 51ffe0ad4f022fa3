"""Lists of documents: newest first, or by number where one is searched for.

A list is walked along an index from where the last page ended, and what it is narrowed by beyond that index is looked at document by
document, so many at most. So a page costs the same however many documents there are, and however few of them are wanted: where they lie
far apart, a page has fewer rows, and says where to go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from worker.store.database import Rows
from worker.store.desk.document_pages import SHOWN, STATUS, Listed

STATUSES: Final = ("accepted", "posted", "rejected", "parked", "cancelled")
# Mostly nearly all that the index gives are wanted; only where they are not does a page look at more.
_LOOKS: Final = (200, 2000)
MOST_LOOKED_AT: Final = sum(_LOOKS)
_LAST: Final = 2**62
_HIGHEST: Final = chr(0x10FFFF)

At = TypeVar("At")
_Looked = list[tuple[Any, ...]]  # each begins with the sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which documents: of a status, a type, an error code; `number` is a number's beginning."""

    status: str | None = None
    type_: str | None = None
    code: str | None = None
    number: str | None = None


class Found(NamedTuple, Generic[At]):
    """A page, and where the next one begins: None where there is nothing further."""

    rows: list[Listed]
    further: At | None


def document_page(
    connection: Rows, company: int, wanted: Wanted, *, before: int | None = None, limit: int = 50
) -> Found[int]:
    """The newest documents that are wanted, or those accepted before a sequence; `number` is not looked at."""
    query = f"SELECT sequence FROM ({_walk(wanted)}) walk ORDER BY sequence DESC LIMIT %(looks)s"

    def look(at: int, looks: int) -> _Looked:
        return connection.execute(query, {**_parameters(company, wanted), "at": at, "looks": looks}).fetchall()

    return _pages(connection, company, wanted, look, before or _LAST, lambda seen: int(seen[0]), limit)


def documents_by_number(
    connection: Rows, company: int, wanted: Wanted, *, after: tuple[str, str] = ("", ""), limit: int = 50
) -> Found[tuple[str, str]]:
    """Documents whose number begins as wanted, by number and type in the order of code points; `after` is where the page before ended."""
    begins = str(wanted.number)

    def look(at: tuple[str, str], looks: int) -> _Looked:
        # One lower bound only: of two, the index would be entered at the first.
        return connection.execute(
            "SELECT sequence, number, type FROM document WHERE company_id = %(company)s "
            "AND (number, type) > (%(at_number)s, %(at_type)s) AND number <= %(upto)s AND starts_with(number, %(number)s) "
            "ORDER BY number, type LIMIT %(looks)s",
            {
                **_parameters(company, wanted), "at_number": at[0], "at_type": at[1], "upto": f"{begins}{_HIGHEST}",
                "looks": looks,
            },
        ).fetchall()  # fmt: skip

    return _pages(
        connection, company, wanted, look, max(after, (begins, "")), lambda seen: (str(seen[1]), str(seen[2])), limit
    )


def _pages(
    connection: Rows,
    company: int,
    wanted: Wanted,
    look: Callable[[At, int], _Looked],
    at: At,
    place: Callable[[tuple[Any, ...]], At],
    limit: int,
) -> Found[At]:
    """Look at documents in their order until a page is full, or enough were looked at."""
    tests = _tests(wanted)
    rows: list[Listed] = []
    for looks in _LOOKS if tests else (limit + 1,):
        looked = look(at, looks)
        places = {seen[0]: place(seen) for seen in looked}
        rows += _shown(connection, company, wanted, tests, [*places], limit + 1 - len(rows))
        if len(rows) > limit:
            # The last one that is shown lies in an earlier look where this one gave the single row too many.
            return Found(rows[:limit], places.get(rows[limit - 1].sequence, at))
        if len(looked) < looks:
            return Found(rows, None)
        at = place(looked[-1])
    return Found(rows, at)


def _shown(
    connection: Rows, company: int, wanted: Wanted, tests: str, sequences: list[int], limit: int
) -> list[Listed]:
    """Those of these documents that are wanted, in their order, so many at most."""
    found = connection.execute(
        "WITH page AS MATERIALIZED (SELECT sequence, place FROM unnest(%(sequences)s::bigint[]) WITH ORDINALITY AS d (sequence, place) "
        f"WHERE true{tests} ORDER BY place LIMIT %(limit)s) {SHOWN} FROM page {STATUS} ORDER BY page.place",
        {**_parameters(company, wanted), "sequences": sequences, "limit": limit},
    )
    return [Listed(*row) for row in found]


def _parameters(company: int, wanted: Wanted) -> dict[str, object]:
    return {
        "company": company,
        "status": wanted.status,
        "type": wanted.type_,
        "code": wanted.code,
        "number": wanted.number,
    }


def _has(table: str, condition: str) -> str:
    """Whether a table has a row of document `d`: looked up one by one, for OFFSET keeps it from becoming a join of whole tables."""
    return f"EXISTS (SELECT FROM {table} r WHERE r.company_id = %(company)s AND {condition} OFFSET 0)"


_REFUSED: Final = "r.sequence = d.sequence AND r.moment IS NULL"
_POSTED: Final = _has("voucher", "r.voucher_id = d.sequence")
_CANCELLED: Final = _has("voucher", "r.reverses = d.sequence AND r.reverses <> 0")
_NOT_POSTED: Final = _has("outcome", f"{_REFUSED} AND r.status = %(status)s")
_OF_STATUS: Final = {
    "accepted": f" AND NOT {_POSTED} AND NOT {_has('outcome', _REFUSED)}",
    "posted": f" AND {_POSTED} AND NOT {_CANCELLED}",
    "rejected": f" AND {_NOT_POSTED}",
    "parked": f" AND {_NOT_POSTED}",
    "cancelled": f" AND {_CANCELLED}",
}
_OF_TYPE: Final = " AND " + _has("document", "r.sequence = d.sequence AND r.type = %(type)s")
_OF_CODE: Final = " AND " + _has("outcome", f"{_REFUSED} AND r.error ->> 'code' = %(code)s")


def _tests(wanted: Wanted) -> str:
    """What each document that was looked at must be, empty where the walk itself says so."""
    tests = "" if wanted.status is None else _OF_STATUS[wanted.status]
    if wanted.code is not None:
        tests += _OF_CODE
    walks_type = wanted.status in (None, "posted") and wanted.code is None and wanted.number is None
    return tests if wanted.type_ is None or walks_type else tests + _OF_TYPE


_DOCUMENTS: Final = "SELECT d.sequence FROM document d WHERE d.company_id = %(company)s AND d.sequence < %(at)s"
_OUTCOMES: Final = "SELECT o.sequence FROM outcome o WHERE o.company_id = %(company)s AND o.sequence < %(at)s"
_SOME: Final = " ORDER BY sequence DESC LIMIT %(looks)s"


def _walk(wanted: Wanted) -> str:
    """Sequences before `at`, newest first, along the index that narrows most."""
    if wanted.code is not None and wanted.status in (None, "rejected", "parked"):
        coded = f"({_OUTCOMES} AND o.moment IS NULL AND o.error ->> 'code' = %(code)s AND o.status = '{{}}'{_SOME})"
        return " UNION ALL ".join(
            coded.format(status) for status in ("rejected", "parked") if wanted.status in (None, status)
        )
    match wanted.status:
        case "rejected" | "parked":
            # By its name, so that PostgreSQL sees which of the partial indexes fits.
            return f"{_OUTCOMES} AND o.status = '{wanted.status}' AND o.moment IS NULL{_SOME}"
        case "accepted":
            waiting = f"{_DOCUMENTS} AND d.sequence > (SELECT decided_sequence FROM lane WHERE company_id = %(company)s){_SOME}"
            return f"({waiting}) UNION ALL ({_OUTCOMES} AND o.moment IS NOT NULL{_SOME})"
        case "cancelled":
            return (
                "SELECT c.reverses AS sequence FROM voucher c WHERE c.company_id = %(company)s AND c.reverses <> 0 "
                f"AND c.reverses < %(at)s{_SOME}"
            )
        case _:
            return _DOCUMENTS + ("" if wanted.type_ is None else " AND d.type = %(type)s") + _SOME
