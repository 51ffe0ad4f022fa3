"""Who may publish: their newest masters, their keys, and the record of what was refused or changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from worker.store.database import Rows
from worker.store.intake.incoming import Incoming
from worker.store.names.companies import SHARED_COMPANY

REFUSED = "refused"

_json = msgspec.json.Encoder().encode


class Known(NamedTuple):
    """A publisher as it is registered: its newest master as JSON, and the ids of its keys that are in use, oldest first."""

    name: str
    payload: bytes
    key_ids: tuple[str, ...]


class Key(NamedTuple):
    """A key in use."""

    publisher: str
    key_id: str
    added_at: datetime
    added_by: str


class Refused(NamedTuple):
    """A message that was refused before it could be filed, or came under a number that is taken; `content_hash` in hexadecimal."""

    at: datetime
    publisher: str
    type: str
    number: str
    message_id: str
    content_hash: str
    error: dict[str, Any]


class Event(NamedTuple):
    """What happened to a publisher: a message of its name was refused, or an operator changed it."""

    at: datetime
    publisher: str
    action: str
    actor: str
    company: str
    type: str
    number: str
    message_id: str
    content_hash: str
    details: dict[str, Any]


def known_publishers(connection: Rows, names: Iterable[str] | None = None) -> dict[str, Known]:
    """The publishers of these names, or all of them, by name."""
    wanted = None if names is None else list(names)
    found = connection.execute(
        "SELECT DISTINCT ON (m.name) m.name, m.payload, ARRAY(SELECT k.key_id FROM publisher_key k WHERE k.company_id = 0 "
        "AND k.publisher = m.name AND k.retired_at IS NULL ORDER BY k.added_at, k.key_id) FROM master m "
        "WHERE m.company_id = 0 AND m.kind = 'publisher' AND (%(names)s::text[] IS NULL OR m.name = ANY(%(names)s)) "
        "ORDER BY m.name, m.version DESC",
        {"names": wanted},
    )
    return {name: Known(name, payload.encode(), tuple(keys)) for name, payload, keys in found}


def add_key(connection: Rows, publisher: str, key_id: str, actor: str) -> None:
    """Put a key into use."""
    connection.execute(
        "INSERT INTO publisher_key (company_id, publisher, key_id, added_at, added_by) VALUES (0, %s, %s, clock_timestamp(), %s)",
        [publisher, key_id, actor],
    )


def retire_keys(connection: Rows, publisher: str, key_ids: Sequence[str], actor: str) -> None:
    """Take keys out of use, for good."""
    connection.execute(
        "UPDATE publisher_key SET retired_at = clock_timestamp(), retired_by = %s "
        "WHERE company_id = 0 AND publisher = %s AND key_id = ANY(%s) AND retired_at IS NULL",
        [actor, publisher, list(key_ids)],
    )


def lock_publishers(connection: Rows) -> None:
    """Let nobody else change a publisher's keys until this transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('perpetua publishers'))")


def write_change(connection: Rows, publisher: str, action: str, actor: str, details: dict[str, Any]) -> None:
    """Record what an operator changed."""
    _write(connection, [(publisher, action, actor, "", "", "", "", None, details)])


def write_refusals(connection: Rows, barred: Iterable[Incoming]) -> None:
    """Record messages refused at the door, once each however often the stream delivers them."""
    _write(
        connection,
        [
            (m.publisher, REFUSED, "intake", m.company, m.type, m.number, m.message_id, m.content_hash, m.error or {})
            for m in barred
        ],
    )


def _write(connection: Rows, events: Sequence[tuple[Any, ...]]) -> None:
    if not events:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO publisher_event (company_id, event_id, at, publisher, action, actor, company, type, number, message_id, "
            "content_hash, details) VALUES (0, %s, clock_timestamp(), %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [(secrets.token_hex(8), *event[:-1], _json(event[-1]).decode()) for event in events],
        )


def events(connection: Rows, publisher: str | None = None, limit: int = 1000) -> Iterator[Event]:
    """What happened, newest first; of one publisher, or of all."""
    of = "" if publisher is None else "AND publisher = %(name)s "
    found = connection.execute(
        "SELECT at, publisher, action, actor, company, type, number, message_id, coalesce(encode(content_hash, 'hex'), ''), details "
        f"FROM publisher_event WHERE company_id = 0 {of}ORDER BY at DESC, event_id DESC LIMIT %(limit)s",
        {"name": publisher, "limit": limit},
    )
    yield from (Event(*row) for row in found)


def keys_in_use(connection: Rows) -> list[Key]:
    """Every key in use, oldest first."""
    found = connection.execute(
        "SELECT publisher, key_id, added_at, added_by FROM publisher_key WHERE company_id = 0 AND retired_at IS NULL "
        "ORDER BY added_at, key_id"
    )
    return [Key(*row) for row in found]


def note_seen(connection: Rows, publishers: Iterable[str]) -> None:
    """Note that these publishers were heard of now."""
    connection.execute(
        "INSERT INTO publisher_seen (company_id, publisher, seen_at) SELECT 0, name, clock_timestamp() FROM unnest(%s::text[]) name "
        "ON CONFLICT (company_id, publisher) DO UPDATE SET seen_at = excluded.seen_at",
        [sorted(publishers)],
    )


def last_seen(connection: Rows) -> dict[str, datetime]:
    """When each publisher was heard of last, by name."""
    return dict(connection.execute("SELECT publisher, seen_at FROM publisher_seen WHERE company_id = 0").fetchall())


def refused_page(
    connection: Rows, company: int, publisher: str, *, before: tuple[datetime, str] | None = None, limit: int = 50
) -> list[Refused]:
    """What was refused in a publisher's name and is kept, newest first: of the company, or of none that could be told.

    `before` is the last of the page before: its time and its content hash.
    """
    walk = (
        "(SELECT received_at, publisher, type, number, message_id, encode(content_hash, 'hex') AS content, error FROM refused_message "
        "WHERE company_id = {} AND publisher = %(publisher)s AND received_at <= %(at)s "
        "AND (received_at < %(at)s OR encode(content_hash, 'hex') < %(content)s) "
        "ORDER BY received_at DESC, encode(content_hash, 'hex') DESC LIMIT %(limit)s)"
    )
    found = connection.execute(
        f"SELECT * FROM ({walk.format(0)} UNION ALL {walk.format('%(company)s')}) refused ORDER BY 1 DESC, content DESC LIMIT %(limit)s",
        {
            "company": company, "publisher": publisher, "at": before[0] if before else "infinity",
            "content": before[1] if before else "", "limit": limit,
        },
    )  # fmt: skip
    return [Refused(*row) for row in found]


def kept_message(connection: Rows, content_hash: bytes, company: int = SHARED_COMPANY) -> bytes | None:
    """The bytes of a message that was refused, as they came, of no company or of this one; None where none of that hash was."""
    row = connection.execute(
        "SELECT raw FROM refused_message WHERE company_id = ANY(%s) AND content_hash = %s LIMIT 1",
        [[SHARED_COMPANY, company], content_hash],
    ).fetchone()
    return None if row is None else bytes(row[0])
