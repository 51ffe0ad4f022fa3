"""Sales at tills: their receipts, and where each of them stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from domain.books import PostedVoucher, TillSale
from domain.pos_consolidation import Root, Sale
from domain.pos_receipt import PosReceipt, read, write
from domain.posting_time import instant
from worker.store.copy import NULL, escape, escape_json, stamp_instant
from worker.store.database import Rows

_RECEIPT = "company_id, voucher_id, receipt"
_INVOICE = "company_id, voucher_id, session_id, profile, user_name, event_at, status, closing_id, invoice, reason"
SALES_AT_ONCE = 2000
CLAIMED_AT_ONCE = 20_000
_json = msgspec.json.Encoder().encode


@dataclass(slots=True)
class NewSale:
    """A sale that was just decided, with the session that it belongs to."""

    sequence: int
    session: int
    profile: str
    user: str
    receipt: PosReceipt


def append_sales(connection: Rows, company: int, sales: Iterable[NewSale]) -> None:
    """Write new sales, each open, each with its receipt; PostgreSQL takes them in while the next ones are decided."""
    receipts, states = [], []
    tills: dict[int, str] = {}
    for sale in sales:
        till = tills.get(sale.session)
        if till is None:
            till = tills[sale.session] = f"{sale.session}\t{escape(sale.profile)}\t{escape(sale.user)}"
        receipts.append(f"{company}\t{sale.sequence}\t{escape_json(write(sale.receipt))}\n")
        states.append(f"{company}\t{sale.sequence}\t{till}\t{stamp_instant(sale.receipt.at)}\topen\t0\t\t{NULL}\n")
    if receipts:
        connection.copy_behind("pos_receipt", _RECEIPT, "".join(receipts).encode())
        connection.copy_behind("pos_invoice", _INVOICE, "".join(states).encode())


def cancel_sales(connection: Rows, company: int, sequences: list[int]) -> None:
    """Note that these open sales were cancelled."""
    if sequences:
        connection.execute(
            "UPDATE pos_invoice SET status = 'cancelled', reason = NULL WHERE company_id = %s AND voucher_id = ANY(%s)",
            [company, sequences],
        )


def add_sales(connection: Rows, company: int, vouchers: dict[int, PostedVoucher]) -> None:
    """Give loaded vouchers that are sales at tills their receipt, and say where they stand."""
    tills = [sequence for sequence, voucher in vouchers.items() if voucher.type == "pos_invoice"]
    if not tills:
        return
    found = connection.execute(
        "SELECT s.voucher_id, r.receipt, s.status, s.invoice FROM pos_invoice s JOIN pos_receipt r USING (company_id, voucher_id) "
        "WHERE s.company_id = %s AND s.voucher_id = ANY(%s)",
        [company, tills],
    )
    for sequence, receipt, status, invoice in found:
        vouchers[sequence].sale = TillSale(read(receipt), status, invoice)


def not_booked_by(connection: Rows, company: int, at: int) -> list[tuple[PosReceipt, str]]:
    """Receipts of sales made by an instant that no closing dated by then has booked; and their tills' profiles while they wait for one."""
    found = connection.execute(
        "SELECT r.receipt, CASE s.status WHEN 'consolidated' THEN '' ELSE s.profile END "
        "FROM pos_invoice s JOIN pos_receipt r USING (company_id, voucher_id) "
        "WHERE s.company_id = %(company)s AND s.event_at <= %(at)s::timestamptz AND (s.status IN ('open', 'quarantined') "
        "  OR s.status = 'consolidated' AND s.closing_id IN (SELECT voucher_id FROM voucher "
        "    WHERE company_id = %(company)s AND type = 'pos_closing' AND posting_at > %(at)s::timestamptz)) ORDER BY s.voucher_id",
        {"company": company, "at": stamp_instant(at)},
    )
    return [(read(receipt), profile) for receipt, profile in found]


_BUT_SHEETS = (
    "LEFT JOIN (SELECT unnest(sequences) AS voucher_id FROM pos_sheet WHERE company_id = %(company)s AND profile = %(profile)s "
    "  AND last_sequence = ANY(%(sheets)s)) tallied USING (voucher_id) "
)


@dataclass(frozen=True, slots=True)
class Sales:
    """Which sales somebody wants to read; they come some thousand at a time, in no order, and with their receipts."""

    condition: str
    parameters: dict[str, object]

    @classmethod
    def waiting(cls, company: int, profile: str, user: str | None, *, session: int | None, upto: int) -> Sales:
        """Open and quarantined sales of a till: of one user or session where stated, whose event was not after `upto`."""
        return cls(
            "s.profile = %(profile)s AND s.status IN ('open', 'quarantined') AND (%(user)s::text IS NULL OR s.user_name = %(user)s) "
            "AND (%(session)s::bigint IS NULL OR s.session_id = %(session)s OR s.status = 'quarantined') "
            "AND s.event_at <= %(upto)s::timestamptz",
            {"company": company, "profile": profile, "user": user, "session": session, "upto": stamp_instant(upto)},
        )

    @classmethod
    def by_sequence(cls, company: int, sequences: list[int]) -> Sales:
        """These sales, wherever they stand."""
        return cls("s.voucher_id = ANY(%(sequences)s)", {"company": company, "sequences": sequences})

    @classmethod
    def of_closing(cls, company: int, closing: int) -> Sales:
        """The sales that a closing has consolidated."""
        return cls("s.closing_id = %(closing)s", {"company": company, "closing": closing})

    def read(self, connection: Rows, but_sheets: Sequence[int] = ()) -> Iterator[Sale]:
        """Read them, but for those that are on these sheets of the same till."""
        with connection.cursor(name="sales") as cursor:
            cursor.itersize = SALES_AT_ONCE
            cursor.execute(
                "SELECT s.voucher_id, r.receipt, s.session_id FROM pos_invoice s JOIN pos_receipt r USING (company_id, voucher_id) "
                f"{_BUT_SHEETS if but_sheets else ''}WHERE s.company_id = %(company)s AND {self.condition}"
                f"{' AND tallied.voucher_id IS NULL' if but_sheets else ''}",
                {**self.parameters, "sheets": list(but_sheets)},
            )
            for sequence, text, session in cursor:
                yield Sale(sequence, read(text), session)


@dataclass(slots=True)
class Named:
    """A sale that a closing names: where it stands, and whose it is."""

    sequence: int
    status: str
    profile: str
    user: str


def named_sales(connection: Rows, company: int, numbers: list[str]) -> dict[str, Named]:
    """Sales by number; those that are not decided are missing."""
    found = connection.execute(
        "SELECT v.number, s.voucher_id, s.status, s.profile, s.user_name FROM voucher v "
        "JOIN pos_invoice s USING (company_id, voucher_id) "
        "WHERE v.company_id = %s AND v.type = 'pos_invoice' AND v.number = ANY(%s)",
        [company, numbers],
    )
    return {number: Named(*row) for number, *row in found}


def earliest_waiting(connection: Rows, company: int, profile: str) -> int | None:
    """When the earliest sale of a till was made that waits for a closing (microseconds since 1970); None where none does."""
    row = connection.execute(
        "SELECT min(event_at) FROM pos_invoice WHERE company_id = %s AND profile = %s AND status IN ('open', 'quarantined')",
        [company, profile],
    ).fetchone()
    return None if row is None or row[0] is None else instant(row[0])


def consolidate_sales(connection: Rows, company: int, closing: int, into: Iterable[tuple[str, list[int]]]) -> None:
    """Claim sales for a closing: for each invoice, by its number, the sales that go into it; many thousand in one update."""
    sales, invoices = list[int](), list[str]()
    for number, sequences in into:
        for sequence in sequences:
            sales.append(sequence)
            invoices.append(number)
            if len(sales) == CLAIMED_AT_ONCE:
                _claim(connection, company, closing, sales, invoices)
                sales, invoices = [], []
    _claim(connection, company, closing, sales, invoices)


def _claim(connection: Rows, company: int, closing: int, sales: list[int], invoices: list[str]) -> None:
    if not sales:
        return
    connection.execute(
        # Sales of one till were mostly made one after the other, so the bounds spare a look at all the others.
        "UPDATE pos_invoice s SET status = 'consolidated', closing_id = %s, invoice = made.invoice, reason = NULL "
        "FROM unnest(%s::bigint[], %s::text[]) AS made (sequence, invoice) "
        "WHERE s.company_id = %s AND s.voucher_id = made.sequence AND s.voucher_id BETWEEN %s AND %s",
        [closing, sales, invoices, company, min(sales), max(sales)],
    )


def quarantine_sales(connection: Rows, company: int, reasons: dict[int, dict[str, object]]) -> None:
    """Set sales aside, each with its reason; the next closing looks at them again."""
    if reasons:
        connection.execute(
            "UPDATE pos_invoice s SET status = 'quarantined', reason = why.reason::json "
            "FROM unnest(%s::bigint[], %s::text[]) AS why (sequence, reason) "
            "WHERE s.company_id = %s AND s.voucher_id = why.sequence",
            [list(reasons), [_json(reason).decode() for reason in reasons.values()], company],
        )


# The order of the sales' events, in which a closing certifies them.
_IN_ORDER = "s.event_at, s.voucher_id"


def root_of_closing(connection: Rows, company: int, closing: int) -> Root:
    """The hash over the receipts of a closing as they are stored: the hash of their own hashes in the order of the sales."""
    row = connection.execute(
        "SELECT count(*), encode(sha256(coalesce(string_agg(sha256(convert_to(r.receipt, 'UTF8')), ''::bytea "
        f"ORDER BY {_IN_ORDER}), ''::bytea)), 'hex') "
        "FROM pos_invoice s JOIN pos_receipt r USING (company_id, voucher_id) WHERE s.company_id = %s AND s.closing_id = %s",
        [company, closing],
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    return Root(*row)


def receipts_of_closing(connection: Rows, company: int, closing: int) -> list[str]:
    """The receipts of a closing as they are stored, in the order in which it certified them."""
    found = connection.execute(
        "SELECT r.receipt FROM pos_invoice s JOIN pos_receipt r USING (company_id, voucher_id) "
        f"WHERE s.company_id = %s AND s.closing_id = %s ORDER BY {_IN_ORDER}",
        [company, closing],
    )
    return [text for (text,) in found]


def reopen_sales(connection: Rows, company: int, closing: int) -> None:
    """Let the sales of a cancelled closing be open again."""
    connection.execute(
        "UPDATE pos_invoice SET status = 'open', closing_id = 0, invoice = '' WHERE company_id = %s AND closing_id = %s",
        [company, closing],
    )


def consolidated_receipts(connection: Rows, company: int) -> Iterator[PosReceipt]:
    """The receipts of all consolidated sales."""
    found = connection.execute(
        "SELECT r.receipt FROM pos_invoice s JOIN pos_receipt r USING (company_id, voucher_id) "
        "WHERE s.company_id = %s AND s.status = 'consolidated' ORDER BY s.voucher_id",
        [company],
    )
    return (read(text) for (text,) in found)


def consolidated_sales(connection: Rows, company: int) -> dict[int, str]:
    """The number of the invoice that each consolidated sale went into, by the sale's sequence."""
    found = connection.execute(
        "SELECT voucher_id, invoice FROM pos_invoice WHERE company_id = %s AND invoice <> ''",
        [company],
    )
    return dict(found.fetchall())


_MIRROR = 7_050_115  # any number will do, as long as every version of this program uses the same


def hold_mirror(connection: Rows, company: int) -> int:
    """Be the only one to mirror a company's sales until the transaction ends; gives the lane's last batch.

    A lock of its own, not the lane's: posting goes on meanwhile, and what it changes is mirrored after it.
    """
    # Two statements in one round trip: the second one sees what was committed while the first one waited.
    found = connection.execute(
        f"SELECT pg_advisory_xact_lock({_MIRROR:d}, {company:d}); SELECT batch_no FROM lane WHERE company_id = {company:d}"
    )
    found.nextset()
    row = found.fetchone()
    return 0 if row is None else int(row[0])


class State(NamedTuple):
    """Where a sale stands, for the mirror: with its receipt's text while it is open or quarantined, empty otherwise."""

    sequence: int
    number: str
    session: int
    status: str
    receipt: str


def states_of_sales(connection: Rows, company: int, sequences: list[int], *, but_open: list[int]) -> list[State]:
    """Where these sales stand now, in their order; those of `but_open` only if they are open no more."""
    found = connection.execute(
        "SELECT s.voucher_id, v.number, s.session_id, s.status, "
        "  CASE WHEN s.status IN ('open', 'quarantined') THEN r.receipt ELSE '' END "
        "FROM pos_invoice s JOIN voucher v USING (company_id, voucher_id) JOIN pos_receipt r USING (company_id, voucher_id) "
        "WHERE s.company_id = %s AND s.voucher_id = ANY(%s) AND (s.status <> 'open' OR s.voucher_id <> ALL(%s)) ORDER BY s.voucher_id",
        [company, sequences, but_open],
    )
    return [State(*row) for row in found]


def standing_sales(connection: Rows, company: int, after: int, limit: int) -> list[State]:
    """Open and quarantined sales, page by page in their order."""
    found = connection.execute(
        "SELECT s.voucher_id, '', s.session_id, s.status, r.receipt "
        "FROM pos_invoice s JOIN pos_receipt r USING (company_id, voucher_id) "
        "WHERE s.company_id = %s AND s.status IN ('open', 'quarantined') AND s.voucher_id > %s ORDER BY s.voucher_id LIMIT %s",
        [company, after, limit],
    )
    return [State(*row) for row in found]


def companies_that_sell(connection: Rows) -> list[tuple[int, str]]:
    """Companies with open or quarantined sales: number and name."""
    found = connection.execute(
        "SELECT company_id, name FROM company c WHERE EXISTS (SELECT FROM pos_invoice s WHERE s.company_id = c.company_id "
        "AND s.status IN ('open', 'quarantined')) ORDER BY 1"
    )
    return found.fetchall()
