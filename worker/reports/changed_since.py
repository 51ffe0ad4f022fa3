"""Changed since: which documents make the difference between the books as known at a time and as known now, by account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount, stream

_COLUMNS: Final = (
    Column("type"),
    Column("document"),
    Column("recorded_at", Kind.TIME),
    Column("how"),
    Column("account"),
    Column("amount", Kind.AMOUNT, summed=True),
)

# An entry is put down to the document that caused it, or to its own voucher; what a run wrote is known once the run is published.
_SQL: Final = """
    SELECT d.type, d.number, entered.recorded_at AT TIME ZONE %(time_zone)s, entered.how, a.name, sum(entered.amount)::bigint
      FROM (
        SELECT e.account_id, e.debit - e.credit AS amount, CASE WHEN e.cause_id = 0 THEN e.voucher_id ELSE e.cause_id END AS document_id,
               coalesce(run.published_at, cause.posted_at, v.posted_at) AS recorded_at,
               CASE WHEN e.run_id = 0 THEN 'posted' ELSE 'reposted by run ' || e.run_id END AS how
          FROM gl_entry e
          JOIN voucher v ON v.company_id = e.company_id AND v.voucher_id = e.voucher_id
          LEFT JOIN voucher cause ON cause.company_id = e.company_id AND cause.voucher_id = e.cause_id AND e.cause_id <> 0
          LEFT JOIN repost_run run ON run.company_id = e.company_id AND run.run_id = e.run_id
         WHERE e.company_id = %(company)s AND (%(end)s::date IS NULL OR e.posting_date <= %(end)s)
           AND (e.run_id = 0 OR run.published_at IS NOT NULL)
      ) entered
      JOIN voucher d ON d.company_id = %(company)s AND d.voucher_id = entered.document_id
      JOIN term a ON a.company_id = %(company)s AND a.term_id = entered.account_id
     WHERE (%(known_at)s::timestamptz IS NULL OR entered.recorded_at > %(known_at)s)
       AND (%(account)s::text IS NULL OR a.name = %(account)s)
     GROUP BY d.type, d.number, entered.recorded_at, entered.how, a.name
    HAVING sum(entered.amount) <> 0
     ORDER BY entered.recorded_at, d.number, a.name
"""


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    for *rest, figure in stream(connection, _SQL, scope.parameters()):
        yield (*rest, amount(figure, scope.currency))


REPORT: Final = Report(
    name="changed-since",
    title="What made the books differ from what was known at a time",
    options=frozenset({"end", "known_at", "account"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
