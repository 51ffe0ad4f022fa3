"""Migrations killed at their steps: nothing of one has happened, or all of it; and no copy of the books is left for long."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.lanes import number_of, rows
from tests.support.processes import done, until
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.worker.test_migration import DAY, HISTORY, MASTERS, accounts, in_step, send
from worker.services.migration import Choice, make_plan
from worker.settings import Settings
from worker.store.database import Database
from worker.store.databases.company_copy import Logins, copied

APPLYING = "worker.services.migration.applying"
COPIES = "SELECT datname FROM pg_database WHERE starts_with(datname, current_database() || '_rehearsal_')"

LOCKED = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid::bigint = hashtext(%s)::bigint & 4294967295"


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        send(own, *MASTERS, *HISTORY)
        yield own


def told(settings: Settings, step: str, when: str, *arguments: str) -> str:
    """Run a command that is killed at a step, or never; gives what it said."""
    status, said = done(settings, "-m", "tests.support.kill_migration", step, when, *arguments)
    assert status == (0 if when == "never" else -signal.SIGKILL), said
    return said


def test_whatever_step_it_is_killed_at_it_is_applied_once_and_taken_back_once(
    books: Database, settings: Settings
) -> None:
    before, apply = accounts(books), ("apply", "--plan", "1")
    assert make_plan(books, number_of(books), Choice(DAY)).number == 1
    for step, when in (("_publish", "after"), ("note_applied", "before"), ("_require_in_step", "after")):
        told(settings, f"{APPLYING}:{step}", when, *apply)
        assert accounts(books) == before, step
    told(settings, "worker.services.migration:apply_plan", "after", *apply)
    after = accounts(books)
    assert after["Stock In Hand"] == 600.0
    assert "had migrated by this plan already" in told(settings, "", "never", *apply)
    assert accounts(books) == after
    in_step(books)
    told(settings, f"{APPLYING}:note_rolled_back", "after", "rollback")
    assert accounts(books) == after
    assert "keeps periodic inventory again" in told(settings, "", "never", "rollback")
    assert accounts(books) == before


def test_the_copy_of_a_rehearsal_that_was_killed_is_dropped_by_the_next(
    books: Database, settings: Settings, database: FreshDatabase
) -> None:
    own = replace(settings, owner_database_url=database.admin_url)
    told(own, "worker.services.migration.rehearsing:apply_plan", "before", "rehearse", "--as-of", DAY.isoformat())
    [left] = rows(books, COPIES)
    until(lambda: not rows(books, LOCKED, *left))  # PostgreSQL has seen that its maker is gone
    logins = Logins(database.worker_url, database.admin_url, database.admin_url)
    with copied(logins, number_of(books)):
        [kept] = rows(books, COPIES)
        assert kept != left
        with copied(logins, number_of(books)):
            assert kept in rows(books, COPIES), "somebody still works with it"
    assert rows(books, COPIES) == []
