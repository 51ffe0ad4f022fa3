"""Logs: one form for every line of every process, documents by their keys, and never a secret."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog

from tests.support.processes import BEAT, INTAKE, PATIENCE_SECONDS, kill, log_of, running, start, until, worker
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
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines_of(settings: Settings) -> list[dict[str, Any]]:
    log = log_of(settings.home)
    # What Celery says within its signal handler goes straight to standard error; nothing else does.
    said = (line for line in log.splitlines() if line and not line.startswith("worker: "))
    try:
        return [json.loads(line) for line in said]
    except ValueError:
        pytest.fail(f"a line is not of the form of all the others. The whole log:\n{log}")


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
        until(
            lambda: all(f'"process": "{name}"' in log_of(settings.home) for name in ("intake", "worker@test", "beat"))
        )
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


LAST_WORDS = """
import sys, threading, warnings
from worker import telemetry
from worker.servers import connect
from worker.settings import from_environment

class Careless:
    def __del__(self):
        raise KeyError("nobody can catch this one")

telemetry.configure_process(connect(from_environment()), "careless")
warnings.warn("mind the step")
careless = Careless()
del careless
thread = threading.Thread(target=lambda: 1 / 0, name="hasty")
thread.start()
thread.join()
raise ValueError("the end")
"""


def test_what_nobody_caught_is_logged_like_everything_else(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPETUA_LOG_FORMAT", "json")
    process = start(settings, "-c", LAST_WORDS)
    assert process.wait(PATIENCE_SECONDS) == 1
    warned, ignored, hasty, ended = lines_of(settings)
    assert "mind the step" in warned["event"]
    assert (ignored["level"], "nobody can catch this one" in ignored["exception"]) == ("error", True)
    assert (hasty["level"], "hasty" in hasty["event"]) == ("critical", True)
    assert (ended["level"], "the end" in ended["exception"]) == ("critical", True)
    assert {line["process"] for line in (warned, ignored, hasty, ended)} == {"careless"}


# Beat is told to stop at the very moment of this event: each time the interpreter does `what` with `which`.
STOPPED_AT = """
import os, runpy, signal, sys

def stop(event, arguments):
    if event == {what!r} and str(arguments[0]).startswith({which!r}):
        os.kill(os.getpid(), signal.SIGTERM)

import worker.app, celery.apps.beat
sys.addaudithook(stop)
sys.argv = ["celery", *{arguments!r}]
runpy.run_module("celery", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("what", "which"),
    [
        pytest.param("import", "celery.backends.asynchronous", id="while its backend is half imported"),
        pytest.param("socket.connect", "<socket", id="while it connects"),
    ],
)
def test_beat_can_be_stopped_at_any_moment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, what: str, which: str
) -> None:
    monkeypatch.setenv("PERPETUA_LOG_FORMAT", "json")
    process = start(settings, "-c", STOPPED_AT.format(what=what, which=which, arguments=BEAT[2:]))
    try:
        assert process.wait(PATIENCE_SECONDS) == 0, log_of(settings.home)
        assert not [line for line in lines_of(settings) if line["level"] in {"error", "critical"}]
    finally:
        kill(process)


@pytest.mark.slow
def test_no_secret_is_written_when_nothing_can_be_reached(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPETUA_LOG_LEVEL", "debug")
    nowhere = replace(
        settings,
        database_url="postgresql://perpetua_worker:hush-database@127.0.0.1:1/perpetua",
        broker_url="redis://user:hush-broker@127.0.0.1:1/0",
    )
    with running(nowhere, INTAKE, worker("worker"), BEAT):
        until(lambda: "intake waits" in log_of(settings.home))
        until(lambda: "127.0.0.1:1" in log_of(settings.home))
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
