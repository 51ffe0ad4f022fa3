"""`perpetua submit FILE.ndjson`: publish documents to the intake stream and, if asked, wait for what becomes of them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import Plain
from worker.cli.previews import Choice, chosen, print_previews, to_be_sent

if TYPE_CHECKING:
    from worker.client import Publisher, Receipt
    from worker.settings import Settings

_AT_ONCE: Final = 500
_SHOWN: Final = 20  # refusals printed in full; the rest are counted

_DONE: Final = frozenset({"accepted", "posted", "cancelled", "open", "consolidated"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("submit")(submit)


def submit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.ndjson", help="One document or master a line; - is standard input.")
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until every document has its outcome.")] = False,
    timeout: Annotated[int | None, typer.Option(help="Seconds to wait for the next outcome.", min=1)] = None,
    form: Annotated[Plain, typer.Option("--format", help="How to print the outcomes.")] = Plain.TABLE,
    preview: Annotated[bool, typer.Option("--preview", help="First show what the documents would change.")] = False,
    then: Annotated[
        Choice | None,
        typer.Option(help="With --preview: what to do then, without asking; redirect posts on the first open day."),
    ] = None,
) -> None:
    """Publish documents to the intake stream.

    Exits 0 when all are published and, with --wait, none is refused. With --preview nothing is posted before it is accepted; without a
    terminal to ask at and without --then nothing is posted at all, and it exits 0 when all would be.
    """
    from worker.cli.connection import connected_settings, url
    from worker.client import Publisher

    lines = list(_lines(file))
    settings = connected_settings()
    publisher = Publisher(
        url(settings.redis_url, "PERPETUA_REDIS_URL"),
        broker_url=settings.broker_url,
        name=settings.publisher or "perpetua submit",
        key=settings.publisher_key,
    )
    if preview:
        lines = _previewed(publisher, lines, timeout, settings, form, then)
        if not lines:
            return
    receipts = _send(publisher, lines)
    if not (wait or preview):
        print(
            f"{len(receipts)} documents are in the intake stream; perpetua documents list shows what becomes of them."
        )
        return
    refused = _report(list(_outcomes(publisher, receipts, timeout, settings)), form)
    if refused:
        raise CommandFailedError(
            f"{refused} of {len(receipts)} documents are not posted: mend what their errors say and send them again"
        )


def _send(publisher: Publisher, lines: list[bytes]) -> list[Receipt]:
    receipts: list[Receipt] = []
    for place in range(0, len(lines), _AT_ONCE):
        receipts += publisher.submit_many(lines[place : place + _AT_ONCE])
    return receipts


def _previewed(
    publisher: Publisher, lines: list[bytes], timeout: int | None, settings: Settings, form: Plain, then: Choice | None
) -> list[bytes]:
    """Show what the documents would change, and have it decided; gives what is to be posted. Errors: CommandFailedError."""
    from worker.cli.output import to_json
    from worker.messages import MASTER_TYPES, asking_preview, read_key

    keys = [read_key(line) for line in lines]
    if any(key is not None and key.type in MASTER_TYPES for key in keys):
        raise CommandFailedError(
            "a master changes no ledger: submit masters without --preview first, then the documents with it"
        )
    receipts = _send(publisher, [asking_preview(line) for line in lines])
    found = {
        (told["company"], told["type"], told["number"]): told
        for told in _outcomes(publisher, receipts, timeout, settings)
    }
    outcomes = [found[receipt.key] for receipt in receipts]
    failing = sum(bool(told.get("error")) for told in outcomes)
    if form is Plain.TABLE:
        print_previews(outcomes)
    elif then in (None, Choice.REFUSE):
        print(to_json(outcomes))
    choice = chosen(outcomes, then) if form is Plain.TABLE else then
    if choice is None and failing:
        raise CommandFailedError(f"{failing} of {len(lines)} documents would not be posted; nothing is posted")
    if choice is None or choice is Choice.REFUSE:
        print("nothing is posted", file=sys.stderr)
        return []
    return [to_be_sent(line, told, choice) for line, told in zip(lines, outcomes, strict=True)]


def _lines(file: Path) -> Iterator[bytes]:
    """Every line that is not empty, readable as far as its key. Errors: CommandFailedError naming the line."""
    from worker.messages import read_key

    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    for place, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        if read_key(line) is None:
            raise CommandFailedError(
                f"{file}, line {place}: neither company, type nor number can be read; nothing was sent. "
                "Each line is one JSON object with type, company and number"
            )
        yield line


def _outcomes(
    publisher: Publisher, receipts: list[Receipt], timeout: int | None, settings: Settings
) -> Iterator[dict[str, Any]]:
    from worker.cli.progress import counting

    seconds = timeout or settings.outcome_timeout_seconds
    with counting("documents", len({receipt.key for receipt in receipts})) as advance:
        for _, outcome in publisher.outcomes(receipts, seconds=seconds):
            advance(1)
            yield outcome


def _report(outcomes: list[dict[str, Any]], form: Plain) -> int:
    """Print what became of all; gives how many were refused."""
    from worker.cli.output import to_json

    refused = [outcome for outcome in outcomes if outcome["status"] not in _DONE]
    if form is Plain.JSON:
        print(to_json(outcomes))
        return len(refused)
    counts = Counter(str(outcome["status"]) for outcome in outcomes)
    print(", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "nothing to submit")
    for outcome in refused[:_SHOWN]:
        error = outcome.get("error") or {}
        print(
            f"{outcome['type']} {outcome['number']}: {outcome['status']}, {error.get('code')}: {error.get('message')}"
        )
    if len(refused) > _SHOWN:
        print(f"and {len(refused) - _SHOWN} more; perpetua documents list --status rejected shows them")
    return len(refused)
