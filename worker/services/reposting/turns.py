"""Turns: which company's reposts may run now, and one turn of one company; then its bell goes to the end of the queue.

A company that is ranked higher has all turns until nothing of it waits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from structlog.contextvars import bound_contextvars

from domain.masters import Company
from domain.posting_time import zone
from scheduler.windows import open_until, window_of
from worker.bells import Lane
from worker.messages import decode
from worker.services.reposting.running import RunSummary, run_pending
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.intake.masters import versions
from worker.store.reposts.requests import WaitingCompany, waiting_companies

# A company that has more to repost than this rings anew, so that others' doorbells get their turn in between.
TURN_SECONDS = 10.0

Tell = Callable[[dict[str, Any]], None]


def ring_reposts(tools: Tools, now: datetime | None = None) -> str:
    """Ring for every company whose reposts wait and may run now; says in words which. Errors: Unavailable."""
    moment = now or datetime.now(UTC)
    with tools.database.transaction() as connection:
        waiting = waiting_companies(connection)
        lanes = [Lane(one.company_id, one.company) for one in waiting if _until(connection, one, moment) is not None]
    if not lanes:
        return f"{len(waiting)} companies wait for their hours" if waiting else "nothing waits"
    tools.repost_bells.ring(lanes)
    return "rung for " + ", ".join(lane.company for lane in lanes)


def repost_company(tools: Tools, lane: Lane, tell: Tell | None = None, now: datetime | None = None) -> str:
    """One turn: repost what a company waits for, as long as its hours allow; `tell` hears where the run stands.

    Errors: Unavailable; what is committed stands, and the next ring goes on from there.
    """
    tools.repost_bells.answer(lane)
    moment = now or datetime.now(UTC)
    with tools.database.transaction() as connection:
        waiting = waiting_companies(connection)
        own = next((one for one in waiting if one.company_id == lane.company_id), None)
        until = _until(connection, own, moment) if own else None
        first = _goes_before(connection, own, waiting, moment) if own else None
    if own is None:
        return f"{lane.company}: nothing waits"
    if until is None:
        return f"{lane.company}: its reposts wait for their hours"
    if first is not None:
        # Whoever goes first is rung for, and the next ring of beat is for both: ringing here would only go round in circles.
        tools.repost_bells.ring([Lane(first.company_id, first.company)])
        return f"{lane.company}: gives way to {first.company}"
    seconds = min(TURN_SECONDS, (until - moment).total_seconds())
    with bound_contextvars(company=lane.company):
        summary = run_pending(tools.database, lane.company_id, seconds=seconds, tell=tell)
    if summary.more:
        tools.repost_bells.ring([lane])
    return in_words(lane.company, summary)


def in_words(company: str, summary: RunSummary) -> str:
    """For Flower and the logs: `Grocery: 1 run published, 120 movements valued again, 34 differences in 0.2 s`."""
    if summary.paused:
        return f"{company}: paused"
    if summary.busy and not summary.rows:
        return f"{company}: another worker is at it"
    if not summary.run:
        return f"{company}: nothing waits"
    runs = "1 run" if summary.published == 1 else f"{summary.published} runs"
    words = (
        f"{company}: {runs} published, {summary.rows} movements valued again, "
        f"{summary.differences} differences in {summary.seconds:.1f} s"
    )
    if summary.failed:
        words += f"; {summary.failed} runs failed, perpetua repost list says why"
    return words + ("; more waits" if summary.more else "")


def progress_in_words(progress: dict[str, Any]) -> str:
    """Where a run stands: `run 3: 120000 movements done, 80000 to go, about 12 s`."""
    words = f"run {progress['run']}: {progress['rows']} movements done, {progress['rows_to_go']} to go"
    seconds = progress.get("seconds_to_go")
    return words if seconds is None else f"{words}, about {seconds:.0f} s"


def _goes_before(
    connection: Rows, own: WaitingCompany, waiting: list[WaitingCompany], now: datetime
) -> WaitingCompany | None:
    """A company that an operator has ranked higher and whose reposts may run now as well; None where there is none."""
    higher = (one for one in waiting if one.priority > own.priority)
    return next((one for one in higher if _until(connection, one, now) is not None), None)


def _until(connection: Rows, one: WaitingCompany, now: datetime) -> datetime | None:
    """Until when a company's reposts may run, None where not now."""
    found = versions(connection, one.company_id, [("company", one.company)])
    found.sort(key=lambda version: (version.company_id != 0, version.acceptance))
    company = decode(found[-1].payload) if found else None
    if not isinstance(company, Company):
        return None
    return open_until(
        window_of(company.repost), zone(company.time_zone), now, waiting_since=one.since, worked_at=one.worked_at
    )
