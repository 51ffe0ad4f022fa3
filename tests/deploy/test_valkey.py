"""Valkey as `deploy/valkey` sets it up: who may do what, tried user by user, with the whole story run as the users that are meant to."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from tests.support.own_servers import ASKED_ONCE, binaries, listening, server_folder, serving
from tests.support.ports import free_port
from tests.support.processes import BEAT, INTAKE, PATIENCE_SECONDS, running
from tests.support.till import SHOP, masters, receipt, sale
from worker import routes
from worker.cli.children import worker_command
from worker.client import Publisher
from worker.settings import Settings

STREAM = routes.INTAKE_STREAM
VALKEY = Path(__file__).parents[2] / "deploy" / "valkey"
PASSWORDS = {
    user: f"{user} has a password"
    for user in ("perpetua", "publisher", "publisher-webshop", "celery-webshop", "observer")
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server started by the script, with a password for some of its users."""
    port = free_port()
    with server_folder() as folder:
        for user, password in PASSWORDS.items():
            (folder / f"valkey-{user}").write_text(password + "\n", encoding="utf-8")
            (folder / f"valkey-{user}").chmod(0o644)
        environment = {
            "SECRETS": str(folder),
            "RUN": str(folder / "run"),
            "VALKEY_SERVER": str(binaries(folder).valkey),
        }
        command: list[str | Path] = [
            "sh",
            VALKEY / "start.sh",
            "--port",
            str(port),
            "--dir",
            folder,
            "--bind",
            "127.0.0.1",
        ]
        with serving(command, folder, listening(port), environment=environment):
            written = (folder / "run" / "users.acl").read_text(encoding="utf-8")
            assert not any(password in written for password in PASSWORDS.values())
            assert hashlib.sha256(PASSWORDS["publisher"].encode()).hexdigest() in written
            yield port


def url(port: int, user: str) -> str:
    return f"redis://{user}:{PASSWORDS[user].replace(' ', '%20')}@127.0.0.1:{port}/0"


def client(port: int, user: str) -> Redis:
    return Redis.from_url(url(port, user), protocol=2)


@pytest.mark.parametrize("user", ["publisher", "publisher-webshop"])
def test_a_publisher_adds_to_the_intake_and_reads_outcomes_and_nothing_else(port: int, user: str) -> None:
    with client(port, "perpetua") as server:
        server.xadd(routes.OUTCOMES_STREAM, {"outcome": "{}"})
        server.set("perpetua:trace:1", "1")
    with client(port, user) as publisher:
        publisher.xadd(routes.INTAKE_STREAM, {"document": "{}"})
        assert publisher.xread({routes.OUTCOMES_STREAM: "0"})
        assert publisher.xrange(routes.OUTCOMES_STREAM)
        for command in (
            ("XREAD", "STREAMS", STREAM, "0"), ("XRANGE", STREAM, "-", "+"), ("XDEL", STREAM, "1-1"), ("DEL", STREAM),
            ("XTRIM", STREAM, "MAXLEN", "0"), ("XADD", routes.OUTCOMES_STREAM, "*", "outcome", "{}"),
            ("XGROUP", "CREATE", STREAM, "mine", "0"), ("XREADGROUP", "GROUP", "perpetua", "me", "STREAMS", STREAM, ">"),
            ("GET", "perpetua:trace:1"), ("LPUSH", routes.POSTING, "{}"), ("KEYS", "*"), ("SCAN", "0"), ("FLUSHALL",),
            ("CONFIG", "GET", "*"), ("ACL", "LIST"), ("EVAL", "return 1", "0"), ("FUNCTION", "LIST"), ("INFO",),
            ("SUBSCRIBE", "x"), ("CLIENT", "LIST"), ("MONITOR",),
        ):  # fmt: skip
            with pytest.raises((NoPermissionError, ResponseError), match=r"(?i)no permissions|NOPERM|can't access"):
                publisher.execute_command(*command)


@pytest.mark.slow
def test_a_celery_client_asks_through_its_queue_and_does_nothing_else(port: int, settings: Settings) -> None:
    own = replace(settings, redis_url=url(port, "perpetua"), broker_url=url(port, "perpetua"))
    login = url(port, "celery-webshop")
    with (
        Celery("webshop", broker=login, backend=login, set_as_current=False) as webshop,
        running(own, tuple(worker_command(own, "posting", [routes.POSTING, routes.UNNAMED], 1).argv[1:])),
    ):
        asked = webshop.send_task(routes.DOCUMENTS_SUBMIT, [masters()])
        assert {outcome["status"] for outcome in asked.get(timeout=PATIENCE_SECONDS)} == {"accepted"}
    with client(port, "celery-webshop") as webshop_redis:
        for command in (
            ("LPUSH", routes.POSTING, "{}"), ("LRANGE", "celery", "0", "-1"), ("BRPOP", "celery", "1"), ("DEL", "celery"),
            ("SADD", "_kombu.binding.posting", "x"), ("SET", f"celery-task-meta-{asked.id}", "{}"), ("GET", "perpetua:bell:1"),
            ("SUBSCRIBE", "/0.celery.pidbox"), ("PUBLISH", "/0.celery.pidbox", "{}"), ("XADD", STREAM, "*", "document", "{}"),
            ("EVAL", "return 1", "0"), ("KEYS", "*"), ("CONFIG", "GET", "*"),
        ):  # fmt: skip
            with pytest.raises(NoPermissionError):
                webshop_redis.execute_command(*command)


def test_an_observer_measures_and_reads_no_document(port: int) -> None:
    with client(port, "publisher") as publisher:
        publisher.xadd(routes.INTAKE_STREAM, {"document": "{}"})
    with client(port, "observer") as observer:
        assert observer.llen(routes.POSTING) == 0
        assert observer.xlen(routes.INTAKE_STREAM) >= 1
        assert observer.info("memory")
        for command in (
            ("XRANGE", routes.INTAKE_STREAM, "-", "+"),
            ("DEL", "x"),
            ("XADD", routes.INTAKE_STREAM, "*", "a", "b"),
        ):
            with pytest.raises(NoPermissionError):
                observer.execute_command(*command)


def test_not_even_the_system_empties_or_reconfigures_the_server(port: int) -> None:
    with client(port, "perpetua") as server:
        for command in (
            ("FLUSHALL",),
            ("CONFIG", "SET", "appendonly", "no"),
            ("SHUTDOWN",),
            ("ACL", "SETUSER", "x"),
            ("KEYS", "*"),
        ):
            with pytest.raises(NoPermissionError):
                server.execute_command(*command)


def test_nobody_gets_in_without_a_password_of_their_own(port: int) -> None:
    with Redis(port=port, protocol=2, retry=ASKED_ONCE) as anybody, pytest.raises(AuthenticationError):
        anybody.ping()
    for user in ("replica", "sentinel", "celery", "default"):  # no password was given for them
        with (
            Redis(port=port, username=user, password="", protocol=2, retry=ASKED_ONCE) as locked,
            pytest.raises((AuthenticationError, ResponseError)),
        ):
            locked.ping()


@pytest.mark.slow
def test_the_whole_story_runs_as_these_users(port: int, settings: Settings) -> None:
    own = replace(settings, redis_url=url(port, "perpetua"), broker_url=url(port, "perpetua"))
    with client(port, "perpetua") as server:
        server.delete(routes.INTAKE_STREAM)
    publisher = Publisher(url(port, "publisher"), name="till 7")
    every = tuple(worker_command(own, "all", [*routes.QUEUES], 1).argv[1:])
    with running(own, INTAKE, every, BEAT):
        sold = [
            receipt("PR-1", ("Apple", 10, 2)),
            receipt("PR-0", ("Apple", 1, 3), at="2026-02-01T08:00"),
            sale("S-1", ("Apple", 2, 1)),
        ]
        outcomes = publisher.wait(publisher.submit_many([*masters(), *sold]))
        assert {key.number: outcomes[key]["status"] for key in outcomes if key.type in {"purchase_receipt", "pos_invoice"}} == {
            "PR-1": "posted", "PR-0": "posted", "S-1": "open",
        }  # fmt: skip
        assert {key.company for key in outcomes} == {SHOP, "*"}


def test_the_script_is_a_posix_script() -> None:
    assert (VALKEY / "start.sh").read_text(encoding="utf-8").startswith("#!/bin/sh\n")
