"""Check a closing from its export alone: no database, no server."""

from __future__ import annotations

import msgspec

from domain.documents import SalesInvoice
from domain.money import Currency
from domain.pos_consolidation import ReceiptSums, check_certificate, root_of
from domain.pos_receipt import read
from worker.messages import decode_accepted
from worker.store.pos_export import Export

_decode = msgspec.json.Decoder(Export).decode


def read_export(raw: bytes) -> Export:
    """An export from its JSON. Errors: ValueError where it is none."""
    return _decode(raw)


def verify_export(export: Export) -> list[str]:
    """What is wrong with a closing, in words; nothing where its receipts and invoices are those that were certified, and agree."""
    invoices = []
    for one in export.invoices:
        invoice = decode_accepted(one.document.encode())
        if not isinstance(invoice, SalesInvoice):
            return [f"{one.number} is no sales invoice"]
        invoices.append((invoice, one.figures))
    sums = ReceiptSums()
    for text in export.receipts:
        sums.add(read(text))
    return check_certificate(
        export.certificate, root_of(export.receipts), sums, invoices, Currency(export.currency, export.precision)
    )
