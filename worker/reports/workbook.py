"""Rows as a spreadsheet workbook, written row by row so that a large report needs little memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from worker.reports.read_model import Column, Kind

_SHEET_ROWS: Final = 1_048_575  # what one sheet holds below its heads
_EXACT_DIGITS: Final = 15  # a spreadsheet keeps no more digits of a number

_FIRST_YEAR: Final = 1900  # earlier dates stand as text
_NOT_IN_NAMES: Final = str.maketrans(dict.fromkeys("[]:*?/\\", " "))

_FORMATS: Final = {
    Kind.COUNT: "0",
    Kind.QUANTITY: "#,##0.######",
    Kind.RATE: "#,##0.00#######",
    Kind.AMOUNT: "#,##0.00##",
    Kind.DATE: "yyyy-mm-dd",
    Kind.TIME: "yyyy-mm-dd hh:mm:ss",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a workbook."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]


def write_workbook(sheets: Iterable[Sheet], target: Path | io.BytesIO) -> None:
    """Write tables, each to a sheet of its own; what does not fit one goes on in the next."""
    where = str(target) if isinstance(target, Path) else target
    with xlsxwriter.Workbook(where, {"constant_memory": True}) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        for sheet in sheets:
            _write_table(book, sheet, bold)


def _write_table(book: Any, table: Sheet, bold: Any) -> None:
    formats = [
        book.add_format({"num_format": _FORMATS[column.kind]}) if column.kind in _FORMATS else None
        for column in table.columns
    ]
    page, line, pages = None, 0, 0
    for row in table.rows:
        if page is None or line > _SHEET_ROWS:
            page, line, pages = _page(book, table, bold, pages + 1), 1, pages + 1
        for place, value in enumerate(row):
            _write(page, line, place, value, formats[place])
        line += 1
    if page is None:
        _page(book, table, bold, 1)


def _page(book: Any, table: Sheet, bold: Any, number: int) -> Any:
    # Titles hold what people named: no sheet's name may hold these, or begin or end with an apostrophe.
    title = " ".join(table.title.translate(_NOT_IN_NAMES).split())
    name = title[:31] if number == 1 else f"{title[:26]} ({number})"
    page = book.add_worksheet(name.strip(" '"))
    page.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        page.set_column(place, place, 14 if column.kind.is_number else 22)
        page.write_string(0, place, column.name.replace("_", " "), bold)
    return page


def _write(page: Any, line: int, place: int, value: Any, form: Any) -> None:
    if isinstance(value, (int, Decimal)) and len(Decimal(value).as_tuple().digits) <= _EXACT_DIGITS:
        page.write_number(line, place, value, form)
    elif isinstance(value, date) and value.year >= _FIRST_YEAR:
        # A spreadsheet knows no time zones: times that have one are shown in UTC.
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
        page.write_datetime(line, place, value, form)
    elif value is not None:
        # Always as text: a remark that begins with "=" must not become a formula, nor a long number lose its last digits.
        page.write_string(line, place, f"{value:f}" if isinstance(value, Decimal) else str(value), form)
