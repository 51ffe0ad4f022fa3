"""The command line as a person meets it: help, wrong calls, errors in one line, exit statuses."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest

from tests.support.lanes import COMPANY, publish, receipt
from tests.support.processes import environment
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened, tell_manual
from worker.cli.application import run
from worker.embedded import Endpoints
from worker.settings import Settings
from worker.store.databases.migrate import newest

COMMANDS = (
    "demo", "up", "down", "status", "intake", "submit", "documents", "replay", "report", "url", "verify", "db", "schema",
)  # fmt: skip

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command against this test's servers; gives exit status, standard output, standard error."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run(list(arguments))
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return call


@pytest.fixture
def books(database: FreshDatabase, cli: Cli) -> Cli:
    """The command line over the manual's books."""
    with opened(database) as own:
        tell_manual(own)
    return cli


def test_help_names_every_command_and_comes_at_once() -> None:
    script = "import atexit, sys; from worker.cli import main; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    shown = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, check=True)
    assert all(f"  {command} " in shown.stdout for command in COMMANDS)
    # These take a second to load, and help needs none of them.
    assert not {"celery", "kombu", "redis", "psycopg", "sqlalchemy", "flower", "alembic"} & {*shown.stderr.split()}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert f"Usage: perpetua {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        (["report", "nonsense"], "there are stock-ledger"),
        (["report", "trial-balance", "--item", "X"], "does not heed --item"),
        (["report", "trial-balance", "--as-of", "yesterday"], "write it like 2024-06-15"),
        (["report", "trial-balance", "--as-of", "2024-06-15", "--to", "2024-06-15"], "give one of them"),
        (["replay"], "FILE"),
        (["schema", "xml"], "'part': 'xml' is not one of"),
        (["report", "trial-balance", "--from", "2024-06-15", "--to", "2024-06-01"], "swap them"),
        (["documents", "list", "--status", "lost"], "'parked'"),
        (["documents", "list", "--type", "receipt"], "there is no type receipt of documents; there are cancel"),
        (["url", "smtp"], "'redis'"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert "--help" in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("group", [[], ["documents"], ["desk", "user"]], ids=" ".join)
def test_a_group_without_a_command_shows_its_help_as_it_is(
    group: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*group, "--help"]) == 0
    asked_for = capsys.readouterr().out
    assert run(group) == 2
    assert capsys.readouterr() == ("", asked_for)
    # What a command does is read at a glance: its line in the list is a whole sentence.
    assert [line for line in asked_for.partition("Commands:")[2].splitlines() if line and not line.endswith(".")] == []
    assert "..." not in asked_for.partition("Commands:")[2]


def test_an_argument_that_is_no_text_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["documents", "show", "item", "\udce4"]) == 2
    assert capsys.readouterr().err == "perpetua: argument 4, '\\udce4', is not UTF-8: write it as UTF-8\n"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"perpetua {version('perpetua')}\n"


def test_a_bad_setting_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PERPETUA_DATABASE_URL", "mysql://somewhere")
    assert run(["report", "trial-balance"]) == 1
    assert capsys.readouterr().err.startswith("perpetua: PERPETUA_DATABASE_URL is no URL of the expected kind")


def test_debugging_shows_what_is_behind_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPETUA_DATABASE_URL", "mysql://somewhere")
    monkeypatch.setenv("PERPETUA_DEBUG", "1")
    with pytest.raises(ValueError, match="PERPETUA_DATABASE_URL"):
        run(["report", "trial-balance"])


def test_a_server_that_is_away_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PERPETUA_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    monkeypatch.setenv("PERPETUA_REDIS_URL", "redis://127.0.0.1:1/0")
    assert run(["report", "trial-balance"]) == 1
    said = capsys.readouterr().err
    assert "PostgreSQL" in said
    assert "secret" not in said
    assert said.count("\n") == 1


def test_a_report_without_any_company_says_what_to_do(cli: Cli) -> None:
    status, out, err = cli("report", "trial-balance")
    assert (status, out) == (1, "")
    assert "submit its master first" in err


def test_reports_as_table_json_and_csv(books: Cli, tmp_path: Path) -> None:
    status, table, _ = books("report", "stock-balance")
    assert status == 0
    assert "1,100.00" in table
    assert "1,775.00" in table  # the sum line

    status, text, _ = books("report", "stock-balance", "--format", "json")
    assert status == 0
    assert [(row["warehouse"], row["actual_qty"]) for row in json.loads(text)] == [("STORES", 5), ("WIP", 3)]
    assert '"stock_value":1100.00' in text  # exact, with the currency's decimals

    status, lines, _ = books("report", "stock-balance", "--format", "csv")
    assert status == 0
    assert lines.splitlines() == [
        "item,warehouse,actual_qty,valuation_rate,stock_value",
        "RM0001,STORES,5,220,1100.00",
        "RM0001,WIP,3,225,675.00",
    ]

    file = tmp_path / "balance.csv"
    assert books("report", "stock-balance", "--format", "csv", "--output", str(file))[1] == ""
    assert file.read_text(encoding="utf-8") == lines


def test_reports_and_lists_as_workbooks(books: Cli, tmp_path: Path) -> None:
    file = tmp_path / "ledger.xlsx"
    # Between them: a title with a colon, times with a zone, documents that are not posted.
    for shown in ("report stock-ledger", "report repost-status", "publisher audit", "documents list", "pos sessions"):
        file.unlink(missing_ok=True)
        assert books(*shown.split(), "--format", "xlsx", "--output", str(file)) == (0, "", "")
        assert file.read_bytes().startswith(b"PK")
    status, _, err = books("report", "stock-ledger", "--format", "xlsx")
    assert status == 1
    assert "--output FILE.xlsx" in err


def test_a_report_of_a_name_that_nobody_has_is_refused_and_of_an_unused_account_is_empty(books: Cli) -> None:
    for option, name in (("--item", "RM0002"), ("--warehouse", "STORE")):
        status, out, err = books("report", "stock-ledger", option, name)
        assert (status, out) == (1, "")
        assert f"names the {option[2:]} {name}: correct the name" in err
    assert "names the account Sale:" in books("report", "general-ledger", "--account", "Sale")[2]
    assert books("report", "general-ledger", "--account", "Write Off") == (0, "(nothing)\n", "")


def test_other_programs_are_told_where_the_servers_are(books: Cli, settings: Settings) -> None:
    assert books("url", "redis") == (0, f"{settings.redis_url}\n", "")
    assert books("url", "database") == (0, f"{settings.database_url}\n", "")
    status, _, err = books("url", "reader")
    assert status == 1
    assert "log in there as a role that only reads" in err


def test_a_company_must_be_chosen_where_there_are_several(database: FreshDatabase, books: Cli) -> None:
    with opened(database) as own:
        tell_manual(own, "Another")
    status, _, err = books("report", "trial-balance")
    assert status == 1
    assert "Another, Manual" in err
    assert books("report", "trial-balance", "--company", "Manual")[0] == 0
    status, _, err = books("report", "trial-balance", "--company", "Nobody")
    assert status == 1
    assert "choose one of Another, Manual" in err


def test_documents_are_listed_and_shown(books: Cli) -> None:
    status, table, _ = books("documents", "list", "--status", "rejected")
    assert status == 0
    assert "DN-2" in table
    assert "PR-1" not in table
    assert len(json.loads(books("documents", "list", "--format", "json", "--limit", "3")[1])) == 3

    status, text, _ = books("documents", "show", "purchase_receipt", "PR-1", "--format", "json")
    assert (status, json.loads(text)["status"]) == (0, "posted")
    status, text, _ = books("documents", "show", "delivery_note", "DN-2")
    assert status == 0
    assert "NegativeStock" in text
    status, _, err = books("documents", "show", "delivery_note", "DN-9")
    assert status == 1
    assert "documents list" in err


def test_a_refused_document_is_decided_anew_once_its_cause_is_gone(books: Cli) -> None:
    status, _, err = books("documents", "retry", "delivery_note", "DN-2")
    assert status == 1
    assert "NegativeStock" in err

    # Cancelling the transfer and the issue brings back what the delivery is short of.
    for number in ("SE-3", "SE-2"):
        status, said, _ = books("documents", "cancel", "stock_entry", number, "--reason", "entered by mistake")
        assert status == 0
        assert f"{number} is cancelled" in said
    status, said, _ = books("documents", "retry", "delivery_note", "DN-2")
    assert status == 0
    assert "is posted as" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["documents", "retry", "purchase_receipt", "PR-1"], "is posted"),
        (["documents", "release", "delivery_note", "DN-2"], "is rejected"),
        (["documents", "cancel", "delivery_note", "DN-2"], "is rejected"),
        (["documents", "cancel", "purchase_receipt", "PR-1"], "Cancel those first"),
    ],
)
def test_what_the_operator_may_not_do_is_refused_with_its_reason(books: Cli, arguments: list[str], said: str) -> None:
    status, out, err = books(*arguments)
    assert (status, out) == (1, "")
    assert said in err


def test_verify_finds_the_books_whole(books: Cli) -> None:
    status, said, _ = books("verify")
    assert status == 0
    assert said.startswith("Manual: the hash chain holds")


def test_verify_names_what_was_changed_behind_the_system_s_back(database: FreshDatabase, books: Cli) -> None:
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("ALTER TABLE gl_entry DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE gl_entry SET debit = debit + 100 WHERE entry_id = (SELECT min(entry_id) FROM gl_entry WHERE debit > 0)"
        )
    status, said, err = books("verify")
    assert status == 1
    assert said.startswith("Manual: ")
    assert "restore them from a backup" in err


def test_without_urls_the_embedded_servers_serve(
    cluster: Endpoints, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PERPETUA_HOME", str(cluster.home))
    assert run(["report", "trial-balance"]) == 1
    assert "there is no company yet" in capsys.readouterr().err
    assert run(["status", "--format", "json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert [server["running"] for server in state["embedded_servers"]] == [True, True]
    assert state["database"]["revision"] is not None


@pytest.mark.parametrize("command", [["up"], ["demo"], ["url", "database"], ["desk", "user", "add", "ada"]])
def test_a_data_folder_that_can_not_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    # Nobody makes folders there, root included.
    monkeypatch.setenv("PERPETUA_HOME", "/proc/none/books")
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    assert run(command) == 1
    said = capsys.readouterr().err
    assert "the data folder /proc/none/books" in said
    assert "set PERPETUA_HOME to another folder" in said


def test_a_full_disk_is_one_line() -> None:
    perpetua = Path(sys.executable).with_name("perpetua")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run([perpetua, "schema", "json"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("perpetua: a disk is full (No space left on device): free some of it.")


def test_the_schema_of_the_contract(cli: Cli) -> None:
    status, text, _ = cli("schema", "all")
    assert status == 0
    assert set(json.loads(text)) == {"json", "outcome", "asyncapi"}


def test_upgrading_says_where_the_schema_stands(cli: Cli) -> None:
    status, said, _ = cli("db", "upgrade")
    assert status == 0
    assert said.startswith("The schema is at revision ")


def test_status_names_a_schema_of_another_version(database: FreshDatabase, books: Cli) -> None:
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
    status, said, _ = books("status")
    assert status == 0
    assert f"schema            0003, this program needs {newest()}: perpetua db upgrade makes it" in said
    assert "documents wait to be posted" not in said


def test_status_with_configured_servers(books: Cli) -> None:
    status, said, _ = books("status")
    assert status == 0
    assert "0 documents wait to be posted" in said
    state = json.loads(books("status", "--format", "json")[1])
    assert (state["ready"], state["up"], state["database"]["accepted"]) == (True, False, 0)


def test_status_names_what_waits_and_for_how_long(database: FreshDatabase, books: Cli) -> None:
    with opened(database) as own:
        publish(own, [{**COMPANY, "name": "Slow"}, *({**receipt(f"PR-{n}"), "company": "Slow"} for n in range(3))])
    status, said, _ = books("status")
    assert status == 0
    assert re.search(r"accepted +3 documents wait to be posted, the oldest for \d+ s", said)
    assert re.search(r"  Slow +3 wait, the oldest for \d+ s", said)
    assert "last nightly      none yet" in said
    assert re.search(r"queue posting +0 waiting", said)
    (manual, slow) = json.loads(books("status", "--format", "json")[1])["database"]["lanes"]
    assert (manual["waiting"], slow["waiting"], slow["posted"]) == (0, 3, 0)


def test_status_says_which_server_is_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PERPETUA_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    assert run(["status"]) == 1
    said = capsys.readouterr()
    assert "database does not answer: connection failed" in said.out
    assert "intake stream     0 messages" in said.out
    assert said.err == "perpetua: a server is down: start it, or correct the URL that names it\n"
    assert "secret" not in said.out + said.err


def test_upgrading_a_database_that_is_away_is_one_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = "postgresql://nobody:secret@127.0.0.1:1/none"
    for name, value in (environment(settings) | {"PERPETUA_OWNER_DATABASE_URL": away}).items():
        monkeypatch.setenv(name, value)
    assert run(["db", "upgrade"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("perpetua: PostgreSQL can't be reached")
    assert "secret" not in said


def test_down_where_nothing_runs(cli: Cli) -> None:
    assert cli("down") == (0, "Nothing was running.\n", "")
