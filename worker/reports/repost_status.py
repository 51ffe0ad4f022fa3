"""Repost status: what waits to be reposted, and every run with where it stands or what came of it, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, stream

_COLUMNS: Final = (
    Column("run", Kind.COUNT),
    Column("status"),
    Column("requests", Kind.COUNT),
    Column("documents"),
    Column("rows", Kind.COUNT),
    Column("rows_to_go", Kind.COUNT),
    Column("seconds_to_go", Kind.COUNT),
    Column("differences", Kind.COUNT),
    Column("asked_at", Kind.TIME),
    Column("published_at", Kind.TIME),
    Column("message"),
)

_NAMED: Final = 5  # documents that a row names; the rest are counted

_SQL: Final = f"""
    WITH asked AS (
        SELECT coalesce(r.run_id, 0) AS run_id, count(*) AS requests, min(r.requested_at) AS asked_at,
               (array_agg(DISTINCT v.number ORDER BY v.number))[1:{_NAMED}] AS named,
               greatest(count(DISTINCT v.number) - {_NAMED}, 0) AS more
          FROM repost_request r LEFT JOIN voucher v ON v.company_id = r.company_id AND v.voucher_id = r.document_id
         WHERE r.company_id = %(company)s GROUP BY 1
    )
    SELECT run_id, status, requests, documents, rows, rows_to_go, seconds_to_go, differences,
           asked_at AT TIME ZONE %(time_zone)s, published_at AT TIME ZONE %(time_zone)s, message
      FROM (
        SELECT NULL::bigint AS run_id, CASE WHEN p.company_id IS NULL THEN 'waiting' ELSE 'paused' END AS status, a.requests,
               a.named, a.more, NULL::text AS rows, NULL::text AS rows_to_go, NULL::text AS seconds_to_go, NULL::text AS differences,
               a.asked_at, NULL::timestamptz AS published_at, '' AS message
          FROM asked a LEFT JOIN repost_pause p ON p.company_id = %(company)s WHERE a.run_id = 0
        UNION ALL
        SELECT r.run_id, CASE WHEN r.status = 'running' AND p.company_id IS NOT NULL THEN 'paused' ELSE r.status END,
               coalesce(a.requests, 0), a.named, coalesce(a.more, 0), r.progress ->> 'rows', r.progress ->> 'rows_to_go',
               r.progress ->> 'seconds_to_go', r.progress ->> 'differences', coalesce(a.asked_at, r.created_at), r.published_at,
               coalesce(r.error ->> 'message', '')
          FROM repost_run r LEFT JOIN asked a USING (run_id) LEFT JOIN repost_pause p ON p.company_id = r.company_id
         WHERE r.company_id = %(company)s
      ) listed
      CROSS JOIN LATERAL (
        SELECT array_to_string(named, ', ') || CASE WHEN more > 0 THEN ' and ' || more || ' more' ELSE '' END AS documents
      ) words
     ORDER BY run_id DESC NULLS FIRST
"""  # noqa: S608 - the only thing put in is our own number


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    for row in stream(connection, _SQL, scope.parameters()):
        run, status, requests, documents, rows, rows_to_go, seconds_to_go, differences, *rest = row
        figures = (
            None if figure is None else round(float(figure))
            for figure in (rows, rows_to_go, seconds_to_go, differences)
        )
        yield (run, status, requests, documents or "", *figures, *rest)


REPORT: Final = Report(
    name="repost-status",
    title="Reposts: what waits, what runs, what was published",
    options=frozenset(),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
