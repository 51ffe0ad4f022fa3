"""`perpetua demo`: a real shop's documents from the stream to both ledgers, and the proof that they agree."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from worker.cli.failure import CommandFailedError

if TYPE_CHECKING:
    from worker.cli.demonstration.sample import Sample
    from worker.client import Publisher
    from worker.settings import Settings
    from worker.store.database import Database

_START_PATIENCE_SECONDS: Final = 180.0  # a laptop that is busy, starting everything for the first time
_PATIENCE_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.2


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running at the end, Flower included.")] = False,
) -> None:
    """Post a real shop's documents; see both ledgers agree.

    Exits 1 where any figure differs from the shop's own.
    """
    from worker.cli.connection import open_database, url
    from worker.cli.demonstration import sample, system
    from worker.client import Publisher

    shop = sample.load()
    settings = system.demo_settings()
    flower = f"http://{settings.flower_address}:{settings.flower_port}"
    print(f"Starting PostgreSQL, Valkey, intake, worker, beat and Flower in {settings.home}")
    connected = system.clean_start(settings)
    with system.running(settings, keep=keep) as log:
        print(f"Flower, with the operators' desk, is at {flower}")
        publisher = Publisher(
            url(connected.redis_url, "PERPETUA_REDIS_URL"), broker_url=connected.broker_url, name="demo"
        )
        with open_database(connected) as database:
            seconds = _post(publisher, database, shop, log)
        count = len(shop.documents) - 1
        print(f"{count} documents posted in {seconds:.1f} s: {count / seconds:,.0f} documents/s\n")
        differing = _tell(connected, shop)
    if keep:
        from worker.desk.first_login import ensure_login

        print(f"\nFlower is at {flower} ({ensure_login(settings)})")
        print(f"Everything is still up. Stop it with: PERPETUA_HOME={settings.home} perpetua down")
    if differing:
        raise CommandFailedError(f"the books differ from the shop's figures in {differing} places")


def _post(publisher: Publisher, database: Database, shop: Sample, log: Path) -> float:
    """Publish everything through the stream; gives the seconds from the second document published to the last outcome.

    Masters and the first document go ahead, so that the time of starting processes is not taken for the time of posting.
    """
    from worker.cli.progress import tracking
    from worker.client import NoOutcomeYet

    first, *rest = shop.documents
    look = _Accepted(database)
    try:
        publisher.wait(publisher.submit_many([*shop.masters, first]), seconds=_START_PATIENCE_SECONDS)
        print(f"{len(shop.masters)} masters and a first document went ahead; {len(rest)} documents follow.")
        began = time.monotonic()
        receipts = publisher.submit_many(rest)
        with tracking(len(rest), "accepted", "posted") as reach:
            for posted, (_, outcome) in enumerate(publisher.outcomes(receipts, seconds=_PATIENCE_SECONDS), start=1):
                _require_posted(outcome)
                reach("accepted", look() - 1)
                reach("posted", posted)
            seconds = time.monotonic() - began
    except NoOutcomeYet as error:
        raise CommandFailedError(f"{error}; what the processes said is in {log}") from error
    return seconds


class _Accepted:
    """How many documents are accepted by now; looked up a few times a second at most."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._count = 0
        self._next_look = 0.0

    def __call__(self) -> int:
        if time.monotonic() >= self._next_look:
            with self._database.transaction() as connection:
                row = connection.execute("SELECT sum(last_sequence)::bigint FROM intake_counter").fetchone()
            self._count = int(row[0] or 0) if row else 0
            self._next_look = time.monotonic() + _LOOK_SECONDS
        return self._count


def _require_posted(outcome: dict[str, Any]) -> None:
    # A sale at a till is open until its closing, and may be consolidated by the time that its outcome is read.
    if outcome["status"] not in {"posted", "open", "consolidated"}:
        error = outcome.get("error") or {}
        raise CommandFailedError(
            f"{outcome['type']} {outcome['number']} is {outcome['status']}: {error.get('code')}, {error.get('message')}"
        )


def _tell(settings: Settings, shop: Sample) -> int:
    """Print the story; gives how many figures differ."""
    from worker.cli.connection import one_company, open_database
    from worker.cli.demonstration import story
    from worker.reports.scope import scope_of

    with open_database(settings) as database, database.transaction() as connection:
        company, _ = one_company(connection, shop.company)
        scope = scope_of(connection, company)
        if scope is None:
            raise CommandFailedError("the sample's company has no master")
        found = story.checks(connection, scope, shop)
        for line in story.lines(connection, scope, shop, found):
            print(line)
        out_of_step = sum(row["difference"] != 0 for row in story.comparison(connection, scope))
        return sum(not one.agrees for one in found) + int(out_of_step)
