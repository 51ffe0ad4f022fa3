"""Publishers: who may publish what, with which keys, when each was last heard of, and what was refused in its name."""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, NamedTuple

from tornado.web import HTTPError

from domain.masters import Publisher
from worker.desk.page import PAGE_ROWS, Action, Company, DeskHandler, Page, Told
from worker.desk.roles import Role
from worker.services.publishers import PublisherError, Publishers, master_of
from worker.store.database import Rows
from worker.store.intake.publishers import (
    Key,
    events,
    kept_message,
    keys_in_use,
    known_publishers,
    last_seen,
    refused_page,
)

# A key that was given out so long ago has been in too many hands.
OLD_KEY_DAYS: Final = 365
EVENTS: Final = 20


class Listed(NamedTuple):
    """A publisher as the list shows it; each key with its age in days."""

    master: Publisher
    state: str
    keys: list[tuple[Key, int]]
    seen_at: datetime | None


class PublishersPage(Page):
    """Everybody who is registered, and what was refused or changed last."""

    tab = "publishers"
    template = "publishers.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:  # noqa: ARG002 - publishers are shared
        """All publishers, and the newest events."""
        now, seen = datetime.now(UTC), last_seen(connection)
        keys: dict[str, list[tuple[Key, int]]] = {}
        for key in keys_in_use(connection):
            keys.setdefault(key.publisher, []).append((key, (now - key.added_at).days))
        known = sorted(known_publishers(connection).values())
        return {
            "publishers": [
                Listed(master, _state(master, keys.get(one.name, [])), keys.get(one.name, []), seen.get(one.name))
                for one in known
                for master in [master_of(one)]
            ],
            "required": self.tools.settings.signing == "required",
            "old_key_days": OLD_KEY_DAYS,
            "events": list(events(connection, None, EVENTS)),
        }


class RefusedPage(Page):
    """What was refused in a publisher's name, newest first."""

    tab = "publishers"
    template = "refused_messages.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """One page of what is kept."""
        publisher = self.get_query_argument("publisher", "").replace("\0", "")[:300]
        rows = refused_page(connection, company.number, publisher, before=self.after("content"), limit=PAGE_ROWS + 1)
        return {"publisher": publisher, **self.by_time(rows, "content", lambda row: row.content_hash)}


class RefusedFile(DeskHandler):
    """A refused message byte for byte as it came, as a file: nothing that it says is shown on a page of ours."""

    async def get(self, company: str, content: str) -> None:
        """Hand it out. Errors: HTTPError 404."""
        raw = await self.in_books(self._kept, int(company), bytes.fromhex(content))
        if raw is None:
            raise HTTPError(404, "No refused message has that content.")
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f'attachment; filename="refused-{content[:16]}.json"')
        self.write(raw)

    def _kept(self, company: int, content: bytes) -> bytes | None:
        with self.tools.database.transaction() as connection:
            return kept_message(connection, content, company)


class PublisherAction(Action):
    """What is done with one publisher."""

    writes: ClassVar[Role | None] = Role.ADMINISTER

    def asked(self, company: int, *_: str) -> dict[str, Any]:  # noqa: ARG002 - the form says who
        """Which publisher, and which key."""
        return {"details": {name: self.field(name) for name in ("publisher", "key") if self.field(name)}}

    def act(self, company: int, *_: str) -> Told:
        """Change the register."""
        name = self.field("publisher")
        try:
            return Told(self.change(Publishers(self.tools.database, self.person), name), self.page(company))
        except PublisherError as refused:
            return Told(f"Refused: {refused}.", self.page(company), well=False)

    @abstractmethod
    def change(self, register: Publishers, name: str) -> str:
        """Change it, and say what came of it. Errors: PublisherError."""

    def page(self, company: int, *_: str) -> str:
        """The page of publishers."""
        return f"/desk/{company}/publishers"


class Revoke(PublisherAction):
    """Let a publisher publish nothing any more."""

    action = "revoke publisher"

    def change(self, register: Publishers, name: str) -> str:
        """Disable it, and take its keys out of use."""
        register.revoke(name)
        return f"{name} may publish nothing any more. Lock its login to the broker as well."


class RetireKey(PublisherAction):
    """Take one of a publisher's keys out of use."""

    action = "retire key"

    def change(self, register: Publishers, name: str) -> str:
        """Retire it, at once and for good."""
        key = self.field("key")
        register.retire(name, key)
        return f"Nothing that {name} signs with {key} comes in any more."


def _state(master: Publisher, keys: list[tuple[Key, int]]) -> str:
    if master.disabled:
        return "revoked"
    return "signs" if master.requires_signature or keys else "does not sign"
