"""A shop's documents sent the whole way by real processes, on whatever servers the settings name."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from tests.support.processes import BEAT, INTAKE, PATIENCE_SECONDS, running, start
from tests.support.shop import documents, masters
from worker import routes
from worker.cli.children import worker_command
from worker.client import Publisher
from worker.settings import Settings
from worker.store.database import Database
from worker.store.names.companies import all_companies
from worker.store.verify import verify


@contextlib.contextmanager
def everything_running(settings: Settings) -> Iterator[None]:
    """The intake, a worker of all queues and beat."""
    worker = tuple(worker_command(settings, "all", [*routes.QUEUES, routes.UNNAMED], 2).argv[1:])
    with running(settings, INTAKE, worker, BEAT):
        yield


@contextlib.contextmanager
def everything_supervised(settings: Settings) -> Iterator[None]:
    """The same, and a process that ends is started again, as systemd, a container's restart policy and `perpetua up` do."""
    commands = (INTAKE, tuple(worker_command(settings, "all", [*routes.QUEUES, routes.UNNAMED], 2).argv[1:]), BEAT)
    stopping = threading.Event()
    with running(settings, *commands) as processes:

        def supervise() -> None:
            while not stopping.wait(0.5):
                for place, process in enumerate(processes):
                    if process.poll() is not None:
                        processes[place] = start(settings, *commands[place])

        supervisor = threading.Thread(target=supervise)
        supervisor.start()
        try:
            yield
        finally:
            stopping.set()
            supervisor.join()


def publisher_of(settings: Settings) -> Publisher:
    """A client of the same servers."""
    return Publisher(str(settings.redis_url), broker_url=settings.broker_url)


def send_shop(settings: Settings, company: str = "Grocery", count: int = 24) -> dict[str, int]:
    """Publish a shop's masters and documents and wait for all outcomes; gives how many documents came to what."""
    publisher = publisher_of(settings)
    shop = list(documents(company, count))
    outcomes = publisher.wait(publisher.submit_many([*masters(company), *shop]), seconds=PATIENCE_SECONDS)
    decided = [outcome for key, outcome in outcomes.items() if key.type in {"purchase_receipt", "delivery_note"}]
    assert len(decided) == count
    first = shop[0]
    told: Any = publisher.outcome(company, str(first["type"]), str(first["number"]), seconds=PATIENCE_SECONDS)
    assert told["status"] == "posted"
    return {status: sum(one["status"] == status for one in decided) for status in ("posted", "rejected", "parked")}


def problems(settings: Settings) -> list[str]:
    """What is wrong with the books of all companies."""
    with Database(str(settings.database_url)) as books, books.transaction() as connection:
        return [str(problem) for number in all_companies(connection).values() for problem in verify(connection, number)]
