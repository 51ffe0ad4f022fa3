"""A sale as the sub-ledger keeps it: the goods that it reserves and what it adds to its session's totals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from domain.pos_receipt import PosReceipt
from worker.pos_subledger.keys import field

_encode = msgspec.json.Encoder().encode


class Entry(NamedTuple):
    """What a sale adds, by name: `goods` (millionths), `totals` (minor units), and both as text, by which entries are compared."""

    number: str
    goods: dict[str, int]
    totals: dict[str, int]
    content: str
    hold: str = ""


def entry_of(receipt: PosReceipt) -> Entry:
    """The entry of a decided sale: revenue and total, and what was taken in each mode and for each tax."""
    goods = {field(chain): qty for chain, qty in receipt.goods}
    totals = {"net": receipt.net, "total": receipt.total}
    for payment in receipt.payments:
        name = f"mode {payment.tender.mode}"
        totals[name] = totals.get(name, 0) + payment.amount
    for change in receipt.change:
        name = f"mode {change.tender.mode}"
        totals[name] = totals.get(name, 0) - change.amount
    for tax in receipt.taxes:
        name = f"tax {tax.key.account}"
        totals[name] = totals.get(name, 0) + tax.amount
    return Entry(receipt.number, goods, totals, _encode((_as_text(goods), _as_text(totals))).decode(), receipt.hold)


def _as_text(sums: dict[str, int]) -> dict[str, str]:
    """Amounts as text: the server's functions would read numbers as doubles."""
    return {name: str(amount) for name, amount in sums.items()}


def added_up(sums: Iterable[dict[str, int]]) -> dict[str, int]:
    """What several sales add together, by name."""
    together: dict[str, int] = {}
    for one in sums:
        for name, amount in one.items():
            together[name] = together.get(name, 0) + amount
    return together
