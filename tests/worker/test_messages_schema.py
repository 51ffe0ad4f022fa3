"""The exported contract: valid by its own standard, and of one mind with what is accepted."""

import json
from typing import Any

import jsonschema
import pytest
from jsonschema import Draft202012Validator

from worker.messages import encode, encode_outcome
from worker.messages.decode import DOCUMENT_TYPES, MASTER_TYPES, decode
from worker.messages.examples import EXAMPLES, OUTCOME_EXAMPLE
from worker.messages.schema import asyncapi, json_schema, outcome_schema


@pytest.fixture(scope="module")
def documents() -> Draft202012Validator:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_every_type_has_an_example() -> None:
    assert set(EXAMPLES) == DOCUMENT_TYPES | MASTER_TYPES


@pytest.mark.parametrize("kind", EXAMPLES)
def test_example_fits_the_schema(documents: Draft202012Validator, kind: str) -> None:
    documents.validate(EXAMPLES[kind])
    documents.validate(json.loads(encode(decode(json.dumps(EXAMPLES[kind]).encode()))))


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"type": "delivery"},
        {"number": 5},
        {"lines": []},
        {"posting_datetime": 5},
        {"schema": 2},
        {"customer": ""},
        {"total": "NaN"},
    ],
)
def test_schema_refuses_what_the_door_refuses(documents: Draft202012Validator, change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        documents.validate({**EXAMPLES["delivery_note"], **change})


def test_outcome_fits_its_schema() -> None:
    schema = outcome_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(encode_outcome(OUTCOME_EXAMPLE)))
    with pytest.raises(jsonschema.ValidationError):
        Draft202012Validator(schema).validate({**OUTCOME_EXAMPLE, "status": "lost"})


def test_asyncapi_is_complete() -> None:
    api = asyncapi()
    assert set(api["channels"]["intake"]["messages"]) == set(EXAMPLES)
    for message in api["components"]["messages"].values():
        validator = Draft202012Validator({**message["payload"], "components": api["components"]})
        for example in message["examples"]:
            validator.validate(example["payload"])


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    api = asyncapi()
    references = list(_references(api))
    assert references
    for reference in references:
        place: Any = api
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
