"""A sheet: plain sales summed ahead of their closing, as documents and certificate will want them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from domain.pos_consolidation.receipt_sums import ReceiptSums
from domain.pos_consolidation.tally import Tally
from domain.pos_receipt import PosReceipt
from domain.stock_ledger import Chain


class Sheet(msgspec.Struct, array_like=True):
    """Tallies by the names of the documents that they go into, and what the certificate says of the same sales.

    `by` is what the till consolidated by when the tallies got their names.
    """

    by: Literal["closing", "customer"]
    tallies: dict[str, Tally] = {}
    sums: ReceiptSums = msgspec.field(default_factory=ReceiptSums)

    def add(self, name: str, sequence: int, receipt: PosReceipt) -> None:
        """Sum a plain sale into the tally of this name."""
        tally = self.tallies.get(name)
        if tally is None:
            tally = self.tallies[name] = Tally()
        tally.add(sequence, receipt)
        self.sums.add(receipt)

    def join(self, other: Sheet) -> None:
        """Sum another sheet, of other sales, into this one."""
        for name, tally in other.tallies.items():
            self.tallies.setdefault(name, Tally()).join(tally)
        self.sums.join(other.sums)

    @property
    def sequences(self) -> Iterator[int]:
        """Its sales."""
        return (sequence for tally in self.tallies.values() for sequence in tally.sequences)

    @property
    def goods(self) -> Iterator[tuple[Chain, int]]:
        """What its sales reserve, some chains several times."""
        return (entry for tally in self.tallies.values() for entry in tally.goods.items())


def is_plain(receipt: PosReceipt) -> bool:
    """Whether a sale may be summed ahead: one that brings goods back belongs with what it brings back."""
    return not receipt.is_return
