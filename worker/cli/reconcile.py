"""`perpetua reconcile`: look at stock against its accounts now, what looks came to, and the entries that would mend a difference."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import MOST_ROWS, CompanyOption, Form, FormOption, Listing, OutputOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.money import Currency
    from domain.reconciliation import Proposal, Reconciliation


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        help="Stock against its accounts: why they differ.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("run")(run)
    group.command("list")(list_looks)
    group.command("proposals")(proposals)
    group.command("accept")(accept)
    app.add_typer(group, name="reconcile")


def run(
    company: CompanyOption = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The books up to and with this posting date.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Add everything up anew, not only what came in since the last look.")
    ] = False,
    form: Annotated[Listing, typer.Option("--format", help="How to print it.")] = Listing.TABLE,
) -> None:
    """Look at the books now.

    Exits 0 when stock and its accounts agree and every law holds.
    """
    from worker.bells import Lane
    from worker.cli.connection import one_company, open_command_tools
    from worker.cli.progress import working
    from worker.services.lanes import post_lane
    from worker.services.reconciliation import anew_in_words
    from worker.services.reconciliation import run as look

    with open_command_tools() as tools:
        with tools.database.transaction() as connection:
            lane = Lane(*one_company(connection, company))
        with working(f"adding up {lane.company}") as say:
            seen = look(
                tools, lane, as_of=as_of.date() if as_of else None, full=full, tell=lambda at: say(anew_in_words(at))
            )
        # What waited for an account that agrees now posts at once, also where no worker runs.
        post_lane(tools, lane)
    _print(seen, Form(form))
    if seen.verdict == "out_of_sync":
        raise CommandFailedError(
            f"{seen.company} is out of sync: perpetua reconcile proposals shows the entries that mend differences"
        )
    if seen.verdict == "faulty":
        raise CommandFailedError(
            f"{seen.company}: stock and its accounts agree, and laws of its books do not hold, so rows were altered behind the system's "
            "back: perpetua verify says which"
        )


def list_looks(
    company: CompanyOption = None,
    nights: Annotated[int, typer.Option(help="How many nights back.", min=1, max=MOST_ROWS)] = 30,
    form: FormOption = Form.TABLE,
    output: OutputOption = None,
) -> None:
    """List verdicts night by night, oldest first."""
    from worker.cli.connection import one_company, open_database
    from worker.cli.output import write_rows
    from worker.reports import Column, Kind
    from worker.reports.read_model import amount
    from worker.reports.scope import scope_of
    from worker.store.reconciliation.verdicts import trend

    columns = (Column("night", Kind.DATE), Column("verdict"), Column("difference", Kind.AMOUNT))
    with open_database() as database, database.transaction() as connection:
        number, name = one_company(connection, company)
        scope = scope_of(connection, number)
        if scope is None:
            raise CommandFailedError(f"the master of {name} is not known yet: submit it first")
        rows = [
            (one.night, one.verdict, amount(one.difference, scope.currency))
            for one in trend(connection, number, nights=nights)
        ]
        write_rows(columns, rows, form, f"Reconciliation of {name}", output)


def proposals(
    company: CompanyOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is settled or withdrawn.")] = False,
    form: FormOption = Form.TABLE,
    output: OutputOption = None,
) -> None:
    """List the entries that would mend a difference.

    Line by line, with what must be set to accept them.
    """
    from worker.cli.connection import one_company, open_database
    from worker.cli.output import write_rows
    from worker.reports import Column, Kind
    from worker.services.present_view import present_view
    from worker.services.reconciliation import missing_in
    from worker.store.reconciliation.proposals import proposals as proposed

    columns = (
        Column("proposal", Kind.COUNT), Column("account"), Column("difference", Kind.AMOUNT), Column("kind"), Column("reverses"),
        Column("status"), Column("entry"), Column("debit", Kind.AMOUNT), Column("credit", Kind.AMOUNT), Column("cost_center"),
        Column("to_set"),
    )  # fmt: skip
    with open_database() as database, database.transaction() as connection:
        number, name = one_company(connection, company)
        view = present_view(connection, number)
        found = proposed(connection, number, only_open=not everything)
        rows = (
            row for one in found for row in _proposal_rows(one, view.currency, ", ".join(missing_in(view, one.sides)))
        )
        write_rows(columns, rows, form, f"Proposals of {name}", output)


def accept(
    number: Annotated[int, typer.Argument(metavar="PROPOSAL", help="Its number in perpetua reconcile proposals.")],
    company: CompanyOption = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="cost_center, account (instead of stock adjustment), dimensions.NAME, posting_datetime, remarks; once for each.",
        ),
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Who accepts it; whoever is logged in where left out.")] = None,
) -> None:
    """Accept a proposal: its journal entry is posted.

    What waited for the account goes on. Exits 0 when it is posted.
    """
    import getpass

    from worker.bells import Lane
    from worker.cli.connection import one_company, open_command_tools
    from worker.services.reconciliation import accept as accept_proposal

    with open_command_tools() as tools:
        with tools.database.transaction() as connection:
            lane = Lane(*one_company(connection, company))
        accepted = accept_proposal(tools, lane, number, actor or getpass.getuser(), _settings(settings or []))
    if accepted.outcome is None:
        print(
            f"Proposal {number} is accepted by {accepted.proposal.first_by}. It is more than one person may accept: somebody else has to "
            f"accept it too (perpetua reconcile accept {number} --actor NAME)."
        )
        return
    if accepted.outcome["status"] != "posted":
        error = accepted.outcome.get("error") or {}
        raise CommandFailedError(
            f"{accepted.outcome['number']} is {accepted.outcome['status']}: {error.get('message', 'a worker decides it')}"
        )
    print(
        f"Proposal {number} is posted as {accepted.outcome['voucher_no']}; what waited for {accepted.proposal.account} goes on."
    )


def _settings(stated: list[str]) -> dict[str, str]:
    settings = {}
    for one in stated:
        name, sign, value = one.partition("=")
        if not sign or not name or not value:
            raise typer.BadParameter(f"--set {one} names nothing to set: write it like --set cost_center=Main")
        settings[name] = value
    return settings


def _proposal_rows(one: Proposal, currency: Currency, to_set: str) -> Iterator[tuple[Any, ...]]:
    from worker.reports.read_model import amount

    for side in one.sides:
        yield (
            one.number, one.account, amount(one.difference, currency), str(one.kind), one.reverses, one.status, side.account,
            amount(side.debit, currency), amount(side.credit, currency), side.cost_center, to_set,
        )  # fmt: skip


def _print(seen: Reconciliation, form: Form) -> None:
    from worker.cli.output import to_json, write_rows
    from worker.reports import Column, Kind
    from worker.reports.read_model import amount

    accounts = (
        Column("account"), Column("warehouses"), Column("stock_value", Kind.AMOUNT, summed=True),
        Column("account_balance", Kind.AMOUNT, summed=True), Column("difference", Kind.AMOUNT, summed=True), Column("since"),
    )  # fmt: skip
    rows = [
        (
            one.account, ", ".join(one.warehouses), amount(one.stock_value, seen.currency), amount(one.balance, seen.currency),
            amount(one.difference, seen.currency), one.parted_at and one.parted_at.replace(microsecond=0),
        )
        for one in seen.accounts
    ]  # fmt: skip
    if form is Form.JSON:
        print(to_json(_as_json(seen)))
        return
    write_rows(accounts, rows, form, f"Stock against accounts of {seen.company}", None)
    if form is Form.CSV:
        return
    for finding in seen.findings:
        print(f"{finding.code}: {finding.message}")
    if seen.causes:
        print()
        causes = (
            Column("account"), Column("amount", Kind.AMOUNT), Column("cause"), Column("document"), Column("nights", Kind.COUNT),
            Column("first_night", Kind.DATE), Column("proposal"), Column("what_it_is"),
        )  # fmt: skip
        told = [
            (
                one.account, amount(one.amount, seen.currency), str(one.kind), one.voucher, one.nights(seen.night), one.first_night,
                one.proposal or "", one.message,
            )
            for one in seen.causes
        ]  # fmt: skip
        write_rows(causes, told, form, "Causes", None)


def _as_json(seen: Reconciliation) -> dict[str, Any]:
    show = seen.currency.show
    return {
        "company": seen.company,
        "number": seen.number,
        "night": seen.night,
        "as_of": seen.as_of,
        "verdict": seen.verdict,
        "full": seen.is_full,
        "rows_read": seen.rows_read,
        "recorded_at": seen.recorded_at,
        "accounts": [
            {
                "account": one.account, "warehouses": one.warehouses, "stock_value": show(one.stock_value),
                "account_balance": show(one.balance), "difference": show(one.difference), "out_of_sync": one.out_of_sync,
                "since": one.parted_at, "first_night": one.first_night,
            }
            for one in seen.accounts
        ],
        "causes": [
            {
                "account": one.account, "kind": one.kind, "amount": show(one.amount), "figure": show(one.figure),
                "type": one.voucher_type, "number": one.voucher, "voucher_no": one.voucher_no, "posting_date": one.posting_date,
                "nights": one.nights(seen.night), "first_night": one.first_night, "proposal": one.proposal or None, "message": one.message,
            }
            for one in seen.causes
        ],
        "findings": [
            {"code": one.code, "message": one.message, "first_night": one.first_night} for one in seen.findings
        ],
        "figures": seen.figures,
    }  # fmt: skip
