"""Vouchers and their rows in both ledgers, for people who look at one at a time."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final, NamedTuple

from worker.store.database import Rows
from worker.store.posting.series import PREFIXES

_LAST: Final = 2**62
_VOUCHER_NO: Final = re.compile(r"([A-Z]+)-(\d{4})-(\d{1,9})\Z")


class Voucher(NamedTuple):
    """A voucher, with what takes it back and what it takes back, by number and type; times are local to its company."""

    voucher_id: int
    type: str
    number: str
    voucher_no: str
    posting_at: datetime
    posted_at: datetime
    cancelled_by: int
    reverses: int
    figures: dict[str, Any]


_VOUCHER = (
    "SELECT v.voucher_id, v.type, v.number, v.voucher_no, v.posting_at AT TIME ZONE c.time_zone, v.posted_at AT TIME ZONE c.time_zone, "
    "v.cancelled_by, v.reverses, v.figures FROM books.voucher v JOIN books.company c USING (company_id) WHERE v.company_id = %(company)s "
)


def voucher_page(connection: Rows, company: int, *, before: int | None = None, limit: int = 50) -> list[Voucher]:
    """The vouchers of the newest documents, or of those accepted before one."""
    found = connection.execute(
        f"{_VOUCHER}AND v.voucher_id < %(before)s ORDER BY v.voucher_id DESC LIMIT %(limit)s",
        {"company": company, "before": before or _LAST, "limit": limit},
    )
    return [Voucher(*row) for row in found]


def one_voucher(connection: Rows, company: int, voucher: int) -> Voucher | None:
    """One voucher by its number, which is its document's sequence; None where that is not posted."""
    row = connection.execute(
        f"{_VOUCHER}AND v.voucher_id = %(voucher)s", {"company": company, "voucher": voucher}
    ).fetchone()
    return None if row is None else Voucher(*row)


def vouchers_named(connection: Rows, company: int, text: str, limit: int = 50) -> list[Voucher]:
    """The voucher of this voucher number (`DN-2024-00001`), or those of documents whose number begins so, by number."""
    stated = _VOUCHER_NO.match(text)
    types = [type_ for type_, prefix in PREFIXES.items() if stated and prefix == stated[1]]
    found = connection.execute(
        f"{_VOUCHER}AND v.voucher_id IN ("
        "SELECT voucher_id FROM voucher WHERE company_id = %(company)s AND type = ANY(%(types)s) AND series_year = %(year)s "
        "AND series_no = %(place)s UNION ALL (SELECT voucher_id FROM voucher WHERE company_id = %(company)s AND number >= %(text)s "
        "AND number <= %(upto)s AND starts_with(number, %(text)s) ORDER BY number LIMIT %(limit)s)) ORDER BY v.number, v.type",
        {
            "company": company, "types": types, "year": int(stated[2]) if stated else 0, "place": int(stated[3]) if stated else 0,
            "text": text, "upto": f"{text}{chr(0x10FFFF)}", "limit": limit,
        },
    )  # fmt: skip
    return [Voucher(*row) for row in found]


class StockRow(NamedTuple):
    """A row of the stock ledger under a voucher, or a difference to one."""

    line: int
    item: str
    warehouse: str
    batch: str
    qty: Any
    amount: Any
    kind: str
    account: str
    contra: str
    caused_by: str
    provisional: bool


class EntryRow(NamedTuple):
    """A row of the general ledger under a voucher."""

    posting_date: Any
    account: str
    debit: Any
    credit: Any
    party: str
    cost_center: str
    against: str
    caused_by: str
    run: int


def stock_rows(connection: Rows, company: int, voucher: int, limit: int = 1000) -> list[StockRow]:
    """What a voucher moved and what changed about it since, in the order of its lines."""
    found = connection.execute(
        "SELECT line, item, warehouse, coalesce(nullif(part, ''), batch), qty, stock_value_difference, kind, account, contra, caused_by, "
        "provisional FROM books.stock_ledger WHERE company_id = %s AND voucher_id = %s ORDER BY line, movement_id, row_id LIMIT %s",
        [company, voucher, limit],
    )
    return [StockRow(*row) for row in found]


def entry_rows(connection: Rows, company: int, voucher: int, limit: int = 1000) -> list[EntryRow]:
    """A voucher's entries, those of later differences included, in the order in which they were written."""
    found = connection.execute(
        "SELECT posting_date, account, debit, credit, party, cost_center, against, caused_by, run_id FROM books.general_ledger "
        "WHERE company_id = %s AND voucher_id = %s ORDER BY entry_id LIMIT %s",
        [company, voucher, limit],
    )
    return [EntryRow(*row) for row in found]
