"""`perpetua documents`: what became of documents, and the operator's hand in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import MOST_ROWS, CompanyOption, Form, FormOption, OutputOption, Plain, PlainOption
from worker.cli.previews import NumberArgument, TypeArgument
from worker.cli.previews import register as register_previews

if TYPE_CHECKING:
    from worker.store.database import Database, Rows

_PAGE: Final = 1_000
_PATIENCE_SECONDS: Final = 30.0
_ACTOR: Final = "perpetua documents"


class Status(StrEnum):
    """What may have become of a document; the last three are sales at tills."""

    ACCEPTED = "accepted"
    POSTED = "posted"
    REJECTED = "rejected"
    PARKED = "parked"
    CANCELLED = "cancelled"
    PREVIEWED = "previewed"
    OPEN = "open"
    CONSOLIDATED = "consolidated"
    QUARANTINED = "quarantined"


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Documents and what became of them.", no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_documents)
    group.command("show")(show)
    group.command("retry")(retry)
    group.command("release")(release)
    group.command("cancel")(cancel)
    group.command("edit")(edit)
    register_previews(group)
    app.add_typer(group, name="documents")


def list_documents(
    company: CompanyOption = None,
    status: Annotated[Status | None, typer.Option(help="Only documents with this status.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only documents of this type.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most; 0 for all.", min=0, max=MOST_ROWS)] = 100,
    form: FormOption = Form.TABLE,
    output: OutputOption = None,
) -> None:
    """List documents in the order of acceptance."""
    from worker.cli.connection import one_company, open_database
    from worker.cli.output import write_rows
    from worker.messages import DOCUMENT_TYPES
    from worker.reports import Column, Kind

    columns = (
        Column("sequence", Kind.COUNT), Column("type"), Column("number"), Column("status"), Column("voucher_no"),
        Column("received_at"), Column("posted_at"), Column("error"), Column("message"),
    )  # fmt: skip
    if type_ is not None and type_ not in DOCUMENT_TYPES:
        raise typer.BadParameter(
            f"there is no type {type_} of documents; there are {', '.join(sorted(DOCUMENT_TYPES))}"
        )
    with open_database() as database, database.transaction() as connection:
        number, _ = one_company(connection, company)
        rows = (
            [*(outcome[name] for name in ("sequence", "type", "number", "status", "voucher_no", "received_at", "posted_at")),
             *_error(outcome)]
            for outcome in _pages(connection, number, status, type_, limit)
        )  # fmt: skip
        write_rows(columns, rows, form, "Documents", output)


def show(
    type_: TypeArgument,
    number: NumberArgument,
    company: CompanyOption = None,
    form: PlainOption = Plain.TABLE,
) -> None:
    """Show one document's outcome."""
    from worker.cli.connection import open_database

    with open_database() as database:
        _, outcome = _find(database, company, type_, number)
    _print(outcome, form)


def retry(type_: TypeArgument, number: NumberArgument, company: CompanyOption = None) -> None:
    """Decide a rejected or parked document once more.

    Exits 0 when it is posted now.
    """
    _decide_anew(type_, number, company, frozenset({"rejected", "parked"}))


def release(type_: TypeArgument, number: NumberArgument, company: CompanyOption = None) -> None:
    """Let a parked document go before its cause clears.

    Exits 0 when it is posted now.
    """
    _decide_anew(type_, number, company, frozenset({"parked"}))


def cancel(
    type_: TypeArgument,
    number: NumberArgument,
    company: CompanyOption = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept with the cancellation.")] = None,
) -> None:
    """Cancel a posted document by a document of its own.

    Exits 0 when it is cancelled.
    """
    from worker.cli.connection import open_database
    from worker.services.acceptance import read
    from worker.services.acceptance import store as store_messages
    from worker.services.operating import cancellation

    with open_database() as database:
        company_id, outcome = _find(database, company, type_, number)
        with database.transaction() as connection:
            message = cancellation(connection, company_id, outcome["sequence"], actor=_ACTOR, reason=reason)
        (receipt,) = store_messages(database, [read(message)])
        decided = decide_now(database, company_id, receipt.sequence)
    require(decided, "posted")
    print(f"{type_} {number} is cancelled by {decided['voucher_no']}.")


def edit(
    type_: TypeArgument,
    number: NumberArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The whole document as it should be, as JSON.", exists=True)
    ],
    reason: Annotated[str, typer.Option(help="Why; kept with the edit.")],
    company: CompanyOption = None,
) -> None:
    """Edit a rejected or parked document, and decide it.

    The edit is a new revision; what came stays its key. Exits 0 when it is posted now.
    """
    from worker.cli.connection import open_database
    from worker.services.operating import decide_anew
    from worker.services.operating import edit as keep_edit

    with open_database() as database:
        company_id, outcome = _find(database, company, type_, number)
        sequence = outcome["sequence"]
        revision = keep_edit(database, company_id, sequence, file.read_bytes(), actor=_ACTOR, reason=reason)
        decide_anew(database, company_id, [sequence])
        decided = decide_now(database, company_id, sequence)
    require(decided, "posted")
    print(f"{type_} {number}, revision {revision}, is posted as {decided['voucher_no']}.")


def _decide_anew(type_: str, number: str, company: str | None, from_status: frozenset[str]) -> None:
    from worker.cli.connection import open_database
    from worker.services.operating import decide_anew

    with open_database() as database:
        company_id, outcome = _find(database, company, type_, number)
        if outcome["status"] not in from_status:
            raise CommandFailedError(
                f"{type_} {number} is {outcome['status']}: only a {' or '.join(sorted(from_status))} document can be decided anew"
            )
        decide_anew(database, company_id, [outcome["sequence"]])
        decided = decide_now(database, company_id, outcome["sequence"])
    require(decided, "posted")
    print(f"{type_} {number} is posted as {decided['voucher_no']}.")


def decide_now(database: Database, company_id: int, sequence: int) -> dict[str, Any]:
    """Drain the lane here and now, with or without a worker; its sweeper tells the outcomes to the stream."""
    from worker.services.posting import drain
    from worker.store.posting.outcomes import fetch_outcomes

    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        busy = drain(database, company_id).busy
        with database.transaction() as connection:
            (outcome,) = fetch_outcomes(connection, company_id, [sequence])
        # A worker that has the lane just now may be deciding this very document.
        if not busy or outcome["status"] != "accepted" or time.monotonic() > deadline:
            return outcome
        time.sleep(0.1)


def _find(database: Database, company: str | None, type_: str, number: str) -> tuple[int, dict[str, Any]]:
    from worker.cli.connection import one_company
    from worker.store.posting.outcomes import fetch_outcome

    with database.transaction() as connection:
        company_id, name = one_company(connection, company)
        outcome = fetch_outcome(connection, name, type_, number)
    if outcome is None:
        raise CommandFailedError(f"{name} has no {type_} {number}: perpetua documents list shows what it has")
    return company_id, outcome


def _pages(
    connection: Rows, company: int, status: Status | None, type_: str | None, limit: int
) -> Iterator[dict[str, Any]]:
    from worker.store.intake.previews import list_previews
    from worker.store.posting.outcomes import list_outcomes, preview_outcome

    if status is Status.PREVIEWED:
        # What waits for a decision is few: whoever asks looks at all of it, and a type is picked out here.
        asked = (held for held in list_previews(connection, company, None) if type_ in (None, held.type))
        yield from (preview_outcome(held) for held in islice(asked, limit or None))
        return
    left, after = limit or None, 0
    while left is None or left > 0:
        size = _PAGE if left is None else min(_PAGE, left)
        page = list_outcomes(connection, company, status=status, type_=type_, after=after, limit=size)
        yield from page
        if len(page) < size:
            return
        after = page[-1]["sequence"]
        left = None if left is None else left - size


def require(outcome: dict[str, Any], status: str) -> None:
    """Go on only where a document has this status. Errors: CommandFailedError with the outcome's own words."""
    if outcome["status"] != status:
        code, message = _error(outcome)
        raise CommandFailedError(f"{outcome['type']} {outcome['number']} is {outcome['status']}: {code}, {message}")


def _error(outcome: dict[str, Any]) -> tuple[str, str]:
    error = outcome.get("error") or {}
    return str(error.get("code", "")), str(error.get("message", ""))


def _print(outcome: dict[str, Any], form: Plain) -> None:
    from worker.cli.output import to_json

    if form is Plain.JSON:
        print(to_json(outcome))
        return
    for name in ("company", "type", "number", "status", "sequence", "received_at", "posted_at", "voucher_no"):
        if outcome.get(name) is not None:
            print(f"{name.replace('_', ' '):<12} {outcome[name]}")
    code, message = _error(outcome)
    if code:
        print(f"{'error':<12} {code}: {message}")
    if warning := outcome.get("warning"):
        print(f"{'warning':<12} {warning['code']}: {warning['message']}")
