"""Receipts merged into one document: lines on what they have in common, everything else summed and never computed again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from domain.pos_consolidation.tally import MergedLine, Origin, Tally
from domain.pos_receipt import LineKey, PosReceipt, ReceiptLine, TaxKey, Tender

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Sale:
    """A sale that a closing takes up: its place in the company's order, its receipt, and the session that it was made in."""

    sequence: int
    receipt: PosReceipt
    session: int = 0


@dataclass(slots=True)
class Consolidated:
    """The sums of a document: amounts in minor units, keyed as the ledgers need them. `owed` is what each customer still owes.

    Everything stands in an order of its own, not in that in which the sales were read.
    """

    customer: str
    is_return: bool
    tally: Tally
    lines: list[MergedLine]
    taxes: dict[TaxKey, int]
    payments: dict[Tender, int]
    change: dict[Tender, int]
    owed: dict[str, int]

    @property
    def sales(self) -> int:
        """How many sales went into it."""
        return len(self.tally.sequences)


def merge(
    customer: str,
    is_return: bool,
    sales: Sequence[Sale],
    origins: Mapping[tuple[int, int], Origin],
    plain: Tally | None = None,
    originals: Mapping[str, PosReceipt] | None = None,
) -> Consolidated:
    """Sum sales into one document, together with a tally of plain ones; `origins` tells for (sequence, line from 0) where goods that
    come back had left. `originals` are receipts of the tally, by number, that sales come back of.

    A return of a sale of this very document is taken off that sale's own line, so that goods that left and came back in one
    closing move nothing. Any other return stays a line of its own, since it comes back at a cost of its own.
    """
    tally = Tally()
    if plain is not None:
        tally.join(plain)
    here = dict(originals or {})
    returns = []
    for sale in sales:
        if sale.receipt.is_return:
            returns.append(sale)
        else:
            tally.add(sale.sequence, sale.receipt)
            here[sale.receipt.number] = sale.receipt
    back: dict[tuple[LineKey, Origin | None], MergedLine] = {}
    for sale in returns:
        tax_keys = [tax.key for tax in sale.receipt.taxes]
        original = here.get(sale.receipt.returns_of)
        for index, line in enumerate(sale.receipt.lines):
            place = (sale.receipt.at, sale.sequence, index)
            known = _sold_through(tally, line, tax_keys, original) if original is not None else None
            if known is None:
                origin = origins.get((sale.sequence, index))
                known = back.setdefault(
                    (line.key, origin), MergedLine(line.key, tax_keys, [0] * len(tax_keys), place, origin)
                )
            known.add(line)
        tally.add_amounts(sale.sequence, sale.receipt)
    lines = (*sorted(tally.lines.values(), key=_first), *sorted(back.values(), key=_first))
    return Consolidated(
        customer, is_return, tally, [line for line in lines if not line.is_empty],
        dict(sorted(tally.taxes.items(), key=_of_tax)), _by_tender(tally.payments), _by_tender(tally.change),
        dict(sorted(tally.owed.items())),
    )  # fmt: skip


def _sold_through(tally: Tally, line: ReceiptLine, tax_keys: list[TaxKey], original: PosReceipt) -> MergedLine | None:
    """The line that a sale of this document went into, from which what comes back of it is taken off.

    A return's unit and taxes are its own, so it goes beside that line where they differ.
    """
    if not line.returns:
        return None
    known = tally.lines.get(original.lines[line.returns - 1].key)
    return known if known is not None and known.tax_keys == tax_keys and known.key.unit == line.key.unit else None


def _first(line: MergedLine) -> tuple[int, int, int]:
    return line.first


def _of_tax(entry: tuple[TaxKey, int]) -> tuple[str, str, str, int]:
    key = entry[0]
    return key.account, key.cost_center, key.charge, key.rate


def _by_tender(sums: Mapping[Tender, int]) -> dict[Tender, int]:
    return dict(sorted(sums.items(), key=lambda entry: (entry[0].mode, entry[0].account)))


def key_digest(key: LineKey) -> str:
    """A short name of what a line merged on, by which a later return finds the line again."""
    return f"k{hashlib.blake2b(_encode(key), digest_size=8).hexdigest()}"
