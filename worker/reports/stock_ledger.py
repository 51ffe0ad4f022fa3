"""Stock ledger: every movement with the quantity and value it leaves behind, a voucher line netted with its corrections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from domain.stock_ledger import DifferenceKind
from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount, quantity, rate, stream
from worker.reports.visible import with_stock

_NETTED: Final = (
    Column("voucher"),
    Column("type"),
    Column("line", Kind.COUNT),
    Column("item"),
    Column("warehouse"),
    Column("batch"),
    Column("posting_datetime", Kind.TIME),
    Column("qty", Kind.QUANTITY),
    Column("valuation_rate", Kind.RATE),
    Column("stock_value_difference", Kind.AMOUNT, summed=True),
    Column("qty_after", Kind.QUANTITY),
    Column("stock_value", Kind.AMOUNT),
)
_STORED: Final = (*_NETTED, Column("entry"), Column("caused_by"), Column("recorded_at", Kind.TIME))

# Running figures are of item and warehouse over all batches and parts, in (posting time, sequence, movement) order: the
# total order of the books, whatever order the documents arrived in.
#
# A cancelled voucher nets to nothing and leaves the ledger as if it had never been there; a count that found what the books
# had nets to nothing as well, but it stands, so only cancelled vouchers vanish.
_NETTED_SQL: Final = """
    , net AS (
        SELECT s.own, s.line_no, c.item_id, c.warehouse_id, s.batch_id, min(s.posting_at) AS posting_at,
               min(s.movement_id) AS movement_id, 0 AS difference_id, sum(s.qty) AS qty, sum(s.value) AS value
          FROM stock s JOIN chain c ON c.company_id = %(company)s AND c.chain_id = s.chain_id
         GROUP BY s.own, s.line_no, c.item_id, c.warehouse_id, s.batch_id
    ), named AS (
        SELECT n.*, i.name AS item, w.name AS warehouse, coalesce(b.name, '') AS batch
          FROM net n
          JOIN terms i ON i.term_id = n.item_id
          JOIN terms w ON w.term_id = n.warehouse_id
          LEFT JOIN terms b ON b.term_id = n.batch_id
         WHERE (%(item)s::text IS NULL OR i.name = %(item)s) AND (%(warehouse)s::text IS NULL OR w.name = %(warehouse)s)
           AND (n.qty <> 0 OR n.value <> 0
                OR NOT EXISTS (SELECT FROM vouchers x WHERE x.own = n.own AND x.voucher_id <> n.own))
    ), running AS (
        SELECT named.*, sum(qty) OVER in_order AS qty_after, sum(value) OVER in_order AS stock_value
          FROM named
        WINDOW in_order AS (PARTITION BY item_id, warehouse_id ORDER BY posting_at, own, movement_id)
    )
    SELECT v.number, v.type, r.line_no, r.item, r.warehouse, r.batch, r.posting_at AT TIME ZONE %(time_zone)s,
           r.qty, r.value, r.qty_after, r.stock_value
      FROM running r JOIN vouchers v ON v.voucher_id = r.own
     WHERE (%(voucher)s::text IS NULL OR v.number = %(voucher)s)
       AND (%(start)s::date IS NULL OR (r.posting_at AT TIME ZONE %(time_zone)s)::date >= %(start)s)
     ORDER BY r.posting_at, r.own, r.movement_id
"""

_STORED_SQL: Final = """
    , named AS (
        SELECT s.*, c.item_id, c.warehouse_id, i.name AS item, w.name AS warehouse, coalesce(b.name, '') AS batch
          FROM stock s
          JOIN chain c ON c.company_id = %(company)s AND c.chain_id = s.chain_id
          JOIN terms i ON i.term_id = c.item_id
          JOIN terms w ON w.term_id = c.warehouse_id
          LEFT JOIN terms b ON b.term_id = s.batch_id
         WHERE (%(item)s::text IS NULL OR i.name = %(item)s) AND (%(warehouse)s::text IS NULL OR w.name = %(warehouse)s)
    ), running AS (
        SELECT named.*, sum(qty) OVER in_order AS qty_after, sum(value) OVER in_order AS stock_value
          FROM named
        WINDOW in_order AS (PARTITION BY item_id, warehouse_id ORDER BY posting_at, own, movement_id, difference_id)
    )
    SELECT v.number, v.type, r.line_no, r.item, r.warehouse, r.batch, r.posting_at AT TIME ZONE %(time_zone)s,
           r.qty, r.value, r.qty_after, r.stock_value, r.kind, coalesce(cause.number, ''),
           r.recorded_at AT TIME ZONE %(time_zone)s
      FROM running r
      JOIN vouchers v ON v.voucher_id = r.voucher_id
      LEFT JOIN vouchers cause ON cause.voucher_id = r.caused_by
     WHERE (%(voucher)s::text IS NULL OR v.number = %(voucher)s)
       AND (%(start)s::date IS NULL OR (r.posting_at AT TIME ZONE %(time_zone)s)::date >= %(start)s)
     ORDER BY r.posting_at, r.own, r.movement_id, r.difference_id
"""


def _columns(scope: Scope) -> tuple[Column, ...]:
    return _STORED if scope.entries else _NETTED


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    currency = scope.currency
    sql = with_stock(_STORED_SQL if scope.entries else _NETTED_SQL)
    for row in stream(connection, sql, scope.parameters()):
        voucher, kind, line, item, warehouse, batch, at, qty, value, qty_after, stock_value, *more = row
        shown = (
            voucher, kind, line, item, warehouse, batch, at,
            quantity(int(qty)), rate(int(stock_value), int(qty_after), currency), amount(int(value), currency),
            quantity(int(qty_after)), amount(int(stock_value), currency),
        )  # fmt: skip
        yield (*shown, _entry(more[0]), more[1], more[2]) if more else shown


def _entry(kind: int) -> str:
    return DifferenceKind(kind).name.lower() if kind else "movement"


REPORT: Final = Report(
    name="stock-ledger",
    title="Stock ledger",
    options=frozenset({"start", "end", "known_at", "item", "warehouse", "voucher", "entries"}),
    columns_of=_columns,
    read=_read,
)
