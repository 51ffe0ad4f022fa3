"""A document with and without its request for a preview; everything else stays as its publisher wrote it."""

from __future__ import annotations

from datetime import date

import msgspec

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def asking_preview(raw: bytes) -> bytes:
    """The document with the request for a preview. Errors: msgspec.DecodeError where it is no JSON object."""
    return _encode({**_fields.decode(raw), "preview": msgspec.Raw(b"true")})


def without_preview(raw: bytes) -> bytes:
    """The document as it is to be posted. Errors: as `asking_preview`."""
    return _encode({name: value for name, value in _fields.decode(raw).items() if name != "preview"})


def on_day(raw: bytes, day: date) -> bytes:
    """The document as it is to be posted, at the start of another day. Errors: as `asking_preview`."""
    own = {name: value for name, value in _fields.decode(raw).items() if name != "preview"}
    return _encode({**own, "posting_datetime": msgspec.Raw(_encode(day))})
