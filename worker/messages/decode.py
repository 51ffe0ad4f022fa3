"""JSON messages to typed documents: the one door through which the contract comes in.

`decode` is called for every message of the stream, so it does the common case in a few microseconds (a typed decode in C,
exact numbers, a handful of checks) and spends time only on messages that it is going to refuse.
"""

from __future__ import annotations

from functools import lru_cache
from typing import get_args

import msgspec

from domain.cut_over import CutOver
from domain.documents import AnyDocument
from domain.errors import DocumentRejected
from domain.exact import NumberRefused
from domain.masters import AnyMaster
from domain.posting_time import PostingTime
from worker.messages import refusal
from worker.messages.rules import check
from worker.messages.text import check_text

MAX_BYTES = 5_000_000
REMEMBERED = 50_000  # numbers and times, a few megabytes of them

Message = AnyDocument | AnyMaster
DOCUMENT_TYPES = frozenset(str(shape.__struct_config__.tag) for shape in get_args(AnyDocument))
MASTER_TYPES = frozenset(str(shape.__struct_config__.tag) for shape in get_args(AnyMaster))


def _read_custom(kind: type, value: object) -> object:
    """Numbers and times of the contract; `kind` is Quantity, Rate, Money, PostingTime or RoundedTotal."""
    try:
        return kind.parse(value)  # type: ignore[attr-defined]
    except NumberRefused as refused:
        if type(value) is str or type(value) is int:
            raise
        raise refusal.wrong_type(kind, value) from refused
    except ValueError:
        if kind is PostingTime and not isinstance(value, str):
            raise refusal.wrong_type(kind, value) from None
        raise


# Prices and quantities repeat from document to document, and what they are read as never changes. (One is not True: hence the types.)
_remembered = lru_cache(maxsize=REMEMBERED, typed=True)(_read_custom)
# Numbers with a decimal point stay text until they are read exactly: no binary float ever exists.
_typed: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message, dec_hook=_remembered, float_hook=str)
# A list or an object can't be remembered; where one stands for a number, reading it again says what is wrong with it.
_careful: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message, dec_hook=_read_custom, float_hook=str)
_plain = msgspec.json.Decoder(float_hook=str)
_OWN_MASTERS = {"cut_over": msgspec.json.Decoder(CutOver)}
_encode = msgspec.json.Encoder().encode


def decode(raw: bytes) -> Message:
    """Read one JSON message as a document or master.

    Errors: DocumentRejected with a catalogued code, the JSON path of the field, and what to do. Nothing else is ever raised,
    whatever the bytes are. Masters, balances and stated totals are not looked at here: that is the domain's decision.
    """
    if len(raw) > MAX_BYTES:
        raise refusal.too_large(len(raw), MAX_BYTES)
    try:
        message = _typed.decode(raw)
        content = _plain.decode(raw)
    except msgspec.ValidationError as error:
        raise _refused(error, raw) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refusal.from_malformed(raw, error) from error
    except RecursionError:
        raise refusal.too_deep() from None
    # A key named twice loses a colon when its object is written again. An escape may hide a colon, hence the second look.
    if b"\\u" in raw or _encode(content).count(b":") != raw.count(b":"):
        refusal.refuse_duplicate_fields(raw)
    check_text(raw, content)
    check(message)
    return message


def _refused(error: msgspec.ValidationError, raw: bytes) -> DocumentRejected:
    try:
        _careful.decode(raw)
    except msgspec.ValidationError as told:
        error = told
    return refusal.from_validation(error, raw)


def decode_accepted(raw: bytes) -> Message:
    """Read a message that has passed `decode` before: the shape alone, in half the time.

    Errors: DocumentRejected, as `decode`: a stored document may be older than today's shapes.
    """
    try:
        return _typed.decode(raw)
    except msgspec.DecodeError as error:
        if isinstance(error, msgspec.ValidationError):
            raise _refused(error, raw) from error
        raise refusal.from_malformed(raw, error) from error


def decode_master(kind: str, raw: bytes) -> object:
    """Read a stored master; some kinds the system writes itself, and no publisher may send them. Errors: as `decode`."""
    own = _OWN_MASTERS.get(kind)
    return decode(raw) if own is None else own.decode(raw)


def plain(raw: bytes) -> object:
    """The untyped content of a message that decodes; numbers with a point are text."""
    return _plain.decode(raw)
