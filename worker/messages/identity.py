"""Which document a message is, and whether two messages say the same.

The idempotency key is (company, type, number). Two messages with one key are the same document when their content is the same:
first by the hash of their bytes, and where that differs by their canonical form.
"""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

import msgspec

from domain.documents import AnyDocument
from domain.documents.shape import Document
from domain.errors import DocumentRejected
from domain.masters import SHARED, AnyMaster, Item
from worker.messages.decode import MASTER_TYPES, MAX_BYTES, decode, plain
from worker.messages.encode import canonical_document, canonical_plain
from worker.messages.text import is_name


class Key(NamedTuple):
    """What identifies a document for ever; a master's number is its name, an item's its code."""

    company: str
    type: str
    number: str


def key_of(message: AnyDocument | AnyMaster) -> Key:
    """The key of a decoded document or master."""
    kind = str(message.__struct_config__.tag)
    if isinstance(message, Document):
        return Key(message.company, kind, message.number)
    return Key(message.company, kind, message.code if isinstance(message, Item) else message.name)


def read_key(raw: bytes) -> Key | None:
    """The key of a message whose shape is wrong, so that its rejection can be filed under it; None when unreadable.

    The type is as stated and may be unknown. A company, type or number that is not a proper name makes the key unreadable.
    """
    if len(raw) > MAX_BYTES:
        return None
    stated = _read_object(raw)
    kind, company, number = stated.get("type"), stated.get("company"), stated.get("number")
    if isinstance(kind, str) and kind in MASTER_TYPES:
        company = SHARED if company is None else company
        number = stated.get("code" if kind == "item" else "name")
    if is_name(company) and is_name(kind) and is_name(number):
        return Key(company, kind, number)
    return None


def asks_preview(raw: bytes) -> bool:
    """Whether a message asks for a preview, also one that does not decode; its refusal is then filed nowhere."""
    return len(raw) <= MAX_BYTES and _read_object(raw).get("preview") is True


def _nameless(_: str) -> None:
    """A number names nothing, and it may be too long to be worth reading."""


def _read_object(raw: bytes) -> dict[str, object]:
    """The message as Python's lenient reader has it (NaN included); empty where it is no JSON object."""
    try:
        content = json.loads(raw, parse_float=_nameless, parse_int=_nameless)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def content_hash(raw: bytes) -> bytes:
    """SHA-256 of the bytes as they came: equal hashes are equal content, without reading it."""
    return hashlib.sha256(raw).digest()


def canonical(raw: bytes) -> bytes:
    """One form for all ways of writing the same content: order of keys, blanks, 1 or 1.0 or "1", stated defaults.

    Looked at only where the hashes of two messages with one key differ. A message that does not decode is normalised as far
    as JSON goes; bytes that are not JSON stand for themselves.
    """
    try:
        return canonical_document(decode(raw))
    except DocumentRejected:
        pass
    try:
        return canonical_plain(plain(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return raw
