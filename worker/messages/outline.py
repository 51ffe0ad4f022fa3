"""What the contract has at a place in a document: field names and choices, for the words of a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

import msgspec
from msgspec import inspect

from domain.documents import AnyDocument
from domain.masters import AnyMaster

SHAPES: dict[str, type[msgspec.Struct]] = {
    str(shape.__struct_config__.tag): shape for shape in (*get_args(AnyDocument), *get_args(AnyMaster))
}

_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


def fields_at(kind: str, path: str) -> list[str]:
    """The fields that an object has at a JSON path of a document of type `kind`; none where there is no such object."""
    return [
        field.encode_name
        for shape in _at(kind, path)
        if isinstance(shape, inspect.StructType)
        for field in shape.fields
    ]


def choices_at(kind: str, path: str) -> list[str]:
    """The words that a field takes at a JSON path of a document of type `kind`."""
    return [str(word) for shape in _at(kind, path) if isinstance(shape, inspect.LiteralType) for word in shape.values]


def _at(kind: str, path: str) -> list[inspect.Type]:
    if kind not in SHAPES:
        return []
    shapes: list[inspect.Type] = [inspect.type_info(SHAPES[kind])]
    for step in _STEP.findall(path):
        shapes = [alternative for shape in shapes for inner in _inside(shape, step) for alternative in _plain(inner)]
    return shapes


def _inside(shape: inspect.Type, step: str) -> Iterator[inspect.Type]:
    if isinstance(shape, inspect.StructType):
        yield from (field.type for field in shape.fields if field.encode_name == step)
    elif isinstance(shape, inspect.ListType):
        yield shape.item_type
    elif isinstance(shape, inspect.DictType):
        yield shape.value_type


def _plain(shape: inspect.Type) -> Iterator[inspect.Type]:
    """The alternatives of a type, without the metadata around them."""
    if isinstance(shape, inspect.Metadata):
        yield from _plain(shape.type)
    elif isinstance(shape, inspect.UnionType):
        for alternative in shape.types:
            yield from _plain(alternative)
    else:
        yield shape
