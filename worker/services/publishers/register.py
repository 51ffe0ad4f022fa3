"""Publishers registered, changed and shut out by an operator: each change is a version of the master, and a record of who made it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from domain.masters import Publisher
from worker.messages import canonical, decode, encode
from worker.services.acceptance import Message, read
from worker.services.publishers.signing_keys import key_of_publisher, new_key_id
from worker.store.database import Database, Rows
from worker.store.intake.acceptance import accept
from worker.store.intake.publishers import Known, add_key, known_publishers, lock_publishers, retire_keys, write_change

# One in use and its successor: while both are, apps change over one by one.
MOST_KEYS = 2


class PublisherError(ValueError):
    """A publisher can't be changed as asked; one line that says what to do instead."""


class Given(NamedTuple):
    """A key just put into use; it is shown this once, and kept by nobody but the publisher."""

    key_id: str
    key: str


class Publishers:
    """The register, as one operator (`actor`) changes it; whatever can't be done raises PublisherError, and nothing has changed."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    def add(self, publisher: Publisher, secret: str | None) -> Given | None:
        """Register a publisher; with the installation's secret it gets a key, without one it does not sign."""
        with self._changing() as connection:
            known = known_publishers(connection, [publisher.name]).get(publisher.name)
            if known is not None and not master_of(known).disabled:
                raise PublisherError(
                    f"there is a publisher {publisher.name} already: allow, rotate or revoke changes it"
                )
            self._put(connection, publisher, "added")
            return None if secret is None else self._give(connection, publisher.name, secret)

    def allow(self, name: str, companies: list[str] | None, types: list[str] | None) -> None:
        """Let a publisher publish into these companies, and these types, and no others; None for any."""
        with self._changing() as connection:
            master = master_of(_existing(connection, name))
            allowed = msgspec.structs.replace(master, companies=companies, document_types=types)
            self._put(connection, allowed, "allowed")

    def rotate(self, name: str, secret: str) -> Given:
        """Put another key into use beside the one that is."""
        with self._changing() as connection:
            used = _existing(connection, name).key_ids
            if len(used) >= MOST_KEYS:
                raise PublisherError(
                    f"{name} has {len(used)} keys in use ({', '.join(used)}): retire the older one first"
                )
            return self._give(connection, name, secret)

    def retire(self, name: str, key_id: str) -> None:
        """Take a key out of use, at once and for good; the last one only by revoking."""
        with self._changing() as connection:
            used = _existing(connection, name).key_ids
            if key_id not in used:
                raise PublisherError(f"{name} has no key {key_id} in use; in use: {', '.join(used) or 'none'}")
            if len(used) == 1:
                raise PublisherError(f"{key_id} is the only key of {name}: rotate first, or revoke the publisher")
            retire_keys(connection, name, [key_id], self._actor)
            write_change(connection, name, "key retired", self._actor, {"key_id": key_id})

    def revoke(self, name: str) -> None:
        """Let a publisher publish nothing any more, and take all its keys out of use."""
        with self._changing() as connection:
            known = _existing(connection, name)
            retire_keys(connection, name, known.key_ids, self._actor)
            self._put(connection, msgspec.structs.replace(master_of(known), disabled=True), "revoked")

    @contextmanager
    def _changing(self) -> Iterator[Rows]:
        with self._database.transaction() as connection:
            lock_publishers(connection)
            yield connection

    def _put(self, connection: Rows, publisher: Publisher, action: str) -> None:
        master = msgspec.structs.replace(publisher, actor=self._actor)
        incoming = read(Message(encode(master), self._actor))
        if incoming.error is not None:
            raise PublisherError(str(incoming.error["message"]))
        accept(connection, [incoming], canonical=canonical)
        write_change(connection, publisher.name, action, self._actor, msgspec.to_builtins(master))

    def _give(self, connection: Rows, name: str, secret: str) -> Given:
        key_id = new_key_id()
        add_key(connection, name, key_id, self._actor)
        write_change(connection, name, "key added", self._actor, {"key_id": key_id})
        return Given(key_id, key_of_publisher(secret, name, key_id))


def master_of(known: Known) -> Publisher:
    """What a publisher may publish, as its newest master has it."""
    master = decode(known.payload)
    assert isinstance(master, Publisher)  # noqa: S101 - the store's kind says so
    return master


def _existing(connection: Rows, name: str) -> Known:
    known = known_publishers(connection, [name]).get(name)
    if known is None or master_of(known).disabled:
        raise PublisherError(f"no publisher {name} is registered: perpetua publisher list shows who is")
    return known
