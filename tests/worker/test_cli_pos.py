"""`perpetua pos` over real servers: sessions, closing by hand, rebuilding, and certificates checked from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import environment
from tests.support.till import SHOP, masters, receipt, sale
from worker.app import app, configuration
from worker.cli.application import run
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings


@pytest.fixture
def tools(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        submit(
            opened,
            [*masters(), receipt("PR-1", ("Apple", 10, 2)), sale("S-1", ("Apple", 2, 3)), sale("S-2", ("Apple", 1, 3))],
        )
        yield opened


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a command prints: to standard output where it succeeds, to standard error where it does not."""
    assert run(list(arguments)) == status
    captured = capsys.readouterr()
    return captured.err if status else captured.out


def test_a_till_is_closed_by_hand_and_its_session_is_listed(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    (session,) = json.loads(said(capsys, "pos", "sessions", "--format", "json"))
    assert (session["status"], session["sales"], session["provisional_margin"]) == ("open", 2, 3)
    told = said(capsys, "pos", "close", "Till", "--at", "2026-03-01T20:00:00", "--number", "C-1")
    assert told == "C-1 is closed: 2 sales, 9.00 in C-1-1.\n"
    (session,) = json.loads(said(capsys, "pos", "sessions", "--format", "json"))
    assert (session["status"], session["closing"]) == ("closed", "C-1")
    assert "no till Bar: choose one of Till" in said(capsys, "pos", "close", "Bar", "--number", "C-2", status=1)


def test_a_sub_ledger_is_rebuilt_by_hand(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.redis.flushdb()
    assert said(capsys, "pos", "rebuild") == f"The sub-ledger of {SHOP} is rebuilt: 2 sales wait in it.\n"
    assert sum(tools.subledger.reserved(1).values()) == 3_000_000


def test_a_certificate_is_checked_from_the_books_and_from_a_file(
    tools: Tools, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said(capsys, "pos", "close", "Till", "--at", "2026-03-01T20:00:00", "--number", "C-1")
    file = tmp_path / "closing.json"
    from_books = said(capsys, "pos", "verify", "C-1", "--export", str(file))
    assert from_books.startswith("C-1: 2 receipts, 1 invoices, ")
    assert said(capsys, "pos", "verify", str(file)) == from_books
    file.write_text(file.read_text(encoding="utf-8").replace("600", "601"), encoding="utf-8")
    assert "does not hold" in said(capsys, "pos", "verify", str(file), status=1)
    assert "no closing C-9 that stands" in said(capsys, "pos", "verify", "C-9", status=1)
    file.write_text("[]", encoding="utf-8")
    assert "no export of a closing" in said(capsys, "pos", "verify", str(file), status=1)
