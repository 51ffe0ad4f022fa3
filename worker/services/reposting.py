"""Reposting: take up what was asked for, post it again through the pure engine, and append the differences."""

from __future__ import annotations

import time
from dataclasses import dataclass

from domain.entries import entries_of
from domain.general_ledger import Entry, require_balanced
from domain.master_view import MasterView
from domain.reposting import Findings, Replay
from worker.services.master_book import MasterBook
from worker.store.append import Appender, Counters
from worker.store.balances import Balances
from worker.store.copy import stamp
from worker.store.database import Database, Rows
from worker.store.lanes import LaneRow, save_lane, wait_for_lane
from worker.store.masters import last_decided_acceptance
from worker.store.names import Names
from worker.store.repost_history import StoredHistory
from worker.store.reposts import begin_run, pending_requests, publish_run
from worker.store.spelling import Spelling


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run came to; `run` is 0 where nothing was asked for. `rows` counts the movements that were valued again."""

    run: int = 0
    requests: int = 0
    rows: int = 0
    differences: int = 0
    seconds: float = 0.0


def run_pending(database: Database, company: int) -> RunSummary:
    """Repost everything that a company is waiting for, in one transaction under its lane. Errors: Unavailable."""
    begun = time.monotonic()
    with database.transaction() as connection:
        lane = wait_for_lane(connection, company)
        names = Names(company)
        names.last_term, names.last_chain = lane.last_term, lane.last_chain
        pending = pending_requests(connection, company, Spelling(connection, names))
        if not pending.requests:
            return RunSummary()
        balances = Balances(names)
        balances.load(connection, {request.chain for request in pending.requests})
        history = StoredHistory(connection, names)
        replay = Replay(pending.requests, history, _view(connection, lane), cause_day=pending.cause_day)
        replay.run()
        found = replay.take()
        run = begin_run(connection, company, pending.numbers, pending.cause_day, lane.now)
        _write(connection, lane, names, balances, replay, found, run)
        seconds = time.monotonic() - begun
        summary = RunSummary(run, len(pending.requests), replay.rows, len(found.differences), seconds)
        progress = {
            "requests": summary.requests,
            "rows": summary.rows,
            "differences": summary.differences,
            "seconds": seconds,
        }
        publish_run(connection, company, run, progress, lane.now)
    return summary


def _view(connection: Rows, lane: LaneRow) -> MasterView:
    """The masters as the last decided document saw them."""
    book = MasterBook(lane.company, lane.company_id)
    book.begin(connection, tuple)
    book.at(last_decided_acceptance(connection, lane.company_id))
    return MasterView(book)


def _write(
    connection: Rows, lane: LaneRow, names: Names, balances: Balances, replay: Replay, found: Findings, run: int
) -> None:
    """Append the differences and their entries as a batch of the lane, and put the new balances in place."""
    entries: list[Entry] = []
    if replay.view.perpetual:
        for difference in found.differences:
            entries += entries_of(
                difference, difference.amount, difference.contra, replay.view, cause=difference.document
            )
        require_balanced(entries)
    first = Counters(**{name: getattr(lane.counters, name) for name in Counters.__slots__})
    appender = Appender(names, lane.counters, lane.batch_no + 1, stamp(lane.now))
    appender.correct(connection, found.differences, entries, run)
    balances.load(connection, replay.balances)
    for chain, (balance, _) in replay.balances.items():
        stored = balances.loaded[chain]
        balance.last_at, balance.last_sequence = stored.last_at, stored.last_sequence
    balances.replace(connection, {chain: balance for chain, (balance, _) in replay.balances.items()})
    lane.batch_no += 1
    if lane.published_batch == lane.batch_no - 1:
        lane.published_batch = lane.batch_no  # a run has no outcomes to tell
    lane.last_term, lane.last_chain = names.last_term, names.last_chain
    save_lane(connection, lane, appender, first)
