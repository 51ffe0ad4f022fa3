"""Sessions of tills: what each has sold, what waits for its closing, and what that is likely to earn.

Cost and margin of open sales are provisional: at what a unit costs on average where it lies now. The closing decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from domain.pos_receipt import read
from domain.stock_ledger import Chain
from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount, stream

_COLUMNS: Final = (
    Column("session", Kind.COUNT),
    Column("profile"),
    Column("user"),
    Column("opening"),
    Column("status"),
    Column("opened_at", Kind.TIME),
    Column("closing"),
    Column("sales", Kind.COUNT),
    Column("quarantined", Kind.COUNT),
    Column("summed_ahead", Kind.COUNT),
    Column("total", Kind.AMOUNT, summed=True),
    Column("paid", Kind.AMOUNT, summed=True),
    Column("provisional_revenue", Kind.AMOUNT, summed=True),
    Column("provisional_cost", Kind.AMOUNT, summed=True),
    Column("provisional_margin", Kind.AMOUNT, summed=True),
)

_SESSIONS: Final = """
    SELECT s.session_id, s.profile, s.user_name, s.opening, s.status, s.opened_at AT TIME ZONE %(time_zone)s, coalesce(c.number, ''),
           count(i.voucher_id) FILTER (WHERE i.status <> 'cancelled'), count(i.voucher_id) FILTER (WHERE i.status = 'quarantined'),
           (SELECT coalesce(sum(cardinality(p.sequences)), 0)::bigint FROM pos_sheet p
             WHERE p.company_id = s.company_id AND p.profile = s.profile AND p.session_id = s.session_id),
           coalesce(sum((v.figures ->> 'rounded_total')::numeric) FILTER (WHERE i.status <> 'cancelled'), 0),
           coalesce(sum((v.figures ->> 'paid_amount')::numeric) FILTER (WHERE i.status <> 'cancelled'), 0)
      FROM pos_session s
      LEFT JOIN pos_invoice i ON i.company_id = s.company_id AND i.session_id = s.session_id
       AND (NOT %(open)s OR i.status IN ('open', 'quarantined'))
      LEFT JOIN voucher v ON v.company_id = i.company_id AND v.voucher_id = i.voucher_id
      LEFT JOIN voucher c ON c.company_id = s.company_id AND c.voucher_id = s.closing_id AND s.closing_id <> 0
     WHERE s.company_id = %(company)s AND (NOT %(open)s OR s.status = 'open')
     GROUP BY s.company_id, s.session_id, s.profile, s.user_name, s.opening, s.status, s.opened_at, c.number
     ORDER BY s.session_id
"""
_WAITING: Final = """
    SELECT s.session_id, r.receipt FROM pos_invoice s JOIN pos_receipt r USING (company_id, voucher_id)
     WHERE s.company_id = %(company)s AND s.status IN ('open', 'quarantined')
"""
_RATES: Final = """
    SELECT i.name, w.name, coalesce(p.name, ''), b.value, b.qty
      FROM pos_reserved r
      JOIN balance b USING (company_id, chain_id)
      JOIN chain c USING (company_id, chain_id)
      JOIN term i ON i.company_id = c.company_id AND i.term_id = c.item_id
      JOIN term w ON w.company_id = c.company_id AND w.term_id = c.warehouse_id
      LEFT JOIN term p ON p.company_id = c.company_id AND p.term_id = c.part_id
     WHERE r.company_id = %(company)s AND b.qty > 0
"""


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    yield from _sessions(connection, scope, only_open=False)


def open_sessions(connection: Connection[Any], scope: Scope) -> list[dict[str, Any]]:
    """The sessions that are open, by column name, with what waits in them: it costs what is open, however much was sold before."""
    names = [column.name for column in _COLUMNS]
    return [dict(zip(names, row, strict=True)) for row in _sessions(connection, scope, only_open=True)]


def _sessions(connection: Connection[Any], scope: Scope, *, only_open: bool) -> Iterator[Row]:
    waiting = _provisional(connection, scope)
    for session, *about, total, paid in stream(connection, _SESSIONS, {**scope.parameters(), "open": only_open}):
        revenue, cost = waiting.get(session, (0, 0))
        figures = (amount(figure, scope.currency) for figure in (revenue, cost, revenue - cost))
        yield (session, *about, total, paid, *figures)


def _provisional(connection: Connection[Any], scope: Scope) -> dict[int, tuple[int, int]]:
    """Revenue and likely cost (minor units) of what waits, by session."""
    parameters = scope.parameters()
    rates = {
        Chain(item, warehouse, part): (int(value), qty)
        for item, warehouse, part, value, qty in connection.execute(_RATES.encode(), parameters)
    }
    found: dict[int, tuple[int, int]] = {}
    for session, text in stream(connection, _WAITING, parameters):
        receipt = read(text)
        cost = 0
        for chain, qty in receipt.goods:
            value, there = rates.get(chain, (0, 1))
            cost += value * qty // there
        revenue, earlier = found.get(session, (0, 0))
        found[session] = (revenue + receipt.net, earlier + scope.currency.amount(cost))
    return found


REPORT: Final = Report(
    name="pos-sessions",
    title="Sessions of tills, with provisional margins",
    options=frozenset(),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
