"""A database for one replay: cloned from a migrated template on the embedded servers, dropped at the end.

Replays never touch a configured server: their books are thrown away, and nobody's production cluster should see them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import Connection, sql

from worker import embedded
from worker.embedded.process import alive
from worker.store.database import Database
from worker.store.databases import migrate

_PREFIX: Final = "perpetua_replay"
_ONE_AT_A_TIME: Final = 7_050_115  # any number, as long as every replay takes the same


@contextlib.contextmanager
def throwaway_database(home: Path) -> Iterator[Database]:
    """Books that vanish with the replay. Errors: EmbeddedServerError where no server can be started."""
    endpoints = embedded.ensure_running(home)
    name = f"{_PREFIX}_{os.getpid()}"
    with psycopg.connect(endpoints.admin_database_url, autocommit=True) as admin:
        template = _template(admin, endpoints.owner_database_url)
        _drop_left_behind(admin)
        owner = urlsplit(endpoints.owner_database_url).username or ""
        _run(admin, "CREATE DATABASE {} OWNER {} TEMPLATE {}", name, owner, template)
        try:
            # What is thrown away need not outlive a power cut.
            _run(admin, "ALTER DATABASE {} SET synchronous_commit = off", name)
            database = Database(on_database(endpoints.database_url, name))
            try:
                yield database
            finally:
                database.close()
        finally:
            _run(admin, "DROP DATABASE {} WITH (FORCE)", name)


def recreate_database(admin: Connection[Any], owner_url: str) -> None:
    """Drop the database that a URL names, whatever it holds, and create it empty under the same owner."""
    parts = urlsplit(owner_url)
    name = parts.path.lstrip("/")
    _run(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _run(admin, "CREATE DATABASE {} OWNER {}", name, parts.username or "")


def on_database(url: str, name: str) -> str:
    """The same server and login, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _template(admin: Connection[Any], owner_url: str) -> str:
    """An empty database at the newest schema, made once per schema and kept; older ones are dropped."""
    name = f"{_PREFIX}_template_{_fingerprint()}"
    admin.execute("SELECT pg_advisory_lock(%s)", (_ONE_AT_A_TIME,))
    try:
        known = [
            row[0]
            for row in admin.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{_PREFIX}_template_%",)
            )
        ]
        for old in known:
            if old != name:
                _run(admin, "DROP DATABASE {} WITH (FORCE)", old)
        # A template that was not finished is one whose migration never committed; it is migrated now.
        if name not in known:
            _run(admin, "CREATE DATABASE {} OWNER {}", name, urlsplit(owner_url).username or "")
        migrate.upgrade(on_database(owner_url, name))
    finally:
        admin.execute("SELECT pg_advisory_unlock(%s)", (_ONE_AT_A_TIME,))
    return name


def _fingerprint() -> str:
    """Short text that changes with the migrations: while one is being written, its number alone would not tell."""
    content = hashlib.sha256()
    for path in sorted(migrate.MIGRATIONS.rglob("*")):
        if path.suffix in {".py", ".sql"}:
            content.update(path.read_bytes())
    return content.hexdigest()[:12]


def _drop_left_behind(admin: Connection[Any]) -> None:
    """Databases of replays that were killed before they could drop them."""
    for (name,) in admin.execute(
        "SELECT datname FROM pg_database WHERE datname ~ %s", (f"^{_PREFIX}_[0-9]+$",)
    ).fetchall():
        pid = int(name.rsplit("_", 1)[1])
        if pid == os.getpid() or not alive(pid):
            _run(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _run(admin: Connection[Any], statement: str, *names: str) -> None:
    admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
