"""Who hears what: the recipients of a company, its own before shared ones, by the mails that they name or that their role gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.masters import Mail, Recipient
from worker.messages import decode_accepted
from worker.store.database import Rows
from worker.store.intake.masters import newest_of_kind
from worker.store.names.companies import SHARED_COMPANY

_BY_ROLE: Final[dict[str | None, frozenset[Mail]]] = {
    None: frozenset({"nightly"}),
    "finance": frozenset({"nightly"}),
    "operations": frozenset({"alert"}),
    "management": frozenset({"digest"}),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """An address and the locale in which figures are written for it."""

    address: str
    locale: str


class Recipients:
    """All recipients as they are known now."""

    def __init__(self, connection: Rows) -> None:
        self._by_company: dict[int, dict[str, Recipient]] = {}
        for company, payload in newest_of_kind(connection, "recipient"):
            recipient = decode_accepted(payload)
            if isinstance(recipient, Recipient):
                self._by_company.setdefault(company, {})[recipient.name] = recipient

    def of(self, company: int, mail: Mail) -> list[Reader]:
        """Who gets a mail of a company, each address once."""
        return _once(one for one in self._known(company) if mail in _mails(one))

    def of_alert(self, company: int) -> list[Reader]:
        """Who is told that something is wrong: where nobody is named for it, everybody of the company, rather than no one."""
        return self.of(company, "alert") or _once(self._known(company))

    def digests(self, companies: Iterable[int]) -> dict[frozenset[int], list[Reader]]:
        """Who gets a digest, by the companies that it is about: those that name the reader, or all where a shared recipient does."""
        about: dict[Reader, set[int]] = {}
        for company in companies:
            for reader in self.of(company, "digest"):
                about.setdefault(reader, set()).add(company)
        grouped: dict[frozenset[int], list[Reader]] = {}
        for reader, known in about.items():
            grouped.setdefault(frozenset(known), []).append(reader)
        return grouped

    def _known(self, company: int) -> list[Recipient]:
        known = self._by_company.get(SHARED_COMPANY, {}) | self._by_company.get(company, {})
        return [one for _, one in sorted(known.items()) if not one.disabled]


def _mails(recipient: Recipient) -> frozenset[Mail]:
    return frozenset(recipient.mails) or _BY_ROLE[recipient.role]


def _once(recipients: Iterable[Recipient]) -> list[Reader]:
    found: dict[str, Reader] = {}
    for one in recipients:
        found.setdefault(one.email.casefold(), Reader(one.email, one.locale))
    return list(found.values())
