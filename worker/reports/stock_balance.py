"""Stock balance: what lies where at a date, and what the books say it is worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount, quantity, rate, stream
from worker.reports.visible import with_stock

_COLUMNS: Final = (
    Column("item"),
    Column("warehouse"),
    Column("actual_qty", Kind.QUANTITY),
    Column("valuation_rate", Kind.RATE),
    Column("stock_value", Kind.AMOUNT, summed=True),
)

_SQL: Final = """
    , by_chain AS (
        SELECT chain_id, sum(qty) AS qty, sum(value) AS value FROM stock GROUP BY chain_id
    )
    SELECT i.name, w.name, sum(b.qty), sum(b.value)
      FROM by_chain b
      JOIN chain c ON c.company_id = %(company)s AND c.chain_id = b.chain_id
      JOIN terms i ON i.term_id = c.item_id
      JOIN terms w ON w.term_id = c.warehouse_id
     WHERE (%(item)s::text IS NULL OR i.name = %(item)s) AND (%(warehouse)s::text IS NULL OR w.name = %(warehouse)s)
     GROUP BY i.name, w.name
     ORDER BY i.name, w.name
"""


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    currency = scope.currency
    for item, warehouse, qty, value in stream(connection, with_stock(_SQL), scope.parameters()):
        micro, minor = int(qty), int(value)
        yield item, warehouse, quantity(micro), rate(minor, micro, currency), amount(minor, currency)


REPORT: Final = Report(
    name="stock-balance",
    title="Stock balance",
    options=frozenset({"end", "known_at", "item", "warehouse"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
