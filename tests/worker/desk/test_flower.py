"""The real Flower beside real processes: what it shows of tasks, to whom, and what it keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from flower.events import EventsState

from tests.support.desk import RunningDesk, basic, running_desk
from tests.support.processes import INTAKE, PATIENCE_SECONDS, running, until, worker
from tests.support.shop import documents, masters
from worker import routes
from worker.client import Publisher
from worker.settings import Settings
from worker.task_words import words_of

WORDS = (
    r"'Grocery: (?P<posted>\d+) posted, (?P<rejected>\d+) rejected, 0 parked \((?P<first>\S+) \.\.\. (?P<last>\S+)\)'"
)


@pytest.fixture
def desk(settings: Settings) -> Iterator[RunningDesk]:
    with running_desk(settings) as running:
        yield running


def tasks(desk: RunningDesk, name: str) -> list[dict[str, Any]]:
    """The finished tasks of a name that Flower knows, oldest first, as an operator's script reads them."""
    answer = desk.visitor().ask("GET", f"/api/tasks?taskname={name}&state=SUCCESS", headers=basic("bob"))
    assert answer.status == 200
    return sorted(json.loads(answer.text).values(), key=lambda task: float(task["received"]))


def lane_words(desk: RunningDesk) -> list[re.Match[str]]:
    """The results of tasks that decided something, as they read."""
    results = (re.search(WORDS, task["result"]) for task in tasks(desk, routes.LANE_POST))
    return [result for result in results if result]


@pytest.mark.slow
def test_flower_shows_tasks_in_plain_words_to_whoever_logs_in(desk: RunningDesk) -> None:
    settings, stranger = desk.settings, desk.visitor()
    for path in ("/", "/tasks", "/workers", "/broker"):
        assert stranger.get(path).status == 302
        assert desk.visitor("bob").get(path).status == 200
    for path in ("/api/tasks", "/api/workers", "/metrics"):
        assert stranger.get(path).status == 401
        assert stranger.ask("GET", path, headers=basic("bob", "a guess")).status == 401
        assert stranger.ask("GET", path, headers=basic("bob")).status == 200
    assert stranger.get("/healthcheck").text == "OK"

    publisher = Publisher(str(settings.redis_url))
    shop = list(documents("Grocery", 12))
    with running(settings, INTAKE, worker("worker")):
        publisher.wait(publisher.submit_many(masters("Grocery")))
        sender = Celery("somebody", broker=str(settings.broker_url), backend=str(settings.redis_url))
        # A publisher's own Celery may tell everybody what it sends.
        sender.conf.task_send_sent_event = True
        more = list(documents("Grocery", 14))[12:]
        sender.send_task(routes.DOCUMENTS_SUBMIT, [more], queue=routes.POSTING).get(timeout=PATIENCE_SECONDS)
        until(lambda: tasks(desk, routes.DOCUMENTS_SUBMIT))
        outcomes = publisher.wait(publisher.submit_many(shop))
        posted = sum(outcome["status"] == "posted" for outcome in outcomes.values())
        # Documents that were accepted together are decided together, but they need not all have been.
        until(lambda: sum(int(words["posted"]) for words in lane_words(desk)) == posted)
    words = lane_words(desk)
    assert {task["args"] for task in tasks(desk, routes.LANE_POST)} == {"1, Grocery"}
    assert sum(int(match["rejected"]) for match in words) == 12 - posted
    assert (words[0]["first"], words[-1]["last"]) == (shop[0]["number"], shop[-1]["number"])
    (sent,) = tasks(desk, routes.DOCUMENTS_SUBMIT)
    assert sent["args"] == ", ".join(f"{one['type']} {one['number']} of Grocery" for one in more)
    # No payload, and no secret, is shown anywhere; why a document was refused is.
    bob = desk.visitor("bob")
    known = json.loads(bob.ask("GET", "/api/workers", headers=basic("bob")).text)
    pages = ["/api/tasks", "/", "/tasks", "/broker", "/metrics", *(f"/worker/{name}" for name in known)]
    everything = "".join(bob.ask("GET", page, headers=basic("bob")).text for page in pages)
    assert "lane.post" in everything
    for hidden in (
        "Farm",
        "customer",
        "rate'",
        str(settings.redis_url).split(":")[2].split("@")[0],
        str(settings.database_url),
    ):
        assert hidden not in everything


def test_arguments_are_worded_and_documents_only_named() -> None:
    document = {"type": "purchase_receipt", "company": "Grocery", "number": "PR-1", "supplier": "Mill"}
    assert words_of([7, "Grocery"], {}) == "7, Grocery"
    assert words_of([[document] * 5], {}) == ", ".join(["purchase_receipt PR-1 of Grocery"] * 3) + " and 2 more"
    assert words_of([document], {"seconds": 3}) == "purchase_receipt PR-1 of Grocery, seconds 3"
    assert words_of([json.dumps(document), ["Mill"], {"supplier": "Mill"}, []], {}) == (
        "a document of 88 characters, 1 entries, 1 fields, 0 entries"
    )


def test_how_far_long_work_is_shows_as_the_tasks_state_in_words() -> None:
    """What `tell_progress` sends, as Flower keeps it."""
    tasks = EventsState()
    told: list[tuple[str, str | None]] = []
    sent: list[tuple[str, dict[str, object]]] = [
        ("task-received", {"name": routes.REPOST_RUN, "args": "1, Grocery", "kwargs": ""}),
        ("task-started", {}),
        ("task-progress", {"result": "Grocery: 40 %"}),
        ("task-progress", {"result": "Grocery: 80 %"}),
        ("task-succeeded", {"result": "Grocery: 1 run published", "runtime": 2.0}),
    ]
    for clock, (kind, fields) in enumerate(sent):
        at = {"timestamp": float(clock), "local_received": float(clock), "clock": clock, "utcoffset": 0, "pid": 1}
        tasks.event({"type": kind, "uuid": "one", "hostname": "worker@here", **at, **fields})
        told.append((tasks.tasks["one"].state, tasks.tasks["one"].result))
    assert told == [
        ("RECEIVED", None), ("STARTED", None), ("PROGRESS", "Grocery: 40 %"), ("PROGRESS", "Grocery: 80 %"),
        ("SUCCESS", "Grocery: 1 run published"),
    ]  # fmt: skip
