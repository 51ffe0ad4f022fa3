"""A full look in chunks: everything is added up and checked anew beside the sums in use, and takes their place in the end.

What was altered behind the system's back lies behind the mark, where no look at what came in sees it. So all rows are read again in the
course of a week, a share each night, however many there are; small books, all of them each night.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from domain.master_view import MasterView
from worker.services.present_view import present_view
from worker.services.reconciliation.adding import add_up
from worker.services.reconciliation.checking import check_moved, check_rows
from worker.store.database import Database, Rows
from worker.store.reconciliation.anew import (
    Pass,
    add_apart,
    begin_pass,
    chains_ahead,
    chains_between,
    forget_pass,
    lay_down_pass,
    mark_ahead,
    take_pass,
)
from worker.store.reconciliation.ledger_sums import Mark, full_look_is_due, present_mark

CHUNK_ROWS = 200_000  # rows of both ledgers in one transaction: a second or two
SMALL_ROWS = 20_000  # books with no more are looked at whole each night
NIGHTS: Final = 7  # in so many nights everything else is
LONGEST_STATEMENT: Final = "90s"  # below what ends a task
EVER: Final = datetime(1, 1, 1, tzinfo=UTC)

Tell = Callable[[dict[str, Any]], None]


class Standing(NamedTuple):
    """Where a full look stands: which part of it is done (1 where it is complete), seconds worked and still to go, rows in all."""

    done: float
    seconds: float
    seconds_to_go: float | None
    rows: int


def start_anew(database: Database, company: int) -> None:
    """Drop what a full look has done so far: what was altered behind it since would not be seen."""
    with database.transaction() as connection:
        take_pass(connection, company)
        forget_pass(connection, company)


def go_on(
    database: Database, company: int, *, upto: float = 1.0, seconds: float | None = None, tell: Tell | None = None
) -> Standing:
    """Go on with the company's full look until such a part of it is done, or about so long; each chunk is committed.

    `tell` hears after each chunk where it stands. Errors: Unavailable, and psycopg's LockNotAvailable where another worker is at it;
    whatever is committed stands.
    """
    begun = time.monotonic()
    while True:
        standing = _chunk(database, company)
        if tell is not None:
            tell({"done": round(standing.done, 4), "seconds_to_go": standing.seconds_to_go})
        if standing.done >= upto or (seconds is not None and time.monotonic() - begun > seconds):
            return standing


def tonight(database: Database, company: int) -> float:
    """Which part of a full look is to be done when the night that begins now is over."""
    with database.transaction() as connection:
        before = _standing(connection, company, take_pass(connection, company) or Pass()).done
        everything = full_look_is_due(connection, company) or _total(present_mark(connection, company)) <= SMALL_ROWS
    return 1.0 if everything else min(before + 1 / NIGHTS, 1.0)


def begin_look(connection: Rows) -> datetime:
    """Set the transaction up for looking, and give the time.

    What came in is read along indexes, whatever the planner knows of the tables: a night's work must not depend on when they were last
    analyzed.
    """
    row = connection.execute(
        "SELECT clock_timestamp(), set_config('statement_timeout', %s, true), set_config('enable_seqscan', 'off', true)",
        [LONGEST_STATEMENT],
    ).fetchone()
    assert row is not None  # noqa: S101 - a query without a table gives its row
    now: datetime = row[0]
    return now


def chunk_ahead(connection: Rows, company: int, mark: Mark) -> Mark:
    """The mark behind the next chunk of rows; the same mark where nothing came in since."""
    return mark_ahead(connection, company, mark, CHUNK_ROWS)


def in_words(progress: dict[str, Any]) -> str:
    """Where a full look stands: `31% of everything read anew, about 40 s`."""
    words = f"{progress['done']:.0%} of everything read anew"
    seconds = progress.get("seconds_to_go")
    return words if seconds is None else f"{words}, about {seconds:.0f} s for the rest"


def _chunk(database: Database, company: int) -> Standing:
    begun = time.monotonic()
    with database.transaction() as connection:
        begin_look(connection)
        at = begin_pass(connection, company)
        if not at.is_complete:
            view = present_view(connection, company)
            if at.chain is None:
                _add_rows(connection, company, view, at)
            else:
                _check_chains(connection, company, view, at, at.chain)
            at.milliseconds += round((time.monotonic() - begun) * 1000)
            lay_down_pass(connection, company, at)
        return _standing(connection, company, at)


def _add_rows(connection: Rows, company: int, view: MasterView, at: Pass) -> None:
    upto = chunk_ahead(connection, company, at.mark)
    if upto == at.mark:
        at.chain = 0
        return
    added = add_up(connection, company, view, at.mark, upto, anew=True)
    add_apart(connection, company, added.apart)
    at.findings += check_rows(connection, company, view, at.mark, upto)
    at.rows += added.rows
    at.mark = upto


def _check_chains(connection: Rows, company: int, view: MasterView, at: Pass, after: int) -> None:
    """Look at so many chains that they have about a chunk's rows, if they are like the others."""
    chains, left = chains_between(connection, company, after)
    count = max(1, chains * CHUNK_ROWS // max(at.mark.movement, 1))
    ahead = chains_ahead(connection, company, after, count)
    at.findings += check_moved(connection, company, view, at.mark, dict.fromkeys(ahead, EVER), anew=True)
    at.chain = ahead[-1] if ahead else after
    at.is_complete = len(ahead) == left


def _standing(connection: Rows, company: int, at: Pass) -> Standing:
    """Half of the work is adding, half checking."""
    total = _total(present_mark(connection, company))
    if at.is_complete:
        done = 1.0
    elif at.chain is None:
        done = _total(at.mark) / max(total, 1) / 2
    else:
        chains, left = chains_between(connection, company, at.chain)
        done = 1 - left / max(chains, 1) / 2
    spent = at.milliseconds / 1000
    return Standing(done, spent, round(spent / done * (1 - done), 1) if done else None, total)


def _total(mark: Mark) -> int:
    """Rows up to a mark, those of reposts left out."""
    return max(mark.movement, 0) + max(mark.difference, 0) + max(mark.entry, 0)
