"""Which sales stock allows: all of them at once where it can, else in waves that returned goods make possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.pos_consolidation.merging import Sale
from domain.stock_ledger import Chain

Stock = Mapping[Chain, int | None]  # what there is of each chain; None where it may go short


@dataclass(slots=True)
class Short:
    """A sale that stock does not allow, and where it lacks how much (millionths); no chain where its original lacks."""

    sale: Sale
    chain: Chain | None
    missing: int


@dataclass(slots=True)
class Placement:
    """Sales in waves, each of which stock allows once the returns of those before it are back; and those it never allows."""

    waves: list[list[Sale]] = field(default_factory=list)
    short: list[Short] = field(default_factory=list)


def place(sales: Sequence[Sale], stock: Stock) -> Placement:
    """Put sales, which come in the order of their events, into as few waves as stock allows."""
    if _fits_at_once(sales, stock):
        return Placement([list(sales)] if sales else [])
    placement = Placement()
    left = dict(stock)
    waiting = list(sales)
    while waiting:
        wave, held = _wave(waiting, left)
        if not wave:
            break
        placement.waves.append(wave)
        waiting = held
    placement.short = [_lacking(sale, left) for sale in waiting]
    return placement


def _fits_at_once(sales: Sequence[Sale], stock: Stock) -> bool:
    """Whether stock covers everything sold without any of the returns."""
    needed: dict[Chain, int] = {}
    for sale in sales:
        for chain, qty in sale.receipt.goods:
            if qty > 0:
                needed[chain] = needed.get(chain, 0) + qty
    return all((there := stock[chain]) is None or qty <= there for chain, qty in needed.items())


def _wave(waiting: Sequence[Sale], left: dict[Chain, int | None]) -> tuple[list[Sale], list[Sale]]:
    wave: list[Sale] = []
    held: list[Sale] = []
    held_numbers: set[str] = set()
    back: dict[Chain, int] = {}
    for sale in waiting:
        receipt = sale.receipt
        if receipt.returns_of in held_numbers or _first_lack(sale, left) is not None:
            held.append(sale)
            held_numbers.add(receipt.number)
            continue
        wave.append(sale)
        for chain, qty in receipt.goods:
            there = left[chain]
            if qty < 0:
                back[chain] = back.get(chain, 0) - qty
            elif there is not None:
                left[chain] = there - qty
    for chain, qty in back.items():
        there = left[chain]
        if there is not None:
            left[chain] = there + qty
    return wave, held


def _first_lack(sale: Sale, left: Stock) -> tuple[Chain, int] | None:
    for chain, qty in sale.receipt.goods:
        there = left[chain]
        if qty > 0 and there is not None and qty > there:
            return chain, qty - there
    return None


def _lacking(sale: Sale, left: Stock) -> Short:
    lack = _first_lack(sale, left)
    return Short(sale, None, 0) if lack is None else Short(sale, *lack)
