"""The intake, from the stream to the accepted documents, on real servers."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from redis import Redis

from tests.support.processes import PATIENCE_SECONDS, until
from tests.support.streams import told
from worker import routes
from worker.client import Publisher
from worker.intake.process import opened
from worker.redis_client import connect
from worker.settings import Settings

COMPANY = {"type": "company", "name": "Grocery", "currency": "EUR"}


def receipt(number: str, qty: int = 1) -> dict[str, Any]:
    return {
        "type": "purchase_receipt",
        "company": "Grocery",
        "number": number,
        "posting_datetime": "2026-01-05T09:00:00Z",
        "supplier": "Farm",
        "lines": [{"item": "Apple", "warehouse": "Shop", "qty": qty, "rate": "2.5"}],
    }


@contextmanager
def reading(settings: Settings, holder: str = "reader") -> Iterator[None]:
    with opened(settings, holder) as reader:
        thread = threading.Thread(target=reader.run)
        thread.start()
        try:
            yield
        finally:
            reader.stop()
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()


@pytest.fixture
def server(settings: Settings) -> Redis:
    assert settings.redis_url
    return connect(settings.redis_url)


@pytest.fixture
def publisher(settings: Settings) -> Publisher:
    assert settings.redis_url
    return Publisher(settings.redis_url)


@pytest.fixture
def rows(settings: Settings) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    assert settings.database_url
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        yield lambda statement: connection.execute(statement).fetchall()


Rows = Callable[[str], list[tuple[Any, ...]]]


def drained(server: Redis) -> bool:
    return server.xlen(routes.INTAKE_STREAM) == 0


def test_documents_get_gapless_sequences_in_stream_order(
    settings: Settings, publisher: Publisher, server: Redis, rows: Rows
) -> None:
    publisher.submit_many([COMPANY, *(receipt(f"PR-{n}") for n in range(7))])
    with reading(replace(settings, intake_batch=3)):
        until(lambda: drained(server))
    assert rows("SELECT sequence, number FROM document ORDER BY acceptance") == [(n + 1, f"PR-{n}") for n in range(7)]
    assert rows("SELECT kind, name, version FROM master") == [("company", "Grocery", 1)]


def test_the_bell_rings_once_for_a_batch(settings: Settings, publisher: Publisher, server: Redis) -> None:
    publisher.submit_many([receipt("PR-1"), receipt("PR-2")])
    with reading(settings):
        until(lambda: drained(server))
    assert server.llen(routes.POSTING) == 1


def test_a_duplicate_is_known_and_a_conflict_is_named(
    settings: Settings, publisher: Publisher, server: Redis, rows: Rows
) -> None:
    reordered = dict(reversed(receipt("PR-1").items()))
    publisher.submit_many([receipt("PR-1"), reordered, receipt("PR-1", qty=2)])
    with reading(settings):
        until(lambda: drained(server))
    assert rows("SELECT count(*) FROM document") == [(1,)]
    (conflict,) = told(server)
    assert (conflict["number"], conflict["status"], conflict["error"]["code"]) == (
        "PR-1",
        "rejected",
        "DuplicateConflict",
    )
    assert conflict["error"]["details"]["message_id"]


def test_a_message_that_cannot_be_parsed_is_kept_as_it_came(
    settings: Settings, publisher: Publisher, server: Redis, rows: Rows
) -> None:
    server.xadd(routes.INTAKE_STREAM, {"document": b"\xff not json"})
    server.xadd(routes.INTAKE_STREAM, {"body": b"{}"})
    publisher.submit(receipt("PR-1"))
    with reading(settings):
        until(lambda: drained(server))
    assert sorted(bytes(row[0]) for row in rows("SELECT raw FROM refused_message")) == [
        b'{"body":"{}"}',
        b"\xff not json",
    ]
    assert {outcome["error"]["code"] for outcome in told(server)} == {"Malformed"}
    assert rows("SELECT number FROM document") == [("PR-1",)]


def test_a_document_of_the_wrong_shape_is_rejected_under_its_key(
    settings: Settings, publisher: Publisher, server: Redis, rows: Rows
) -> None:
    publisher.submit(receipt("PR-1") | {"colour": "red"})
    with reading(settings):
        until(lambda: drained(server))
    (outcome,) = told(server)
    assert (outcome["number"], outcome["status"], outcome["error"]["field"]) == ("PR-1", "rejected", "colour")
    assert rows("SELECT status FROM books.document_status WHERE number = 'PR-1'") == [("rejected",)]


def test_a_master_is_told_as_soon_as_it_is_accepted(settings: Settings, publisher: Publisher, server: Redis) -> None:
    receipts = publisher.submit_many([COMPANY])
    with reading(settings):
        (outcome,) = publisher.wait(receipts).values()
    assert (outcome["type"], outcome["number"], outcome["status"]) == ("company", "Grocery", "accepted")


def test_a_second_intake_takes_over_with_what_was_left(
    settings: Settings, publisher: Publisher, server: Redis, rows: Rows
) -> None:
    publisher.submit_many([receipt("PR-1"), receipt("PR-2")])
    # A reader took these and died: they are delivered, not acknowledged, and its lease still runs.
    server.xgroup_create(routes.INTAKE_STREAM, "perpetua", id="0")
    server.xreadgroup("perpetua", "the dead", {routes.INTAKE_STREAM: ">"})
    begun = time.monotonic()
    rows(
        "INSERT INTO stream_lease VALUES (0, 'perpetua:intake', 'the dead', clock_timestamp() + interval '1 second') RETURNING 1"
    )
    publisher.submit(receipt("PR-3"))
    with reading(settings):
        until(lambda: drained(server))
    assert time.monotonic() - begun > 0.9
    assert rows("SELECT number FROM document ORDER BY sequence") == [("PR-1",), ("PR-2",), ("PR-3",)]


def test_two_intakes_read_without_harm(settings: Settings, publisher: Publisher, server: Redis, rows: Rows) -> None:
    small = replace(settings, intake_batch=5, lease_seconds=2)
    with reading(small, "second"):
        with reading(small, "first"):
            publisher.submit_many(receipt(f"PR-{n}") for n in range(40))
            until(lambda: drained(server))
        publisher.submit_many(receipt(f"PR-{n}") for n in range(40, 60))
        until(lambda: drained(server))
    assert rows("SELECT number FROM document ORDER BY sequence") == [(f"PR-{n}",) for n in range(60)]


def test_a_wiped_redis_is_read_anew(settings: Settings, publisher: Publisher, server: Redis, rows: Rows) -> None:
    with reading(settings):
        publisher.submit(receipt("PR-1"))
        until(lambda: rows("SELECT 1 FROM document"))
        server.flushdb()
        publisher.submit_many([receipt("PR-1"), receipt("PR-2")])
        until(lambda: len(rows("SELECT 1 FROM document")) == 2)
        until(lambda: drained(server))


def test_while_the_database_refuses_messages_stay_in_the_stream(
    settings: Settings, publisher: Publisher, server: Redis, rows: Rows, database: Any
) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE document RENAME TO document_away")
        with reading(settings):
            publisher.submit_many([receipt("PR-1"), receipt("PR-2")])
            time.sleep(1)
            assert server.xlen(routes.INTAKE_STREAM) == 2
            admin.execute("ALTER TABLE document_away RENAME TO document")
            until(lambda: drained(server))
    assert rows("SELECT number FROM document ORDER BY sequence") == [("PR-1",), ("PR-2",)]


def test_an_intake_that_can_not_give_back_its_lease_ends_all_the_same(
    settings: Settings, publisher: Publisher, server: Redis, database: Any
) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        with reading(settings):
            publisher.submit(receipt("PR-1"))
            until(lambda: drained(server))
            admin.execute("ALTER TABLE stream_lease RENAME TO lease_away")
        admin.execute("ALTER TABLE lease_away RENAME TO stream_lease")
