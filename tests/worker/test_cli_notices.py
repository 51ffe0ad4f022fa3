"""`perpetua notices`, the report of nights and what `perpetua status` says of them, over real servers."""

from __future__ import annotations

import getpass
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import psycopg
import pytest

from tests.support.lanes import rows
from tests.support.nights import due_at, first_day, lane_of, recipient
from tests.support.processes import environment
from tests.support.servers import Database as FreshDatabase
from tests.support.till import masters, receipt
from worker.app import app, configuration
from worker.cli.application import run
from worker.services.lanes import post_lane
from worker.services.nightly import tick, work
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings

Unknown = {"type": "delivery_note", "company": "Corner Shop", "number": "DN-1", "posting_datetime": "2026-03-01T09:00", "customer": "Ann",
           "lines": [{"item": "Pear", "warehouse": "Shelf", "qty": 1, "rate": 5}]}  # fmt: skip


@pytest.fixture
def tools(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    """A shop whose first night is over: one document waits for an item, and Ada's mail for a mail server."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        submit(opened, [*masters(), recipient("Ada"), receipt("PR-1", ("Apple", 10, 2)), Unknown])
        now = due_at(opened, first_day(opened))
        tick(opened, now)
        for _ in range(3):
            work(opened, lane_of(opened), now)
            post_lane(opened, lane_of(opened))
        yield opened


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a command prints: to standard output where it succeeds, to standard error where it does not."""
    assert run(list(arguments)) == status
    captured = capsys.readouterr()
    return captured.err if status else captured.out


def test_notices_are_listed_looked_at_and_sent_again(
    tools: Tools, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (one,) = json.loads(said(capsys, "notices", "list", "--format", "json"))
    assert (one["company"], one["kind"], one["sent"], one["waiting"]) == ("Corner Shop", "nightly", 0, 1)
    assert one["subject"].startswith("Corner Shop: in sync, ")
    number = str(one["notice"])
    for suffix in ("html", "txt", "xlsx", "png", "eml"):
        assert "written to" in said(capsys, "notices", "show", number, "--output", str(tmp_path / f"mail.{suffix}"))
    assert "Pear" in (tmp_path / "mail.html").read_text(encoding="utf-8")
    assert zipfile.is_zipfile(tmp_path / "mail.xlsx")
    message = message_from_bytes((tmp_path / "mail.eml").read_bytes(), policy=default)
    assert message["Subject"] == one["subject"]
    assert "no mail server is configured" in said(
        capsys, "notices", "send", number, "--to", "eve@example.org", status=1
    )
    (again,) = json.loads(said(capsys, "notices", "list", "--format", "json", "--company", "Corner Shop"))
    assert again["waiting"] == 2
    said(capsys, "notices", "send", number, "--actor", "bob", status=1)
    found = rows(
        tools.database,
        "SELECT a.user_name, a.address, a.action, a.details::text, r.details ->> 'done' FROM desk_action a "
        "JOIN desk_action r USING (company_id, action_id) WHERE a.step = 0 AND r.step = 1 ORDER BY a.at",
    )
    assert [(user, address, action, json.loads(details), done) for user, address, action, details, done in found] == [
        (
            getpass.getuser(),
            "command line",
            "send mail again",
            {"notice": int(number), "to": "eve@example.org"},
            "eve@example.org",
        ),
        ("bob", "command line", "send mail again", {"notice": int(number)}, "ada@example.org, eve@example.org"),
    ]


def test_a_night_is_previewed_before_it_is_over(
    tools: Tools, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "preview.txt"
    tomorrow = str(first_day(tools) + timedelta(days=1))
    assert "written to" in said(capsys, "notices", "preview", "--output", str(page), "--date", tomorrow)
    assert "not compared" not in page.read_text(encoding="utf-8")
    assert "NOT COMPARED" in page.read_text(encoding="utf-8")
    said(capsys, "notices", "preview", "--output", str(page), "--locale", "de_DE")
    assert "Corner Shop: in sync" in page.read_text(encoding="utf-8")
    (only,) = json.loads(said(capsys, "notices", "list", "--format", "json"))
    assert only["waiting"] == 1


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (("show", "99", "--output", "x.html"), 1, "there is no notice 99"),
        (("show", "1", "--output", "x.pdf"), 2, "ends in none of .html"),
        (("show", "1", "--output", "x.html", "--locale", "Klingon"), 1, "is not a language and country"),
        (("send", "1", "--to", "nobody"), 2, "is no mail address"),
        (("preview", "--output", "x.txt", "--date", "tomorrow"), 2, "write it like 2024-06-15"),
    ],
)
def test_what_is_wrong_is_one_line(
    tools: Tools, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], status: int, reason: str
) -> None:
    error = said(capsys, "notices", *arguments, status=status)
    assert reason in error
    assert error.count("\n") == 1


def test_the_nights_are_a_report_and_late_ones_are_in_the_status(
    tools: Tools, capsys: pytest.CaptureFixture[str], database: FreshDatabase
) -> None:
    jobs = json.loads(said(capsys, "report", "nights", "--format", "json"))
    assert [one["job"] for one in jobs] == ["mail", "reconciliation", "reposts", "closings"]
    assert {one["state"] for one in jobs} == {"finished"}
    lines = said(capsys, "status").splitlines()
    assert any(line.startswith("last nightly      mail of ") for line in lines)
    assert any(line.startswith("mail              1 wait to be sent, the oldest for ") for line in lines)
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "UPDATE slot SET finished_at = NULL, deadline_at = clock_timestamp() - interval '1 hour' WHERE job = 'mail'"
        )
    assert "night of" in next(line for line in said(capsys, "status").splitlines() if "late" in line)
    states = {one["job"]: one["state"] for one in json.loads(said(capsys, "report", "nights", "--format", "json"))}
    assert (states["mail"], states["reposts"]) == ("late", "finished")
