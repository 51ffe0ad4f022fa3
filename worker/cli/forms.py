"""The forms in which a command prints its rows, and the option that names a company."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

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


CompanyOption = Annotated[
    str | None, typer.Option("--company", help="The company; not needed while there is only one.")
]
