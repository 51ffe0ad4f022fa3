"""`perpetua replay FILE...`: scenario files through the real service into books that are thrown away."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import Plain


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scenario files, JSON or YAML.")],
    form: Annotated[Plain, typer.Option("--format", help="How to print the books.")] = Plain.TABLE,
    entries: Annotated[
        bool, typer.Option("--entries", help="Every entry as stored, not netted into its voucher.")
    ] = False,
) -> None:
    """Post scenario files into throw-away books.

    Prints the books of each; exits 0 when every file could be replayed.
    """
    from worker.cli.connection import settings_of_command
    from worker.cli.output import to_json
    from worker.cli.progress import working
    from worker.services.replay import replay_files

    unreadable: list[str] = []

    def complain(message: str) -> None:
        print(f"perpetua replay: {message}", file=sys.stderr)

    results: list[dict[str, Any]] = []
    with working("replaying") as tell:
        home = settings_of_command().home
        for result in replay_files(files, home, entries=entries, complain=complain, progress=tell):
            if isinstance(result, str):
                unreadable.append(result)
                complain(result)
            elif form is Plain.JSON:
                results.append(result)
            else:
                _print_books(result)
    if form is Plain.JSON:
        print("[" + ",\n".join(to_json(result) for result in results) + "]")
    if unreadable:
        raise CommandFailedError(f"{len(unreadable)} of {len(files)} scenarios could not be replayed")


def _print_books(result: dict[str, Any]) -> None:
    from worker.cli.output import table_lines
    from worker.reports import Column, Kind

    print(f"== {result['id']}")
    kinds = {
        "qty": Kind.QUANTITY, "qty_after": Kind.QUANTITY, "actual_qty": Kind.QUANTITY, "line": Kind.COUNT,
        "valuation_rate": Kind.RATE, "stock_value_difference": Kind.AMOUNT, "stock_value": Kind.AMOUNT,
        "debit": Kind.AMOUNT, "credit": Kind.AMOUNT, "balance": Kind.AMOUNT,
    }  # fmt: skip
    shown = {
        "documents": ("number", "type", "status", "grand_total", "outstanding", "error"),
        "stock_ledger": None,
        "general_ledger": None,
        "bins": None,
    }
    for part, names in shown.items():
        rows = result[part]
        if not rows:
            continue
        heads = names or tuple(rows[0])
        print(f"\n{part.replace('_', ' ')}")
        columns = [Column(name, kinds.get(name, Kind.TEXT)) for name in heads]
        for line in table_lines(columns, [[_cell(row.get(name)) for name in heads] for row in rows]):
            print(line)
    print()


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return f"{value.get('code')}: {value.get('message')}"
    if isinstance(value, list):
        return " ".join(f"{qty:f}@{rate:f}" for qty, rate in value)
    return value
