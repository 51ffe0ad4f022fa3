"""A publisher's login to the broker can name any task; a worker runs of them what is for publishers. Stock Celery, real processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from celery import Celery
from celery.exceptions import SecurityError
from kombu import Queue

from domain.masters import Publisher as Registered
from tests.support.books import statuses
from tests.support.lanes import rows
from tests.support.processes import PATIENCE_SECONDS, environment, log_of, until
from tests.support.shop import documents, masters
from tests.support.whole_way import everything_running, problems
from worker import routes
from worker.broker import sender
from worker.cli.application import run
from worker.client import Publisher
from worker.redis_client import connect
from worker.services.publishers import Publishers
from worker.settings import Settings
from worker.store.database import Database
from worker.task_seal import HEADER, Seal

SECRET = "a secret of this installation, long enough"
INTERNAL = sorted(set(routes.TASK_ROUTES) - routes.FOR_PUBLISHERS)
FOLLOWING: dict[str, Any] = {
    "task": routes.LANE_SWEEP,
    "args": [],
    "kwargs": {},
    "options": {},
    "subtask_type": None,
    "immutable": True,
}


@pytest.fixture
def signing(settings: Settings) -> Settings:
    return replace(settings, signing="required", signing_secret=SECRET)


@pytest.fixture
def stranger(signing: Settings) -> Iterator[Celery]:
    """A Celery of nobody's, which may write to every queue and read every result."""
    with Celery(
        "stranger", broker=str(signing.broker_url), backend=str(signing.redis_url), set_as_current=False
    ) as app:
        yield app


def key_of(settings: Settings) -> str:
    with Database(str(settings.database_url)) as books:
        given = Publishers(books, "ops").add(Registered(name="webshop", requires_signature=True), SECRET)
    assert given is not None
    return given.key


@pytest.mark.slow
def test_a_login_to_the_broker_gets_no_task_run_but_those_for_publishers(
    signing: Settings, stranger: Celery, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher = Publisher(str(signing.redis_url), name="webshop", key=key_of(signing))
    shop = list(documents("Grocery", 4))
    with everything_running(signing):
        # What the system asks of itself bears its seal: doorbells, beat's rings, probes.
        outcomes = publisher.wait(publisher.submit_many([*masters("Grocery"), *shop]), seconds=PATIENCE_SECONDS)
        assert {outcome["status"] for outcome in outcomes.values()} <= {"accepted", "posted"}
        for name, value in environment(signing).items():
            monkeypatch.setenv(name, value)
        assert run(["probe", "--format", "json", "--timeout", "60"]) == 0
        assert all(one["seconds"] is not None for one in json.loads(capsys.readouterr().out))

        # Through the queue that is served for strangers, and through every other.
        asked = [
            (name, stranger.send_task(name, [1, "Grocery"], queue=queue))
            for name in INTERNAL
            for queue in (routes.UNNAMED, routes.TASK_ROUTES[name]["queue"])
        ]
        for name, refused in asked:
            with pytest.raises(SecurityError, match=f"{name} is no task for publishers"):
                refused.get(timeout=PATIENCE_SECONDS)
        # A seal of somebody else's, or made for another task, opens nothing.
        (sweep, other) = (
            _sealed(signing, routes.LANE_SWEEP),
            _sealed(replace(signing, signing_secret="x" * 32), routes.REPOST_RING),
        )
        for name, seal in ((routes.REPOST_RING, sweep), (routes.REPOST_RING, other), (routes.LANE_SWEEP, "é")):
            with pytest.raises(SecurityError):
                stranger.send_task(name, headers={HEADER: seal}).get(timeout=PATIENCE_SECONDS)

        # What is for publishers runs, and its documents have to be signed as ever; nothing may follow it in a worker's name.
        assert stranger.send_task(routes.DOCUMENTS_OUTCOME, ["Grocery", shop[0]["type"], shop[0]["number"]]).get(
            timeout=PATIENCE_SECONDS
        )
        unsigned = stranger.send_task(routes.DOCUMENTS_SUBMIT, [{**shop[0], "number": "X-1"}]).get(
            timeout=PATIENCE_SECONDS
        )
        assert unsigned["error"]["code"] == "UnknownPublisher"
        for options in ({"link": FOLLOWING}, {"link_error": FOLLOWING}, {"chain": [FOLLOWING]}):
            with pytest.raises(SecurityError, match="tasks that are to follow it"):
                stranger.send_task(routes.DOCUMENTS_OUTCOME, ["a", "b", "c"], **options).get(timeout=PATIENCE_SECONDS)
        # Tasks that Celery brings, and that run whatever else is named to them, are known to no worker.
        with connect(str(signing.redis_url)) as server:
            stranger.send_task(
                "celery.map", [{**FOLLOWING, "task": routes.NIGHT_WORK}, [[1, "Grocery"]]], queue=routes.POSTING
            )
            until(lambda: "celery.map" in log_of(signing.home))
            until(lambda: server.hlen("unacked") == 0)
        again = publisher.wait(publisher.submit_many(shop), seconds=PATIENCE_SECONDS)
        assert {outcome["status"] for outcome in again.values()} == {"posted"}
    assert problems(signing) == []
    assert statuses(str(signing.database_url)) == {"posted": len(shop)}
    with Database(str(signing.database_url)) as books:
        assert rows(books, "SELECT count(*) FROM slot WHERE claimed_at IS NOT NULL") == [(0,)]
    assert "a task is refused" in log_of(signing.home)


def test_a_message_that_was_changed_on_its_way_has_no_seal(signing: Settings) -> None:
    seal = Seal(signing)
    made = seal.over(routes.LANE_POST, "1", b"[[1], {}, {}]")
    good: dict[str, Any] = {"task": routes.LANE_POST, "id": "1", HEADER: made}
    assert seal.refusal(good, b"[[1], {}, {}]", {}) is None
    assert seal.refusal(good, "[[1], {}, {}]", {}) is None
    for headers, body in (
        (good, b"[[2], {}, {}]"),
        ({**good, "id": "2"}, b"[[1], {}, {}]"),
        ({**good, "task": routes.NIGHT_WORK}, b"[[1], {}, {}]"),
        ({**good, HEADER: None}, b"[[1], {}, {}]"),
    ):
        assert seal.refusal(headers, body, {}) is not None
    # A process that does not know the secret believes nobody; where signing is not required, everybody is believed.
    assert Seal(replace(signing, signing_secret=None)).refusal(good, b"[[1], {}, {}]", {}) is not None
    assert Seal(replace(signing, signing="optional")).refusal({"task": "x", "id": "1"}, b"", {}) is None


def test_a_publishers_own_client_makes_no_seal(signing: Settings) -> None:
    sent: list[dict[str, Any]] = []
    for seal in (None, Seal(signing)):
        with sender(str(signing.broker_url), seal=seal) as broker, broker.connection_for_write() as connection:
            broker.send_task(routes.LANE_SWEEP, queue="kept", expires=60)
            message = Queue("kept", channel=connection.default_channel).get()
            assert message is not None
            message.ack()
            sent.append(message.headers)
    assert HEADER not in sent[0]
    assert len(sent[1][HEADER]) == 64


def _sealed(settings: Settings, name: str) -> str:
    """A seal over a message that somebody else has seen."""
    made = Seal(settings).over(name, "1", b"[[], {}, {}]")
    assert made is not None
    return made
