"""Slots: what was due, and done, for which business date; one row each, whoever rings and however often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from scheduler.nights import NIGHT
from worker.store.database import Rows

_json = msgspec.json.Encoder().encode
NIGHT_JOBS = [job.name for job in NIGHT]


def last_slots(connection: Rows, jobs: Iterable[tuple[int, str]]) -> dict[tuple[int, str], date]:
    """The last business date that each of these jobs (company and name) was done for; those that never were are missing."""
    wanted = list(jobs)
    found = connection.execute(
        "SELECT company_id, job, last.day FROM unnest(%s::int[], %s::text[]) AS wanted (company_id, job) CROSS JOIN LATERAL ("
        "  SELECT max(business_date) AS day FROM slot s WHERE s.company_id = wanted.company_id AND s.job = wanted.job "
        "  AND s.finished_at IS NOT NULL) last WHERE last.day IS NOT NULL",
        [[company for company, _ in wanted], [job for _, job in wanted]],
    )
    return {(company, job): day for company, job, day in found}


def finish_slot(connection: Rows, company: int, job: str, day: date, due_at: datetime, result: dict[str, Any]) -> None:
    """Note that a job is done for a business date which nobody had to claim; the first note stands."""
    connection.execute(
        "INSERT INTO slot (company_id, job, business_date, due_at, claimed_at, finished_at, fence, attempts, result) "
        "VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp(), 0, 0, %s) ON CONFLICT DO NOTHING",
        [company, job, day, due_at, _json(result).decode()],
    )


def last_opened(connection: Rows, job: str) -> dict[int, date]:
    """The last business date that a job became due for, by company."""
    found = connection.execute(
        "SELECT c.company_id, last.day FROM company c CROSS JOIN LATERAL ("
        "  SELECT max(business_date) AS day FROM slot s WHERE s.company_id = c.company_id AND s.job = %s) last "
        "WHERE last.day IS NOT NULL",
        [job],
    )
    return dict(found.fetchall())


@dataclass(frozen=True, slots=True)
class Due:
    """That a job is due for a business date, and by when it is to be done."""

    company_id: int
    job: str
    business_date: date
    due_at: datetime
    deadline_at: datetime


def open_slots(connection: Rows, due: Iterable[Due]) -> int:
    """Give each of these its row; what another has opened already stays as it is. Gives how many were new."""
    rows = list(due)
    if not rows:
        return 0
    return connection.execute(
        "INSERT INTO slot (company_id, job, business_date, due_at, deadline_at, fence, attempts) "
        "SELECT company_id, job, business_date, due_at, deadline_at, 0, 0 "
        "FROM unnest(%s::int[], %s::text[], %s::date[], %s::timestamptz[], %s::timestamptz[]) "
        "  AS due (company_id, job, business_date, due_at, deadline_at) ON CONFLICT DO NOTHING",
        [
            [one.company_id for one in rows], [one.job for one in rows], [one.business_date for one in rows],
            [one.due_at for one in rows], [one.deadline_at for one in rows],
        ],
    ).rowcount  # fmt: skip


def ended_on(connection: Rows, job: str, day: date) -> set[int]:
    """Companies whose job of a business date is done."""
    found = connection.execute(
        "SELECT company_id FROM company JOIN slot USING (company_id) WHERE job = %s AND business_date = %s AND finished_at IS NOT NULL",
        [job, day],
    )
    return {company for (company,) in found}


def note_done(connection: Rows, company: int, job: str, day: date, result: dict[str, Any]) -> None:
    """Note that a slot which this transaction has opened is done."""
    connection.execute(
        "UPDATE slot SET claimed_at = clock_timestamp(), finished_at = clock_timestamp(), result = %s "
        "WHERE company_id = %s AND job = %s AND business_date = %s AND finished_at IS NULL",
        [_json(result).decode(), company, job, day],
    )


def companies_at_night(connection: Rows) -> list[tuple[int, str]]:
    """Companies with a night that is not over, and at which nobody works just now."""
    found = connection.execute(
        "SELECT company_id, name FROM company c WHERE company_id <> 0 AND EXISTS ("
        "  SELECT FROM slot s WHERE s.company_id = c.company_id AND s.finished_at IS NULL AND s.job = ANY(%(jobs)s)) "
        "AND NOT EXISTS (SELECT FROM slot s WHERE s.company_id = c.company_id AND s.finished_at IS NULL "
        "  AND s.job = ANY(%(jobs)s) AND s.lease_until > clock_timestamp()) ORDER BY company_id",
        {"jobs": NIGHT_JOBS},
    )
    return found.fetchall()


@dataclass(frozen=True, slots=True)
class NightSlot:
    """One job of a night as its row says: when it was due, claimed, finished; `result` is what came of it, or where it stands."""

    job: str
    business_date: date
    due_at: datetime
    deadline_at: datetime
    claimed_at: datetime | None
    finished_at: datetime | None
    attempts: int
    result: dict[str, Any]


_SLOT = "job, business_date, due_at, deadline_at, claimed_at, finished_at, attempts, coalesce(result, '{}')"


def unfinished_night(connection: Rows, company: int) -> list[NightSlot]:
    """All jobs of the oldest night of a company that is not over, in no particular order; nothing where all are."""
    found = connection.execute(
        f"SELECT {_SLOT} FROM slot WHERE company_id = %(company)s AND job = ANY(%(jobs)s) AND business_date = ("
        "  SELECT min(business_date) FROM slot WHERE company_id = %(company)s AND finished_at IS NULL AND job = ANY(%(jobs)s))",
        {"company": company, "jobs": NIGHT_JOBS},
    )
    return [NightSlot(*row) for row in found]


def night_before(connection: Rows, company: int, day: date) -> datetime | None:
    """When the last job of the night before a business date ended; None where there was none."""
    row = connection.execute(
        "SELECT finished_at FROM slot WHERE company_id = %s AND job = %s AND business_date < %s AND finished_at IS NOT NULL "
        "ORDER BY business_date DESC LIMIT 1",
        [company, NIGHT_JOBS[-1], day],
    ).fetchone()
    return None if row is None else row[0]


@dataclass(frozen=True, slots=True)
class LateNight:
    """A night that is not over though its deadline has passed: the job at which it stands, and what is known of that."""

    company_id: int
    company: str
    slot: NightSlot


def late_nights(connection: Rows, now: datetime, *, untold: bool) -> list[LateNight]:
    """Nights past their deadline, by company and date; `untold`: those of which nobody was told yet."""
    found = connection.execute(
        f"SELECT company_id, name, {_SLOT} FROM (SELECT DISTINCT ON (s.company_id, s.business_date) c.name, s.* "
        "  FROM slot s JOIN company c USING (company_id) "
        "  WHERE s.finished_at IS NULL AND s.job = ANY(%(jobs)s) AND s.deadline_at <= %(now)s "
        "    AND (s.alerted_at IS NULL OR NOT %(untold)s) "
        "  ORDER BY s.company_id, s.business_date, array_position(%(jobs)s, s.job)) late ORDER BY company_id, business_date",
        {"jobs": NIGHT_JOBS, "now": now, "untold": untold},
    )
    return [LateNight(company, name, NightSlot(*rest)) for company, name, *rest in found]


def note_alert(connection: Rows, company: int, days: list[date]) -> int:
    """Note that somebody was told of these nights; gives how many rows were noted, none where another was quicker."""
    return connection.execute(
        "UPDATE slot SET alerted_at = clock_timestamp() WHERE company_id = %s AND business_date = ANY(%s) AND job = ANY(%s) "
        "AND finished_at IS NULL AND alerted_at IS NULL",
        [company, days, NIGHT_JOBS],
    ).rowcount


def hold_mailing(connection: Rows, company: int, job: str, day: date) -> None:
    """Let nobody else note what became of mails about a business date until this transaction ends."""
    connection.execute(
        "SELECT FROM slot WHERE company_id = %s AND job = %s AND business_date = %s FOR UPDATE", [company, job, day]
    )


def note_mailed(connection: Rows, company: int, job: str, day: date) -> None:
    """Note that the last mail about a business date has left; what is sent again later changes nothing of it."""
    connection.execute(
        "UPDATE slot SET mailed_at = coalesce(mailed_at, clock_timestamp()) WHERE company_id = %s AND job = %s AND business_date = %s",
        [company, job, day],
    )
