"""Posting: drain a company's lane, one transaction per batch, and hand on what became of each document."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import psycopg
import structlog

from domain.errors import DocumentRejected
from worker.pace import at_pace
from worker.services.deciding import MOST_ATTEMPTS, Batch, DecisionFault, RefusedInParts
from worker.services.lane_memory import memories_of
from worker.services.pos_tallying import TallyFirst, tally_sales
from worker.services.pos_tallying import Tell as TellTally
from worker.services.results import Decided
from worker.store.database import Database, Rows
from worker.store.posting.lanes import LaneRow, note_fault, note_published, take_lane
from worker.store.posting.outcomes import fetch_outcomes, key_of_document, sequences_of_batches
from worker.traces import Traces

log = structlog.get_logger()

LIMIT_DOCUMENTS = 500
OUTCOMES_AT_ONCE = 2000
MOST_CLASHES = 5  # serialization failures and deadlocks in a row

Tell = Callable[[Decided], None]


@dataclass(slots=True)
class Drained:
    """What a drain did. `first` and `last` are document numbers, `reposts` counts requests to repost that were made.

    `busy`: another writer has the lane; `more`: time ran out.
    """

    posted: int = 0
    rejected: int = 0
    parked: int = 0
    reposts: int = 0
    first: str = ""
    last: str = ""
    busy: bool = False
    more: bool = False


class _Asked(NamedTuple):
    """How a drain was asked to go about its batches."""

    limit_documents: int
    traces: Traces | None
    tell: Tell | None
    pausing: bool


class _HolderDied(Exception):
    """Whoever had the lane last was killed in it, while deciding this document where one is named."""

    def __init__(self, sequence: int) -> None:
        super().__init__(sequence)
        self.sequence = sequence


def drain(
    database: Database,
    company_id: int,
    *,
    limit_documents: int = LIMIT_DOCUMENTS,
    seconds: float | None = None,
    tell: Tell | None = None,
    traces: Traces | None = None,
    tell_tally: TellTally | None = None,
    pausing: bool = False,
) -> Drained:
    """Decide everything that is due in a company's lane, in batches of at most `limit_documents`, for about `seconds` at most.

    One that is `pausing` ends with the first document that asks for a repost, and leaves the rest for when that is done.

    `tell` gets what each batch came to after its commit. Where it fails the books stand, and the same outcomes are handed to it by the
    next drain. With `traces`, a document that kills its process again and again is found and rejected. Where a closing has many sales
    they are summed first: `tell_tally` hears how far that is. Errors: Unavailable where PostgreSQL is away; whatever `tell` raises.
    """
    asked = _Asked(limit_documents, traces, tell, pausing)
    drained = Drained()
    deadline = None if seconds is None else time.monotonic() + seconds
    tallied = False
    while True:
        try:
            if not _turn(database, company_id, asked, drained, tallied=tallied) or (pausing and drained.reposts):
                break
            tallied = False
        except TallyFirst as first:
            # Outside the lane's transaction, so nothing is lost where this is cut off: the next drain comes by here again.
            summed = tally_sales(
                database, company_id, {first.profile.name: first.profile}, least=1, seconds=seconds, tell=tell_tally
            )
            drained.busy, drained.more = summed.busy, summed.more
            if drained.busy or drained.more:
                break
            tallied = True
        if deadline is not None and time.monotonic() > deadline:
            drained.more = True
            break
    return drained


@at_pace()
def _turn(database: Database, company_id: int, asked: _Asked, drained: Drained, *, tallied: bool) -> bool:
    """Decide a batch and tell what it came to, all of which is gone when the pace ends; False where there is none to decide."""
    decided = _step(database, company_id, asked, tallied=tallied)
    if isinstance(decided, bool):
        drained.busy = decided
        return False
    _add(drained, decided)
    if asked.tell is not None:
        asked.tell(decided)
        _tell_changed(database, company_id, decided.changed, asked.tell)
        # Where a crash forgets this note the outcomes are told once more, which is harmless.
        with database.transaction(lasting=False) as connection:
            note_published(connection, company_id, decided.batch_no)
    return True


def _tell_forgotten(connection: Rows, lane: LaneRow, tell: Tell) -> None:
    """Outcomes of batches whose process ended between its commit and telling, some thousand at a time; the caller holds the lane."""
    if lane.published_batch < lane.batch_no:
        forgotten = sequences_of_batches(connection, lane.company_id, lane.published_batch, lane.batch_no)
        for start in range(0, len(forgotten), OUTCOMES_AT_ONCE):
            tell(Decided(fetch_outcomes(connection, lane.company_id, forgotten[start : start + OUTCOMES_AT_ONCE])))
        note_published(connection, lane.company_id, lane.batch_no)
        lane.published_batch = lane.batch_no


def _tell_changed(database: Database, company_id: int, changed: list[int], tell: Tell) -> None:
    """Outcomes of sales whose status a closing changed, some thousand at a time: a closing may have taken up any number."""
    for start in range(0, len(changed), OUTCOMES_AT_ONCE):
        with database.transaction() as connection:
            outcomes = fetch_outcomes(connection, company_id, changed[start : start + OUTCOMES_AT_ONCE])
        tell(Decided(outcomes))


def _step(database: Database, company_id: int, asked: _Asked, *, tallied: bool) -> Decided | bool:
    """One batch; False where nothing is due, True where another writer has the lane."""
    clashes, careful = 0, False
    refused: dict[int, DocumentRejected] = {}
    while True:
        try:
            return _batch(database, company_id, asked, careful=careful, tallied=tallied, refused=refused)
        except RefusedInParts as parts:
            refused[parts.sequence] = parts.refusal
        except _HolderDied as died:
            careful = True
            _note_death(database, company_id, died.sequence)
        except DecisionFault as fault:
            with database.transaction() as connection:
                attempts = note_fault(connection, company_id, fault.sequence)
                key = key_of_document(connection, company_id, fault.sequence)
            log.exception("a document can't be decided", **key, attempt=attempts, of=MOST_ATTEMPTS)
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as clash:
            clashes += 1
            if clashes > MOST_CLASHES:
                raise
            log.warning(
                "a batch clashed with another transaction and is decided again",
                company_id=company_id,
                reason=str(clash),
            )


def _note_death(database: Database, company_id: int, sequence: int) -> None:
    """Count the attempt of a process that was killed: two the first time, since it was not named when it killed before."""
    if not sequence:
        log.warning("the last batch of a lane was killed; this one names each document first", company_id=company_id)
        return
    with database.transaction() as connection:
        attempts = note_fault(connection, company_id, sequence, first=2)
        key = key_of_document(connection, company_id, sequence)
    log.error("a process was killed while it decided a document", **key, attempt=attempts, of=MOST_ATTEMPTS)


def _batch(
    database: Database,
    company_id: int,
    asked: _Asked,
    *,
    careful: bool,
    tallied: bool,
    refused: Mapping[int, DocumentRejected],
) -> Decided | bool:
    traces, memories = asked.traces, memories_of(database)
    with contextlib.ExitStack() as leaving:
        connection = leaving.enter_context(database.transaction())
        lane = take_lane(connection, company_id)
        if lane is None:
            return True
        name = None
        if traces is not None:
            # The trace goes before the lane does, so whoever takes the lane next sees none.
            leaving.callback(traces.clear, company_id)
            left = traces.leave(company_id)
            if left is not None and not careful:
                raise _HolderDied(left)
            name = partial(traces.name, company_id) if careful else None
        if asked.tell is not None:
            _tell_forgotten(connection, lane, asked.tell)
        memory = memories.take(lane)
        memory.begin(connection, lane)
        batch = Batch(connection, lane, memory, name, tallied=tallied, pausing=asked.pausing, refused=refused)
        decided = batch.run(asked.limit_documents)
    memory.keep(lane.batch_no)
    memories.put_back(company_id, memory)
    return False if decided is None else decided


def _add(drained: Drained, decided: Decided) -> None:
    drained.posted += decided.posted
    drained.rejected += decided.rejected
    drained.parked += decided.parked
    drained.reposts += decided.reposts
    if decided.outcomes:
        drained.first = drained.first or str(decided.outcomes[0]["number"])
        drained.last = str(decided.outcomes[-1]["number"])
