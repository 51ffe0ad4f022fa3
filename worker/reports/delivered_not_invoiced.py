"""Delivered but not invoiced: lines of delivery notes for which no bill went out yet, and what they will bring."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from psycopg import Connection

from domain.money import Currency
from worker.reports.ageing import AGE_COLUMNS, TODAY, age
from worker.reports.read_model import Column, Kind, Report, Row, Scope, plain, stream

_COLUMNS: Final = (
    Column("voucher"),
    Column("line", Kind.COUNT),
    Column("customer"),
    Column("item"),
    Column("posting_date", Kind.DATE),
    *AGE_COLUMNS,
    Column("delivered_qty", Kind.QUANTITY),
    Column("returned_qty", Kind.QUANTITY),
    Column("invoiced_qty", Kind.QUANTITY),
    Column("open_qty", Kind.QUANTITY),
    Column("currency"),
    Column("open_amount", Kind.AMOUNT, summed=True),
)

# A delivery books no revenue, so what waits is what its figures say of each line, less what links of returns and bills took of it. All
# three are in the item's stock unit; the amount is the open share of the line's own, in the document's currency.
_SQL: Final = f"""
    WITH live AS (
        SELECT v.voucher_id, v.number, v.posting_date, v.figures
          FROM voucher v
         WHERE v.company_id = %(company)s AND v.type = 'delivery_note' AND (%(end)s::date IS NULL OR v.posting_date <= %(end)s)
           AND (%(voucher)s::text IS NULL OR v.number = %(voucher)s)
           AND NOT EXISTS (SELECT FROM voucher c WHERE c.company_id = v.company_id AND c.reverses = v.voucher_id AND c.reverses <> 0)
    )
    , referred AS (
        SELECT l.target_id, l.target_line, sum(l.qty) FILTER (WHERE l.kind = 'returns') AS returned,
               sum(CASE l.kind WHEN 'debits' THEN -l.qty ELSE l.qty END) FILTER (WHERE l.kind IN ('bills', 'debits')) AS billed
          FROM link l
          JOIN voucher v ON v.company_id = l.company_id AND v.voucher_id = l.voucher_id
         WHERE l.company_id = %(company)s AND l.kind IN ('returns', 'bills', 'debits')
           AND (%(end)s::date IS NULL OR v.posting_date <= %(end)s)
           AND NOT EXISTS (SELECT FROM voucher c WHERE c.company_id = l.company_id AND c.reverses = l.voucher_id AND c.reverses <> 0)
         GROUP BY l.target_id, l.target_line
    )
    , lines AS (
        SELECT live.*, line.item, line.place, line.qty::numeric AS qty, line.amount::numeric AS amount,
               coalesce(referred.returned, 0) / 1000000 AS returned, coalesce(referred.billed, 0) / 1000000 AS billed
          FROM live
          CROSS JOIN LATERAL ROWS FROM (
               json_array_elements_text(live.figures -> 'line_items'), json_array_elements_text(live.figures -> 'line_qtys'),
               json_array_elements_text(live.figures -> 'line_amounts')) WITH ORDINALITY AS line (item, qty, amount, place)
          LEFT JOIN referred ON referred.target_id = live.voucher_id AND referred.target_line = line.place
    )
    SELECT number, place, figures ->> 'customer', item, posting_date, {TODAY}, qty, returned, billed, figures ->> 'currency', amount
      FROM lines
     WHERE qty > 0 AND qty - returned - billed > 0 AND (%(item)s::text IS NULL OR item = %(item)s)
     ORDER BY posting_date, voucher_id, place
"""  # noqa: S608 - a fragment of our own


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    for number, place, customer, item, posted_on, today, qty, returned, billed, code, whole in stream(
        connection, _SQL, scope.parameters()
    ):
        currency = Currency(code) if code != scope.currency.code else scope.currency
        left = qty - returned - billed
        unit = Decimal(1).scaleb(-currency.precision)
        yield (
            number, place, customer, item, posted_on, *age(today, posted_on),
            plain(qty), plain(returned), plain(billed), plain(left), currency.code, (whole * left / qty).quantize(unit),
        )  # fmt: skip


REPORT: Final = Report(
    name="delivered-not-invoiced",
    title="Delivered but not invoiced",
    options=frozenset({"end", "voucher", "item"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
