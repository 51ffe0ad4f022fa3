"""A document that kills the process which decides it: found, rejected, and nobody else's trouble."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.books import dump
from tests.support.processes import BEAT, running
from tests.support.shop import documents, masters
from worker.client import Publisher
from worker.messages import Key
from worker.redis_client import connect
from worker.routes import trace_key
from worker.settings import Settings
from worker.store.database import Database
from worker.store.verify import verify

# A worker whose every child dies at one document, as it would of memory that runs out or of a library that crashes.
MORTAL_WORKER = """
import os, signal, sys
import worker.services.deciding as deciding
from worker.app import app

decide = deciding.post

def post(sequence, document, books, *, now):
    if document.number == "DN-20":
        with open(os.environ["PERPETUA_HOME"] + "/deaths", "a") as deaths:
            deaths.write(document.number + "\\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return decide(sequence, document, books, now=now)

deciding.post = post
app.worker_main(sys.argv[1:])
"""
WORKER = (
    "-c", MORTAL_WORKER, "--quiet", "worker", "--hostname", "mortal@test", "--queues", "posting", "--concurrency", "2",
    "--without-gossip", "--without-mingle",
)  # fmt: skip
INTAKE = ("-m", "worker.intake")


@pytest.mark.slow
def test_a_document_that_kills_its_process_is_rejected_after_three_deaths(settings: Settings, tmp_path: Path) -> None:
    own = replace(settings, sweep_seconds=1, lane_batch=7)
    publisher = Publisher(str(own.redis_url))
    shop = [*documents("Grocery", 30), *documents("Fuel", 10)]
    deadly = next(document for document in shop if document["number"].endswith("-20"))
    deadly |= {"type": "delivery_note", "number": "DN-20", "customer": "Ann"}
    deadly.pop("supplier", None)
    with running(own, INTAKE, WORKER, BEAT):
        receipts = publisher.submit_many([*masters("Grocery", "Fuel"), *shop])
        outcomes = publisher.wait(receipts)
    assert (tmp_path / "deaths").read_text(encoding="utf-8").split() == ["DN-20"] * 3
    assert outcomes[Key("Grocery", "delivery_note", "DN-20")]["error"]["code"] == "InternalFault"
    statuses = [row[4] for row in dump(str(own.database_url))["documents"] if row[3] != "DN-20"]
    assert len(statuses) == 39
    assert set(statuses) <= {"posted", "rejected"}
    assert statuses.count("posted") > 25
    with Database(str(own.database_url)) as database, database.transaction() as connection:
        assert [list(verify(connection, company)) for company in (1, 2)] == [[], []]
    server = connect(str(own.redis_url))
    assert [server.get(trace_key(company)) for company in (1, 2)] == [None, None]
