"""A tally of sales: everything that a consolidated document says of them, summed as they come, in any order and in any parts.

Tallies of parts joined are the tally of the whole, so a closing need not have its sales in memory, nor read them in one go.
"""

from __future__ import annotations

import msgspec

from domain.pos_consolidation.summing import join
from domain.pos_receipt import LineKey, PosReceipt, ReceiptLine, ReceiptPayment, TaxKey, Tender
from domain.stock_ledger import Chain

Place = tuple[int, int, int]  # where a line was sold first: the event's time, the sale's sequence, the line from 0


class Origin(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The line (from 1) of a sales invoice through which goods that come back had left."""

    invoice: str
    line: int


class MergedLine(msgspec.Struct, array_like=True):
    """Lines of several receipts in one: quantity, net amount and taxes summed; `serials` as they net out."""

    key: LineKey
    tax_keys: list[TaxKey]
    taxes: list[int]
    first: Place
    origin: Origin | None = None
    qty: int = 0
    net: int = 0
    serials: dict[str, int] = {}

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

    def join(self, other: MergedLine) -> None:
        """Sum another merged line of the same key into this one."""
        self.first = min(self.first, other.first)
        self.qty += other.qty
        self.net += other.net
        self.taxes = [total + part for total, part in zip(self.taxes, other.taxes, strict=True)]
        join(self.serials, other.serials)

    @property
    def standing_serials(self) -> list[str]:
        """The serial numbers that leave, or come back, on balance."""
        return sorted(serial for serial, count in self.serials.items() if count)

    @property
    def is_empty(self) -> bool:
        """Whether a sale and its return have left nothing of the line."""
        return not (self.qty or self.net or any(self.taxes))


class Tally(msgspec.Struct, array_like=True):
    """The sums of some sales, in minor units and millionths, keyed as the ledgers need them.

    `owed` is what each customer still owes, `goods` what the sales reserve, `taken` what of it leaves the shelf. `sequences` are the sales,
    `first` the event and sequence of the earliest; of their `customers` two are enough to know that there are several.
    """

    sequences: list[int] = []
    first: tuple[int, int] = (2**63, 0)
    customers: set[str] = set()
    lines: dict[LineKey, MergedLine] = {}
    taxes: dict[TaxKey, int] = {}
    payments: dict[Tender, int] = {}
    change: dict[Tender, int] = {}
    owed: dict[str, int] = {}
    goods: dict[Chain, int] = {}
    taken: dict[Chain, int] = {}
    net: int = 0
    grand: int = 0
    total: int = 0
    round_off: int = 0
    written_off: int = 0

    def add(self, sequence: int, receipt: PosReceipt) -> None:
        """Sum a sale that is no return, its lines and its amounts."""
        tax_keys = [tax.key for tax in receipt.taxes]
        lines, at = self.lines, receipt.at
        for index, line in enumerate(receipt.lines):
            place = (at, sequence, index)
            known = lines.get(line.key)
            if known is None:
                known = lines[line.key] = MergedLine(line.key, tax_keys, [0] * len(tax_keys), place)
            elif place < known.first:
                known.first = place
            known.add(line)
        self.add_amounts(sequence, receipt)

    def add_amounts(self, sequence: int, receipt: PosReceipt) -> None:
        """Sum everything about a sale but its lines."""
        self.sequences.append(sequence)
        self.first = min(self.first, (receipt.at, sequence))
        if len(self.customers) < 2:
            self.customers.add(receipt.customer)
        for tax in receipt.taxes:
            self.taxes[tax.key] = self.taxes.get(tax.key, 0) + tax.amount
        open_amount = receipt.total - receipt.written_off
        open_amount -= _add(self.payments, receipt.payments)
        open_amount += _add(self.change, receipt.change)
        if open_amount:
            self.owed[receipt.customer] = self.owed.get(receipt.customer, 0) + open_amount
        for chain, qty in receipt.goods:
            self.goods[chain] = self.goods.get(chain, 0) + qty
            if qty > 0:
                self.taken[chain] = self.taken.get(chain, 0) + qty
        self.net += receipt.net
        self.grand += receipt.grand
        self.total += receipt.total
        self.round_off += receipt.round_off
        self.written_off += receipt.written_off

    def join(self, other: Tally) -> None:
        """Sum another tally, of other sales, into this one."""
        self.sequences += other.sequences
        self.first = min(self.first, other.first)
        self.customers = set(sorted(self.customers | other.customers)[:2])
        for key, line in other.lines.items():
            known = self.lines.get(key)
            if known is None:
                known = self.lines[key] = MergedLine(key, line.tax_keys, [0] * len(line.tax_keys), line.first)
            known.join(line)
        join(self.taxes, other.taxes)
        join(self.payments, other.payments)
        join(self.change, other.change)
        join(self.owed, other.owed)
        join(self.goods, other.goods)
        join(self.taken, other.taken)
        self.net += other.net
        self.grand += other.grand
        self.total += other.total
        self.round_off += other.round_off
        self.written_off += other.written_off


def _add(sums: dict[Tender, int], payments: list[ReceiptPayment]) -> int:
    total = 0
    for payment in payments:
        sums[payment.tender] = sums.get(payment.tender, 0) + payment.amount
        total += payment.amount
    return total
