"""The one throw-away cluster of a test run, shared by all its processes, and databases cloned from a migrated template."""

import contextlib
import fcntl
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from psycopg import sql

from worker.embedded import Endpoints, new_throwaway_folder, throwaway

TEMPLATE = "perpetua_template"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """A fresh, migrated database of one test, reached as each of the roles."""

    name: str
    owner_url: str
    worker_url: str
    reader_url: str
    admin_url: str


@contextlib.contextmanager
def shared_cluster(run_folder: Path) -> Iterator[Endpoints]:
    """Join the cluster of this test run; the first process to ask starts it, and it ends after the last."""
    with _locked(run_folder / "cluster.lock"):
        note = run_folder / "cluster"
        if not note.exists():
            note.write_text(str(new_throwaway_folder()), encoding="utf-8")
        servers = contextlib.ExitStack()
        endpoints = servers.enter_context(throwaway(Path(note.read_text(encoding="utf-8"))))
        _ensure_template(endpoints)
    with servers:
        yield endpoints


@contextlib.contextmanager
def fresh_database(cluster: Endpoints, worker_id: str) -> Iterator[Database]:
    """Clone the migrated template, and drop the clone afterwards with whoever is still connected to it."""
    name = f"test_{worker_id}_{os.getpid()}_{next(_numbers)}"
    _administer(cluster, "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER perpetua_owner", name, TEMPLATE)
    try:
        yield Database(
            name=name,
            owner_url=at_database(cluster.owner_database_url, name),
            worker_url=at_database(cluster.database_url, name),
            reader_url=at_database(cluster.reader_database_url, name),
            admin_url=at_database(cluster.admin_database_url, name),
        )
    finally:
        _administer(cluster, "DROP DATABASE {} WITH (FORCE)", name)


def clean_redis(cluster: Endpoints, worker_id: str) -> str:
    """Empty the logical database of this test process and return its URL."""
    # gw0 has database 1, gw1 database 2; a run in one process has database 0.
    index = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
    url = at_database(cluster.redis_url, str(index))
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


def at_database(url: str, database: str) -> str:
    """Return the same URL for another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def require_tool(name: str, path: str | None) -> str:
    """Return the tool's path; skip the test by the tool's name where it is missing, or fail where tools are required."""
    if path is None:
        if os.environ.get("PERPETUA_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{name} is missing, and PERPETUA_REQUIRE_TOOLS=1 asks for it")
        pytest.skip(f"needs {name}")
    return path


def _ensure_template(cluster: Endpoints) -> None:
    from worker.store.databases import migrate

    with psycopg.connect(cluster.admin_database_url) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            return
    # Migrated under another name first: a run that is interrupted here leaves no half-migrated template.
    unfinished = f"{TEMPLATE}_unfinished"
    _administer(cluster, "DROP DATABASE IF EXISTS {} WITH (FORCE)", unfinished)
    _administer(cluster, "CREATE DATABASE {} OWNER perpetua_owner", unfinished)
    migrate.upgrade(at_database(cluster.owner_database_url, unfinished))
    _administer(cluster, "ALTER DATABASE {} RENAME TO {}", unfinished, TEMPLATE)


def _administer(cluster: Endpoints, statement: str, *names: str) -> None:
    with psycopg.connect(cluster.admin_database_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
