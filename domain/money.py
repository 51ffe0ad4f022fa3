"""Money: rates, document money, amounts in minor units, and the one place that rounds.

Three integers, never mixed:
- `Rate` and `Money` as documents state them: nine decimals.
- a *value* inside valuation: nine decimals, unrounded.
- an *amount* in a ledger: whole minor units of the company's currency.
"""

from __future__ import annotations

from functools import lru_cache

from domain.errors import DocumentRejected
from domain.exact import MICRO, NANO, div_mirrored, parse_scaled, show

RATE_SCALE = 9
RATE_LIMIT = 10**24
AMOUNT_LIMIT = 10**17  # minor units: fits a bigint with room for sums

# Currencies whose minor unit is not a hundredth (ISO 4217); a company may also state its precision.
_PRECISIONS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


class Rate(int):
    """A rate, exchange rate or percentage at nine decimals."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: int | str) -> Rate:
        """From a JSON number or string. Errors: ValueError (not a number, over 9 decimals, too large)."""
        return cls(parse_scaled(str(value), RATE_SCALE, RATE_LIMIT))


class Money(int):
    """Money as a document states it, at nine decimals, before its currency is known."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: int | str) -> Money:
        """From a JSON number or string. Errors: ValueError (not a number, over 9 decimals, too large)."""
        return cls(parse_scaled(str(value), RATE_SCALE, RATE_LIMIT))


class Currency:
    """A currency and its minor unit.

    `precision` decimals (0-4); `unit` is one minor unit at nine decimals, `half` of it, and `whole` what quantity x rate comes to for it.
    """

    __slots__ = ("code", "half", "precision", "unit", "whole")

    def __init__(self, code: str, precision: int | None = None) -> None:
        self.code = code
        self.precision = _PRECISIONS.get(code, 2) if precision is None else precision
        self.unit: int = 10 ** (RATE_SCALE - self.precision)
        self.half: int = self.unit // 2
        self.whole: int = self.unit * MICRO

    def amount(self, value: int) -> int:
        """R(x): a value at nine decimals to whole minor units, floor(x + 1/2)."""
        return (value + self.half) // self.unit

    def value(self, amount: int) -> int:
        """Minor units to a value at nine decimals."""
        return amount * self.unit

    def exact(self, money: int, field: str) -> int:
        """Stated money to minor units. Errors: DocumentRejected where it has more decimals than the currency."""
        amount, rest = divmod(money, self.unit)
        if rest:
            raise DocumentRejected(
                "TooManyDecimals",
                f"{field}: {show(money, RATE_SCALE)} has more decimals than {self.code} allows ({self.precision}). "
                "Round it at the source and send it again.",
                field,
                {"stated": show(money, RATE_SCALE), "precision": self.precision},
            )
        return amount

    def times(self, quantity: int, rate: int) -> int:
        """quantity (millionths) x rate (nine decimals), rounded once to minor units; a return mirrors its sale."""
        product, whole = 2 * quantity * rate, self.whole
        return (product + whole) // (2 * whole) if product >= 0 else -((whole - product) // (2 * whole))

    def show(self, amount: int) -> str:
        """Minor units as decimal text with all of the currency's decimals."""
        return _shown(amount, self.precision)


@lru_cache(maxsize=65_536)  # prices and totals repeat from document to document, and zero stands in nearly all of them
def _shown(amount: int, precision: int) -> str:
    return show(amount, precision, precision)


def percent_of(amount: int, percent: int) -> int:
    """`percent` (nine decimals, 100 = the whole) of an amount in minor units, rounded once."""
    return div_mirrored(amount * percent, 100 * NANO)


def convert(amount: int, exchange_rate: int, source: Currency, target: Currency) -> int:
    """Minor units of `source` to minor units of `target` at `exchange_rate` (target per source, nine decimals)."""
    return div_mirrored(amount * source.unit * exchange_rate, NANO * target.unit)
