"""Check a closing against its certificate: from its export alone, without a database or a server, or from the books as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from domain.documents import SalesInvoice
from domain.money import Currency
from domain.pos_consolidation import Certificate, ReceiptSums, Root, check_certificate, root_of
from domain.pos_receipt import read
from worker.messages import decode_accepted
from worker.store.database import Rows
from worker.store.pos.closings import load_certificate, made_invoices
from worker.store.pos.export import Export
from worker.store.pos.sales import Sales, root_of_closing

_decode = msgspec.json.Decoder(Export).decode


def read_export(raw: bytes) -> Export:
    """An export from its JSON. Errors: ValueError where it is none."""
    return _decode(raw)


def verify_export(export: Export) -> list[str]:
    """What is wrong with a closing, in words; nothing where its receipts and invoices are those that were certified, and agree."""
    sums = ReceiptSums()
    for text in export.receipts:
        sums.add(read(text))
    invoices = [(one.number, one.document, one.figures) for one in export.invoices]
    currency = Currency(export.currency, export.precision)
    return _wrong(export.certificate, root_of(export.receipts), sums, invoices, currency)


def verify_closing(connection: Rows, company: int, closing: int, currency: Currency) -> list[str]:
    """The same of a closing that stands, from its facts; receipts are read some at a time, however many there are."""
    certificate = load_certificate(connection, company, closing)
    if certificate is None:
        return ["its certificate is gone"]
    sums = ReceiptSums()
    for sale in Sales.of_closing(company, closing).read(connection):
        sums.add(sale.receipt)
    return _wrong(
        certificate,
        root_of_closing(connection, company, closing),
        sums,
        made_invoices(connection, company, closing),
        currency,
    )


def _wrong(
    certificate: Certificate,
    root: Root,
    sums: ReceiptSums,
    made: Iterable[tuple[str, str, dict[str, Any]]],
    currency: Currency,
) -> list[str]:
    invoices = []
    for number, document, figures in made:
        invoice = decode_accepted(document.encode())
        if not isinstance(invoice, SalesInvoice):
            return [f"{number} is no sales invoice"]
        invoices.append((invoice, figures))
    return check_certificate(certificate, root, sums, invoices, currency)
