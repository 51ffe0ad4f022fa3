"""What a closing has made: its invoices, its certificate, and an export that anybody can check."""

from __future__ import annotations

import msgspec

from domain.pos_consolidation import Certificate
from worker.store.database import Rows

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Certificate).decode


def invoices_of_closing(connection: Rows, company: int, closing: int) -> list[str]:
    """Numbers of the sales invoices that a closing made, in the order in which it posted them."""
    found = connection.execute(
        "SELECT v.number FROM (SELECT DISTINCT invoice_id FROM pos_invoice WHERE company_id = %s AND closing_id = %s) made "
        "JOIN voucher v ON v.company_id = %s AND v.voucher_id = made.invoice_id ORDER BY v.voucher_id",
        [company, closing, company],
    )
    return [number for (number,) in found]


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
