"""The compose file, brought up for real: every process in a container, documents from the stream to the desk, and down again."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import redis

from tests.support.docker import SECONDS, Installation, daemon
from tests.support.images import IMAGE, Builder, build_servers
from tests.support.ports import free_ports
from tests.support.processes import until
from tests.support.shop import documents, masters
from worker.client import Publisher

DEPLOY = Path(__file__).parents[2] / "deploy"
PASSWORD = "a long secret"
ALIVE = ("flower", "intake", "mail", "nightly", "pos", "posting", "reposting")

pytestmark = [pytest.mark.drill, pytest.mark.xdist_group("image")]


@pytest.fixture(scope="module")
def installed(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("compose")
    shutil.copytree(DEPLOY, folder / "deploy")
    subprocess.run(["/bin/sh", "make-secrets.sh", "secrets"], cwd=folder / "deploy", check=True)
    with daemon(folder) as docker:
        for image, name in {**build_servers(builder), IMAGE: "perpetua:latest"}.items():
            docker("load", "--quiet", "--input", builder.archive(image, name))
        first = free_ports(3)
        made = Installation(docker, folder / "deploy", first, first + 1, first + 2)
        try:
            yield made
        finally:
            made.compose("--profile", "monitoring", "down", "--volumes", "--timeout", "10")


class Visitor:
    """A browser at the desk, which believes the installation's own certificate."""

    def __init__(self, installed: Installation) -> None:
        self._url = f"https://127.0.0.1:{installed.flower_port}"
        trusting = ssl.create_default_context(cafile=str(installed.folder / "secrets" / "flower.pem"))
        self._cookies = CookieJar()
        self._open = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trusting), urllib.request.HTTPCookieProcessor(self._cookies)
        ).open

    def page(self, path: str, **form: str) -> str:
        """What stands at an address, redirects followed."""
        data = urlencode({**form, "_xsrf": self._token()}).encode() if form else None
        with self._open(f"{self._url}{path}", data, timeout=60) as answer:
            text: str = answer.read().decode()
        return text

    def _token(self) -> str:
        return next(cookie.value or "" for cookie in self._cookies if cookie.name == "_xsrf")


def test_documents_are_posted_and_seen_and_nothing_is_lost_by_going_down_and_up(installed: Installation) -> None:
    added = installed.compose(
        "run", "--rm", "--no-TTY", "flower", "desk", "user", "add", "ada", "--role", "operate", told=f"{PASSWORD}\n"
    )
    assert "ada may log in" in added
    _up(installed)
    shop = [*masters("Grocery"), *documents("Grocery", 12)]
    outcomes = _published(installed, shop)
    assert {one["status"] for one in outcomes.values()} <= {"accepted", "posted", "rejected"}
    assert any(one["status"] == "posted" for one in outcomes.values())

    ada = Visitor(installed)
    assert "Log in" in ada.page("/desk")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ada.page("/login", name="ada", password="something else")
    ada.page("/login", name="ada", password=PASSWORD)
    assert "PR-1" in ada.page("/desk/documents")
    assert "documents.submit" not in ada.page("/workers")
    assert all(name in ada.page("/workers") for name in ("posting@", "reposting@", "pos@", "nightly@", "mail@"))

    # A publisher's login adds to the stream and does nothing else.
    with (
        redis.Redis.from_url(_publisher_url(installed)) as publisher,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        publisher.flushall()
    assert installed.compose("exec", "--no-TTY", "posting", "id", "-u").strip() == "10001"
    assert installed.compose("exec", "--no-TTY", "valkey", "id", "-un").strip() == "valkey"
    assert installed.compose("exec", "--no-TTY", "posting", "perpetua", "probe", "--timeout", "60")

    # Every process ends by itself when it is asked to, in time.
    installed.compose("stop")
    ended = {name: state for name, state in installed.states().items() if name.split("-")[1] in (*ALIVE, "beat")}
    assert set(ended.values()) == {"exited 0"}, ended
    installed.compose("down")
    _up(installed)
    assert _published(installed, shop) == outcomes
    assert "PR-1" in _logged_in(installed).page("/desk/documents")


def test_prometheus_asks_every_process_minds_its_alerts_and_can_draw_the_dashboard(installed: Installation) -> None:
    password = f"{installed.secret('prometheus-password')}\n"
    installed.compose("run", "--rm", "--no-TTY", "flower", "desk", "user", "add", "prometheus", told=password)
    _up(installed, "--profile", "monitoring")
    _published(installed, [*masters("Pharmacy"), *documents("Pharmacy", 12)])

    def asked(what: str, **parameters: str) -> Any:
        url = f"http://127.0.0.1:{installed.prometheus_port}/api/v1/{what}?{urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            told = json.load(answer)
        assert told["status"] == "success"
        return told["data"]

    # Everything that tells figures is found, by name, and answers; flower for its password and by its own certificate.
    def health() -> list[tuple[str, str]]:
        return sorted(
            (one["labels"]["job"], one["health"]) for one in asked("targets", state="active")["activeTargets"]
        )

    wanted = [("perpetua", "up")] + [("perpetua-processes", "up")] * 7
    with contextlib.suppress(AssertionError):
        until(lambda: health() == wanted, SECONDS, every=2)
    assert health() == wanted, asked("targets", state="active")

    def rules() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = asked("rules", type="alert")["groups"][0]["rules"]
        return found

    until(lambda: {rule["health"] for rule in rules()} == {"ok"}, SECONDS, every=2)
    assert len(rules()) > 20
    # Two scrapes make a rate.
    until(lambda: asked("query", query="sum(rate(perpetua_documents_decided_total[5m]))")["result"], SECONDS, every=2)
    dashboard = json.loads((DEPLOY / "grafana" / "perpetua.json").read_text(encoding="utf-8"))
    drawn = {
        target["expr"]: asked("query", query=target["expr"])["result"]
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    }
    # What there is none of draws nothing: tills, reposts, mails and nights that went wrong, differences, reconciliations yet to come.
    empty = {expression for expression, result in drawn.items() if not result}
    rare = re.compile(r"_pos_|_repost_|_mail|_night|_out_of_sync_|_reconciled_|> 0|_lane_")
    assert {expression for expression in empty if not rare.search(expression)} == set()

    # A process that hangs is noticed, and nothing else is.
    installed.compose("pause", "mail")
    until(
        lambda: "PerpetuaProcessDown" in {alert["labels"]["alertname"] for alert in asked("alerts")["alerts"]},
        SECONDS,
        every=2,
    )
    installed.compose("unpause", "mail")
    alerts = {
        (alert["labels"]["alertname"], alert["labels"].get("instance", "")) for alert in asked("alerts")["alerts"]
    }
    assert {name for name, _ in alerts} <= {"PerpetuaProcessDown", "PerpetuaManyRefusals"}, alerts


def _up(installed: Installation, *options: str) -> None:
    installed.compose(*options, "up", "--detach", "--no-build", "--pull", "never")
    with contextlib.suppress(AssertionError):
        until(lambda: _is_well(installed.states()), SECONDS, every=2)
    states = installed.states()
    assert _is_well(states), f"{states}\n{installed.compose('logs', '--tail', '40')}"


def _is_well(states: dict[str, str]) -> bool:
    wanted = [f"perpetua-{name}-1" for name in (*ALIVE, "postgres", "valkey")] + ["perpetua-intake-2"]
    return (
        all(states.get(name) == "healthy" for name in wanted)
        and states.get("perpetua-beat-1") == "running 0"
        and states.get("perpetua-upgrade-1") == "exited 0"
    )


def _publisher_url(installed: Installation) -> str:
    return f"redis://publisher:{installed.secret('valkey-publisher')}@127.0.0.1:{installed.stream_port}/0"


def _published(installed: Installation, shop: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    publisher = Publisher(_publisher_url(installed))
    return publisher.wait(publisher.submit_many(shop), seconds=SECONDS)


def _logged_in(installed: Installation) -> Visitor:
    visitor = Visitor(installed)
    visitor.page("/login")
    visitor.page("/login", name="ada", password=PASSWORD)
    return visitor
