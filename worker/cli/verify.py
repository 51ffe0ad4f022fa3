"""`perpetua verify`: re-check the chain of hashes and the laws of the books."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.failure import CommandFailedError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    company: Annotated[str | None, typer.Option(help="Only this company; all of them where left out.")] = None,
) -> None:
    """Re-check the hash chain and the laws of the books.

    Every posted batch's hash, debits equal to credits, stock equal to its accounts; exits 0 when all hold.
    """
    from worker.cli.connection import one_company, open_database
    from worker.store.names.companies import all_companies
    from worker.store.verify import verify as problems_of

    found = 0
    with open_database() as database, database.transaction() as connection:
        if company is not None:
            number, name = one_company(connection, company)
            chosen = {name: number}
        else:
            chosen = all_companies(connection)
        for name, number in chosen.items():
            problems = problems_of(connection, number)
            found += len(problems)
            for problem in problems:
                print(f"{name}: {problem}")
            if not problems:
                print(f"{name}: the hash chain holds, debits equal credits, stock equals its accounts.")
    if found:
        raise CommandFailedError(
            f"{found} problems found: the books were changed behind the system's back, restore them from a backup"
        )
