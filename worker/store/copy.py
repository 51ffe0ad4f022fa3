"""COPY in PostgreSQL's own text form: rows are built as text in one pass, so that nothing is converted row by row.

The text is exactly what PostgreSQL writes when the rows are copied out again (session time zone UTC), so a hash over it can be
checked later.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from domain.posting_time import from_instant
from worker.store.database import Rows

NULL = "\\N"
_SECOND = 1_000_000  # microseconds
_MINUTE = 60 * _SECOND
_SHORT = 200  # characters


def escape(text: str) -> str:
    """A text value as COPY wants it: backslashes and line breaks escaped."""
    if text.isalnum():
        return text
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if len(text) < _SHORT and text.isprintable():  # of long text each character would be looked up in a table
        return text
    for plain, escaped in (("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r"), ("\b", "\\b"), ("\f", "\\f"), ("\v", "\\v")):
        text = text.replace(plain, escaped)
    return text


def escape_json(text: str) -> str:
    """JSON as COPY wants it: whatever is not printed is escaped in it already."""
    return text.replace("\\", "\\\\") if "\\" in text else text


def hexadecimal(raw: bytes) -> str:
    """A bytea value as COPY wants it."""
    return "\\\\x" + raw.hex()


def stamp(moment: datetime) -> str:
    """A timestamp as PostgreSQL writes it in UTC: no trailing zeros, a short offset."""
    text = moment.astimezone(UTC).isoformat(sep=" ")[:-6]
    return (text.rstrip("0") if moment.microsecond else text) + "+00"


@lru_cache(maxsize=4096)  # a sale's time is told of its voucher and of the sale, and many documents share theirs
def stamp_instant(microseconds: int) -> str:
    """Microseconds since 1970 as PostgreSQL writes the timestamp in UTC."""
    minute, within = divmod(microseconds, _MINUTE)
    seconds, fraction = divmod(within, _SECOND)
    told = f"{_minute(minute)}:{seconds:02d}"
    return f"{told}.{fraction:06d}".rstrip("0") + "+00" if fraction else told + "+00"


@lru_cache(maxsize=4096)  # tills sell many times a minute
def _minute(number: int) -> str:
    return from_instant(number * _MINUTE).isoformat(" ", "minutes")[:16]


def copy_in(connection: Rows, table: str, columns: str, rows: str) -> None:
    """Append rows (lines of tab-separated columns, each with its line break) to a table."""
    if rows:
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write(rows)
