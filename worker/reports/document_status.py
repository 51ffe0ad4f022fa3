"""Document status: what became of every document, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, stream

_COLUMNS: Final = (
    Column("sequence", Kind.COUNT),
    Column("type"),
    Column("number"),
    Column("status"),
    Column("voucher_no"),
    Column("received_at", Kind.TIME),
    Column("posted_at", Kind.TIME),
    Column("error"),
    Column("message"),
)

_SQL: Final = """
    SELECT sequence, type, number, status, coalesce(voucher_no, ''),
           received_at AT TIME ZONE %(time_zone)s, posted_at AT TIME ZONE %(time_zone)s,
           coalesce(error ->> 'code', ''), coalesce(error ->> 'message', '')
      FROM books.document_status
     WHERE company_id = %(company)s
       AND (%(voucher)s::text IS NULL OR number = %(voucher)s)
       AND (%(start)s::date IS NULL OR (received_at AT TIME ZONE %(time_zone)s)::date >= %(start)s)
       AND (%(end)s::date IS NULL OR (received_at AT TIME ZONE %(time_zone)s)::date <= %(end)s)
     ORDER BY sequence DESC
"""


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    yield from stream(connection, _SQL, scope.parameters())


REPORT: Final = Report(
    name="document-status",
    title="Documents and what became of them",
    options=frozenset({"start", "end", "voucher"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
