"""Valkey behind sentinels, as `deploy/valkey` starts them: the one that takes writes is killed, and all goes on with the other."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from domain.errors import Unavailable
from tests.support.own_servers import binaries, listening, server_folder, serving
from tests.support.ports import free_ports
from tests.support.processes import PATIENCE_SECONDS, until
from tests.support.whole_way import everything_supervised, problems, send_shop
from worker.client import NoOutcomeYet
from worker.embedded.account import Account
from worker.redis_client import connect
from worker.settings import Settings

VALKEY = Path(__file__).parents[2] / "deploy" / "valkey"
PASSWORDS = {user: f"{user}-has-a-password" for user in ("perpetua", "replica", "sentinel")}


@dataclass(frozen=True, slots=True)
class Watched:
    """The URL through the sentinel and its port, the process that takes writes at first, and the ports of both servers."""

    url: str
    asked: int
    first: int
    ports: tuple[int, int]


@pytest.fixture
def watched() -> Iterator[Watched]:
    first, second, asked = (start := free_ports(3)), start + 1, start + 2
    with server_folder() as folder, contextlib.ExitStack() as running:
        secrets = folder / "secrets"
        secrets.mkdir()
        for user, password in PASSWORDS.items():
            (secrets / f"valkey-{user}").write_text(password, encoding="utf-8")
        program = str(binaries(folder).valkey)
        processes = []
        for port in (first, second):
            own = folder / str(port)
            own.mkdir()
            Account.current().own(own)
            environment = {"SECRETS": str(secrets), "RUN": str(own), "VALKEY_SERVER": program}
            if port == second:
                environment["REPLICA_OF"] = f"127.0.0.1 {first}"
            command: list[str | Path] = [
                "/bin/sh",
                VALKEY / "start.sh",
                "--port",
                str(port),
                "--dir",
                own,
                "--bind",
                "127.0.0.1",
            ]
            processes.append(running.enter_context(serving(command, folder, listening(port), environment=environment)))
        own = folder / "sentinel"
        own.mkdir()
        Account.current().own(own)
        environment = {
            "SECRETS": str(secrets), "RUN": str(own), "VALKEY_SERVER": program, "PRIMARY": f"127.0.0.1 {first}", "QUORUM": "1",
            "DOWN_AFTER_MILLISECONDS": str(PATIENCE_SECONDS * 1000), "FAILOVER_MILLISECONDS": "5000",
        }  # fmt: skip
        asking: list[str | Path] = [
            "/bin/sh",
            VALKEY / "start-sentinel.sh",
            "--port",
            str(asked),
            "--bind",
            "127.0.0.1",
        ]
        running.enter_context(serving(asking, folder, listening(asked), environment=environment))
        until(lambda: role(second) == "slave" and knows_replica(asked))
        yield Watched(
            f"sentinel://perpetua:{PASSWORDS['perpetua']}@127.0.0.1:{asked}/perpetua/0",
            asked,
            processes[0].pid,
            (first, second),
        )


def role(port: int) -> str:
    with Redis(port=port, username="perpetua", password=PASSWORDS["perpetua"], protocol=2) as server:
        about = server.info("replication")
        return str(about["role"]) if about.get("master_link_status", "up") == "up" else "joining"


def missed_soon(port: int) -> None:
    """Have the sentinel miss a server after a second; until the test kills one, a busy machine must not seem to have lost it."""
    with Redis(port=port, protocol=2) as sentinel:
        assert sentinel.sentinel_set("perpetua", "down-after-milliseconds", 1000)


def knows_replica(port: int) -> bool:
    with Redis(port=port, protocol=2) as sentinel:
        return bool(sentinel.sentinel_slaves("perpetua"))


@pytest.mark.slow
def test_everything_goes_on_with_the_other_server_when_the_first_is_killed(
    watched: Watched, settings: Settings
) -> None:
    own = replace(settings, redis_url=watched.url, broker_url=watched.url, sweep_seconds=1)
    # Celery's worker may end where its broker goes in the middle of a message; whoever keeps it running starts another.
    with everything_supervised(own):
        assert send_shop(own, "Grocery")["posted"] > 10
        os.kill(watched.first, 9)
        missed_soon(watched.asked)
        until(lambda: role(watched.ports[1]) == "master")
        until(lambda: answers(watched.url))
        until(lambda: sent(own))
    assert problems(own) == []


def answers(url: str) -> bool:
    with connect(url) as server:
        try:
            return bool(server.ping())
        except RedisError:
            return False


def sent(settings: Settings) -> bool:
    """What a publisher does: send again until every document has its outcome."""
    try:
        return send_shop(settings, "Garden")["posted"] > 10
    except (Unavailable, NoOutcomeYet):
        return False
