"""The real Flower beside real processes: what it shows of a lane, and to whom."""

import base64
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.processes import INTAKE, kill, running, start, until, worker
from tests.support.shop import documents, masters
from worker.cli.children import children
from worker.client import Publisher
from worker.settings import Settings

LOGIN = "ada:a secret"
WORDS = (
    r"'Grocery: (?P<posted>\d+) posted, (?P<rejected>\d+) rejected, 0 parked \((?P<first>\S+) \.\.\. (?P<last>\S+)\)'"
)


@pytest.fixture
def shown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings under which Flower runs, as `perpetua up` starts it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        own = replace(settings, flower_port=free.getsockname()[1], flower_login=LOGIN)
    (command,) = [child for child in children(own) if child.name == "flower"]
    for name, value in command.environment.items():
        monkeypatch.setenv(name, value)
    assert not any(LOGIN in argument for argument in command.argv)
    flower = start(own, *command.argv[1:])
    try:
        yield own
    finally:
        kill(flower)


def ask(settings: Settings, path: str, login: str | None = None) -> tuple[int, Any]:
    """The status and the answer to a request; status 0 where nobody answers yet."""
    request = urllib.request.Request(f"http://127.0.0.1:{settings.flower_port}{path}")
    if login is not None:
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own loopback
            return answer.status, json.load(answer) if path.startswith("/api") else answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return 0, None


def lane_tasks(settings: Settings) -> list[dict[str, Any]]:
    """The finished lane tasks that Flower knows, oldest first."""
    _, tasks = ask(settings, "/api/tasks?taskname=lane.post&state=SUCCESS", LOGIN)
    return sorted((tasks or {}).values(), key=lambda task: float(task["received"]))


def lane_words(settings: Settings) -> list[re.Match[str]]:
    """The results of tasks that decided something, as they read."""
    results = (re.search(WORDS, task["result"]) for task in lane_tasks(settings))
    return [result for result in results if result]


@pytest.mark.slow
def test_flower_shows_lanes_in_plain_words_to_whoever_logs_in(shown: Settings) -> None:
    until(lambda: ask(shown, "/")[0], seconds=60)
    for path in ("/", "/tasks", "/api/tasks"):
        assert ask(shown, path)[0] == 401
        assert ask(shown, path, "ada:guess")[0] == 401
        assert ask(shown, path, LOGIN)[0] == 200

    publisher = Publisher(str(shown.redis_url))
    shop = list(documents("Grocery", 12))
    with running(shown, INTAKE, worker("worker")):
        outcomes = publisher.wait(publisher.submit_many([*masters("Grocery"), *shop]), seconds=60)
        posted = sum(outcome["status"] == "posted" for outcome in outcomes.values())
        # Documents that were accepted together are decided together, but they need not all have been.
        until(lambda: sum(int(words["posted"]) for words in lane_words(shown)) == posted, seconds=30)
    words = lane_words(shown)
    assert {task["args"] for task in lane_tasks(shown)} == {"(1, 'Grocery')"}
    assert sum(int(match["rejected"]) for match in words) == 12 - posted
    assert (words[0]["first"], words[-1]["last"]) == (shop[0]["number"], shop[-1]["number"])
    # No payload, and no secret, is shown anywhere.
    everything = json.dumps(ask(shown, "/api/tasks", LOGIN)[1])
    assert "Apple" not in everything
    assert "secret" not in everything
