"""Turns: one worker does what is due in one company's night, job after job, in chunks that a fresh task goes on with."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import structlog
from prometheus_client import Counter

from domain.errors import PerpetuaError, Unavailable
from scheduler.nights import CLOSINGS, MAIL, RECONCILIATION, REPOSTS, next_job
from worker.bells import Lane
from worker.broker import LONGEST_TASK_SECONDS
from worker.services.nightly.closings import send_closings
from worker.services.nightly.comparing import compare
from worker.services.nightly.job import JobOf, Result, Step, Tell, Work
from worker.services.nightly.mailing import write_mail
from worker.services.nightly.reposts import run_reposts
from worker.services.reconciliation import anew_in_words
from worker.services.reposting import progress_in_words
from worker.services.tools import Tools
from worker.store.nights.claims import Claim, ClaimLostError, claim, finish, lay_down, put_off
from worker.store.nights.slots import NightSlot, unfinished_night

log = structlog.get_logger()

TURN_SECONDS = 10.0
# No task runs that long, so whoever claimed a slot and let this pass is dead.
LEASE_SECONDS = LONGEST_TASK_SECONDS + 10
# What fails this often in a row is given up, and told in the mail: one fault must not keep everything after it from being done.
MOST_ATTEMPTS = 4
# After a failure it is tried again, later each time.
PAUSE_SECONDS = 30

JOBS: Final[Mapping[str, JobOf]] = {
    CLOSINGS: send_closings,
    REPOSTS: run_reposts,
    RECONCILIATION: compare,
    MAIL: write_mail,
}
FAILURES = Counter("perpetua_night_failures", "Jobs of a night that failed, by what came of it.", ["job", "then"])


def work(tools: Tools, lane: Lane, now: datetime | None = None, tell: Tell | None = None) -> str:
    """One turn: the jobs of the oldest night that is not over, as far as they can be done; says in words what was done.

    `tell` hears after each chunk of long work where it stands.

    Errors: Unavailable; whatever was finished stands, and another turn goes on from there.
    """
    tools.night_bells.answer(lane)
    begun, moment, done = time.monotonic(), now or datetime.now(UTC), []
    while (turn := _next(tools, lane)) is not None:
        held, slots = turn
        if held is None:
            done.append("another worker is at it")
            break
        step = _job(tools, lane, held, slots, moment, tell)
        done.append(f"{held.job} of {held.business_date}: {step.words}")
        if step.waits:
            break
        if time.monotonic() - begun > TURN_SECONDS:
            tools.night_bells.ring([lane])
            break
    return f"{lane.company}: {'; '.join(done) or 'nothing is due'}"


def stands_in_words(progress: Result) -> str:
    """Where long work of a night stands, for Flower: a repost run, or a full look."""
    return progress_in_words(progress) if "run" in progress else anew_in_words(progress)


def _next(tools: Tools, lane: Lane) -> tuple[Claim | None, list[NightSlot]] | None:
    """Claim the job whose turn it is; None where the company has no night that is not over."""
    with tools.database.transaction() as connection:
        slots = unfinished_night(connection, lane.company_id)
        job = next_job({slot.job for slot in slots if slot.finished_at is not None})
        if not slots or job is None:
            return None
        day = slots[0].business_date
        return claim(connection, lane.company_id, job, day, lease_seconds=LEASE_SECONDS), slots


def _job(tools: Tools, lane: Lane, held: Claim, slots: list[NightSlot], now: datetime, tell: Tell | None) -> Step:
    """Do a claimed job, or a part of it, and write what came of it."""
    results = {slot.job: slot.result for slot in slots}
    before = results[held.job]
    if held.attempts > MOST_ATTEMPTS:
        return _give_up(tools, held, before)
    own = next(slot for slot in slots if slot.job == held.job)
    try:
        step = JOBS[held.job](Work(tools, lane, own, results, now, tell))
        with tools.database.transaction() as connection:
            if step.finished:
                finish(connection, held, step.result | (step.write(connection) if step.write else {}))
            else:
                lay_down(connection, held, step.result)
    except ClaimLostError:
        return Step({}, "was taken up by another worker", finished=False, waits=True)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, tried again, and the other jobs are done all the same
        return _failed(tools, held, before, error)
    return step


def _failed(tools: Tools, held: Claim, before: dict[str, object], error: Exception) -> Step:
    reason = error.message if isinstance(error, PerpetuaError) else f"{type(error).__name__}: {error}"
    log.critical(
        "a job of the night failed", job=held.job, business_date=held.business_date, company_id=held.company_id,
        attempt=held.attempts, exc_info=error,
    )  # fmt: skip
    FAILURES.labels(held.job, "tried again").inc()
    with tools.database.transaction() as connection:
        put_off(connection, held, before | {"failed": reason}, PAUSE_SECONDS * held.attempts)
    return Step({}, f"failed: {reason}", finished=False, waits=True)


def _give_up(tools: Tools, held: Claim, before: dict[str, object]) -> Step:
    reason = before.get("failed") or "its worker died again and again"
    FAILURES.labels(held.job, "given up").inc()
    with tools.database.transaction() as connection:
        finish(connection, held, before | {"failed": reason})
    return Step({}, f"given up: {reason}", finished=True)
