"""Reposts killed at every boundary between two chunks, and in between: the books are those from before the run, or those after it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any, TextIO

import pytest

from tests.support.forks import Forked, fork
from tests.support.histories import Setting, history
from tests.support.lanes import dump, post_all, publish, receipt
from tests.support.long_chain import fill
from tests.support.processes import kill, until
from tests.support.servers import fresh_database
from tests.support.two_ways import NAME, RealCompany, paper_values
from worker.embedded import Endpoints
from worker.services.reposting import run_pending, running
from worker.store.database import Database
from worker.store.verify import verify

STANDARD_ERROR = 2
LATER = 3_000  # movements behind the backdated one: some ten chunks


@dataclass(frozen=True)
class Stepper:
    """A real process that takes small steps, in a group of its own so that it can be killed as a power cut would."""

    process: Forked
    said: TextIO
    asked: TextIO

    def end(self) -> None:
        """Kill it; nobody speaks with it any more."""
        kill(self.process)
        self.said.close()
        # What was said to one that had ended already is lost, which is as well.
        with suppress(BrokenPipeError):
            self.asked.close()


def start(url: str, company: int, role: str) -> Stepper:
    """Start a process of this role, which tells its steps and can be told to go on."""
    (hears, asks), (says, tells) = os.pipe(), os.pipe()
    with os.fdopen(hears) as theirs, os.fdopen(tells, "w") as also_theirs:
        arguments = ("-m", "tests.support.repost_worker", url, str(company), role)
        process = fork(arguments, os.environ, theirs.fileno(), also_theirs.fileno(), STANDARD_ERROR)
    return Stepper(process, os.fdopen(says), os.fdopen(asks, "w"))


@contextmanager
def backdated(cluster: Endpoints, xdist_worker: str) -> Iterator[tuple[Database, str, int]]:
    """A long chain with a receipt posted before all of it."""
    with fresh_database(cluster, xdist_worker) as fresh, Database(fresh.worker_url) as store:
        company = fill(store, LATER).company
        publish(store, [receipt("BACK", 5, "1", at="2023-12-15T09:00:00")])
        post_all(store)
        yield store, fresh.worker_url, company


@pytest.mark.slow
def test_a_run_killed_at_every_chunk_ends_in_the_same_books(
    cluster: Endpoints, xdist_worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backdated(cluster, xdist_worker) as (store, _, company):
        before = dump(store)
        monkeypatch.setattr(running, "SLICE_ROWS", 300)
        run_pending(store, company, chunk_seconds=0, direct_rows=20)
        after = dump(store)
    assert before != after
    with backdated(cluster, xdist_worker) as (store, url, company):
        kills = 0
        while True:
            runner = start(url, company, "runner")
            runner.said.readline()  # a step is committed
            with suppress(BrokenPipeError):
                runner.asked.write("go on\n")
                runner.asked.flush()
            time.sleep(0.004 * (kills % 4))  # killed right there, or somewhere in what follows
            ended = runner.process.poll() is not None
            runner.end()
            kills += 1
            books = dump(store)
            if books == after:
                break
            assert books == before, "half a run is visible"
            assert not ended
        assert kills >= LATER // 300 // 3  # no more than two chunks each
        run_pending(store, company)
        assert dump(store) == after


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_posting_cancelling_and_reposting_at_once(database: Any, seed: int) -> None:
    """Two processes post and two repost, into the same items: every document has its rows once, and the laws hold throughout."""
    setting = Setting(negatives=seed % 2 == 1)
    told = history(Random(seed), 120, setting)
    with Database(database.worker_url) as store:
        real = RealCompany(store, setting)
        steppers = [
            start(database.worker_url, real.number, role) for role in ("poster", "poster", "reposter", "reposter")
        ]
        try:
            for place in range(0, len(told.documents), 10):
                publish(store, told.documents[place : place + 10])
                time.sleep(0.1)
                with store.transaction() as connection:
                    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    assert verify(connection, real.number) == []
            until(lambda: post_all(store, NAME).first == "" and idle(store))
        finally:
            for stepper in steppers:
                stepper.end()
        run_pending(store, real.number)
        paper = told.told()
        assert real.values() == paper_values(paper)
        assert real.accounts() == paper.accounts()
        with store.transaction() as connection:
            assert verify(connection, real.number) == []


def idle(store: Database) -> bool:
    """Whether every document that was accepted has been decided."""
    with store.transaction() as connection:
        row = connection.execute(
            "SELECT count(*) FROM lane JOIN intake_counter i USING (company_id) WHERE decided_sequence < i.last_sequence"
        ).fetchone()
    return row is not None and row[0] == 0
