"""Receipts merged into one document: lines on what they have in common, everything else summed and never computed again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from domain.pos_receipt import LineKey, PosReceipt, ReceiptLine, ReceiptPayment, TaxKey, Tender

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Sale:
    """A sale that a closing takes up: its place in the company's order, its receipt, and the session that it was made in."""

    sequence: int
    receipt: PosReceipt
    session: int = 0


class Origin(NamedTuple):
    """The line (from 1) of a sales invoice through which goods that come back had left."""

    invoice: str
    line: int


@dataclass(slots=True)
class MergedLine:
    """Lines of several receipts in one: quantity, net amount and taxes summed; `serials` as they net out."""

    key: LineKey
    tax_keys: list[TaxKey]
    taxes: list[int]
    origin: Origin | None = None
    qty: int = 0
    net: int = 0
    serials: dict[str, int] = field(default_factory=dict)

    def add(self, line: ReceiptLine) -> None:
        """Sum a receipt's line into this one."""
        self.qty += line.qty
        self.net += line.net
        if line.taxes:
            self.taxes = [total + part for total, part in zip(self.taxes, line.taxes, strict=True)]
        if line.serials:
            sign = 1 if line.qty > 0 else -1
            for serial in line.serials:
                self.serials[serial] = self.serials.get(serial, 0) + sign

    @property
    def standing_serials(self) -> list[str]:
        """The serial numbers that leave, or come back, on balance."""
        return [serial for serial, count in self.serials.items() if count]

    @property
    def is_empty(self) -> bool:
        """Whether a sale and its return have left nothing of the line."""
        return not (self.qty or self.net or any(self.taxes))


@dataclass(slots=True)
class Consolidated:
    """The sums of a document: amounts in minor units, keyed as the ledgers need them. `owed` is what each customer still owes."""

    customer: str
    is_return: bool
    sales: Sequence[Sale]
    lines: list[MergedLine] = field(default_factory=list)
    taxes: dict[TaxKey, int] = field(default_factory=dict)
    payments: dict[Tender, int] = field(default_factory=dict)
    change: dict[Tender, int] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)
    net: int = 0
    grand: int = 0
    total: int = 0
    round_off: int = 0
    written_off: int = 0


def merge(
    customer: str,
    is_return: bool,
    sales: Sequence[Sale],
    origins: Mapping[tuple[int, int], Origin],
) -> Consolidated:
    """Sum sales into one document; `origins` tells for (sequence, line from 0) where goods that come back had left.

    A return of a sale of this very document is taken off that sale's own line, so that goods that left and came back in one
    closing move nothing. Any other return stays a line of its own, since it comes back at a cost of its own.
    """
    made = Consolidated(customer, is_return, sales)
    here = {sale.receipt.number: sale.receipt for sale in sales}
    sold: dict[LineKey, MergedLine] = {}
    back: dict[tuple[LineKey, Origin | None], MergedLine] = {}
    for sale in sales:
        receipt = sale.receipt
        tax_keys = [tax.key for tax in receipt.taxes]
        if not receipt.is_return:
            for line in receipt.lines:
                known = sold.get(line.key)
                if known is None:
                    known = sold[line.key] = MergedLine(line.key, tax_keys, [0] * len(tax_keys))
                known.add(line)
        else:
            original = here.get(receipt.returns_of)
            for index, line in enumerate(receipt.lines):
                _returned(sold, back, line, tax_keys, original, origins.get((sale.sequence, index)))
        _sum(made, receipt)
    made.lines = [line for line in (*sold.values(), *back.values()) if not line.is_empty]
    return made


def _returned(
    sold: dict[LineKey, MergedLine],
    back: dict[tuple[LineKey, Origin | None], MergedLine],
    line: ReceiptLine,
    tax_keys: list[TaxKey],
    original: PosReceipt | None,
    origin: Origin | None,
) -> None:
    if original is not None and line.returns:
        # Taken off the line that the sale went into. Its unit and its taxes are the return's own, so it goes beside it where they differ.
        known = sold.get(original.lines[line.returns - 1].key)
        if known is not None and known.tax_keys == tax_keys and known.key.unit == line.key.unit:
            known.add(line)
            return
    place = (line.key, origin)
    known = back.get(place)
    if known is None:
        known = back[place] = MergedLine(line.key, tax_keys, [0] * len(tax_keys), origin)
    known.add(line)


def _sum(made: Consolidated, receipt: PosReceipt) -> None:
    for tax in receipt.taxes:
        made.taxes[tax.key] = made.taxes.get(tax.key, 0) + tax.amount
    open_amount = receipt.total - receipt.written_off
    open_amount -= _add(made.payments, receipt.payments)
    open_amount += _add(made.change, receipt.change)
    if open_amount:
        made.owed[receipt.customer] = made.owed.get(receipt.customer, 0) + open_amount
    made.net += receipt.net
    made.grand += receipt.grand
    made.total += receipt.total
    made.round_off += receipt.round_off
    made.written_off += receipt.written_off


def _add(sums: dict[Tender, int], payments: list[ReceiptPayment]) -> int:
    total = 0
    for payment in payments:
        sums[payment.tender] = sums.get(payment.tender, 0) + payment.amount
        total += payment.amount
    return total


def key_digest(key: LineKey) -> str:
    """A short name of what a line merged on, by which a later return finds the line again."""
    return f"k{hashlib.blake2b(_encode(key), digest_size=8).hexdigest()}"
