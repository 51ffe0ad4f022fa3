"""Secrets taken out of what is written: passwords in URLs of whatever kind, and the secrets that the settings hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from urllib.parse import unquote, urlsplit

from worker.settings import Settings

HIDDEN = "***"

_IN_URL = re.compile(r"(?<=://)([^/@\s'\"]*?):([^/@\s'\"]*)(?=@)")
# A shorter one is no secret, and would be found within ordinary words.
_SHORTEST = 6


class Redaction:
    """Replaces secrets in a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first, so that one which holds another does not leave its end behind.
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def of(self, text: str) -> str:
        """The text without secrets."""
        if "://" in text:
            text = _IN_URL.sub(rf"\1:{HIDDEN}", text)
        return text if self._known is None else self._known.sub(HIDDEN, text)


def secrets_of(settings: Settings) -> set[str]:
    """The passwords among the settings: whatever is kept out of their representation, as written and as meant."""
    values = (getattr(settings, field.name) for field in fields(settings) if not field.repr)
    written = {secret for value in values if value for secret in _secrets_in(str(value))}
    return written | {unquote(secret) for secret in written}


def _secrets_in(value: str) -> Iterator[str]:
    if "://" not in value:
        # A login is user:password; anything else is a secret as a whole.
        yield value.partition(":")[2] or value
        return
    for url in value.split(";"):
        password = urlsplit(url).password
        if password:
            yield password
