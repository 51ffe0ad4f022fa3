"""Text that people and PostgreSQL can live with: no control characters, no names made of blanks."""

from __future__ import annotations

import re
from typing import TypeGuard

from domain.errors import DocumentRejected

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_IN_REMARKS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_PROSE = frozenset({"remarks", "reason"})  # fields for people, where a line break is fine


def check_text(raw: bytes, content: object) -> None:
    """Refuse control characters and blank text, anywhere in a decoded message.

    JSON can carry a control character only as an escape, beyond ASCII or as DEL, and text of blanks only begins with a blank,
    so nearly every message is settled by looking at its bytes. Errors: DocumentRejected (ControlCharacter, EmptyText).
    """
    if raw.isascii() and b"\\" not in raw and b"\x7f" not in raw and b'" ' not in raw:
        return
    _walk(content, "", "")


def is_name(value: object) -> TypeGuard[str]:
    """Whether a value can name something: text of 1 to 140 characters, not blank, without control characters."""
    return isinstance(value, str) and 0 < len(value) <= 140 and not value.isspace() and not _CONTROL.search(value)


def _walk(value: object, path: str, name: str) -> None:
    if isinstance(value, str):
        _check_one(value, path, name)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            _walk(element, f"{path}[{index}]", name)
    elif isinstance(value, dict):
        for key, element in value.items():
            inner = f"{path}.{key}" if path else key
            _check_one(key, path or repr(key), "")
            _walk(element, inner, key)


def _check_one(text: str, path: str, name: str) -> None:
    if (_CONTROL_IN_REMARKS if name in _PROSE else _CONTROL).search(text):
        raise DocumentRejected(
            "ControlCharacter",
            f"{path}: {text[:60]!r} contains a control character, which ledgers and reports cannot show. "
            "Remove it at the source and send the document again.",
            path,
        )
    if text.isspace() and name not in _PROSE:
        raise DocumentRejected(
            "EmptyText", f"{path}: the text is blank. Leave the field out, or give it a value and send it again.", path
        )
