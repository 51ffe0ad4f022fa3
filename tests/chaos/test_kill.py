"""Real processes, really killed: nothing that was published is lost, and nothing is posted twice."""

import random
import signal
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.simulation.world import World
from tests.support.books import accepted_messages, dump, undecided
from tests.support.processes import BEAT, INTAKE, Process, kill, running, start, until, worker
from tests.support.servers import fresh_database
from tests.support.shop import documents, masters
from worker import routes
from worker.client import Publisher
from worker.embedded import Endpoints
from worker.redis_client import connect
from worker.settings import Settings

COMPANIES = ("Grocery", "Fuel")


@pytest.fixture
def hasty(settings: Settings) -> Settings:
    """Small batches, so that there is much to interrupt; short waits, so that a test need not."""
    return replace(settings, intake_batch=20, lane_batch=10, lease_seconds=2, sweep_seconds=1)


def shop(count: int) -> list[dict[str, Any]]:
    pairs = zip(*(documents(company, count) for company in COMPANIES), strict=True)
    return [document for pair in pairs for document in pair]


def settled(settings: Settings, count: int) -> bool:
    """Everything published is accepted and decided."""
    decided = dump(str(settings.database_url))["documents"]
    return len(decided) == count and undecided(str(settings.database_url)) == 0


def check_books(settings: Settings, cluster: Endpoints, xdist_worker: str) -> None:
    """The books are those of the accepted messages, decided one after the other without any accident."""
    with fresh_database(cluster, xdist_worker) as other:
        World.replay(other.worker_url, accepted_messages(str(settings.database_url)))
        assert dump(str(settings.database_url)) == dump(other.worker_url)


def kill_and_restart(settings: Settings, seed: int, kills: int, count: int) -> None:
    """Publish, and meanwhile kill one process after the other at random moments."""
    choice = random.Random(seed)
    publisher = Publisher(str(settings.redis_url))
    commands = [INTAKE, worker("worker"), BEAT]
    processes: list[Process] = [start(settings, *command) for command in commands]
    try:
        messages = [*masters(*COMPANIES), *shop(count // len(COMPANIES))]
        share = len(messages) // (kills + 1) + 1
        for place in range(0, len(messages), share):
            publisher.submit_many(messages[place : place + share])
            time.sleep(choice.uniform(0.3, 2.5))
            victim = choice.choice([0, 0, 1, 1, 2])
            kill(processes[victim])
            processes[victim] = start(settings, *commands[victim])
        until(lambda: settled(settings, count), every=0.3)
    finally:
        for process in processes:
            kill(process)


def test_killed_intakes_and_workers_lose_nothing(hasty: Settings, cluster: Endpoints, xdist_worker: str) -> None:
    kill_and_restart(hasty, seed=1, kills=3, count=300)
    check_books(hasty, cluster, xdist_worker)


def test_a_wiped_redis_loses_nothing_that_was_accepted(hasty: Settings) -> None:
    server = connect(str(hasty.redis_url))
    publisher = Publisher(str(hasty.redis_url))
    publisher.submit_many([*masters(*COMPANIES), *shop(100)])
    with running(hasty, INTAKE):
        until(lambda: server.xlen(routes.INTAKE_STREAM) == 0)
    server.flushdb()
    with running(hasty, worker("worker"), BEAT):
        until(lambda: settled(hasty, 200))


def test_the_next_intake_takes_over(hasty: Settings) -> None:
    publisher = Publisher(str(hasty.redis_url))
    first = start(hasty, *INTAKE)
    try:
        publisher.wait(publisher.submit_many(masters("Grocery")))
        with running(hasty, INTAKE):
            time.sleep(1.5)
            kill(first)
            again = {"type": "item", "code": "Damson"}
            publisher.wait([publisher.submit(again)])
    finally:
        kill(first)


def test_a_paused_intake_writes_nothing_after_another_took_over(hasty: Settings) -> None:
    publisher = Publisher(str(hasty.redis_url))
    paused = start(hasty, *INTAKE)
    try:
        publisher.wait(publisher.submit_many(masters("Grocery")))
        paused.send_signal(signal.SIGSTOP)
        numbered = list(documents("Grocery", 60))
        with running(hasty, INTAKE):
            publisher.submit_many(numbered[:30])
            until(lambda: len(dump(str(hasty.database_url))["documents"]) == 30)
            paused.send_signal(signal.SIGCONT)
            publisher.submit_many(numbered[30:])
            until(lambda: len(dump(str(hasty.database_url))["documents"]) == 60)
        order = [row[3] for row in dump(str(hasty.database_url))["documents"]]
        assert order == [document["number"] for document in numbered]
    finally:
        kill(paused)


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(10))
def test_many_kills(seed: int, hasty: Settings, cluster: Endpoints, xdist_worker: str) -> None:
    kill_and_restart(hasty, seed=seed, kills=25, count=3000)
    check_books(hasty, cluster, xdist_worker)
