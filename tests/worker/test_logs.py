"""Logs: one form for every line of every process, documents by their keys, and never a secret."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog

from tests.support.processes import BEAT, INTAKE, log_of, running, until, worker
from tests.support.shop import documents, key, masters
from worker import telemetry
from worker.client import Publisher
from worker.settings import Settings
from worker.task import _about
from worker.telemetry.redaction import Redaction, secrets_of


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines_of(settings: Settings) -> list[dict[str, Any]]:
    # What Celery says within its signal handler goes straight to standard error; nothing else does.
    said = (line for line in log_of(settings.home).splitlines() if line and not line.startswith("worker: "))
    return [json.loads(line) for line in said]


@pytest.mark.slow
def test_every_line_of_every_process_is_json_and_names_its_document(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERPETUA_LOG_FORMAT", "json")
    monkeypatch.setenv("PERPETUA_LOG_LEVEL", "debug")
    shop = list(documents("Grocery", 12))
    broken = {"type": "purchase_receipt", "company": "Grocery", "number": "PR-odd"}
    publisher = Publisher(str(settings.redis_url))
    with running(settings, INTAKE, worker("worker"), BEAT):
        publisher.wait(publisher.submit_many([*masters("Grocery"), *shop, broken]))
        until(lambda: len(log_of(settings.home).splitlines()) > len(shop))
    lines = lines_of(settings)
    assert {line["process"] for line in lines} >= {"intake", "worker@test", "beat"}
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    about = [line for line in lines if line["event"].startswith("document ")]
    assert all({"company", "type", "number"} <= line.keys() for line in about)
    told = {(line["company"], line["type"], line["number"]) for line in about}
    assert {key(document) for document in (*shop, broken)} <= told
    refused = next(line for line in about if line["number"] == "PR-odd")
    assert (refused["level"], refused["code"], refused["process"]) == ("info", "MissingField", "intake")
    posted = next(line for line in about if line["event"] == "document posted")
    assert (posted["process"], posted["task"]) == ("worker@test", "lane.post")
    assert not found_in(log_of(settings.home), secrets_of(settings))


@pytest.mark.slow
def test_no_secret_is_written_when_nothing_can_be_reached(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPETUA_LOG_LEVEL", "debug")
    nowhere = replace(
        settings,
        database_url="postgresql://perpetua_worker:hush-database@127.0.0.1:1/perpetua",
        broker_url="redis://user:hush-broker@127.0.0.1:1/0",
    )
    with running(nowhere, INTAKE, worker("worker"), BEAT):
        until(lambda: "intake waits" in log_of(settings.home), seconds=40)
        until(lambda: "127.0.0.1:1" in log_of(settings.home), seconds=40)
    assert not found_in(log_of(settings.home), {"hush-database", "hush-broker", *secrets_of(settings)})


def found_in(text: str, secrets: set[str]) -> set[str]:
    return {secret for secret in secrets if len(secret) > 5 and secret in text}


def test_settings_know_their_secrets(settings: Settings) -> None:
    own = replace(settings, broker_url="redis://ada:a-long-secret@h/0", redis_url="redis://u:p%40ssword@h/0")
    assert {"a-long-secret", "p@ssword", "p%40ssword"} <= secrets_of(own)
    assert urlsplit(str(settings.database_url)).password in secrets_of(own)


def test_whoever_writes_and_wherever_it_stands_a_secret_is_taken_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = replace(settings, broker_url="redis://ada:a-long-secret@h/0", log_format="json")
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    telemetry.configure_process(own, "tried")
    try:
        int("amqp://ada:hidden-one@rabbit//")
    except ValueError:
        structlog.get_logger().exception("it failed", login="a-long-secret")
        logging.getLogger("celery").exception("of the standard library: %s", own.redis_url)
    text = stream.getvalue()
    assert text.count("***") >= 3
    assert not found_in(text, {"hidden-one", "a-long-secret", *secrets_of(own)})
    assert {json.loads(line)["process"] for line in text.splitlines()} == {"tried"}


def test_ordinary_text_stays_as_it_is() -> None:
    text = "lane of Müller & Söhne: http://example.org/a@b, 12:30@noon, short"
    assert Redaction({"short"}).of(text) == text


def test_a_failed_task_names_documents_by_their_keys_and_shows_no_payload() -> None:
    document = {"type": "purchase_receipt", "company": "Grocery", "number": "PR-1", "supplier": "Secret Farm"}
    assert _about([[document, json.dumps(document)]]) == {
        "documents": [{"company": "Grocery", "type": "purchase_receipt", "number": "PR-1"}] * 2
    }
    assert _about([1, "Grocery"]) == {"arguments": [1, "Grocery"]}
    assert _about(["{not json, but whose business is it", {"supplier": "Secret Farm"}]) == {"arguments": []}
