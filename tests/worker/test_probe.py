"""Probes: real round trips, answered by who runs and missed where nobody does."""

import json
from dataclasses import replace

import pytest

from tests.support.books import statuses
from tests.support.processes import INTAKE, environment, kill, running, until
from worker import routes
from worker.cli.application import run
from worker.cli.children import worker_command
from worker.redis_client import connect
from worker.settings import Settings


@pytest.fixture
def commanded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    return settings


def probed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, bool]]:
    """The exit status of `perpetua probe`, and what answered."""
    capsys.readouterr()
    status = run(["probe", "--format", "json", *arguments])
    return status, {one["name"]: one["seconds"] is not None for one in json.loads(capsys.readouterr().out)}


@pytest.mark.slow
def test_a_probe_goes_all_the_way_and_misses_what_is_stopped(
    commanded: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    every = tuple(worker_command(commanded, "all", list(routes.QUEUES), 1).argv[1:])
    with running(commanded, INTAKE, every) as (intake, served):
        assert probed(capsys, "--timeout", "60") == (0, dict.fromkeys(("intake", *routes.QUEUES), True))
        with connect(str(commanded.redis_url)) as server:
            assert all(server.exists(routes.canary_key(queue)) for queue in routes.QUEUES)
        kill(served)
        queues = [part for queue in routes.QUEUES for part in ("--queue", queue)]
        assert probed(capsys, "--timeout", "1", *queues) == (1, dict.fromkeys(routes.QUEUES, False))
        assert probed(capsys, "--timeout", "60", "--queue", "intake") == (0, {"intake": True})
        kill(intake)
        assert probed(capsys, "--timeout", "1", "--queue", "intake") == (1, {"intake": False})
    # A probe is no document: nothing of it is kept anywhere, and what nobody answered is gone once a reader is back.
    with running(commanded, INTAKE), connect(str(commanded.redis_url)) as server:
        until(lambda: server.xlen(routes.INTAKE_STREAM) == 0)
    assert not statuses(str(commanded.database_url))


@pytest.mark.slow
def test_a_probe_in_the_intake_needs_postgresql_too(commanded: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = replace(commanded, database_url="postgresql://nobody:hush@127.0.0.1:1/none")
    with running(nowhere, INTAKE):
        assert probed(capsys, "--timeout", "2", "--queue", "intake") == (1, {"intake": False})


def test_a_probe_names_redis_where_it_is_away(
    commanded: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("PERPETUA_REDIS_URL", "PERPETUA_BROKER_URL"):
        monkeypatch.setenv(name, "redis://:hush@127.0.0.1:1/0")
    assert run(["probe"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("perpetua: Redis can't be reached")
    assert (said.count("\n"), "hush" in said) == (1, False)


def test_an_unknown_queue_is_named_with_the_choice(commanded: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["probe", "--queue", "postings"]) == 1
    assert "there is no queue postings: choose among intake, posting" in capsys.readouterr().err
