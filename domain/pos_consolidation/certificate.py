"""The certificate of a closing: a hash over its ordered receipts, and receipts against invoices, sum by sum.

Whoever has the receipts and the invoices can check it without this system's database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from domain.documents.sales_invoice import SalesInvoice
from domain.money import Currency
from domain.pos_consolidation.receipt_sums import ReceiptSums, Sums


class Certificate(msgspec.Struct):
    """`root` is the hash of the receipts' hashes in their order; `sums` give for each figure the receipts' and the invoices'."""

    closing: str
    receipts: int
    root: str
    sums: dict[str, tuple[int, int]]

    @property
    def holds(self) -> bool:
        """Whether receipts and invoices agree in every figure, to the last minor unit."""
        return all(receipts == invoices for receipts, invoices in self.sums.values())


class Root(NamedTuple):
    """How many receipts there are, and the hash over their own hashes, in the order of their events."""

    receipts: int
    hash: str


def certify(
    closing: str,
    root: Root,
    sums: ReceiptSums,
    invoices: Iterable[tuple[SalesInvoice, dict[str, Any]]],
    currency: Currency,
) -> Certificate:
    """Certify a closing from its receipts' root and sums, and from its invoices with their figures."""
    sold = sums.named()
    billed: Sums = {}
    for invoice, figures in invoices:
        _of_invoice(billed, invoice, figures, currency)
    names = sorted({*sold, *billed})
    return Certificate(
        closing, root.receipts, root.hash, {name: (sold.get(name, 0), billed.get(name, 0)) for name in names}
    )


def check_certificate(
    certificate: Certificate,
    root: Root,
    sums: ReceiptSums,
    invoices: Iterable[tuple[SalesInvoice, dict[str, Any]]],
    currency: Currency,
) -> list[str]:
    """What is wrong with a certificate, in words, given what receipts and invoices are now; nothing where it holds."""
    found = []
    again = certify(certificate.closing, root, sums, invoices, currency)
    if again.root != certificate.root or again.receipts != certificate.receipts:
        found.append(
            f"the receipts are not those that were certified: their hash is {again.root}, the certificate says {certificate.root}"
        )
    for name in sorted({*again.sums, *certificate.sums}):
        now, then = again.sums.get(name, (0, 0)), certificate.sums.get(name, (0, 0))
        if now != then:
            found.append(
                f"{name}: certified {then[0]} and {then[1]}, found {now[0]} and {now[1]} (receipts and invoices)"
            )
        elif now[0] != now[1]:
            found.append(f"{name}: the receipts come to {now[0]}, the invoices to {now[1]}")
    return found


def root_of(texts: Iterable[str]) -> Root:
    """The root of receipts as they are stored, which come in their order."""
    root, count = hashlib.sha256(), 0
    for text in texts:
        root.update(hashlib.sha256(text.encode()).digest())
        count += 1
    return Root(count, root.hexdigest())


def _of_invoice(sums: Sums, invoice: SalesInvoice, figures: dict[str, Any], currency: Currency) -> None:
    def add(name: str, amount: int) -> None:
        sums[name] = sums.get(name, 0) + amount

    for line in invoice.lines:
        net = currency.exact(line.amount or 0, "amount")
        add(f"item {line.item}", net)
        add(f"quantity {line.item}", line.qty)
        add(f"cost center {line.cost_center}", net)
    for tax in figures["taxes"]:
        for rate, amount in tax["by_rate"].items():
            add(f"tax {tax['account']} {rate}", _minor(amount, currency))
    for payment in invoice.payments:
        add(f"tender {payment.mode}", currency.exact(payment.amount, "amount"))
    add("total", _minor(figures["rounded_total"], currency))


def _minor(text: str, currency: Currency) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(currency.precision, "0"))
