"""The forms in which a command prints its rows, and the options that many commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer


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


class Listing(StrEnum):
    """How rows are printed by a command that says more than them, and so writes no workbook."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


MOST_ROWS: Final = 1_000_000  # whoever wants more of a list wants a report, which streams

CompanyOption = Annotated[
    str | None, typer.Option("--company", help="The company; not needed while there is only one.")
]
FormOption = Annotated[Form, typer.Option("--format", help="How to print it.")]
PlainOption = Annotated[Plain, typer.Option("--format", help="How to print it.")]
OutputOption = Annotated[Path | None, typer.Option("--output", help="Write to this file instead of standard output.")]
