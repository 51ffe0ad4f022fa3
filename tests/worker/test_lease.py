"""The lease on a stream: one holder at a time, whatever becomes of it."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.support.lanes import rows
from tests.support.servers import Database as FreshDatabase
from worker.store.database import Database
from worker.store.intake import lease as leases
from worker.store.intake.lease import LeaseLost, StreamLease

LONG = 60.0  # seconds that no test takes
BRIEF = 0.2


@pytest.fixture
def store(database: FreshDatabase) -> Iterator[Database]:
    store = Database(database.worker_url)
    yield store
    store.close()


def lease(store: Database, holder: str, seconds: float = LONG) -> StreamLease:
    return StreamLease(store, "intake", holder, seconds)


def taken_and_run_out(store: Database, holder: str) -> StreamLease:
    """A brief lease whose holder then slept."""
    brief = lease(store, holder, BRIEF)
    assert brief.keep() is True
    time.sleep(BRIEF + 0.1)
    return brief


def test_a_second_reader_stands_by(store: Database) -> None:
    first, second = lease(store, "first"), lease(store, "second")
    assert first.keep() is True
    assert second.keep() is False
    assert first.keep() is True


def test_a_lease_that_nobody_prolongs_goes_to_the_next(store: Database) -> None:
    first, second = taken_and_run_out(store, "first"), lease(store, "second")
    assert second.keep() is True
    assert first.keep() is False


def test_a_holder_prolongs_its_lease_once_a_third_of_it_has_passed(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(leases, "time", SimpleNamespace(monotonic=lambda: clock.now))
    first = lease(store, "first")
    ends = []
    for _ in range(6):
        assert first.keep() is True
        ends += rows(store, "SELECT expires_at FROM stream_lease")
        clock.now += LONG / 6
    assert ends == sorted(ends)
    assert len({*ends}) == 3


def test_a_released_lease_is_free_at_once(store: Database) -> None:
    first, second = lease(store, "first"), lease(store, "second")
    assert first.keep() is True
    first.release()
    assert second.keep() is True


def test_a_holder_that_slept_too_long_writes_nothing(store: Database) -> None:
    sleeper, successor = taken_and_run_out(store, "sleeper"), lease(store, "successor")
    assert successor.keep() is True
    with pytest.raises(LeaseLost, match="sleeper no longer holds"), store.transaction() as connection:
        sleeper.confirm(connection)
    with store.transaction() as connection:
        successor.confirm(connection)


def test_nobody_takes_over_in_the_midst_of_a_transaction(store: Database) -> None:
    writer, rival = taken_and_run_out(store, "writer"), lease(store, "rival")
    patient = Database(store._url, lock_seconds=1)
    with store.transaction() as connection:
        writer.confirm(connection)
        with pytest.raises(Exception, match="lock timeout"):
            lease(patient, "rival").keep()
    assert rival.keep() is True
    patient.close()
