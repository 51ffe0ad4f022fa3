"""The installation's one secret, from which publishers' keys and the seals on tasks are worked out."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from worker.secret_file import write_secret
from worker.settings import Settings

_FILE: Final = "signing-secret"


def signing_secret(settings: Settings) -> str | None:
    """The secret: the setting, or what was made up in the data folder; None where there is neither."""
    if settings.signing_secret is not None:
        return settings.signing_secret
    try:
        return _path(settings).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def make_signing_secret(settings: Settings) -> str:
    """Make up a secret and keep it in the data folder, for its owner alone."""
    made = secrets.token_hex(32)
    settings.home.mkdir(parents=True, exist_ok=True)
    write_secret(_path(settings), made.encode())
    return made


def _path(settings: Settings) -> Path:
    return settings.home / _FILE
