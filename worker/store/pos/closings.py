"""What a closing has made: its invoices, its certificate, and an export that anybody can check."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from domain.pos_consolidation import Certificate
from worker.store.database import Rows

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Certificate).decode


def invoices_of_closing(connection: Rows, company: int, closing: int) -> list[str]:
    """Numbers of the sales invoices that a closing made, in the order in which it posted them."""
    found = connection.execute(
        "SELECT v.number FROM (SELECT DISTINCT invoice FROM pos_invoice WHERE company_id = %s AND closing_id = %s) made "
        "JOIN voucher v ON v.company_id = %s AND v.number = made.invoice AND v.type = 'sales_invoice' ORDER BY v.voucher_id",
        [company, closing, company],
    )
    return [number for (number,) in found]


class MadeInvoice(NamedTuple):
    """A sales invoice that a closing made: its number, its JSON as stored, and its figures."""

    number: str
    document: str
    figures: dict[str, Any]


def made_invoices(connection: Rows, company: int, closing: int) -> list[MadeInvoice]:
    """The sales invoices that a closing made, in the order in which it posted them."""
    found = connection.execute(
        "SELECT v.number, d.payload, v.figures FROM ("
        "  SELECT DISTINCT invoice FROM pos_invoice WHERE company_id = %(company)s AND closing_id = %(closing)s) made "
        "JOIN voucher v ON v.company_id = %(company)s AND v.number = made.invoice AND v.type = 'sales_invoice' "
        "JOIN document d ON d.company_id = v.company_id AND d.sequence = v.voucher_id ORDER BY v.voucher_id",
        {"company": company, "closing": closing},
    )
    return [MadeInvoice(*row) for row in found]


class Standing(NamedTuple):
    """A closing that stands: its sequence and its number."""

    sequence: int
    number: str


def standing_closings(
    connection: Rows, company: int, after: int, upto: int, limit: int | None = None
) -> list[Standing]:
    """Closings after one sequence and up to another that were posted and not cancelled, oldest first."""
    found = connection.execute(
        "SELECT v.voucher_id, v.number FROM voucher v JOIN pos_certificate p USING (company_id, voucher_id) "
        "WHERE v.company_id = %s AND v.voucher_id > %s AND v.voucher_id <= %s AND NOT EXISTS ("
        "  SELECT FROM voucher x WHERE x.company_id = v.company_id AND x.reverses = v.voucher_id AND x.reverses <> 0) "
        "ORDER BY v.voucher_id LIMIT %s",
        [company, after, upto, limit],
    )
    return [Standing(*row) for row in found]


def store_certificate(connection: Rows, company: int, closing: int, certificate: Certificate) -> None:
    """Keep a closing's certificate."""
    connection.execute(
        "INSERT INTO pos_certificate (company_id, voucher_id, certificate) VALUES (%s, %s, %s)",
        [company, closing, _encode(certificate).decode()],
    )


def load_certificate(connection: Rows, company: int, closing: int) -> Certificate | None:
    """A closing's certificate, None where it has none."""
    row = connection.execute(
        "SELECT certificate FROM pos_certificate WHERE company_id = %s AND voucher_id = %s", [company, closing]
    ).fetchone()
    return None if row is None else _decode(row[0])
