"""A rolling update with real processes: new ones begin, old ones are asked to go, and documents come in all the while."""

import threading

import pytest

from tests.support.books import statuses
from tests.support.processes import BEAT, INTAKE, PATIENCE_SECONDS, log_of, running, until
from tests.support.shop import documents, masters
from tests.support.whole_way import problems, publisher_of
from worker import routes
from worker.cli.children import worker_command
from worker.settings import Settings

COMPANIES = ("Grocery", "Garden")
EACH = 120


@pytest.mark.slow
def test_documents_come_in_while_every_process_is_replaced(settings: Settings) -> None:
    worker = tuple(worker_command(settings, "rolled", [*routes.QUEUES, routes.UNNAMED], 2).argv[1:])
    publisher = publisher_of(settings)
    publisher.submit_many(masters(*COMPANIES))
    receipts = []

    def publish() -> None:
        for batch in zip(*(documents(company, EACH) for company in COMPANIES), strict=True):
            receipts.extend(publisher_of(settings).submit_many(batch))

    upstream = threading.Thread(target=publish)
    with running(settings, INTAKE, worker, BEAT) as old:
        upstream.start()
        until(lambda: statuses(str(settings.database_url)).get("posted", 0) > 10)
        # Before a process has begun there is nothing in its hand, and SIGTERM ends it as the kernel does.
        until(lambda: "beat: Starting" in log_of(settings.home))
        with running(settings, INTAKE, worker, BEAT):
            # Each ends by itself after SIGTERM, whatever it has in hand.
            for process in old:
                process.terminate()
            for process in old:
                assert process.wait(PATIENCE_SECONDS) == 0
            upstream.join()
            outcomes = publisher.wait(receipts)
    assert len(outcomes) == EACH * len(COMPANIES)
    assert {outcome["status"] for outcome in outcomes.values()} <= {"posted", "rejected"}
    assert problems(settings) == []
    assert "task failed" not in log_of(settings.home)
