"""`perpetua submit`: through the real stream, intake and worker, with and without waiting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import environment, running, worker
from worker.cli.application import run
from worker.settings import Settings

COMPANY = "Corner Shop"
INTAKE_COMMAND = ("-c", "from worker.cli import main; main()", "intake")


def message(type_: str, **fields: Any) -> dict[str, Any]:
    """A document or master of the shop."""
    return {"type": type_, "company": COMPANY, **fields}


MASTERS: list[dict[str, Any]] = [
    {"type": "company", "name": COMPANY, "currency": "EUR", "time_zone": "Europe/Berlin"},
    message("warehouse", name="Shelf"),
    message("item", code="TEA"),
]


def receipt(number: str, qty: str) -> dict[str, Any]:
    """A purchase receipt of some tea."""
    lines = [{"item": "TEA", "warehouse": "Shelf", "qty": qty, "rate": "3.20"}]
    return message(
        "purchase_receipt", number=number, supplier="Importer", posting_datetime="2024-06-15T09:00:00", lines=lines
    )


@pytest.fixture
def file(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test writes its documents; the command line works with this test's servers."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    return tmp_path / "documents.ndjson"


def write(file: Path, documents: list[dict[str, Any]]) -> str:
    """Write one document a line; gives the file's name."""
    file.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    return str(file)


def test_publishing_without_waiting(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["submit", write(file, [*MASTERS, receipt("PR-1", "5")])]) == 0
    assert capsys.readouterr().out.startswith("4 documents are in the intake stream")


def test_waiting_in_vain_says_what_to_look_at(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["submit", write(file, [receipt("PR-1", "5")]), "--wait", "--timeout", "1"]) == 1
    assert "see that intake and a worker run" in capsys.readouterr().err


@pytest.mark.slow
def test_waiting_for_every_outcome(file: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with running(settings, INTAKE_COMMAND, worker("submit")):
        assert run(["submit", write(file, [*MASTERS, receipt("PR-1", "5"), receipt("PR-2", "2")]), "--wait"]) == 0
        assert capsys.readouterr().out == "3 accepted, 2 posted\n"

        assert run(["submit", write(file, [receipt("PR-1", "5"), receipt("PR-3", "-1")]), "--wait"]) == 1
        shown = capsys.readouterr()
        assert "1 posted, 1 rejected" in shown.out
        assert "PR-3: rejected" in shown.out
        assert "1 of 2 documents are not posted" in shown.err

        assert run(["submit", write(file, [receipt("PR-1", "5")]), "--wait", "--format", "json"]) == 0
        (outcome,) = json.loads(capsys.readouterr().out)
        assert (outcome["number"], outcome["status"]) == ("PR-1", "posted")

        # First it is shown what would change; nothing is posted before it is accepted.
        previewed = ["submit", write(file, [receipt("PR-7", "2")]), "--preview"]
        assert run(previewed) == 0
        shown = capsys.readouterr()
        assert "purchase receipt PR-7 would be posted" in shown.out
        assert "nothing is posted" in shown.err
        assert run([*previewed, "--then", "accept"]) == 0
        assert capsys.readouterr().out.endswith("1 posted\n")

        closed = message("accounting_period", name="2023", start="2023-01-01", end="2023-12-31", status="closed")
        assert run(["submit", write(file, [closed]), "--wait"]) == 0
        previewed = ["submit", write(file, [{**receipt("PR-8", "2"), "posting_datetime": "2023-06-01"}]), "--preview"]
        assert run(previewed) == 1
        assert "The first open day is 2024-01-01" in capsys.readouterr().out
        assert run([*previewed, "--then", "refuse"]) == 0
        assert run([*previewed, "--then", "redirect", "--format", "json"]) == 0
        assert '"status":"posted"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}\n", "line 1"),
        ('{"type": "company", "name": "X", "currency": "EUR"}\nnonsense\n', "line 2"),
    ],
)
def test_a_line_that_names_no_document_sends_nothing(
    file: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    file.write_text(content, encoding="utf-8")
    assert run(["submit", str(file)]) == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert "nothing was sent" in shown


def test_a_file_that_is_not_there(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["submit", str(file)]) == 1
    assert "No such file" in capsys.readouterr().err
