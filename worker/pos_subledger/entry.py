"""A sale as the sub-ledger keeps it: the goods that it reserves and what it adds to its session's totals."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from domain.pos_receipt import PosReceipt
from worker.pos_subledger.keys import field

_encode = msgspec.json.Encoder().encode


class Entry(NamedTuple):
    """`goods` and `totals` are pairs of a name and an integer as text; `content` is both, by which two entries are compared."""

    number: str
    goods: list[tuple[str, str]]
    totals: list[tuple[str, str]]
    content: bytes
    hold: str = ""


def entry_of(receipt: PosReceipt) -> Entry:
    """The entry of a decided sale: revenue and total, and what was taken in each mode and for each tax (minor units)."""
    goods = [(field(chain), str(qty)) for chain, qty in receipt.goods]
    sums: dict[str, int] = {"net": receipt.net, "total": receipt.total}
    for payment in receipt.payments:
        _add(sums, f"mode {payment.tender.mode}", payment.amount)
    for change in receipt.change:
        _add(sums, f"mode {change.tender.mode}", -change.amount)
    for tax in receipt.taxes:
        _add(sums, f"tax {tax.key.account}", tax.amount)
    totals = [(name, str(amount)) for name, amount in sums.items()]
    return Entry(receipt.number, goods, totals, _encode((goods, totals)), receipt.hold)


def _add(sums: dict[str, int], name: str, amount: int) -> None:
    sums[name] = sums.get(name, 0) + amount
