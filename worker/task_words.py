"""Arguments of tasks in words: what Flower and the logs may show. A document is named, never shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

_NAMED: Final = 3  # of a list; the rest are counted
_LONGEST: Final = 80  # characters of a text


def words_of(arguments: Iterable[object], named: Mapping[str, object]) -> str:
    """The arguments of a task: `Grocery`, `purchase_receipt PR-1 of Grocery and 4 more`, `Grocery, hold H-1, 3 entries`."""
    parts = [_words(argument) for argument in arguments]
    parts += [f"{name} {_words(value)}" for name, value in named.items()]
    return ", ".join(parts)


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return _document(value)
    if isinstance(value, list | tuple):
        documents = [_document(one) for one in value if isinstance(one, Mapping) and "type" in one]
        if len(documents) < len(value) or not value:
            return f"{len(value)} entries"
        more = len(documents) - _NAMED
        return ", ".join(documents[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        return f"a document of {len(value)} characters"
    return str(value)[:_LONGEST]


def _document(value: Mapping[object, object]) -> str:
    name = next((value[key] for key in ("number", "name", "code") if key in value), None)
    if "type" not in value or name is None:
        return f"{len(value)} fields"
    company = f" of {str(value['company'])[:_LONGEST]}" if "company" in value else ""
    return f"{str(value['type'])[:_LONGEST]} {str(name)[:_LONGEST]}{company}"
