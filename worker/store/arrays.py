"""Lists of numbers or of names as PostgreSQL's arrays, built as text in one pass.

psycopg's own dumper asks for each cell how it is written and how large it is, which took as long as PostgreSQL needed for the
statement. What it is an array of the statement says (`%s::bigint[]`, `= ANY(%s)`).
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.abc import Buffer, DumperKey, PyFormat
from psycopg.types.array import BaseListDumper, ListDumper

_PLAIN = ({int}, {str})


class ArrayDumper(ListDumper):
    """Writes lists whose cells are all `int`, or all `str`; hands any other list to psycopg's dumper."""

    def get_key(self, obj: list[Any], format: PyFormat) -> DumperKey:  # noqa: A002 - the name is psycopg's
        """One dumper serves all plain lists."""
        return self.cls if set(map(type, obj)) in _PLAIN else (self.cls, super().get_key(obj, format))

    def upgrade(self, obj: list[Any], format: PyFormat) -> BaseListDumper:  # noqa: A002 - the name is psycopg's
        """What is not plain goes psycopg's way."""
        return ListDumper(self.cls, self._tx).upgrade(obj, format)

    def dump(self, obj: list[Any]) -> Buffer:
        """The array's text. Errors: psycopg's DataError for a NUL, which would cut it off."""
        if type(obj[0]) is int:
            return f"{{{','.join(map(str, obj))}}}".encode()
        text = '","'.join([cell.replace("\\", "\\\\").replace('"', '\\"') for cell in obj])
        if "\0" in text:
            raise psycopg.DataError("PostgreSQL keeps no text with a NUL in it")
        return f'{{"{text}"}}'.encode()
