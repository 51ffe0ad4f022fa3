"""When publishers were last heard of: written once a minute at most, whatever they send."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final
from weakref import WeakKeyDictionary

from worker.store.database import Database
from worker.store.intake.publishers import note_seen

EVERY_SECONDS: Final = 60.0

_noted: WeakKeyDictionary[Database, dict[str, float]] = WeakKeyDictionary()


def sight(database: Database, publishers: Iterable[str]) -> None:
    """Note that these publishers were heard of, unless this process has done so within the last minute. Errors: those of PostgreSQL."""
    noted, now = _noted.setdefault(database, {}), time.monotonic()
    due = {name for name in publishers if now - noted.get(name, -EVERY_SECONDS) >= EVERY_SECONDS}
    if due:
        with database.transaction() as connection:
            note_seen(connection, due)
        noted.update(dict.fromkeys(due, now))
