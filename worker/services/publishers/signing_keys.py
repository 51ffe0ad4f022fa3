"""Keys of publishers: worked out from the installation's one secret, so that no table and no backup holds any of them."""

from __future__ import annotations

import base64
import hmac
import secrets
from pathlib import Path
from typing import Final

from worker.secret_file import write_secret
from worker.settings import Settings

_PURPOSE: Final = b"perpetua publisher key 1"
_FILE: Final = "signing-secret"


def new_key_id() -> str:
    """The id of a key that was never given out before."""
    return secrets.token_hex(4)


def key_of_publisher(secret: str, publisher: str, key_id: str) -> str:
    """A publisher's key: its id, a point, and 32 bytes in URL-safe base64. The whole text is what documents are signed with."""
    derived = hmac.digest(secret.encode(), b"\n".join((_PURPOSE, publisher.encode(), key_id.encode())), "sha256")
    return f"{key_id}.{base64.urlsafe_b64encode(derived).decode().rstrip('=')}"


def signing_secret(settings: Settings) -> str | None:
    """The installation's secret: the setting, or what was made up in the data folder; None where there is neither."""
    if settings.signing_secret is not None:
        return settings.signing_secret
    try:
        return _path(settings).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def make_signing_secret(settings: Settings) -> str:
    """Make up the installation's secret and keep it in the data folder, for its owner alone."""
    made = secrets.token_hex(32)
    settings.home.mkdir(parents=True, exist_ok=True)
    write_secret(_path(settings), made.encode())
    return made


def _path(settings: Settings) -> Path:
    return settings.home / _FILE
