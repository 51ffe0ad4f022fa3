"""The way to PostgreSQL: whatever is away is Unavailable within seconds, and what died while idle is opened anew."""

import socket

import psycopg
import pytest

from domain.errors import Unavailable
from tests.support.servers import Database as FreshDatabase
from worker.store.database import Database


def test_a_server_that_never_answers_is_away_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://worker:secret@127.0.0.1:{silent.getsockname()[1]}/books"
        with Database(url, connect_seconds=2) as store, pytest.raises(Unavailable, match="timeout") as caught:
            _ask(store)
    assert caught.value.code == "DatabaseUnavailable"
    assert "secret" not in str(caught.value)


def test_a_closed_port_is_away_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Database(f"postgresql://worker:secret@127.0.0.1:{port}/books") as store, pytest.raises(Unavailable) as caught:
        _ask(store)
    assert "Nothing is lost; it is tried again." in str(caught.value)


def test_a_connection_that_died_while_idle_is_opened_anew(database: FreshDatabase) -> None:
    with Database(database.worker_url) as store:
        first = _ask(store)
        assert _ask(store) == first
        _terminate(database, first)
        assert _ask(store) != first


def test_a_connection_that_dies_in_a_transaction_is_away_and_the_next_one_works(database: FreshDatabase) -> None:
    with Database(database.worker_url) as store:
        with pytest.raises(Unavailable):
            _die_in_a_transaction(store, database)
        _ask(store)


def _ask(store: Database) -> int:
    """The server process behind one transaction."""
    with store.transaction() as connection:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    return int(pid)


def _die_in_a_transaction(store: Database, database: FreshDatabase) -> None:
    with store.transaction() as connection:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        _terminate(database, pid)
        connection.execute("SELECT 1")


def _terminate(database: FreshDatabase, pid: int) -> None:
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
