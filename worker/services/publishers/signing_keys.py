"""Keys of publishers: worked out from the installation's one secret, so that no table and no backup holds any of them."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Final

_PURPOSE: Final = b"perpetua publisher key 1"


def new_key_id() -> str:
    """The id of a key that was never given out before."""
    return secrets.token_hex(4)


def key_of_publisher(secret: str, publisher: str, key_id: str) -> str:
    """A publisher's key: its id, a point, and 32 bytes in URL-safe base64. The whole text is what documents are signed with."""
    derived = hmac.digest(secret.encode(), b"\n".join((_PURPOSE, publisher.encode(), key_id.encode())), "sha256")
    return f"{key_id}.{base64.urlsafe_b64encode(derived).decode().rstrip('=')}"
