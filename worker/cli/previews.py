"""Previews at the command line: what documents would change, and what is decided on that."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import CompanyOption

if TYPE_CHECKING:
    from worker.store.database import Database
    from worker.store.intake.previews import Held

_CLOSED: Final = frozenset({"PeriodClosed", "StockFrozen"})

TypeArgument = Annotated[str, typer.Argument(metavar="TYPE", help="For instance purchase_receipt.")]
NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="The document's number.")]


class Choice(Enum):
    """What may be done with documents once it is known what they would change."""

    ACCEPT = "accept"
    REDIRECT = "redirect"
    REFUSE = "refuse"


def register(group: typer.Typer) -> None:
    """Add an operator's decisions to the commands on documents."""
    group.command("accept")(accept)
    group.command("redirect")(redirect)
    group.command("refuse")(refuse)


def accept(type_: TypeArgument, number: NumberArgument, company: CompanyOption = None) -> None:
    """Post a document that was sent to be previewed.

    Exits 0 when it is posted.
    """
    from worker.cli.connection import open_database

    with open_database() as database:
        _post(database, _find(database, company, type_, number), None)


def redirect(type_: TypeArgument, number: NumberArgument, company: CompanyOption = None) -> None:
    """Post a previewed document on the first open day.

    Only where its own day is closed. Exits 0 when it is posted.
    """
    from worker.cli.connection import open_database

    with open_database() as database:
        held = _find(database, company, type_, number)
        day = _open_day(held.answer or {})
        if day is None:
            raise CommandFailedError(
                f"the day of {type_} {number} is not closed: perpetua documents accept posts it there"
            )
        _post(database, held, day)


def refuse(type_: TypeArgument, number: NumberArgument, company: CompanyOption = None) -> None:
    """Decide that a previewed document is not posted.

    Its publisher is told.
    """
    from worker.cli.connection import connected_settings, open_database, url
    from worker.outcomes import Outcomes
    from worker.redis_client import connect
    from worker.services.previewing import refuse as refuse_preview

    settings = connected_settings()
    with open_database(settings) as database:
        outcome = refuse_preview(database, _find(database, company, type_, number), "perpetua documents")
    if outcome is None:
        raise _decided(type_, number)
    with connect(url(settings.redis_url, "PERPETUA_REDIS_URL")) as redis:
        Outcomes(redis).publish([outcome])
    print(f"{type_} {number} is refused.")


def chosen(outcomes: Sequence[dict[str, Any]], then: Choice | None) -> Choice | None:
    """What to do with documents whose previews were printed: as said beforehand, or as a person at a terminal says now."""
    if then is not None or not sys.stdin.isatty() or not sys.stdout.isatty():
        return then
    closed = [day for outcome in outcomes if (day := _open_day(outcome)) is not None]
    moved = f", redirect ({len(closed)} of them to the first open day, {min(closed)})" if closed else ""
    print(f"\nNothing is posted yet. accept{moved} or refuse?")
    known = {choice.value: choice for choice in Choice if choice is not Choice.REDIRECT or closed}
    while (answer := known.get(typer.prompt("decision"))) is None:
        print(f"one of {', '.join(known)}")
    return answer


def to_be_sent(line: bytes, outcome: dict[str, Any], choice: Choice) -> bytes:
    """The document as it is sent to be posted: as it is, or where its day is closed and it is redirected, on the first open day."""
    from worker.messages import on_day, without_preview

    day = _open_day(outcome) if choice is Choice.REDIRECT else None
    return without_preview(line) if day is None else on_day(line, day)


def print_previews(outcomes: Sequence[dict[str, Any]]) -> None:
    """Print what each document would change, or why it would not be posted."""
    from worker.cli.foreseen import print_foreseen

    for outcome in outcomes:
        name, error = f"{outcome['type'].replace('_', ' ')} {outcome['number']}", outcome.get("error")
        if outcome.get("preview") is None:
            print(f"{name} is {outcome['status']}")
        else:
            print_foreseen(name, outcome["preview"])
        if error:
            print(f"{error['code']}: {error['message']}")
        print()


def _open_day(told: dict[str, Any]) -> date | None:
    """The first open day, of a document that would be refused because its own is closed."""
    seen = told.get("preview") or {}
    if (told.get("error") or {}).get("code") not in _CLOSED or seen.get("first_open_day") is None:
        return None
    return date.fromisoformat(seen["first_open_day"])


def _find(database: Database, company: str | None, type_: str, number: str) -> Held:
    from worker.cli.connection import one_company
    from worker.store.intake.previews import find_preview

    with database.transaction() as connection:
        _, name = one_company(connection, company)
        held = find_preview(connection, name, type_, number)
    if held is None:
        raise CommandFailedError(
            f"nobody asked what {type_} {number} would change: perpetua documents list --status previewed shows what waits"
        )
    if held.decision is not None:
        raise _decided(type_, number)
    return held


def _decided(type_: str, number: str) -> CommandFailedError:
    return CommandFailedError(f"{type_} {number} is decided already: perpetua documents show says how")


def _post(database: Database, held: Held, day: date | None) -> None:
    from worker.cli.documents import decide_now, require
    from worker.services.previewing import accept as accept_preview

    receipt = accept_preview(database, held, "perpetua documents", day)
    if receipt is None:
        raise _decided(held.type, held.number)
    if receipt.error is not None:
        raise CommandFailedError(f"{held.type} {held.number} is not accepted: {receipt.error['message']}")
    decided = decide_now(database, held.company_id, receipt.sequence)
    require(decided, "posted")
    print(f"{held.type} {held.number} is posted as {decided['voucher_no']}" + (f" on {day}." if day else "."))
