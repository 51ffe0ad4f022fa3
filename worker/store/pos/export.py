"""A closing as a file that anybody can check: its receipts, its invoices and its certificate."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.pos_consolidation import Certificate
from worker.store.database import Rows
from worker.store.pos.closings import load_certificate, made_invoices
from worker.store.pos.sales import receipts_of_closing


class ExportedInvoice(msgspec.Struct):
    """A sales invoice that a closing made: its JSON as stored, and its figures."""

    number: str
    document: str
    figures: dict[str, Any]


class Export(msgspec.Struct):
    """Everything that a closing's certificate is about; `receipts` are the stored texts in the order of the sales."""

    company: str
    currency: str
    precision: int
    certificate: Certificate
    receipts: list[str]
    invoices: list[ExportedInvoice]


def export_closing(connection: Rows, company: int, number: str) -> Export | None:
    """The export of a closing that stands; None where there is none of this number, or it is cancelled."""
    found = connection.execute(
        "SELECT v.voucher_id, c.name, c.currency, c.precision FROM books.voucher v JOIN books.company c USING (company_id) "
        "WHERE v.company_id = %s AND v.type = 'pos_closing' AND v.number = %s AND v.cancelled_by = 0",
        [company, number],
    ).fetchone()
    if found is None:
        return None
    closing, name, currency, precision = found
    certificate = load_certificate(connection, company, closing)
    if certificate is None:
        return None
    invoices = [ExportedInvoice(*made) for made in made_invoices(connection, company, closing)]
    return Export(name, currency, precision, certificate, receipts_of_closing(connection, company, closing), invoices)
