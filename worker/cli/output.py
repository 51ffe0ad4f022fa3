"""Rows to standard output: a readable table, JSON, CSV or a workbook; all but the workbook's end stream."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import msgspec

from worker.cli.failure import CommandFailedError
from worker.cli.forms import Form
from worker.reports import Column

_LOOKED_AT: Final = 500  # rows that decide how wide a table's columns are; later ones may stick out
_GAP: Final = "  "
_WIDEST: Final = 60

# Decimals leave as JSON numbers with all their digits; nothing passes through a binary float.
_json: Final = msgspec.json.Encoder(decimal_format="number")


def to_json(value: Any) -> str:
    """Any result as JSON text, decimals exact."""
    return _json.encode(value).decode()


def write_rows(
    columns: Sequence[Column], rows: Iterable[Sequence[Any]], form: Form, title: str, output: Path | None
) -> None:
    """Print rows in the form asked for. Errors: CommandFailedError where a workbook has nowhere to go."""
    if form is Form.XLSX:
        from worker.reports.workbook import Sheet, write_workbook

        if output is None:
            raise CommandFailedError("a workbook needs a file to go to: add --output FILE.xlsx")
        write_workbook([Sheet(title, columns, rows)], output)
        return
    lines = {Form.TABLE: table_lines, Form.JSON: _json_lines, Form.CSV: _csv_lines}[form](columns, rows)
    if output is None:
        for line in lines:
            sys.stdout.write(line + "\n")
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        file.writelines(line + "\n" for line in lines)


def table_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A table in plain text: figures to the right, a rule under the heads, sums where columns may be added up."""
    incoming = iter(rows)
    first = list(islice(incoming, _LOOKED_AT))
    if not first:
        yield "(nothing)"
        return
    heads = [column.name.replace("_", " ") for column in columns]
    widths = [
        min(_WIDEST, max(len(head), *(len(show(row[place])) for row in first))) for place, head in enumerate(heads)
    ]
    sums: list[Decimal | None] = [Decimal(0) if column.summed else None for column in columns]
    summed = [place for place, column in enumerate(columns) if column.summed]
    yield _line(columns, heads, widths)
    yield _GAP.join("-" * width for width in widths)
    for row in chain(first, incoming):
        for place in summed:
            sums[place] = (sums[place] or Decimal(0)) + row[place]
        yield _line(columns, [show(value) for value in row], widths)
    if summed:
        yield _GAP.join("-" * width for width in widths)
        yield _line(columns, [show(total) for total in sums], widths)


def show(value: Any) -> str:
    """One value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _line(columns: Sequence[Column], texts: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        text.rjust(width) if column.kind.is_number else text.ljust(width)
        for column, text, width in zip(columns, texts, widths, strict=True)
    ]
    return _GAP.join(cells).rstrip()


def _json_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    names = [column.name for column in columns]
    before = "["
    for row in rows:
        yield f"{before}{to_json(dict(zip(names, row, strict=True)))}"
        before = ","
    yield "[]" if before == "[" else "]"


class _Line:
    """Catches what the csv module writes, one row at a time."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def _csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    line = _Line()
    writer = csv.writer(line, lineterminator="")
    for row in chain([[column.name for column in columns]], rows):
        writer.writerow([_csv(value) for value in row])
        yield line.text


def _csv(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, (date, datetime)) else value
