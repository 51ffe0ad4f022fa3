"""`perpetua demo`: a real shop's documents from the stream to both ledgers, and the proof that they agree."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from worker.cli.failure import CommandFailedError

if TYPE_CHECKING:
    from worker.cli.demonstration.sample import Sample
    from worker.client import Publisher
    from worker.settings import Settings

_START_PATIENCE_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 120.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running at the end, Flower included.")] = False,
) -> None:
    """Post a real shop's documents; see both ledgers agree.

    Exits 1 where any figure differs from the shop's own.
    """
    from worker.cli.connection import url
    from worker.cli.demonstration import sample, system
    from worker.client import Publisher

    shop = sample.load()
    settings = system.demo_settings()
    flower = f"http://{settings.flower_address}:{settings.flower_port}"
    print(f"Starting PostgreSQL, Valkey, intake, worker, beat and Flower in {settings.home}")
    connected = system.clean_start(settings)
    with system.running(settings, keep=keep) as log:
        print(f"Flower shows the lanes at {flower}")
        publisher = Publisher(
            url(connected.redis_url, "PERPETUA_REDIS_URL"), broker_url=connected.broker_url, name="demo"
        )
        seconds = _post(publisher, shop, log)
        print(
            f"\n{len(shop.documents)} documents posted in {seconds:.1f} s: {len(shop.documents) / seconds:,.0f} documents/s\n"
        )
        differing = _tell(connected, shop)
    print(f"\nFlower {'is' if keep else 'was'} at {flower}")
    if keep:
        print(f"Everything is still up. Stop it with: PERPETUA_HOME={settings.home} perpetua down")
    if differing:
        raise CommandFailedError(f"the books differ from the shop's figures in {differing} places")


def _post(publisher: Publisher, shop: Sample, log: Path) -> float:
    """Publish everything through the stream; gives the seconds from the first document published to the last outcome.

    Masters and the first document go ahead, so that the time of starting processes is not taken for the time of posting.
    """
    from worker.cli.progress import counting
    from worker.client import NoOutcomeYet

    counts: Counter[str] = Counter()
    first, *rest = shop.documents
    try:
        publisher.wait(publisher.submit_many([*shop.masters, first]), seconds=_START_PATIENCE_SECONDS)
        began = time.monotonic()
        receipts = publisher.submit_many(rest)
        with counting("documents posted", len(rest)) as advance:
            for _, outcome in publisher.outcomes(receipts, seconds=_PATIENCE_SECONDS):
                counts[outcome["status"]] += 1
                _require_posted(outcome)
                advance(1)
    except NoOutcomeYet as error:
        raise CommandFailedError(f"{error}; what the processes said is in {log}") from error
    return time.monotonic() - began


def _require_posted(outcome: dict[str, Any]) -> None:
    if outcome["status"] != "posted":
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
        for line in story.lines(connection, scope, found):
            print(line)
        out_of_step = sum(row["difference"] != 0 for row in story.comparison(connection, scope))
        return sum(not one.agrees for one in found) + int(out_of_step)
