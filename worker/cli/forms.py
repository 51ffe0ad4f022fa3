"""The forms in which a command prints its rows."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class Plain(StrEnum):
    """How a result is printed that is no plain list of rows."""

    TABLE = "table"
    JSON = "json"
