"""`perpetua pos`: sessions of tills, closings by hand, the sub-ledger and the certificates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.company_report import print_report
from worker.cli.failure import CommandFailedError
from worker.cli.forms import CompanyOption, Form, FormOption, OutputOption

if TYPE_CHECKING:
    from worker.services.tools import Tools
    from worker.store.pos.export import Export


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Tills: sessions, closings, certificates.", no_args_is_help=True, rich_markup_mode=None)
    group.command("sessions")(sessions)
    group.command("close")(close)
    group.command("rebuild")(rebuild)
    group.command("verify")(verify)
    app.add_typer(group, name="pos")


def sessions(
    company: CompanyOption = None,
    form: FormOption = Form.TABLE,
    output: OutputOption = None,
) -> None:
    """List the sessions of tills and their figures.

    Revenue, cost and margin of open sales are provisional.
    """
    print_report("pos-sessions", company, form, output)


def close(
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="The till's profile.")],
    company: CompanyOption = None,
    user: Annotated[str | None, typer.Option(help="Only the sales of this user.")] = None,
    at: Annotated[datetime | None, typer.Option(help="Posting time, local to the company; now where left out.")] = None,
    number: Annotated[
        str | None, typer.Option(help="The closing's number; made of profile and time where left out.")
    ] = None,
) -> None:
    """Close a till now; exits 0 when its sales are consolidated."""
    from worker.cli.connection import one_company, open_command_tools
    from worker.services.submission import submit
    from worker.services.till_closing import closing
    from worker.store.intake.masters import names_of_kind

    with open_command_tools() as tools:
        with tools.database.transaction() as connection:
            company_id, name = one_company(connection, company)
            # Of a till that nobody knows a closing would be parked, and keep the period open that it lies in.
            known = names_of_kind(connection, company_id, "pos_profile")
            if profile not in known:
                raise CommandFailedError(
                    f"{name} has no till {profile}: choose one of {', '.join(known) or 'none so far'}"
                )
            document = closing(
                connection, company_id, profile, actor="perpetua pos close", user=user, at=at, number=number
            )
        (outcome,) = submit(tools, [document])
        if outcome["status"] != "posted":
            error = outcome.get("error") or {}
            raise CommandFailedError(
                f"{document['number']} is {outcome['status']}: {error.get('message', 'a worker decides it')}"
            )
        print(_in_words(tools, company_id, document["number"]))


def rebuild(company: CompanyOption = None) -> None:
    """Build a company's sub-ledger in Redis anew from PostgreSQL."""
    from worker.cli.connection import one_company, open_command_tools
    from worker.services.pos_mirror import rebuild as rebuild_sub_ledger

    with open_command_tools() as tools:
        with tools.database.transaction() as connection:
            company_id, name = one_company(connection, company)
        sales = rebuild_sub_ledger(tools, company_id)
    print(f"The sub-ledger of {name} is rebuilt: {sales} sales wait in it.")


def verify(
    closing: Annotated[
        str, typer.Argument(metavar="CLOSING", help="The closing's number, or a file that --export wrote.")
    ],
    company: CompanyOption = None,
    export: Annotated[Path | None, typer.Option(help="Write everything that the check needs to this file.")] = None,
) -> None:
    """Check a closing against its certificate.

    The hash of its receipts, and its receipts against its invoices, to the last cent.
    """
    import msgspec

    from worker.services.pos_verify import verify_export

    held = _from_file(Path(closing)) if Path(closing).is_file() else _from_books(closing, company)
    if export is not None:
        export.write_bytes(msgspec.json.encode(held))
    wrong = verify_export(held)
    certificate = held.certificate
    if wrong:
        raise CommandFailedError(f"{certificate.closing} does not hold: {'; '.join(wrong)}")
    print(
        f"{certificate.closing}: {certificate.receipts} receipts, {len(held.invoices)} invoices, {len(certificate.sums)} sums agree to "
        f"the last minor unit. Root {certificate.root}"
    )


def _from_file(path: Path) -> Export:
    from worker.services.pos_verify import read_export

    try:
        return read_export(path.read_bytes())
    except ValueError as error:
        raise CommandFailedError(f"{path} is no export of a closing: {error}") from error


def _from_books(number: str, company: str | None) -> Export:
    from worker.cli.connection import one_company, open_database
    from worker.store.pos.export import export_closing

    with open_database() as database, database.transaction() as connection:
        company_id, name = one_company(connection, company)
        found = export_closing(connection, company_id, number)
    if found is None:
        raise CommandFailedError(
            f"{name} has no closing {number} that stands: perpetua pos sessions shows which it has"
        )
    return found


def _in_words(tools: Tools, company: int, number: str) -> str:
    with tools.database.transaction() as connection:
        row = connection.execute(
            "SELECT figures FROM voucher WHERE company_id = %s AND type = 'pos_closing' AND number = %s",
            [company, number],
        ).fetchone()
    figures: dict[str, Any] = row[0] if row is not None else {}
    aside = f", {figures['quarantined']} set aside" if figures.get("quarantined") else ""
    invoices = ", ".join(figures.get("invoices", [])) or "no invoice"
    return f"{number} is closed: {figures.get('sales', 0)} sales, {figures.get('rounded_total')} in {invoices}{aside}."
