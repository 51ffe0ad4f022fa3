"""Signatures of publishers: HMAC-SHA256 over who publishes, when it was signed, and the very bytes of the document."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final

# What is signed begins with what it is meant for, so that no signature made for anything else passes for one of a document.
PURPOSE: Final = b"perpetua document 1"


def sign(key: str, publisher: str, signed_at: str, document: bytes) -> str:
    """The signature of a document, in lower-case hexadecimal.

    `key` is the publisher's key as it was given out, `signed_at` whole seconds since 1970 in decimal digits. What is signed is four
    lines: the purpose, the publisher, the time, the document; the document itself may hold further lines.
    """
    return _digest(key, _signed(publisher, signed_at, document)).hex()


def is_signed_by(keys: Iterable[str], publisher: str, signed_at: str, document: bytes, signature: str) -> bool:
    """Whether one of these keys made the signature; takes as long for a wrong one as for a right one."""
    try:
        stated = bytes.fromhex(signature)
    except ValueError:
        return False
    message = _signed(publisher, signed_at, document)
    matches = [hmac.compare_digest(_digest(key, message), stated) for key in keys]
    return any(matches)


def _signed(publisher: str, signed_at: str, document: bytes) -> bytes:
    return b"\n".join((PURPOSE, publisher.encode(), signed_at.encode(), document))


def _digest(key: str, message: bytes) -> bytes:
    return hmac.digest(key.encode(), message, "sha256")
