"""Period changes: who opened, closed or froze what, when and why; every version of the calendar is kept for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, stream

_COLUMNS: Final = (
    Column("period"),
    Column("start"),
    Column("end"),
    Column("status"),
    Column("document_types"),
    Column("changed_at", Kind.TIME),
    Column("actor"),
    Column("reason"),
)

# A freeze is a line of the company's master, which has versions for other reasons too: only those that move it are shown.
_SQL: Final = """
    WITH told AS (
        SELECT m.kind, m.name, m.version, m.received_at, m.payload::json AS payload, m.acceptance,
               lag(m.payload::json ->> 'stock_frozen_upto') OVER (PARTITION BY m.company_id, m.kind, m.name ORDER BY m.version) AS before
          FROM master m
         WHERE m.kind = 'accounting_period' AND m.company_id IN (0, %(company)s)
            OR m.kind = 'company' AND m.name = (SELECT name FROM company WHERE company_id = %(company)s)
    )
    SELECT CASE kind WHEN 'company' THEN 'stock_frozen_upto' ELSE name END,
           coalesce(payload ->> 'start', ''), coalesce(payload ->> 'end', payload ->> 'stock_frozen_upto', ''),
           CASE WHEN kind = 'accounting_period' THEN coalesce(payload ->> 'status', 'open')
                WHEN payload ->> 'stock_frozen_upto' IS NULL THEN 'open' ELSE 'frozen' END,
           coalesce(payload ->> 'document_types', ''), received_at, coalesce(payload ->> 'actor', ''), coalesce(payload ->> 'reason', '')
      FROM told
     WHERE kind = 'accounting_period' OR coalesce(before, '') <> coalesce(payload ->> 'stock_frozen_upto', '')
     ORDER BY acceptance
"""


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    yield from stream(connection, _SQL, scope.parameters())


REPORT: Final = Report(
    name="period-changes",
    title="Who opened and closed periods, and why",
    options=frozenset(),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
