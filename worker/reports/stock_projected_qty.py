"""Projected quantity: what lies there, what orders bring in or have promised, what will be left of it, and since when orders wait.

At an earlier date it is told from what is dated up to then: orders less what had been brought and delivered, and the sales at tills that
no closing had taken up by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from domain.pos_receipt import PosReceipt
from worker.reports.ageing import AGE_COLUMNS, TODAY, age
from worker.reports.read_model import Column, Kind, Report, Row, Scope, quantity, stream
from worker.reports.visible import with_stock

_COLUMNS: Final = (
    Column("item"),
    Column("warehouse"),
    Column("actual_qty", Kind.QUANTITY),
    Column("ordered_qty", Kind.QUANTITY),
    Column("reserved_qty", Kind.QUANTITY),
    Column("reserved_for_pos", Kind.QUANTITY),
    Column("available_at_till", Kind.QUANTITY),
    Column("projected_qty", Kind.QUANTITY),
    Column("oldest_order", Kind.DATE),
    *AGE_COLUMNS,
)

_GOODS: Final = PosReceipt.__struct_fields__.index("goods")  # receipts are written as arrays

# An order's line is open by the part of its whole quantity that nothing has brought or delivered yet; more than it asked for
# opens nothing elsewhere. Cancelled orders, and what cancelled documents delivered, count for nothing.
_SQL: Final = f"""
    , delivered AS (
        SELECT l.target_id AS voucher_id, l.target_line AS line_no, sum(l.qty) AS qty
          FROM link l
          JOIN voucher w ON w.company_id = l.company_id AND w.voucher_id = l.voucher_id
         WHERE l.company_id = %(company)s AND l.kind = 'delivers' AND (%(end)s::date IS NULL OR w.posting_date <= %(end)s)
           AND NOT EXISTS (SELECT FROM vouchers x WHERE x.reverses = l.voucher_id AND x.reverses <> 0)
         GROUP BY l.target_id, l.target_line
    )
    , open_order AS (
        SELECT o.chain_id, w.posting_date AS ordered_on,
               trunc(o.qty * greatest(o.whole - greatest(coalesce(d.qty, 0), 0), 0) / o.whole) AS qty
          FROM order_line o
          LEFT JOIN delivered d USING (voucher_id, line_no)
          JOIN voucher w ON w.company_id = o.company_id AND w.voucher_id = o.voucher_id
         WHERE o.company_id = %(company)s AND o.whole > 0 AND (%(end)s::date IS NULL OR w.posting_date <= %(end)s)
           AND NOT EXISTS (SELECT FROM vouchers x WHERE x.reverses = o.voucher_id AND x.reverses <> 0)
    )
    , sold_by_then AS (
        SELECT r.receipt::json -> {_GOODS} AS goods
          FROM pos_invoice s
          JOIN pos_receipt r USING (company_id, voucher_id)
          JOIN voucher w USING (company_id, voucher_id)
          LEFT JOIN voucher closing ON closing.company_id = s.company_id AND closing.voucher_id = s.closing_id AND s.closing_id <> 0
         WHERE s.company_id = %(company)s AND w.posting_date <= %(end)s
           AND (s.status IN ('open', 'quarantined') OR s.status = 'consolidated' AND closing.posting_date > %(end)s)
    )
    , reserved_then AS (
        SELECT c.chain_id, (g.sold ->> 1)::bigint AS qty
          FROM sold_by_then CROSS JOIN LATERAL json_array_elements(goods) AS g (sold)
          JOIN term i ON i.company_id = %(company)s AND i.kind = 'item' AND i.name = g.sold -> 0 ->> 0
          JOIN term w ON w.company_id = %(company)s AND w.kind = 'warehouse' AND w.name = g.sold -> 0 ->> 1
          LEFT JOIN term p ON p.company_id = %(company)s AND p.kind = 'part' AND p.name = g.sold -> 0 ->> 2
          JOIN chain c ON c.company_id = %(company)s AND c.item_id = i.term_id AND c.warehouse_id = w.term_id
           AND c.part_id = coalesce(p.term_id, 0)
    )
    , by_chain AS (
        SELECT chain_id, sum(qty) AS actual, 0 AS ordered, 0 AS reserved, 0 AS sold, NULL::date AS ordered_on FROM stock GROUP BY chain_id
        UNION ALL
        SELECT chain_id, 0, sum(greatest(qty, 0)), sum(greatest(-qty, 0)), 0, min(ordered_on) FILTER (WHERE qty <> 0)
          FROM open_order GROUP BY chain_id
        UNION ALL
        SELECT chain_id, 0, 0, 0, qty, NULL FROM pos_reserved WHERE company_id = %(company)s AND qty <> 0 AND %(end)s::date IS NULL
        UNION ALL
        SELECT chain_id, 0, 0, 0, qty, NULL FROM reserved_then
    )
    SELECT i.name, w.name, sum(b.actual), sum(b.ordered), sum(b.reserved), sum(b.sold), min(b.ordered_on), {TODAY}
      FROM by_chain b
      JOIN chain c ON c.company_id = %(company)s AND c.chain_id = b.chain_id
      JOIN terms i ON i.term_id = c.item_id
      JOIN terms w ON w.term_id = c.warehouse_id
     WHERE (%(item)s::text IS NULL OR i.name = %(item)s) AND (%(warehouse)s::text IS NULL OR w.name = %(warehouse)s)
     GROUP BY i.name, w.name
     ORDER BY i.name, w.name
"""  # noqa: S608 - a fragment of our own


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    for item, warehouse, *figures, ordered_on, today in stream(connection, with_stock(_SQL), scope.parameters()):
        actual, ordered, reserved, sold = (int(figure) for figure in figures)
        # What a till may still sell: what is on order has not come yet, and what is promised may be had over the counter first.
        at_the_till = actual - sold
        projected = actual + ordered - reserved - sold
        shown = (actual, ordered, reserved, sold, at_the_till, projected)
        ages: tuple[int | None, str] = (None, "") if ordered_on is None else age(today, ordered_on)
        yield (item, warehouse, *(quantity(figure) for figure in shown), ordered_on, *ages)


REPORT: Final = Report(
    name="stock-projected-qty",
    title="Projected quantities",
    options=frozenset({"end", "item", "warehouse"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
