"""The way to PostgreSQL: whatever is away is Unavailable within seconds, and what died while idle is opened anew."""

import socket

import psycopg
import pytest

from domain.errors import Unavailable
from tests.support.servers import Database as FreshDatabase
from worker.store.connection import FEW_BYTES
from worker.store.copy import NULL, escape, hexadecimal
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


@pytest.mark.parametrize("lines", [1, FEW_BYTES], ids=["few, inserted", "many, copied"])
def test_rows_are_what_their_text_says_however_many_they_are(store: Database, lines: int) -> None:
    said = [
        "plain",
        "",
        "back\\slash",
        "\\N",
        "\\n",
        "a\ttab",
        "two\nlines",
        "\r\b\f\v",
        "100 % \u2028 of \U0001f34e",
    ] * lines
    rows = "".join(f"{place}\t{escape(text)}\t{hexadecimal(b'01')}\t{NULL}\tt\n" for place, text in enumerate(said))
    with store.transaction() as connection:
        connection.execute(
            "CREATE TEMP TABLE row (place int, said text, raw bytea, nothing text, holds boolean) ON COMMIT DROP"
        )
        connection.copy_behind("row", "place, said, raw, nothing, holds", rows.encode())
        found = connection.execute("SELECT said, raw, nothing, holds FROM row ORDER BY place").fetchall()
    assert found == [(text, b"01", None, True) for text in said]


@pytest.mark.parametrize("lines", [1, FEW_BYTES], ids=["few, inserted", "many, copied"])
def test_what_waits_for_no_answer_comes_after_the_rows_before_it(store: Database, lines: int) -> None:
    rows = "".join(f"1\t{number}\titem\tItem {number}\n" for number in range(lines))
    with store.transaction() as connection:
        connection.copy_behind("term", "company_id, term_id, kind, name", rows.encode())
        with connection.pipeline():
            connection.execute(
                "INSERT INTO term (company_id, term_id, kind, name) SELECT 2, count(*), 'item', 'all' FROM term"
            )
        assert connection.execute("SELECT term_id FROM term WHERE company_id = 2").fetchone() == (lines,)


@pytest.mark.parametrize("lines", [1, FEW_BYTES], ids=["few, inserted", "many, copied"])
def test_rows_that_the_table_refuses_undo_the_transaction(store: Database, lines: int) -> None:
    def append() -> None:
        with store.transaction() as connection:
            connection.copy_behind("term", "company_id, term_id, kind, name", b"1\t1\titem\tRice\n")
            connection.copy_behind("term", "company_id, term_id, kind, name", b"1\tno number\titem\tTea\n" * lines)

    with pytest.raises(psycopg.DataError):
        append()
    assert _terms(store) == 0


def test_no_rows_at_all_are_nothing_to_append(store: Database) -> None:
    with store.transaction() as connection:
        connection.copy_behind("term", "company_id, term_id, kind, name", b"")
    assert _terms(store) == 0


def test_rows_of_a_transaction_that_fails_are_never_written(store: Database) -> None:
    def fail() -> None:
        with store.transaction() as connection:
            connection.copy_behind("term", "company_id, term_id, kind, name", b"1\t1\titem\tRice\n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _terms(store) == 0


def _terms(store: Database) -> int:
    with store.transaction() as connection:
        (count,) = connection.execute("SELECT count(*) FROM term").fetchone() or (-1,)
    return int(count)


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


def test_what_need_not_last_is_there_for_everybody_and_changes_nothing_for_who_comes_after(
    database: FreshDatabase,
) -> None:
    with Database(database.worker_url) as store:
        with store.transaction() as connection:
            before = connection.execute("SHOW synchronous_commit").fetchone()
        with store.transaction(lasting=False) as connection:
            connection.execute(
                "INSERT INTO stream_lease (company_id, stream, holder, expires_at) VALUES (0, 'quick', 'somebody', clock_timestamp())"
            )
        with store.transaction() as connection:
            assert connection.execute("SELECT holder FROM stream_lease").fetchone() == ("somebody",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == before
