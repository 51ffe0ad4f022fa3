"""Why a message is refused, in words its publisher can act on.

Slow by intent and used only for messages that are refused: it reads a message a second time to say where the fault lies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import msgspec

from domain.errors import DocumentRejected
from domain.exact import NumberRefused
from domain.posting_time import PostingTime
from worker.messages import outline

_AT = re.compile(r" - at `\$\.?(?P<path>.*)`\Z", re.DOTALL)
_FIELD = re.compile(r"(?:missing required|contains unknown) field `(?P<name>.*)`\Z", re.DOTALL)
_JSON_NAME = re.compile("`([^`]*)`")
_JSON_NAMES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number with decimals",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing (null)",
}
_AGAIN = "Correct it at the source and send the document again."


class WrongJsonType(ValueError):
    """A number or time of the contract that came as another kind of JSON value."""


def wrong_type(kind: type, value: object) -> WrongJsonType:
    """The reason for a custom field whose JSON value is of the wrong kind."""
    wanted = "text with an ISO 8601 time" if kind is PostingTime else "a number, or text with a number"
    return WrongJsonType(f"{_json_kind(value)} where {wanted} belongs")


def too_large(size: int, limit: int) -> DocumentRejected:
    """A message beyond the size limit."""
    return DocumentRejected(
        "TooLarge",
        f"The message has {size:,} bytes; at most {limit:,} are taken. Split the document into several and send those.",
        details={"bytes": size, "limit": limit},
    )


def too_deep() -> DocumentRejected:
    """A message nested beyond anything the contract has."""
    return DocumentRejected(
        "TooDeep", f"The message is nested too deeply; no document has more than a few levels. {_AGAIN}"
    )


def from_malformed(raw: bytes, error: Exception) -> DocumentRejected:
    """Bytes that are not JSON. NaN and infinities, which some encoders write, are named with their field."""
    if b"NaN" in raw or b"Infinity" in raw:
        field = _path_of_constant(raw)
        if field is not None:
            return DocumentRejected(
                "NotANumber", f"{field}: NaN and infinities are not numbers of the contract. {_AGAIN}", field
            )
    if isinstance(error, UnicodeDecodeError) or not _is_utf8(raw):
        return DocumentRejected("Malformed", f"The message is not UTF-8 text. {_AGAIN}")
    return DocumentRejected("Malformed", f"The message is not one JSON object: {error}. {_AGAIN}")


def from_validation(error: msgspec.ValidationError, raw: bytes) -> DocumentRejected:
    """JSON whose shape is not the contract's, in our own words and codes."""
    text = str(error)
    at = _AT.search(text)
    path, reason = (at["path"].replace("[...]", ".*"), text[: at.start()]) if at else ("", text)
    cause = error.__cause__
    if isinstance(cause, NumberRefused):
        return DocumentRejected(cause.code, f"{path}: {cause}. {_AGAIN}", path)
    if isinstance(cause, WrongJsonType):
        return DocumentRejected("WrongType", f"{path}: {cause}. {_AGAIN}", path)
    if isinstance(cause, ValueError):
        return DocumentRejected("BadTime", f"{path}: {cause}. {_AGAIN}", path)
    if name := _FIELD.search(reason):
        return _missing_or_unknown(reason, path, name["name"], raw)
    if path == "type" and reason.startswith("Invalid value"):
        return DocumentRejected(
            "UnknownType",
            f"type: {reason.removeprefix('Invalid value ')} is no document or master of the contract. "
            f"There are: {', '.join(sorted(outline.SHAPES))}.",
            "type",
        )
    if "out of range" in reason:
        return DocumentRejected("NumberTooLarge", f"{path}: the number is too large. {_AGAIN}", path)
    if not path:
        return DocumentRejected("Malformed", f"The message is not one JSON object: {reason}. {_AGAIN}")
    return _wrong_value(reason, path, raw)


def _missing_or_unknown(reason: str, path: str, name: str, raw: bytes) -> DocumentRejected:
    field = f"{path}.{name}" if path else name
    if "unknown" in reason:
        allowed = f"There are: {', '.join(known)}. " if (known := outline.fields_at(_stated_type(raw), path)) else ""
        return DocumentRejected(
            "UnknownField", f"{field}: the contract has no such field here. {allowed}{_AGAIN}", field
        )
    if field == "lines":
        return empty_document(field)
    return DocumentRejected("MissingField", f"{field} is missing. Add it and send the document again.", field)


def _wrong_value(reason: str, path: str, raw: bytes) -> DocumentRejected:
    if "of length >=" in reason:
        return DocumentRejected(
            "EmptyText", f"{path}: the text is empty. Leave the field out, or give it a value and send it again.", path
        )
    if "of length <=" in reason:
        limit = reason.rpartition("<= ")[2]
        return DocumentRejected("TextTooLong", f"{path}: the text is longer than {limit} characters. {_AGAIN}", path)
    if reason.startswith("Invalid enum value"):
        stated = reason.removeprefix("Invalid enum value ")
        allowed = ", ".join(outline.choices_at(_stated_type(raw), path))
        return DocumentRejected("UnknownChoice", f"{path}: {stated} is none of: {allowed}. {_AGAIN}", path)
    readable = _JSON_NAME.sub(_in_plain_words, reason[:1].lower() + reason[1:])
    code = "OutOfRange" if "= " in reason else "WrongType"
    return DocumentRejected(code, f"{path}: {readable}. {_AGAIN}", path)


def _in_plain_words(found: re.Match[str]) -> str:
    return " or ".join(_JSON_NAMES.get(name, name) for name in found[1].split(" | "))


def _stated_type(raw: bytes) -> str:
    """The type of a message whose shape is wrong; empty where what follows the fault is not even JSON."""
    try:
        content: dict[str, object] = json.loads(raw, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return ""
    return str(content.get("type"))


def empty_document(field: str) -> DocumentRejected:
    """A document of a type that lives by its lines, without any."""
    return DocumentRejected(
        "EmptyDocument", f"{field}: the document has none, so it would post nothing. Send it with at least one.", field
    )


def refuse_duplicate_fields(raw: bytes) -> None:
    """Refuse an object that names a key twice: readers differ in which of the two they take.

    Errors: DocumentRejected (DuplicateField).
    """

    def refuse_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
        content = dict(pairs)
        if len(content) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise DocumentRejected(
                "DuplicateField",
                f"{twice}: named twice in the same object, so it is unclear which holds. {_AGAIN}",
                twice,
            )
        return content

    json.loads(raw, object_pairs_hook=refuse_repeats, parse_float=str, parse_int=str)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


class _Constant:
    """Stands for NaN or an infinity in a message read with Python's lenient reader."""


def _path_of_constant(raw: bytes) -> str | None:
    try:
        content = json.loads(raw, parse_constant=lambda _: _Constant(), parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    return next(_paths_of_constants(content, ""), None)


def _paths_of_constants(value: object, path: str) -> Iterator[str]:
    if isinstance(value, _Constant):
        yield path
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _paths_of_constants(element, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, element in value.items():
            yield from _paths_of_constants(element, f"{path}.{key}" if path else key)


def _json_kind(value: object) -> str:
    if value is None:
        return "null stands"
    if isinstance(value, bool):
        return "true or false stands"
    if isinstance(value, list):
        return "a list stands"
    if isinstance(value, dict):
        return "an object stands"
    return "a number stands" if isinstance(value, int) else "text stands"
