"""Sheets: sales of open sessions summed ahead of their closing, some thousand each; a closing reads the sheets in their place.

Receipts never change, so a sheet holds for as long as each of its sales is open. One that a sale has left counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from domain.pos_consolidation import Sale, Sheet
from domain.pos_receipt import read
from worker.store.copy import stamp_instant
from worker.store.database import Rows

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sheet).decode
_MAKING = 7_050_116  # any number will do, as long as every version of this program uses the same


@dataclass(frozen=True, slots=True)
class Untallied:
    """An open session with sales that are on no sheet, from behind a sequence on; how many there are at least."""

    session: int
    profile: str
    user: str
    after: int


# Sales of a session behind those that its sheets have looked at.
_BEHIND = (
    "FROM pos_invoice i WHERE i.company_id = s.company_id AND i.profile = s.profile AND i.session_id = s.session_id "
    "AND i.status IN ('open', 'quarantined') AND i.voucher_id > done.upto"
)
_SESSIONS = (
    "FROM pos_session s CROSS JOIN LATERAL (SELECT coalesce(max(last_sequence), 0) AS upto FROM pos_sheet p "
    "  WHERE p.company_id = s.company_id AND p.profile = s.profile AND p.session_id = s.session_id) done "
    "WHERE s.company_id = %(company)s AND s.status = 'open' AND s.profile = ANY(%(profiles)s)"
)


def hold_sheets(connection: Rows, company: int) -> bool:
    """Be the only one to make sheets of a company until the transaction ends; False where somebody else is at it."""
    row = connection.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_MAKING, company]).fetchone()
    return row is not None and bool(row[0])


def next_untallied(connection: Rows, company: int, profiles: list[str], least: int) -> Untallied | None:
    """A session of these profiles with at least so many sales that are to be tallied; None where there is none."""
    row = connection.execute(
        f"SELECT s.session_id, s.profile, s.user_name, done.upto {_SESSIONS} "
        f"AND EXISTS (SELECT {_BEHIND} OFFSET %(least)s - 1) ORDER BY s.session_id LIMIT 1",
        {"company": company, "profiles": profiles, "least": least},
    ).fetchone()
    return None if row is None else Untallied(*row)


def count_untallied(connection: Rows, company: int, profiles: list[str]) -> int:
    """How many sales of these profiles are to be tallied."""
    row = connection.execute(
        f"SELECT coalesce(sum(behind.sales), 0)::bigint FROM (SELECT (SELECT count(*) {_BEHIND}) AS sales {_SESSIONS}) behind",
        {"company": company, "profiles": profiles},
    ).fetchone()
    return 0 if row is None else int(row[0])


def untallied_sales(connection: Rows, company: int, asked: Untallied, limit: int) -> list[tuple[Sale, bool]]:
    """The next sales of a session that are on no sheet, in their order, and whether each is open."""
    found = connection.execute(
        "SELECT i.voucher_id, r.receipt, i.session_id, i.status = 'open' FROM pos_invoice i "
        "JOIN pos_receipt r USING (company_id, voucher_id) "
        "WHERE i.company_id = %s AND i.profile = %s AND i.session_id = %s AND i.status IN ('open', 'quarantined') "
        "AND i.voucher_id > %s ORDER BY i.voucher_id LIMIT %s",
        [company, asked.profile, asked.session, asked.after, limit],
    )
    return [(Sale(sequence, read(text), session), is_open) for sequence, text, session, is_open in found]


def add_sheet(connection: Rows, company: int, made: Untallied, sales: list[Sale], sheet: Sheet) -> None:
    """Keep a sheet of these sales of a session, which are all that were looked at; some of them may not be on it."""
    sequences = list(sheet.sequences)
    last_event = max(sale.receipt.at for sale in sales)
    connection.execute(
        "INSERT INTO pos_sheet (company_id, profile, session_id, last_sequence, user_name, last_event, sequences, sheet, made_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())",
        [
            company, made.profile, made.session, sales[-1].sequence, made.user, stamp_instant(last_event), sequences, _encode(sheet),
        ],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets that a closing may use: of a till, or of one user or session of it, whose events all were not after `upto`."""

    company: int
    profile: str
    user: str | None
    session: int | None
    upto: int

    def read(self, connection: Rows) -> Iterator[tuple[int, Sheet]]:
        """Those of which every sale is open still, each by its last sequence."""
        with connection.cursor(name="sheets") as cursor:
            cursor.itersize = 20
            cursor.execute(
                f"SELECT p.last_sequence, p.sheet FROM pos_sheet p WHERE {_OF_TILL} AND p.last_event <= %(upto)s::timestamptz "
                "AND cardinality(p.sequences) = (SELECT count(*) FROM pos_invoice i WHERE i.company_id = p.company_id "
                "  AND i.voucher_id = ANY(p.sequences) AND i.status = 'open')",
                self._parameters(),
            )
            for last_sequence, sheet in cursor:
                yield last_sequence, _decode(sheet)

    def drop(self, connection: Rows) -> None:
        """Drop all of them: their sales are consolidated, or were set aside. What is open still is tallied anew."""
        connection.execute(f"DELETE FROM pos_sheet p WHERE {_OF_TILL}", self._parameters())

    def _parameters(self) -> dict[str, object]:
        return {
            "company": self.company, "profile": self.profile, "user": self.user, "session": self.session,
            "upto": stamp_instant(self.upto),
        }  # fmt: skip


_OF_TILL = (
    "p.company_id = %(company)s AND p.profile = %(profile)s AND (%(user)s::text IS NULL OR p.user_name = %(user)s) "
    "AND (%(session)s::bigint IS NULL OR p.session_id = %(session)s)"
)


class Progress(NamedTuple):
    """How far the sales of tills are summed ahead: how many are on sheets, how many are to go, and how long that takes about.

    `seconds_to_go` is None where nothing tells the pace: the last sheets are old, or there are too few of them.
    """

    done: int
    to_go: int
    seconds_to_go: float | None

    def after(self, sales: int) -> Progress:
        """How far they are so many sales later, at the same pace."""
        to_go = max(self.to_go - sales, 0)
        seconds = None if self.seconds_to_go is None or not self.to_go else self.seconds_to_go * to_go / self.to_go
        return Progress(self.done + sales, to_go, seconds)


def progress(connection: Rows, company: int, profiles: list[str]) -> Progress:
    """How far the open sessions of these profiles are."""
    row = connection.execute(
        "SELECT coalesce(sum(cardinality(sequences)), 0)::bigint FROM pos_sheet WHERE company_id = %s AND profile = ANY(%s)",
        [company, profiles],
    ).fetchone()
    pace = connection.execute(
        "SELECT sum(cardinality(sequences)), extract(epoch FROM max(made_at) - min(made_at))::float8 FROM ("
        "  SELECT sequences, made_at FROM pos_sheet WHERE company_id = %s AND profile = ANY(%s) "
        "  AND made_at > clock_timestamp() - interval '1 minute' ORDER BY made_at DESC LIMIT 20) latest",
        [company, profiles],
    ).fetchone()
    to_go = count_untallied(connection, company, profiles)
    sales, seconds = pace or (None, None)
    return Progress(int(row[0]) if row else 0, to_go, to_go * seconds / sales if sales and seconds else None)
