"""What a publisher leaves out is read as left out: such a document is posted or refused by name, and stands in nobody's way."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from domain.errors import DocumentRejected
from tests.support.lanes import Json, post_all, publish, rows
from tests.support.servers import Database as FreshDatabase
from worker.messages import MASTER_TYPES, decode
from worker.messages.examples import EXAMPLES
from worker.store.database import Database

SHOP = "Corner Shop"
# Closings are decided by a service of their own, over sales that are there.
ELSEWHERE = {"pos_closing"}


def documents() -> Iterator[Json]:
    """Every example of a document, and each of them with one of its fields left out, as far as the contract takes them."""
    for kind, example in EXAMPLES.items():
        if kind in MASTER_TYPES or kind in ELSEWHERE:
            continue
        for place in [(), *_fields(example)]:
            document = copy.deepcopy(example)
            if place:
                holder: Any = document
                for step in place[:-1]:
                    holder = holder[step]
                del holder[place[-1]]
            document["number"] = f"{kind}-{'.'.join(map(str, place))}"
            if _taken(document):
                yield document


def _fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if (*path, name) not in {("type",), ("company",), ("number",)}:
                yield (*path, name)
                yield from _fields(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _fields(inner, (*path, place))


def _taken(document: Json) -> bool:
    try:
        decode(json.dumps(document).encode())
    except DocumentRejected:
        return False
    return True


def test_each_optional_field_may_be_left_out_of_each_document(database: FreshDatabase) -> None:
    store = Database(database.worker_url)
    told = list(documents())
    assert len(told) > 50
    publish(store, [json.dumps(EXAMPLES[kind]).encode() for kind in EXAMPLES if kind in MASTER_TYPES])
    publish(store, told)
    post_all(store, SHOP)
    became = rows(
        store,
        "SELECT number, status, error ->> 'code' FROM books.document_status WHERE number = ANY(%s)",
        [document["number"] for document in told],
    )
    assert len(became) == len(told)
    assert not [row for row in became if row[1] == "accepted" or row[2] == "InternalFault"]
    store.close()
