"""`perpetua migrate`: from periodic to perpetual inventory, planned, rehearsed on a copy, applied in one transaction, and taken back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import CompanyOption, Plain, PlainOption

if TYPE_CHECKING:
    from worker.services.migration import Choice, Plan, Rehearsal

AsOfOption = Annotated[
    datetime,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="The last day of periodic inventory; perpetual from the next day on."
    ),
]
ExpenseOption = Annotated[
    str | None,
    typer.Option(
        "--expense-account",
        help="Where all purchases were booked to (else each item's account, then the company's default).",
    ),
]
EarlierOption = Annotated[
    str | None,
    typer.Option(
        "--earlier-years",
        metavar="ACCOUNT",
        help="The equity account for what belongs to earlier years (else this year's expense).",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        help="From periodic to perpetual inventory, and back.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("plan")(plan)
    group.command("rehearse")(rehearse)
    group.command("apply")(apply)
    group.command("rollback")(rollback)
    app.add_typer(group, name="migrate")


def plan(
    as_of: AsOfOption,
    company: CompanyOption = None,
    expense_account: ExpenseOption = None,
    earlier_years: EarlierOption = None,
    form: PlainOption = Plain.TABLE,
) -> None:
    """Show what is missing and what would be posted.

    With the proof that the books agree then; nothing is posted. The plan is kept under a number for `perpetua migrate apply`.
    Exits 0 where nothing stands in the way.
    """
    from worker.cli.connection import open_database
    from worker.cli.progress import tracking
    from worker.services.migration import make_plan
    from worker.store.inventory_migration.sums import movements_of

    with open_database() as database:
        with database.transaction() as connection:
            number, name = _company(connection, company)
            movements = movements_of(connection, number)
        with tracking(movements, "adding up movements") as reach:
            made = make_plan(
                database, number, _choice(as_of, expense_account, earlier_years),
                lambda done, _all: reach("adding up movements", done),
            )  # fmt: skip
    _print_plan(made, name, form)
    _require_ready(made)


def rehearse(
    as_of: AsOfOption,
    company: CompanyOption = None,
    expense_account: ExpenseOption = None,
    earlier_years: EarlierOption = None,
    form: PlainOption = Plain.TABLE,
) -> None:
    """Migrate and go back on a copy of the books.

    The copy is dropped at the end (one that a kill left behind: by the next rehearsal); the books themselves stay as they are. It is a
    clone of the database where nobody else is connected, else a snapshot of the company's rows: posting goes on, nobody is disconnected.
    Needs the owner's login (PERPETUA_OWNER_DATABASE_URL) with the right to create databases. Exits 0 where all went well.
    """
    from worker.cli.connection import connected_settings, open_database
    from worker.cli.output import to_json
    from worker.cli.progress import working
    from worker.services.migration import rehearse as rehearse_on
    from worker.store.databases.company_copy import copied

    settings = connected_settings()
    with open_database(settings) as database, database.transaction() as connection:
        number, name = _company(connection, company)
    choice = _choice(as_of, expense_account, earlier_years)
    with (
        working(f"rehearsing {name}") as told,
        copied(_logins(settings), number, lambda done, total: told(f"{done} of {total} tables copied")) as (copy, how),
    ):
        seen = rehearse_on(copy, number, choice, lambda what, done, total: told(f"{what}, {done} of {total}"))
    if form is Plain.JSON:
        print(to_json({**_rehearsal_as_json(seen), "copy": how, "company": name}))
    else:
        print(f"Rehearsed on a {how} of the books: {name} keeps perpetual inventory after {seen.plan.as_of}.")
        _print_content(seen.plan)
        _print_rehearsal(seen)
    _require_ready(seen.plan)
    if not seen.succeeded:
        raise CommandFailedError("the rehearsal did not end as it should: see above, and report it")


def apply(
    plan: Annotated[int, typer.Option("--plan", help="The number that `perpetua migrate plan` printed.")],
    company: CompanyOption = None,
) -> None:
    """Post a plan's opening entry; perpetual from then on.

    In one transaction; refused where anything changed since the plan.
    """
    from worker.cli.connection import open_database
    from worker.cli.progress import working
    from worker.services.migration import apply_plan

    with open_database() as database:
        with database.transaction() as connection:
            number, name = _company(connection, company)
        with working(f"migrating {name}"):
            applied = apply_plan(database, number, plan)
    how = "keeps perpetual inventory now" if applied.anew else "had migrated by this plan already"
    print(f"{name} {how}: the opening entry is journal entry {applied.number}.")


def rollback(company: CompanyOption = None) -> None:
    """Take the migration back by reversal.

    Only before any later document; the trial balance is the old one then.
    """
    from worker.cli.connection import open_database
    from worker.services.migration import roll_back

    with open_database() as database:
        with database.transaction() as connection:
            number, name = _company(connection, company)
        reversal = roll_back(database, number)
    print(f"{name} keeps periodic inventory again: {reversal} reversed the opening entry.")


def _company(connection: Any, name: str | None) -> tuple[int, str]:
    from worker.cli.connection import one_company

    return one_company(connection, name)


def _choice(as_of: datetime, expense_account: str | None, earlier_years: str | None) -> Choice:
    from worker.services.migration import Choice

    return Choice(as_of.date(), expense_account, earlier_years)


def _logins(settings: Any) -> Any:
    """Who copies: the owner of a configured database; the administrator of the embedded one."""
    from worker import embedded
    from worker.cli.connection import url
    from worker.settings import from_environment
    from worker.store.databases.company_copy import Logins

    worker, owner = (
        url(settings.database_url, "PERPETUA_DATABASE_URL"),
        url(settings.owner_database_url, "PERPETUA_OWNER_DATABASE_URL"),
    )
    own = from_environment().database_url is None
    creator = embedded.ensure_running(settings.home).admin_database_url if own else owner
    return Logins(worker, owner, creator)


def _require_ready(made: Plan) -> None:
    if not made.is_ready:
        count = len(made.content["missing"])
        things = "1 thing stands" if count == 1 else f"{count} things stand"
        raise CommandFailedError(f"{things} in the way of the migration: settle what is listed, and plan again")


# -- what is printed --------------------------------------------------------------------------------------------------


def _print_plan(made: Plan, company: str, form: Plain) -> None:
    from worker.cli.output import to_json

    if form is Plain.JSON:
        print(to_json({"company": company, **made.told}))
        return
    print(f"Plan {made.number}: {company} keeps perpetual inventory after {made.as_of}.")
    _print_content(made)
    if made.is_ready:
        print(f"\nNothing is posted yet. To post it: perpetua migrate apply --plan {made.number}")


def _print_content(made: Plan) -> None:
    content = made.told
    _table("what stands in the way", content["missing"], set())
    for note in content["notes"]:
        print(f"\nNote: {note}")
    if "opening" not in content:
        return
    _table(
        "stock (less what was booked on its accounts already) against the accounts that its purchases are in",
        content["stock"],
        {"stock_value", "booked", "amount"},
    )
    _table(
        "received and not billed (billed and not received: negative) against those accounts, one entry each",
        content["unbilled"],
        {"outstanding"},
    )
    _table("the opening entry: both together", content["opening"], {"debit", "credit"})
    print(f"\n{_earlier_years(content['earlier_years'])}")
    _table(f"trial balance on {made.as_of}", content["trial_balance"], {"before", "change", "after"})
    _table(
        "proof: stock and its accounts",
        content["proof"],
        {"stock_value", "before", "after", "difference"},
        summed=False,
    )


def _earlier_years(earlier: dict[str, Any]) -> str:
    amount, until = earlier["amount"], earlier["until"]
    if not amount.strip("-0."):
        return f"Earlier years: nothing of it was charged to the years before {until}."
    where = f"to {earlier['account']}"
    if earlier["account"] is None:
        where = "to this year's expense; --earlier-years names an equity account for it instead"
    less = amount.startswith("-")
    than, charged, side = ("less", "too little", "debited") if less else ("more", "too much", "credited")
    return (
        f"Earlier years: as {until} began stock was worth {amount.lstrip('-')} {than} than was booked for it and not billed yet. The years "
        f"before were charged that {charged}, and it is {side} {where}."
    )


def _table(title: str, rows: list[dict[str, Any]], amounts: set[str], *, summed: bool = True) -> None:
    from decimal import Decimal

    from worker.cli.output import table_lines
    from worker.reports import Column, Kind

    if not rows:
        return
    columns = [
        Column(name, Kind.AMOUNT if name in amounts else Kind.TEXT, summed and name in amounts) for name in rows[0]
    ]
    print(f"\n{title}")
    shown = ([Decimal(row[c.name]) if c.name in amounts else row[c.name] for c in columns] for row in rows)
    for line in table_lines(columns, shown):
        print(line)


def _rehearsal_as_json(seen: Rehearsal) -> dict[str, Any]:
    # The plan's number is one of the copy's.
    return {
        **{key: value for key, value in seen.plan.told.items() if key != "plan"},
        "comparison": seen.comparison,
        "problems": seen.problems,
        "restored": seen.restored,
        "seconds": seen.seconds,
        "succeeded": seen.succeeded,
    }


def _print_rehearsal(seen: Rehearsal) -> None:
    if not seen.opening:
        return
    _table(
        "stock against accounts, after it was applied",
        seen.comparison,
        {"stock_value", "account_balance", "difference"},
    )
    took = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in seen.seconds.items())
    print(f"\nIt took: {took}.")
    for problem in seen.problems:
        print(f"verify: {problem}")
    print("The laws of the books hold." if not seen.problems else "The laws of the books do not hold.")
    print(
        "After the rollback the trial balance is the old one."
        if seen.restored
        else "The rollback left another trial balance."
    )
    if seen.succeeded:
        print(
            f"The books are as they were. To go over: perpetua migrate plan --as-of {seen.plan.as_of}, and apply that plan."
        )
