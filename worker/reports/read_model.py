"""What every report is made of: named columns, the options it heeds, and one streamed read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from domain.exact import NANO
from domain.money import Currency
from domain.quantity import QUANTITY_SCALE

Row = tuple[Any, ...]

_AT_ONCE = 5_000  # rows a round trip: a report of millions of rows never lies in memory as a whole


class Kind(Enum):
    """What a column holds, so that a table can align it and a spreadsheet can format it."""

    TEXT = "text"
    COUNT = "count"
    QUANTITY = "quantity"
    RATE = "rate"
    AMOUNT = "amount"
    DATE = "date"
    TIME = "time"

    @property
    def is_number(self) -> bool:
        """Whether figures stand under it, which read best aligned to the right."""
        return self in {Kind.COUNT, Kind.QUANTITY, Kind.RATE, Kind.AMOUNT}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the name it has in JSON and CSV, what it holds, and whether a table may add it up."""

    name: str
    kind: Kind = Kind.TEXT
    summed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a report is asked about: one company, a span of dates, and what it is narrowed to.

    `as_of` and `end` are the last posting date that counts, `start` the first one shown; `known_at` leaves out whatever was
    recorded later. `entries` shows every entry as stored instead of netting it into its voucher.
    """

    company: int
    currency: Currency
    time_zone: str = "UTC"
    start: date | None = None
    end: date | None = None
    known_at: datetime | None = None
    item: str | None = None
    warehouse: str | None = None
    account: str | None = None
    voucher: str | None = None
    entries: bool = False

    def parameters(self) -> dict[str, object]:
        """The scope as the parameters which every report's SQL may name."""
        return {
            "company": self.company,
            "time_zone": self.time_zone,
            "start": self.start,
            "end": self.end,
            "known_at": self.known_at,
            "item": self.item,
            "warehouse": self.warehouse,
            "account": self.account,
            "voucher": self.voucher,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """A read model: `read` yields one tuple per row, in the order of `columns_of(scope)`.

    `options` names the fields of `Scope` that it heeds beside the company; any other would silently do nothing.
    """

    name: str
    title: str
    options: frozenset[str]
    columns_of: Callable[[Scope], tuple[Column, ...]]
    read: Callable[[Connection[Any], Scope], Iterator[Row]]

    def dicts(self, connection: Connection[Any], scope: Scope) -> Iterator[dict[str, Any]]:
        """The rows by column name."""
        names = [column.name for column in self.columns_of(scope)]
        for row in self.read(connection, scope):
            yield dict(zip(names, row, strict=True))


def stream(connection: Connection[Any], sql: str, parameters: Mapping[str, object]) -> Iterator[Row]:
    """Rows of a query through a server-side cursor, so that memory stays flat however many there are."""
    with connection.cursor(name="report", row_factory=tuple_row) as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(sql.encode(), parameters)
        yield from cursor


@lru_cache(maxsize=65_536)
def quantity(micro: int) -> Decimal:
    """Millionths as an exact decimal without needless zeros."""
    return plain(Decimal(micro).scaleb(-QUANTITY_SCALE))


def amount(minor: int, currency: Currency) -> Decimal:
    """Minor units as a decimal with all of the currency's decimals."""
    return Decimal(minor).scaleb(-currency.precision)


def rate(minor: int, micro: int, currency: Currency) -> Decimal | None:
    """Value by quantity as a rate for display, at nine decimals; None where there is no quantity."""
    if micro == 0:
        return None
    nano = (minor * currency.unit * 1_000_000 * 2 + abs(micro)) // (2 * abs(micro))
    return plain(Decimal(nano if micro > 0 else -nano) / NANO)


def plain(number: Decimal) -> Decimal:
    """A number without needless zeros, and without an exponent."""
    short = number.normalize()
    return short.quantize(Decimal(1)) if short.as_tuple().exponent > 0 else short  # type: ignore[operator]
