"""Quantities: whole millionths of a stock unit."""

from __future__ import annotations

from domain.exact import parse_scaled, show

QUANTITY_SCALE = 6
QUANTITY_LIMIT = 10**17  # a hundred thousand million units: fits a bigint with room for sums


class Quantity(int):
    """A quantity in millionths; arithmetic gives plain integers of the same scale."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: int | str) -> Quantity:
        """From a JSON number or string. Errors: ValueError (not a number, over 6 decimals, too large)."""
        return cls(parse_scaled(str(value), QUANTITY_SCALE, QUANTITY_LIMIT))


def show_quantity(micro: int) -> str:
    """Plain decimal text of a quantity in millionths."""
    return show(micro, QUANTITY_SCALE)


def dust(decimals: int | None) -> int:
    """What vanishes when rounded to so many decimals (millionths): less than half of the last of them; nothing where none are named."""
    return 0 if decimals is None else int((10 ** (QUANTITY_SCALE - decimals) - 1) // 2)
