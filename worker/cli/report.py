"""`perpetua report NAME`: any read model, as a table, JSON, CSV or a workbook."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import Form, FormOption, OutputOption

if TYPE_CHECKING:
    from psycopg import Connection

    from worker.reports import Report, Scope


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which report; `perpetua report list` names them all.")],
    company: Annotated[str | None, typer.Option(help="The company; not needed while there is only one.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="The books up to and with this posting date.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first posting date shown.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last posting date shown.")] = None,
    known_at: Annotated[str | None, typer.Option(metavar="TIME", help="Only what was recorded by then.")] = None,
    item: Annotated[str | None, typer.Option(help="Only this item.")] = None,
    warehouse: Annotated[str | None, typer.Option(help="Only this warehouse.")] = None,
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    voucher: Annotated[str | None, typer.Option(help="Only the document of this number.")] = None,
    entries: Annotated[
        bool, typer.Option("--entries", help="Every entry as stored, not netted into its voucher.")
    ] = False,
    form: FormOption = Form.TABLE,
    output: OutputOption = None,
) -> None:
    """Print a report."""
    from worker.cli.connection import open_database
    from worker.cli.output import table_lines, write_rows
    from worker.reports import REPORTS, Column
    from worker.services.explaining import COST_EXPLANATION
    from worker.services.past_layers import VALUATION_LAYERS

    known = REPORTS | {one.name: one for one in (VALUATION_LAYERS, COST_EXPLANATION)}
    if name == "list":
        for line in table_lines((Column("report"), Column("shows")), [(one.name, one.title) for one in known.values()]):
            print(line)
        return
    chosen = known.get(name)
    if chosen is None:
        raise typer.BadParameter(f"there is no report {name}; there are {', '.join(known)}")
    if as_of is not None and end is not None:
        raise typer.BadParameter("--as-of and --to both name the last posting date: give one of them")
    first, last = _date("--from", start), _date("--to" if as_of is None else "--as-of", as_of or end)
    if first is not None and last is not None and first > last:
        raise typer.BadParameter(f"--from {first} comes after {last}, the last date: swap them")
    options = {
        "start": first,
        "end": last,
        "known_at": _time("--known-at", known_at),
        "item": item,
        "warehouse": warehouse,
        "account": account,
        "voucher": voucher,
        "entries": entries,
    }
    _require_heeded(chosen, options)
    with open_database() as database, database.transaction() as connection:
        scope = _scope(connection, company, options)
        write_rows(chosen.columns_of(scope), chosen.read(connection, scope), form, chosen.title, output)


def _scope(connection: Connection[Any], company: str | None, options: dict[str, Any]) -> Scope:
    from worker.cli.connection import one_company
    from worker.reports.scope import scope_of, unknown_name

    company_id, name = one_company(connection, company)
    scope = scope_of(connection, company_id, **options)
    if scope is None:
        raise CommandFailedError(
            f"the company {name} has no master yet: submit it, then its documents post by themselves"
        )
    unknown = unknown_name(connection, scope)
    if unknown is not None:
        raise CommandFailedError(f"no master and no entry of {name} names the {unknown}: correct the name")
    return scope


def _require_heeded(chosen: Report, options: dict[str, Any]) -> None:
    names = {"start": "--from", "end": "--to or --as-of", "known_at": "--known-at"}
    for option, value in options.items():
        if value and option not in chosen.options:
            raise typer.BadParameter(f"the report {chosen.name} does not heed {names.get(option, '--' + option)}")


def _date(option: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text} is no date: write it like 2024-06-15") from None


def _time(option: str, text: str | None) -> datetime | None:
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} {text} is no time: write it like 2024-06-15T09:00:00+00:00") from None
    # Without an offset it is the time of this machine, as a person at its terminal means it.
    return None if moment is None else moment.astimezone()
