"""Voucher series: every series of numbers by document type and fiscal year, and the gaps in it, of which there must be none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, stream

_COLUMNS: Final = (
    Column("type"),
    Column("year", Kind.COUNT),
    Column("first_voucher_no"),
    Column("last_voucher_no"),
    Column("vouchers", Kind.COUNT, summed=True),
    Column("missing", Kind.COUNT, summed=True),
    Column("gaps"),
)

# A series starts at one, so whatever is missing before its first voucher is a gap as well; the counter of the series may have run
# ahead of its last voucher only where one is lost.
_SQL: Final = """
    WITH numbered AS (
        SELECT type, series_year, series_no, lag(series_no, 1, 0) OVER (PARTITION BY type, series_year ORDER BY series_no) AS before
          FROM voucher WHERE company_id = %(company)s
    )
    , gap AS (
        SELECT type, series_year, before + 1 AS first, series_no - 1 AS last FROM numbered WHERE series_no > before + 1
        UNION ALL
        SELECT s.type, s.year, max(n.series_no) + 1, s.last_no
          FROM series s JOIN numbered n ON n.type = s.type AND n.series_year = s.year
         WHERE s.company_id = %(company)s GROUP BY s.type, s.year, s.last_no HAVING s.last_no > max(n.series_no)
    )
    , missing AS (
        SELECT type, series_year, sum(last - first + 1) AS missing,
               string_agg(CASE WHEN first = last THEN first::text ELSE first || '-' || last END, ', ' ORDER BY first) AS gaps
          FROM gap GROUP BY type, series_year
    )
    , spans AS (
        SELECT type, series_year, min(series_no) AS first, max(series_no) AS last, count(*) AS vouchers
          FROM numbered GROUP BY type, series_year
    )
    SELECT s.type, s.series_year, books.voucher_no(s.type, s.series_year, s.first), books.voucher_no(s.type, s.series_year, s.last),
           s.vouchers, coalesce(m.missing, 0), coalesce(m.gaps, '')
      FROM spans s LEFT JOIN missing m ON m.type = s.type AND m.series_year = s.series_year
     ORDER BY s.type, s.series_year
"""


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    for kind, year, first, last, vouchers, missing, gaps in stream(connection, _SQL, scope.parameters()):
        yield kind, year, first, last, vouchers, int(missing), gaps


REPORT: Final = Report(
    name="voucher-series",
    title="Voucher series and their gaps",
    options=frozenset(),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
