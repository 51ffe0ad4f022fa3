"""A report as a command of its own: what `perpetua pos sessions` and `perpetua repost list` print."""

from __future__ import annotations

from pathlib import Path

from worker.cli.failure import CommandFailedError
from worker.cli.forms import Form


def print_report(name: str, company: str | None, form: Form, output: Path | None) -> None:
    """Print a report of one company (of the only one where none is named). Errors: CommandFailedError."""
    from worker.cli.connection import one_company, open_database
    from worker.cli.output import write_rows
    from worker.reports import REPORTS
    from worker.reports.scope import scope_of

    report = REPORTS[name]
    with open_database() as database, database.transaction() as connection:
        number, company_name = one_company(connection, company)
        scope = scope_of(connection, number)
        if scope is None:
            raise CommandFailedError(f"the master of {company_name} is not known yet: submit it first")
        write_rows(report.columns_of(scope), report.read(connection, scope), form, report.title, output)
