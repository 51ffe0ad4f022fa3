"""The certificate of a closing: a hash over its ordered receipts, and receipts against invoices, sum by sum.

Whoever has the receipts and the invoices can check it without this system's database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from domain.documents.sales_invoice import SalesInvoice
from domain.exact import show
from domain.money import Currency
from domain.pos_receipt import PosReceipt

Sums = dict[
    str, int
]  # "tax VAT percent_of_net_total 9", "tender Cash", "item A", "quantity A", "cost center Main": minor units


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


def certify(
    closing: str,
    texts: Sequence[str],
    receipts: Iterable[PosReceipt],
    invoices: Iterable[tuple[SalesInvoice, dict[str, Any]]],
    currency: Currency,
) -> Certificate:
    """Certify a closing from its receipts, as stored and as read, and from its invoices with their figures."""
    sold = _of_receipts(receipts)
    billed: Sums = {}
    for invoice, figures in invoices:
        _of_invoice(billed, invoice, figures, currency)
    names = sorted({*sold, *billed})
    return Certificate(
        closing, len(texts), root_of(texts), {name: (sold.get(name, 0), billed.get(name, 0)) for name in names}
    )


def check_certificate(
    certificate: Certificate,
    texts: Sequence[str],
    receipts: Iterable[PosReceipt],
    invoices: Iterable[tuple[SalesInvoice, dict[str, Any]]],
    currency: Currency,
) -> list[str]:
    """What is wrong with a certificate, in words; nothing where it holds."""
    found = []
    again = certify(certificate.closing, texts, receipts, invoices, currency)
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


def root_of(texts: Iterable[str]) -> str:
    """The hash over the receipts' own hashes, in their order."""
    root = hashlib.sha256()
    for text in texts:
        root.update(hashlib.sha256(text.encode()).digest())
    return root.hexdigest()


def _of_receipts(receipts: Iterable[PosReceipt]) -> Sums:
    """Summed straight from the lines, not by the way of the consolidation, so that the two can't be wrong together."""
    taxes: dict[tuple[str, str, int], int] = {}
    tenders: Sums = {}
    items: dict[str, list[int]] = {}
    centers: Sums = {}
    total = 0
    for receipt in receipts:
        for line in receipt.lines:
            item = items.setdefault(line.key.item, [0, 0])
            item[0] += line.net
            item[1] += line.qty
            centers[line.key.cost_center] = centers.get(line.key.cost_center, 0) + line.net
        for tax in receipt.taxes:
            place = (tax.key.account, tax.key.charge, tax.key.rate)
            taxes[place] = taxes.get(place, 0) + tax.amount
        for payment in receipt.payments:
            tenders[payment.tender.mode] = tenders.get(payment.tender.mode, 0) + payment.amount
        total += receipt.total
    sums = {f"tax {account} {charge} {show(rate, 9)}": amount for (account, charge, rate), amount in taxes.items()}
    sums |= {f"tender {mode}": amount for mode, amount in tenders.items()}
    for name, (net, qty) in items.items():
        sums[f"item {name}"], sums[f"quantity {name}"] = net, qty
    return sums | {f"cost center {center}": net for center, net in centers.items()} | {"total": total}


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
