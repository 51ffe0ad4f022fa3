"""Second job of the night: what was posted into the past is valued, within the company's hours."""

from __future__ import annotations

from datetime import datetime

from domain.masters import Company
from domain.posting_time import zone
from scheduler.windows import open_until, opens_next, window_of
from worker.messages import decode_accepted
from worker.services.nightly.job import Result, Step, Work
from worker.services.reposting import in_words, run_pending
from worker.store.database import Rows
from worker.store.intake.masters import newest_master
from worker.store.reposts.requests import is_paused, waiting_companies

TURN_SECONDS = 10.0


def run_reposts(work: Work) -> Step:
    """Repost what waits, for one turn. Hours of the company's own are waited for where they begin within the night; else it goes on.

    Errors: Unavailable; what is committed stands.
    """
    company = work.lane.company_id
    with work.tools.database.transaction() as connection:
        if is_paused(connection, company):
            return Step(work.slot.result | {"paused": True}, "paused")
        if not any(one.company_id == company for one in waiting_companies(connection)):
            return Step(work.slot.result, "nothing waits")
        opens, closes = _hours(connection, work)
    if opens is not None:
        if opens >= work.slot.deadline_at:
            return Step(work.slot.result | {"hours": True}, "wait for hours of their own")
        return Step(work.slot.result, "wait for their hours", finished=False, waits=True)
    left = TURN_SECONDS if closes is None else min(TURN_SECONDS, (closes - work.now).total_seconds())
    summary = run_pending(work.tools.database, company, seconds=left, tell=work.tell)
    did = {
        "published": summary.published, "rows": summary.rows, "differences": summary.differences, "failed_runs": summary.failed,
    }  # fmt: skip
    so_far: Result = {name: work.slot.result.get(name, 0) + count for name, count in did.items()}
    words = in_words(work.lane.company, summary)
    if summary.busy:
        return Step(so_far, words, finished=False, waits=True)
    return Step(so_far, words, finished=not summary.more)


def _hours(connection: Rows, work: Work) -> tuple[datetime | None, datetime | None]:
    """When reposts may begin, None where they may now; and until when they may go on, None for as long as they take."""
    payload = newest_master(connection, work.lane.company_id, "company", work.lane.company)
    company = decode_accepted(payload) if payload is not None else None
    assert isinstance(company, Company)  # noqa: S101 - only companies whose master is known have nights
    window = window_of(company.repost)
    if window is None or company.repost == "nightly":
        return None, None
    place = zone(company.time_zone)
    closes = open_until(window, place, work.now, waiting_since=work.now, worked_at=work.now)
    return (opens_next(window, place, work.now), None) if closes is None else (None, closes)
