"""Gaps between a line and what it clears: what of them is the exchange's, and what another price."""

from __future__ import annotations

from typing import NamedTuple

from domain.documents.amounts import Amounts
from domain.money import Currency, convert


class Gap(NamedTuple):
    """By how much a line differs from its share of what it clears (minor units of the company's currency)."""

    exchange: int
    price: int


def part_gap(gap: int, dearer: int, ours: Amounts, theirs: Amounts, receipt: Amounts, base: Currency) -> Gap:
    """Part a gap in the company's currency, of which `dearer` is told in the documents' own: the price goes by the receipt's exchange rate.

    Where both have the same rate no part of another price is the exchange's; what is left of the same price is rounding, and no price.
    """
    if dearer and ours.exchange_rate == theirs.exchange_rate:
        return Gap(0, gap)
    price = convert(dearer, receipt.exchange_rate, ours.currency, base)
    return Gap(gap - price, price)
