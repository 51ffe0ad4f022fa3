"""The lease on a stream: one holder at a time, whatever becomes of it."""

import time
from collections.abc import Iterator

import pytest

from tests.support.servers import Database as FreshDatabase
from worker.store.database import Database
from worker.store.lease import LeaseLost, StreamLease

SECONDS = 0.6


@pytest.fixture
def store(database: FreshDatabase) -> Iterator[Database]:
    store = Database(database.worker_url)
    yield store
    store.close()


def lease(store: Database, holder: str, seconds: float = SECONDS) -> StreamLease:
    return StreamLease(store, "intake", holder, seconds)


def test_a_second_reader_stands_by(store: Database) -> None:
    first, second = lease(store, "first"), lease(store, "second")
    assert first.keep() is True
    assert second.keep() is False
    assert first.keep() is True


def test_a_lease_that_nobody_prolongs_goes_to_the_next(store: Database) -> None:
    first, second = lease(store, "first"), lease(store, "second")
    assert first.keep() is True
    time.sleep(SECONDS + 0.1)
    assert second.keep() is True
    assert first.keep() is False


def test_a_prolonged_lease_stays(store: Database) -> None:
    first, second = lease(store, "first"), lease(store, "second")
    for _ in range(6):
        assert first.keep() is True
        assert second.keep() is False
        time.sleep(SECONDS / 3)


def test_a_released_lease_is_free_at_once(store: Database) -> None:
    first, second = lease(store, "first", 60), lease(store, "second", 60)
    assert first.keep() is True
    first.release()
    assert second.keep() is True


def test_a_holder_that_slept_too_long_writes_nothing(store: Database) -> None:
    sleeper, successor = lease(store, "sleeper"), lease(store, "successor")
    assert sleeper.keep() is True
    time.sleep(SECONDS + 0.1)
    assert successor.keep() is True
    with pytest.raises(LeaseLost, match="sleeper no longer holds"), store.transaction() as connection:
        sleeper.confirm(connection)
    with store.transaction() as connection:
        successor.confirm(connection)


def test_nobody_takes_over_in_the_midst_of_a_transaction(store: Database) -> None:
    writer, rival = lease(store, "writer"), lease(store, "rival")
    assert writer.keep() is True
    patient = Database(store._url, lock_seconds=1)
    with store.transaction() as connection:
        writer.confirm(connection)
        time.sleep(SECONDS + 0.1)
        with pytest.raises(Exception, match="lock timeout"):
            lease(patient, "rival").keep()
    assert rival.keep() is True
    patient.close()
