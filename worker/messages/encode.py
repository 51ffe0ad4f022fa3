"""Typed documents back to JSON: for the client, for documents that the system generates, and to compare content."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import msgspec

from domain.documents import AnyDocument
from domain.documents.sales_invoice import RoundedTotal
from domain.exact import show
from domain.masters import AnyMaster
from domain.money import RATE_SCALE, Money, Rate
from domain.posting_time import PostingTime
from domain.quantity import Quantity, show_quantity


def _write_custom(value: object) -> object:
    """Numbers as decimal text, so that no reader can take them for binary floats; times as stated."""
    if isinstance(value, Quantity):
        return show_quantity(value)
    if isinstance(value, Rate | Money):
        return show(value, RATE_SCALE)
    if isinstance(value, PostingTime):
        return value.stated.isoformat()
    if isinstance(value, RoundedTotal):
        return value.wanted if value.stated is None else show(value.stated, RATE_SCALE)
    raise TypeError(f"{type(value).__name__} is no type of the contract; give it a form in worker/messages/encode.py")


def _write_canonical(value: object) -> object:
    """As documents are written, but with one form for one instant."""
    if isinstance(value, PostingTime) and value.stated.tzinfo is not None:
        return value.stated.astimezone(UTC).isoformat()
    return _write_custom(value)


_encoder = msgspec.json.Encoder(enc_hook=_write_custom)
_canonical = msgspec.json.Encoder(enc_hook=_write_canonical, order="sorted")


def encode(message: AnyDocument | AnyMaster) -> bytes:
    """One JSON object without blanks; decode(encode(message)) == message."""
    return _encoder.encode(message)


def encode_outcome(outcome: dict[str, Any]) -> bytes:
    """An outcome as JSON; scaled numbers in its details become decimal text."""
    return _encoder.encode(outcome)


def canonical_document(message: AnyDocument | AnyMaster) -> bytes:
    """The one form of a decoded message: sorted keys, numbers as shortest text, defaults as if stated."""
    return _canonical.encode(message)


def canonical_plain(content: object) -> bytes:
    """The one form of JSON whose shape is not known: sorted keys, numbers as text."""
    return _canonical.encode(_numbers_as_text(content))


def _numbers_as_text(value: object) -> object:
    if isinstance(value, dict):
        return {key: _numbers_as_text(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_numbers_as_text(element) for element in value]
    return str(value) if type(value) is int else value
