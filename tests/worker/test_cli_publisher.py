"""`perpetua publisher`, and what a registered publisher meets at the real intake."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.processes import INTAKE, environment, running, until, worker
from tests.support.shop import documents, masters
from tests.support.streams import told
from worker import routes
from worker.cli.application import run
from worker.client import Publisher
from worker.messages.signature import sign
from worker.redis_client import connect
from worker.settings import Settings

SECRET = "a secret of this installation, long enough"


@pytest.fixture(autouse=True)
def installation(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line works with this test's servers, and asks for signatures."""
    signing = {"PERPETUA_SIGNING": "required", "PERPETUA_SIGNING_SECRET": SECRET}
    for name, value in (environment(settings) | signing).items():
        monkeypatch.setenv(name, value)


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """What a command prints, or where it fails what it says instead."""
    assert run(["publisher", *words]) == status, capsys.readouterr()
    printed = capsys.readouterr()
    return printed.err if status else printed.out


def key_in(text: str) -> tuple[str, str]:
    """The id and the key that a command shows."""
    line = next(line for line in text.splitlines() if line.startswith("key "))
    key_id, _, key = line.removeprefix("key ").partition(": ")
    return key_id, key


def test_registering_rotating_and_revoking(capsys: pytest.CaptureFixture[str]) -> None:
    added = said(capsys, "add", "webshop", "--company", "Grocery", "--type", "delivery_note")
    assert added.startswith("webshop may publish delivery_note into Grocery.")
    first, key = key_in(added)
    second, other = key_in(said(capsys, "rotate", "webshop"))
    assert key != other
    said(capsys, "retire", "webshop", first)
    said(capsys, "allow", "webshop", "--type", "delivery_note", "--type", "cancel")
    listed = [json.loads(line) for line in said(capsys, "list", "--format", "json").strip("[]\n").split(",\n")]
    assert listed == [
        {"publisher": "webshop", "state": "signs", "companies": "any", "types": "delivery_note, cancel", "keys": second}
    ]
    said(capsys, "revoke", "webshop")
    audit = said(capsys, "audit", "--publisher", "webshop", "--format", "csv").splitlines()[1:]
    assert [line.split(",")[2] for line in reversed(audit)] == [
        "added", "key added", "key added", "key retired", "allowed", "revoked",
    ]  # fmt: skip
    shown = "\n".join((said(capsys, "list"), *audit))
    assert not any(hidden in shown for hidden in (key, other, SECRET))


def test_what_cant_be_done_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no type delivery" in said(capsys, "add", "webshop", "--type", "delivery", status=2)
    assert "no publisher webshop is registered" in said(capsys, "rotate", "webshop", status=1)
    assert "perpetua publisher audit names them" in said(capsys, "refused", "zz", status=1)
    assert "perpetua publisher audit names them" in said(capsys, "refused", "00", status=1)
    monkeypatch.setenv("PERPETUA_SIGNING_SECRET", "")
    assert "PERPETUA_SIGNING_SECRET is not set" in said(capsys, "add", "webshop", status=1)
    said(capsys, "add", "webshop", "--unsigned")
    monkeypatch.setenv("PERPETUA_SIGNING_SECRET", "short")
    assert "PERPETUA_SIGNING_SECRET is too short" in said(capsys, "list", status=1)
    monkeypatch.setenv("PERPETUA_SIGNING_SECRET", SECRET)
    monkeypatch.setenv("PERPETUA_PUBLISHER_KEY", "0badc0de.key")
    assert "without PERPETUA_PUBLISHER" in said(capsys, "list", status=1)


def test_the_intake_takes_what_is_signed_and_whoever_forges_disturbs_nobody(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(settings.redis_url)
    _, key = key_in(said(capsys, "add", "webshop"))
    server = connect(url)
    shop = [*masters("Grocery"), *documents("Grocery", 3)]
    forged = msgspec.json.encode(shop[-1] | {"remarks": "forged"})
    signing = replace(settings, signing="required", signing_secret=SECRET)
    with running(signing, INTAKE, worker("one")):
        # Before the rightful one: unsigned, signed by a stranger's key, under a name that no table keeps.
        strangers: tuple[dict[Any, Any], ...] = (
            {},
            {"publisher": "webshop"},
            {"publisher": "webshop", "signed_at": "1", "signature": sign("0.x", "webshop", "1", forged)},
            {"publisher": b"\x00\xff", "signed_at": b"\x00", "signature": b"\x00"},
        )
        for beside in strangers:
            server.xadd(routes.INTAKE_STREAM, {"document": forged} | beside)
        publisher = Publisher(url, name="webshop", key=key)
        outcomes = publisher.wait(publisher.submit_many(shop))
        assert {outcome["status"] for outcome in outcomes.values()} == {"accepted", "posted"}
        refused = [outcome["error"]["code"] for outcome in told(server) if outcome["status"] == "rejected"]
        assert refused == ["UnknownPublisher", "SignatureMissing", "WrongSignature", "UnknownPublisher"]

        # The command line publishes as whom the environment says.
        file = tmp_path / "again.ndjson"
        file.write_bytes(msgspec.json.encode(shop[-1]) + b"\n")
        monkeypatch.setenv("PERPETUA_PUBLISHER", "webshop")
        monkeypatch.setenv("PERPETUA_PUBLISHER_KEY", key)
        assert run(["submit", str(file), "--wait"]) == 0
        until(lambda: server.xlen(routes.INTAKE_STREAM) == 0)
    capsys.readouterr()
    audit = said(capsys, "audit", "--format", "csv").splitlines()[1:]
    content = next(line.split(",")[-1] for line in audit if "WrongSignature" in line)
    assert said(capsys, "refused", content).encode() == forged
    written = (settings.home / "processes.log").read_text(encoding="utf-8")
    assert "WrongSignature" in written
    assert not any(hidden in written for hidden in (SECRET, key))


def test_a_key_without_a_name_signs_for_nobody(settings: Settings) -> None:
    with pytest.raises(ValueError, match="give the publisher's name"):
        Publisher(str(settings.redis_url), key="0badc0de.key")
