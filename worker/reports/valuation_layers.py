"""Valuation layers: what is on hand, receipt by receipt, at what it cost, and how long it has been lying there.

This is the present, as balances keep it. Layers of an earlier date are folded again (`services/past_layers.py`) and shown by the same row.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from psycopg import Connection

from domain.exact import MICRO, div_mirrored
from domain.money import RATE_SCALE
from worker.reports.ageing import AGE_COLUMNS, TODAY, age
from worker.reports.read_model import Column, Kind, Report, Row, Scope, plain, quantity, stream

COLUMNS: Final = (
    Column("item"),
    Column("warehouse"),
    Column("batch"),
    Column("receipt"),
    Column("receipt_line", Kind.COUNT),
    Column("received_on", Kind.DATE),
    *AGE_COLUMNS,
    Column("qty", Kind.QUANTITY),
    Column("rate", Kind.RATE),
    Column("value", Kind.RATE, summed=True),
)

# A balance row keeps the outermost layers and pages keep those between, each as quantity, value and receipt. A moving average is one
# layer, as old as its latest receipt; stock that went out before it came in shows as one row without a receipt.
_SQL: Final = f"""
    WITH row_of AS (
        SELECT chain_id, qty, value, state::json AS state FROM balance
         WHERE company_id = %(company)s AND (qty <> 0 OR value <> 0)
    )
    , layer AS (
        SELECT chain_id, 1 AS part, 0::bigint AS page, l.place, l.value FROM row_of
          CROSS JOIN LATERAL json_array_elements(state -> 0) WITH ORDINALITY AS l (value, place)
        UNION ALL
        SELECT p.chain_id, 2, p.page_no, l.place, l.value FROM layer_page p
          CROSS JOIN LATERAL json_array_elements(p.layers::json) WITH ORDINALITY AS l (value, place)
         WHERE p.company_id = %(company)s
        UNION ALL
        SELECT chain_id, 3, 0, l.place, l.value FROM row_of
          CROSS JOIN LATERAL json_array_elements(state -> 1) WITH ORDINALITY AS l (value, place)
    )
    , shown AS (
        SELECT chain_id, part, page, place, (value ->> 0)::numeric AS qty, (value ->> 1)::numeric AS value,
               (value ->> 2)::bigint AS receipt FROM layer
        UNION ALL
        SELECT chain_id, 0, 0, 0, qty, value, 0 FROM row_of
         WHERE NOT EXISTS (SELECT FROM layer WHERE layer.chain_id = row_of.chain_id)
    )
    SELECT i.name, w.name, coalesce(p.name, ''), coalesce(v.number, ''), m.line_no, m.posting_date, {TODAY}, s.qty, s.value
      FROM shown s
      JOIN chain c ON c.company_id = %(company)s AND c.chain_id = s.chain_id
      JOIN term i ON i.company_id = %(company)s AND i.term_id = c.item_id
      JOIN term w ON w.company_id = %(company)s AND w.term_id = c.warehouse_id
      LEFT JOIN term p ON p.company_id = %(company)s AND p.term_id = c.part_id
      LEFT JOIN stock_movement m ON m.company_id = %(company)s AND m.movement_id = s.receipt
      LEFT JOIN voucher v ON v.company_id = %(company)s AND v.voucher_id = m.voucher_id
     WHERE (%(item)s::text IS NULL OR i.name = %(item)s) AND (%(warehouse)s::text IS NULL OR w.name = %(warehouse)s)
     ORDER BY i.name, w.name, p.name, s.part, s.page, s.place
"""  # noqa: S608 - a fragment of our own


class Place(NamedTuple):
    """Where a layer lies."""

    item: str
    warehouse: str
    batch: str


class Received(NamedTuple):
    """What brought a layer: a document's line and its day; of stock that went out before it came in, nothing has yet."""

    receipt: str
    line: int | None
    day: date | None


def layer_row(place: Place, received: Received, today: date, qty: int, value: int) -> Row:
    """A row of the report: `qty` in millionths, `value` at nine decimals."""
    ages: tuple[int | None, str] = (None, "") if received.day is None else age(today, received.day)
    rate = div_mirrored(value * MICRO * (1 if qty > 0 else -1), abs(qty)) if qty else None
    return (*place, *received, *ages, quantity(qty), None if rate is None else _shown(rate), _shown(value))


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    for item, warehouse, batch, receipt, line, day, today, qty, value in stream(connection, _SQL, scope.parameters()):
        yield layer_row(Place(item, warehouse, batch), Received(receipt, line, day), today, int(qty), int(value))


def _shown(nano: int) -> Decimal:
    return plain(Decimal(nano).scaleb(-RATE_SCALE))


REPORT: Final = Report(
    name="valuation-layers",
    title="Layers of stock on hand and their ages",
    options=frozenset({"item", "warehouse"}),
    columns_of=lambda _scope: COLUMNS,
    read=_read,
)
