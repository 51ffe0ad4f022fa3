"""`perpetua repost`: what waits and what ran, a run now, a halt, and what a document would change before it is submitted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.company_report import print_report
from worker.cli.failure import CommandFailedError
from worker.cli.forms import CompanyOption, Form, FormOption, OutputOption, Plain, PlainOption

if TYPE_CHECKING:
    from worker.store.database import Database


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        help="What was posted into the past, and what follows.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_runs)
    group.command("run")(run)
    group.command("pause")(pause)
    group.command("resume")(resume)
    group.command("preview")(show_preview)
    app.add_typer(group, name="repost")


def list_runs(
    company: CompanyOption = None,
    form: FormOption = Form.TABLE,
    output: OutputOption = None,
) -> None:
    """List what waits and all runs, newest first."""
    print_report("repost-status", company, form, output)


def run(
    company: CompanyOption = None,
    retry: Annotated[bool, typer.Option("--retry", help="Take up again what failed runs were asked for.")] = False,
) -> None:
    """Repost whatever waits, whatever the company's hours.

    Exits 0 when nothing waits any more.
    """
    from worker.cli.connection import open_database
    from worker.cli.progress import working
    from worker.services.reposting import in_words, progress_in_words, run_pending
    from worker.store.reposts.requests import retry_failed

    with open_database() as database:
        number, name = _company(database, company)
        if retry:
            with database.transaction() as connection:
                retry_failed(connection, number)
        with working(f"reposting {name}") as told:
            summary = run_pending(database, number, tell=lambda progress: told(progress_in_words(progress)))
        print(in_words(name, summary))
        if summary.paused:
            raise CommandFailedError(f"the reposts of {name} are paused: perpetua repost resume lets them go on")
        if summary.busy:
            raise CommandFailedError("another worker is at it: perpetua repost list shows where it stands")
        if summary.failed:
            raise CommandFailedError("some runs failed: perpetua repost list says why and what to do")


def pause(company: CompanyOption = None) -> None:
    """Let a company's reposts wait.

    A run under way stops within seconds and is gone on with later.
    """
    from worker.cli.connection import open_database
    from worker.store.reposts.requests import set_pause

    with open_database() as database:
        number, name = _company(database, company)
        with database.transaction() as connection:
            changed = set_pause(connection, number, actor="perpetua repost pause")
    print(f"{name}: reposts are paused" + ("" if changed else " already"))


def resume(company: CompanyOption = None) -> None:
    """Let a company's reposts go on."""
    from worker.cli.connection import open_database
    from worker.store.reposts.requests import end_pause

    with open_database() as database:
        number, name = _company(database, company)
        with database.transaction() as connection:
            changed = end_pause(connection, number)
    print(f"{name}: reposts go on" if changed else f"{name}: its reposts are not paused")


def show_preview(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One document as JSON.", exists=True)],
    form: PlainOption = Plain.TABLE,
) -> None:
    """Show what a document would change in both ledgers.

    It need not have been submitted, and nothing is written. Exits 0 where the document would be posted.
    """
    from worker.cli.connection import open_database
    from worker.cli.foreseen import print_foreseen
    from worker.cli.output import to_json
    from worker.messages import decode, key_of
    from worker.services.reposting import preview

    payload = file.read_bytes()
    key = key_of(decode(payload))
    with open_database() as database:
        number, _ = _company(database, key.company)
        seen = preview(database, number, key.type, key.number, payload)
    if form is Plain.JSON:
        print(to_json({"outcome": seen.outcome, **seen.told()}))
    else:
        print_foreseen(f"{key.type.replace('_', ' ')} {key.number}", seen.told())
    if seen.outcome.get("status") != "posted":
        error = seen.outcome.get("error") or {}
        raise CommandFailedError(f"it would be {seen.outcome.get('status')}: {error.get('message', '')}")


def _company(database: Database, name: str | None) -> tuple[int, str]:
    from worker.cli.connection import one_company

    with database.transaction() as connection:
        return one_company(connection, name)
