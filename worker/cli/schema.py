"""`perpetua schema`: the contract, for machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Part(StrEnum):
    """Which description of the contract."""

    JSON = "json"
    OUTCOME = "outcome"
    ASYNCAPI = "asyncapi"
    ALL = "all"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schema")(schema)


def schema(
    part: Annotated[
        Part,
        typer.Argument(help="json: every document and master; outcome; asyncapi: the streams; all: one object of all."),
    ] = Part.JSON,
) -> None:
    """Print the contract as JSON Schema or AsyncAPI."""
    import json

    from worker.messages.schema import asyncapi, json_schema, outcome_schema

    parts = {Part.JSON: json_schema, Part.OUTCOME: outcome_schema, Part.ASYNCAPI: asyncapi}
    shown = {one.value: describe() for one, describe in parts.items()} if part is Part.ALL else parts[part]()
    print(json.dumps(shown, indent=2, ensure_ascii=False))
