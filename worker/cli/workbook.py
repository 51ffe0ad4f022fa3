"""Rows as a spreadsheet workbook, written row by row so that a large report needs little memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from worker.reports import Column, Kind

_SHEET_ROWS: Final = 1_048_575  # what one sheet holds below its heads

_FORMATS: Final = {
    Kind.COUNT: "0",
    Kind.QUANTITY: "#,##0.######",
    Kind.RATE: "#,##0.00#######",
    Kind.AMOUNT: "#,##0.00##",
    Kind.DATE: "yyyy-mm-dd",
    Kind.TIME: "yyyy-mm-dd hh:mm:ss",
}


def write_workbook(columns: Sequence[Column], rows: Iterable[Sequence[Any]], title: str, path: Path) -> None:
    """Write rows to `path`; what does not fit one sheet goes on in the next."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        formats = [
            book.add_format({"num_format": _FORMATS[column.kind]}) if column.kind in _FORMATS else None
            for column in columns
        ]
        sheet, line = None, 0
        for row in rows:
            if sheet is None or line > _SHEET_ROWS:
                sheet, line = _sheet(book, columns, title, bold), 1
            for place, value in enumerate(row):
                _write(sheet, line, place, value, formats[place])
            line += 1
        if sheet is None:
            _sheet(book, columns, title, bold)


def _sheet(book: Any, columns: Sequence[Column], title: str, bold: Any) -> Any:
    count = len(book.worksheets())
    sheet = book.add_worksheet(title[:31] if count == 0 else f"{title[:26]} ({count + 1})")
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, 14 if column.kind.is_number else 22)
        sheet.write_string(0, place, column.name.replace("_", " "), bold)
    return sheet


def _write(sheet: Any, line: int, place: int, value: Any, form: Any) -> None:
    if isinstance(value, (int, Decimal)):
        sheet.write_number(line, place, value, form)
    elif isinstance(value, (date, datetime)):
        sheet.write_datetime(line, place, value, form)
    elif value is not None:
        # Always as text: a remark that begins with "=" must not become a formula.
        sheet.write_string(line, place, str(value), form)
