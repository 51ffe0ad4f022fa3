"""Runs: taken up under the lane, worked at in chunks beside it, by turns, gone on with by whoever comes next."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from domain.errors import PerpetuaError
from domain.reposting import Replay, RepostFault
from worker.services.reposting.faults import set_aside
from worker.services.reposting.publishing import publish, publish_whole
from worker.services.reposting.sharing import (
    Groups,
    MeetingError,
    items_of,
    keep_apart,
    may_begin,
    tell_others,
)
from worker.services.reposting.work import Work
from worker.store.books.chain_states import forget_superseded
from worker.store.database import Database, Rows
from worker.store.posting.lanes import wait_for_lane
from worker.store.reposts.passes import pass_of
from worker.store.reposts.requests import (
    Pending,
    Run,
    begin_run,
    is_paused,
    lay_down,
    note_begun_anew,
    note_progress,
    open_runs,
    pending_requests,
    rows_ahead,
    runs_to_begin_anew,
    withdraw_run,
)

DIRECT_ROWS = 1_000  # movements that are valued again while the lane is held; what is longer goes on beside it
SLICE_ROWS = 4_000  # copied while the next ones are valued; between two looks at the clock
CHUNK_SECONDS = 2.0

Tell = Callable[[dict[str, Any]], None]


class Step(Enum):
    """What one transaction came to."""

    NOTHING = "nothing waits"
    BUSY = "another worker is at it"
    PAUSED = "paused"
    LAID = "laid down, to be gone on with"
    COMPLETE = "complete, to be published"
    PUBLISHED = "published"


@dataclass(slots=True)
class RunSummary:
    """What was reposted: the last `run` worked at (0 where nothing waited), and sums over all runs of this call.

    `rows` counts movements valued again; `publishing` is the longest that a publishing transaction held the lane (seconds). `more` says
    that time ran out, `busy` that another worker is at it, `paused` that an operator stopped it; `failed` counts runs that could not go on.
    """

    run: int = 0
    published: int = 0
    rows: int = 0
    differences: int = 0
    seconds: float = 0.0
    publishing: float = 0.0
    failed: int = 0
    more: bool = False
    busy: bool = False
    paused: bool = False


def run_pending(
    database: Database, company: int, *, seconds: float | None = None, chunk_seconds: float = CHUNK_SECONDS,
    direct_rows: int = DIRECT_ROWS, tell: Tell | None = None,
) -> RunSummary:  # fmt: skip
    """Repost what a company waits for until nothing does, or for about so many seconds; what is unfinished is laid down.

    `tell` hears after each chunk where the run stands: run, rows, rows to go, seconds to go.

    Errors: Unavailable where PostgreSQL is away; whatever is committed stands, and the next call goes on from there.
    """
    begun, summary = time.monotonic(), RunSummary()
    runner = _Runner(database, company, chunk_seconds, direct_rows, summary, tell)
    step = runner.step(Step.LAID)
    while step in (Step.LAID, Step.COMPLETE, Step.PUBLISHED):
        # What is complete is published, however little time is left: the next call would only find it complete again.
        if seconds is not None and step is not Step.COMPLETE and time.monotonic() - begun > seconds:
            summary.more = True
            break
        step = runner.step(step)
    summary.busy, summary.paused = step is Step.BUSY, step is Step.PAUSED
    summary.seconds = time.monotonic() - begun
    return summary


@dataclass(slots=True)
class _Runner:
    database: Database
    company: int
    chunk_seconds: float
    direct_rows: int
    summary: RunSummary
    tell: Tell | None
    run: int = 0  # the one that was worked at last
    begins: bool = True  # whose turn it is: what waits, or what is under way
    joined: list[set[str]] = field(default_factory=list)  # items that met, and are reposted together

    def step(self, before: Step) -> Step:
        """One transaction: begin, go on, or publish."""
        try:
            if before is Step.COMPLETE:
                step = self._publish()
            else:
                turns = (self._begin, self._chunk) if self.begins else (self._chunk, self._begin)
                self.begins = not self.begins
                step = turns[0]()
                if step is Step.NOTHING:
                    step = turns[1]()
        except MeetingError as meeting:
            return self._part(meeting)
        except RepostFault as fault:
            if not isinstance(
                fault.__cause__, PerpetuaError | ArithmeticError | LookupError | AssertionError | ValueError
            ):
                raise (fault.__cause__ or fault) from None
            set_aside(self.database, self.company, fault, self.run)
            self.summary.failed += 1
            return Step.PUBLISHED
        if step is Step.PUBLISHED:
            with self.database.transaction() as connection:
                forget_superseded(connection, self.company, self.summary.run)
        return step

    def _begin(self) -> Step:
        """Take up what waits, a share of it; where that is little it is reposted and published at once, under the lane."""
        self.run = 0
        with self.database.transaction() as connection:
            if is_paused(connection, self.company):
                return Step.PAUSED
            lane = wait_for_lane(connection, self.company)
            opened = open_runs(connection, self.company)
            if opened is None:
                return Step.BUSY
            work = Work(connection, self.company, lane.now, lane)
            waiting = pending_requests(connection, self.company, work.spelling)
            again = runs_to_begin_anew(connection, self.company)
            pending = self._share(work, waiting, opened, [*again.values(), *self.joined])
            if not pending.requests:
                return Step.NOTHING
            run = begin_run(connection, self.company, pending.numbers, lane.now)
            work.settle_roles(lane)
            items = items_of(pending)
            begun_anew = [number for number, joined in again.items() if joined & items]
            note_begun_anew(connection, self.company, begun_anew)
            run.progress |= {"requests": len(pending.numbers), "left": sorted(items_of(waiting) - items)}
            if begun_anew:
                run.progress["alone"] = True
            self.summary.run = run.number
            replay = work.replay(run, pending.requests)
            if self._advance(work, run, replay, opened, rows=self.direct_rows):
                self._begun(work, run, replay, pending)
                return Step.LAID
            tell_others(run, opened)
            note_progress(connection, self.company, opened)
            publish_whole(work, run, replay)
        self.summary.published += 1
        return Step.PUBLISHED

    def _share(self, work: Work, waiting: Pending, opened: list[Run], joined: list[set[str]]) -> Pending:
        """The requests that a run takes up now, of all that wait for items which no open run is at."""
        if not waiting.requests or not may_begin(opened):
            return Pending([], [])
        groups = Groups(work.connection, self.company, waiting, joined)
        groups.free(opened)
        return groups.first_share(work.names)

    def _begun(self, work: Work, run: Run, replay: Replay, pending: Pending) -> None:
        """Lay down a run that goes on beside the lane."""
        lane = work.lane
        assert lane is not None  # noqa: S101 - runs are begun under the lane
        run.progress["rows_to_go"] = sum(rows_ahead(work.connection, work.names, pending.requests).values())
        self._lay_down(work, run, replay)
        work.connection.execute(
            "UPDATE lane SET last_term = %s, last_chain = %s WHERE company_id = %s",
            [lane.last_term, lane.last_chain, self.company],
        )

    def _part(self, meeting: MeetingError) -> Step:
        """Let a run that met another one step back, or begin anew with what it met; either way one is alone from now on."""
        with self.database.transaction() as connection:
            opened = open_runs(connection, self.company)
            if opened is None:
                return Step.BUSY
            is_open = any(run.number == meeting.run for run in opened)
            if meeting.older is None and not is_open:
                self.joined.append(meeting.items)  # its beginning is undone
            if is_open:
                withdraw_run(connection, self.company, meeting.run, meeting.items if meeting.older is None else ())
            for older in opened:
                if older.number == meeting.older:
                    older.progress["alone"] = True
                    note_progress(connection, self.company, [older])
        return Step.LAID

    def _chunk(self) -> Step:
        """Go on with the run that is under way, beside the lane."""
        with self.database.transaction() as connection, self.database.transaction() as reading:
            if is_paused(connection, self.company):
                return Step.PAUSED
            opened = open_runs(connection, self.company)
            if not opened:
                return Step.BUSY if opened is None else Step.NOTHING
            run, *others = opened
            self.run = self.summary.run = run.number
            work = Work(connection, self.company, _clock(connection), reading=reading)
            replay = work.replay(run, state=pass_of(run.laid or "", work.spelling))
            more = self._advance(work, run, replay, others, seconds=self.chunk_seconds)
            self._lay_down(work, run, replay)
        if self.tell is not None:
            told = ("rows", "rows_to_go", "seconds_to_go", "differences")
            self.tell({"run": run.number, **{name: run.progress.get(name) for name in told}})
        return Step.LAID if more else Step.COMPLETE

    def _publish(self) -> Step:
        with self.database.transaction() as connection:
            lane = wait_for_lane(connection, self.company)
            begun = time.monotonic()
            opened = open_runs(connection, self.company)
            run = next((one for one in opened or () if one.number == self.run), None)
            if opened is None or run is None:
                return Step.BUSY
            others = [one for one in opened if one is not run]
            work = Work(connection, self.company, lane.now, lane)
            work.settle_roles(lane)
            if not publish(work, run, others, pass_of(run.laid or "", work.spelling)):
                lay_down(connection, self.company, run, work.now)
                return Step.LAID
            note_progress(connection, self.company, others)
        self.summary.published += 1
        self.summary.publishing = max(self.summary.publishing, time.monotonic() - begun)
        return Step.PUBLISHED

    def _advance(
        self,
        work: Work,
        run: Run,
        replay: Replay,
        others: list[Run],
        *,
        rows: int | None = None,
        seconds: float | None = None,
    ) -> bool:
        """Value movements again for so many of them, or so long, and write what is found; False at the end."""
        begun, before = time.monotonic(), replay.rows
        more = _forward(run, replay, others, rows or SLICE_ROWS)
        work.add(run, replay.take())
        while more and seconds is not None and time.monotonic() - begun < seconds:
            more = _forward(run, replay, others, SLICE_ROWS)
            work.add(run, replay.take())
        self.summary.differences += work.finish(run)
        self.summary.rows += replay.rows - before
        _note_progress(run, replay.rows, replay.rows - before, time.monotonic() - begun)
        return more

    def _lay_down(self, work: Work, run: Run, replay: Replay) -> None:
        run.laid = work.laid(replay.state())
        lay_down(work.connection, self.company, run, work.now)


def _forward(run: Run, replay: Replay, others: list[Run], rows: int) -> bool:
    """Go on with a pass, as long as it meets no other run: what it makes of an item that it can't know well enough is not to be trusted."""
    try:
        more = replay.advance(rows)
    except RepostFault:
        keep_apart(run, replay.items(), others)
        raise
    keep_apart(run, replay.items(), others)
    return more


def _note_progress(run: Run, rows: int, done: int, took: float) -> None:
    """Rows done and to go, seconds worked and expected."""
    progress = run.progress
    progress["seconds"] = round(progress.get("seconds", 0.0) + took, 3)
    progress["rows_to_go"] = max(progress.get("rows_to_go", 0) - done, 0)
    progress["rows"] = rows
    progress["seconds_to_go"] = round(progress["seconds"] / rows * progress["rows_to_go"], 1) if rows else None


def _clock(connection: Rows) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101 - a constant query gives its row
    now: datetime = row[0]
    return now
