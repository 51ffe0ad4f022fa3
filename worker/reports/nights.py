"""Nights: every job of every night, when it was due, claimed, finished and mailed, and what came of it; newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, stream

_COLUMNS: Final = (
    Column("business_date", Kind.DATE),
    Column("job"),
    Column("state"),
    Column("due_at", Kind.TIME),
    Column("deadline_at", Kind.TIME),
    Column("claimed_at", Kind.TIME),
    Column("finished_at", Kind.TIME),
    Column("mailed_at", Kind.TIME),
    Column("message"),
)

_SQL: Final = """
    SELECT business_date, job,
           CASE WHEN finished_at IS NOT NULL AND result ->> 'failed' IS NOT NULL THEN 'given up'
                WHEN finished_at IS NOT NULL AND finished_at > deadline_at THEN 'finished late'
                WHEN finished_at IS NOT NULL THEN 'finished'
                WHEN deadline_at <= clock_timestamp() THEN 'late'
                WHEN lease_until > clock_timestamp() AND attempts > 0 THEN 'under way'
                ELSE 'waiting' END,
           due_at AT TIME ZONE %(time_zone)s, deadline_at AT TIME ZONE %(time_zone)s, claimed_at AT TIME ZONE %(time_zone)s,
           finished_at AT TIME ZONE %(time_zone)s, mailed_at AT TIME ZONE %(time_zone)s,
           coalesce(result ->> 'failed', result ->> 'verdict', result ->> 'closing', '')
      FROM slot
     WHERE company_id = %(company)s AND (%(end)s::date IS NULL OR business_date <= %(end)s)
       AND (%(start)s::date IS NULL OR business_date >= %(start)s)
     ORDER BY business_date DESC, due_at DESC, array_position(ARRAY['mail', 'reconciliation', 'reposts', 'closings'], job), job
"""


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    yield from stream(connection, _SQL, scope.parameters())


REPORT: Final = Report(
    name="nights",
    title="Nights: when each job was due, claimed, finished and mailed",
    options=frozenset({"start", "end"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
