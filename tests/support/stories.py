"""Books made from scenario files, for tests that look at books rather than at how they came about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.servers import Database as FreshDatabase
from worker.services.replay.run import play
from worker.services.replay.scenario import read, understand
from worker.store.database import Database

MANUAL = Path(__file__).parents[1] / "scenarios" / "manual.json"


@contextmanager
def opened(database: FreshDatabase) -> Iterator[Database]:
    """The test's database as the worker sees it."""
    own = Database(database.worker_url)
    try:
        yield own
    finally:
        own.close()


def tell_manual(database: Database, company: str = "Manual") -> int:
    """Post the manual's worked example; gives the company's number."""
    return tell(database, read(MANUAL), company)


def tell(database: Database, story: Mapping[str, Any], company: str) -> int:
    """Post a story in a company of this name; gives its number."""
    number, _ = play(database, understand(story, company))
    return number
