"""Figures and dates as a reader writes them, by the reader's locale; and text from documents made fit for a line."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import NumberPattern, format_decimal, parse_pattern

# Letters that only steer how others are shown could make a number read as another one; a line break would end a header.
_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def harmless(text: str) -> str:
    """Text of a document with blanks for line breaks and for letters that nobody sees."""
    return "".join(" " if unicodedata.category(letter) in _STEERING else letter for letter in text)


def one_line(text: str) -> str:
    """Text of a document as it is fit for a header: harmless, and without needless blanks."""
    return " ".join(harmless(text).split())


class Figures:
    """How one reader writes amounts of one currency, counts, dates and times."""

    def __init__(self, locale: str, currency: str = "", precision: int = 2, time_zone: str = "UTC") -> None:
        self.locale = Locale.parse(locale.replace("-", "_"))
        self.currency = currency
        self._precision = precision
        self._zone = ZoneInfo(time_zone)
        self._pattern = _exact(self.locale, precision)

    def amount(self, minor: int) -> str:
        """Minor units with all decimals of the currency, without its name."""
        return str(self._pattern.apply(Decimal(minor).scaleb(-self._precision), self.locale))

    def money(self, minor: int) -> str:
        """An amount with its currency."""
        return f"{self.amount(minor)}\N{NO-BREAK SPACE}{self.currency}"

    def signed(self, minor: int) -> str:
        """An amount whose sign always shows."""
        return f"+{self.amount(minor)}" if minor > 0 else self.amount(minor)

    def count(self, number: int) -> str:
        """A whole number."""
        return format_decimal(number, locale=self.locale)

    def day(self, day: date) -> str:
        """A date."""
        return format_date(day, "medium", locale=self.locale)

    def month(self, day: date) -> str:
        """The month of a date."""
        return format_skeleton("yMMM", day, locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """A time, local to the company."""
        local = moment.astimezone(self._zone)
        return f"{self.day(local.date())}, {format_time(local, 'short', locale=self.locale)}"


def _exact(locale: Locale, precision: int) -> NumberPattern:
    """The locale's way of grouping digits, with exactly so many decimals."""
    pattern = parse_pattern(locale.decimal_formats[None].pattern)
    pattern.frac_prec = (precision, precision)
    return pattern
