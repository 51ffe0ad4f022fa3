"""The contract for other languages: JSON Schema of every document and master, AsyncAPI of the two streams.

Both are generated from the shapes that `decode` uses, so they cannot drift from what is accepted. What a schema cannot say
(decimals of a JSON number, signs of returns, repeated serials) `decode` refuses with its own words.
"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.documents.sales_invoice import RoundedTotal
from domain.money import RATE_SCALE, Money, Rate
from domain.posting_time import PostingTime
from domain.quantity import QUANTITY_SCALE, Quantity
from worker import routes
from worker.messages.examples import EXAMPLES, OUTCOME_EXAMPLE
from worker.messages.outcome import Outcome
from worker.messages.outline import SHAPES
from worker.messages.rules import SCHEMA_VERSION

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _number(title: str, scale: int, meaning: str) -> dict[str, Any]:
    return {
        "title": title,
        "description": f"{meaning} At most {scale} decimals, read exactly; as text it never passes through a binary float.",
        "anyOf": [
            {"type": "number"},
            {
                "type": "string",
                "pattern": r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$",
                "maxLength": 64,
            },
        ],
    }


_CUSTOM: dict[type, dict[str, Any]] = {
    Quantity: _number("Quantity", QUANTITY_SCALE, "A quantity in the line's unit."),
    Rate: _number("Rate", RATE_SCALE, "A rate, exchange rate, factor or percentage."),
    Money: _number("Money", RATE_SCALE, "Money, with no more decimals than its currency has."),
    PostingTime: {
        "title": "PostingTime",
        "description": "ISO 8601. Without an offset it is the company's local time; a date alone is the start of that day.",
        "type": "string",
        "pattern": "^[0-9]{4}",
        "examples": ["2024-06-15T09:00:00", "2024-06-15T09:00:00.250+02:00", "2024-06-15"],
    },
    RoundedTotal: {
        "title": "RoundedTotal",
        "description": "Whether the grand total is rounded, or the rounded total as the publisher states it.",
        "anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/Money"}],
    },
}


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one message: any document or master, by its `type`."""
    return {
        "$schema": _DRAFT,
        "$id": f"urn:perpetua:documents:{SCHEMA_VERSION}",
        "title": "Documents and masters",
        "description": "One message of the intake stream. Unknown fields are refused by name.",
        "oneOf": [{"$ref": f"#/$defs/{shape.__name__}"} for shape in SHAPES.values()],
        "$defs": _definitions("#/$defs/{name}"),
    }


def outcome_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one message of the outcomes stream."""
    references, definitions = msgspec.json.schema_components([Outcome], ref_template="#/$defs/{name}")
    return {
        "$schema": _DRAFT,
        "$id": f"urn:perpetua:outcomes:{SCHEMA_VERSION}",
        **references[0],
        "$defs": definitions,
    }


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0 of the intake and outcomes streams, with an example of each message."""
    _, outcome_shapes = msgspec.json.schema_components([Outcome], ref_template="#/components/schemas/{name}")
    messages = {
        kind: {
            "name": kind,
            "summary": (shape.__doc__ or "").strip(),
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{shape.__name__}"},
            "examples": [{"name": kind, "payload": EXAMPLES[kind]}],
        }
        for kind, shape in SHAPES.items()
    }
    outcome = {
        "name": "outcome",
        "summary": (Outcome.__doc__ or "").strip(),
        "contentType": "application/json",
        "payload": {"$ref": "#/components/schemas/Outcome"},
        "examples": [{"name": "outcome", "payload": OUTCOME_EXAMPLE}],
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Perpetua: documents in, ledgers out",
            "version": str(SCHEMA_VERSION),
            "description": "Publishers keep a document until its outcome has come; sending the same document again is safe.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "intake": _channel(
                routes.INTAKE_STREAM,
                "One XADD for each document or master: its JSON in the field `document`. Where it is signed, beside it `publisher`, "
                "`signed_at` (whole seconds since 1970) and `signature`: HMAC-SHA256 with the publisher's key, in hexadecimal, over "
                "'perpetua document 1', publisher, signed_at and the bytes of document, joined by line feeds.",
                list(messages),
            ),
            "outcomes": _channel(
                routes.OUTCOMES_STREAM,
                "What became of each document, as it happens: JSON in the field `outcome`.",
                ["outcome"],
            ),
        },
        "operations": {
            "takeDocuments": {"action": "receive", "channel": {"$ref": "#/channels/intake"}},
            "tellOutcomes": {"action": "send", "channel": {"$ref": "#/channels/outcomes"}},
        },
        "components": {
            "messages": {**messages, "outcome": outcome},
            "schemas": {**_definitions("#/components/schemas/{name}"), **outcome_shapes},
        },
    }


def _channel(address: str, description: str, messages: list[str]) -> dict[str, Any]:
    return {
        "address": address,
        "title": f"Redis stream {address}",
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _definitions(reference: str) -> dict[str, Any]:
    """Every shape of the contract by name; references follow the template `reference`."""
    _, shapes = msgspec.json.schema_components(
        list(SHAPES.values()),
        schema_hook=lambda kind: {"$ref": reference.format(name=kind.__name__)},
        ref_template=reference,
    )
    custom = {kind.__name__: dict(schema) for kind, schema in _CUSTOM.items()}
    custom["RoundedTotal"]["anyOf"] = [{"type": "boolean"}, {"$ref": reference.format(name="Money")}]
    for shape in shapes.values():
        _tighten(shape.get("properties", {}))
    return {**shapes, **custom}


def _tighten(fields: dict[str, Any]) -> None:
    """What `rules` adds to the types of fields and a schema can say."""
    if "schema" in fields:
        fields["schema"] = {"const": SCHEMA_VERSION, "default": SCHEMA_VERSION}
    for name in ("lines", "charges"):
        if name in fields:
            fields[name]["minItems"] = 1
