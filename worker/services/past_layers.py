"""Valuation layers as of an earlier date: what lay there when that day was over, receipt by receipt.

A chain in which nothing is dated later still has the layers that it had. Of the others those of that day are folded again from the nearest
state that was kept before its end; from their beginning where something was corrected later that lies before it, or where a repost is
still to come, whose order of posting times they are then shown in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple, cast

from psycopg import Connection

from domain.posting_time import instant, zone
from domain.reposting import state_after
from domain.stock_ledger import Balance, Chain
from worker.reports import valuation_layers
from worker.reports.read_model import Row, Scope
from worker.reports.valuation_layers import Place, Received, layer_row
from worker.services.present_view import present_view
from worker.store.books.balances import whole_balances
from worker.store.database import Rows
from worker.store.names.terms import Names
from worker.store.reposts.history import Known, StoredHistory
from worker.store.reposts.requests import unpublished_runs

CHAINS_AT_ONCE: Final = 500
_NOTHING: Final = Received("", None, None)

# A chain moved `later` where anything in it is dated behind the day; `afresh` where that is a correction of what lies before its end.
_CHAINS: Final = """
    WITH moved AS (
        SELECT chain_id, max(posting_date) > %(end)s AS later,
               bool_or(posting_date > %(end)s AND posting_at < %(until)s) AS put_off
          FROM stock_movement WHERE company_id = %(company)s GROUP BY chain_id HAVING min(posting_date) <= %(end)s
    )
    , corrected AS (
        SELECT DISTINCT chain_id FROM stock_difference d
         WHERE d.company_id = %(company)s AND d.posting_date > %(end)s AND d.posting_at < %(until)s
           AND NOT EXISTS (SELECT FROM repost_run r
                            WHERE r.company_id = d.company_id AND r.run_id = d.run_id AND r.published_at IS NULL)
    )
    SELECT m.chain_id, i.name, w.name, coalesce(p.name, ''), m.later OR r.chain_id IS NOT NULL,
           m.put_off OR r.chain_id IS NOT NULL OR b.unkept IS NULL
      FROM moved m
      JOIN chain c ON c.company_id = %(company)s AND c.chain_id = m.chain_id
      JOIN term i ON i.company_id = c.company_id AND i.term_id = c.item_id
      JOIN term w ON w.company_id = c.company_id AND w.term_id = c.warehouse_id
      LEFT JOIN term p ON p.company_id = c.company_id AND p.term_id = c.part_id
      LEFT JOIN balance b ON b.company_id = %(company)s AND b.chain_id = m.chain_id
      LEFT JOIN corrected r ON r.chain_id = m.chain_id
     WHERE (%(item)s::text IS NULL OR i.name = %(item)s) AND (%(warehouse)s::text IS NULL OR w.name = %(warehouse)s)
     ORDER BY i.name, w.name, coalesce(p.name, '')
"""


class _Moved(NamedTuple):
    """A chain that had moved by the day."""

    number: int
    item: str
    warehouse: str
    part: str
    later: bool
    afresh: bool

    @property
    def chain(self) -> Chain:
        return Chain(self.item, self.warehouse, self.part)


class _Then:
    """The chains of one company as they stood when a day was over."""

    def __init__(self, connection: Rows, scope: Scope, day: date) -> None:
        self._connection, self._scope, self._day = connection, scope, day
        over = datetime.combine(day + timedelta(days=1), time(), zone(scope.time_zone))
        self._over, self._until = over, instant(over)
        self._names = Names(scope.company)
        known = Known(hidden=unpublished_runs(connection, scope.company), end=day)
        self._history = StoredHistory(connection, self._names, known)
        self._view = present_view(connection, scope.company)

    def rows(self) -> Iterator[Row]:
        """Every layer, chain by chain."""
        parameters = self._scope.parameters() | {"end": self._day, "until": self._over}
        chains = [_Moved(*row) for row in self._connection.execute(_CHAINS, parameters).fetchall()]
        for first in range(0, len(chains), CHAINS_AT_ONCE):
            some = chains[first : first + CHAINS_AT_ONCE]
            states = self._states(some)
            received = self._received(states.values())
            for one in some:
                balance, place = states[one.number], Place(one.item, one.warehouse, one.part)
                layers = [*balance.layers, *balance.newest]
                for layer in layers:
                    yield layer_row(place, received.get(layer.receipt, _NOTHING), self._day, layer.qty, layer.value)
                if not layers and (balance.qty or balance.value):
                    yield layer_row(place, _NOTHING, self._day, balance.qty, balance.value)

    def _states(self, chains: list[_Moved]) -> dict[int, Balance]:
        still = [one.number for one in chains if not (one.later or one.afresh)]
        states = dict(whole_balances(self._connection, self._scope.company, still))
        for one in chains:
            if one.number not in states:
                self._names.remember(one.chain, one.number)
                states[one.number] = state_after(
                    one.chain, self._day, self._until, self._history, self._view, afresh=one.afresh
                )
        return states

    def _received(self, balances: Iterable[Balance]) -> dict[int, Received]:
        """Which line of which document brought each layer, and when."""
        receipts = {layer.receipt for balance in balances for layer in (*balance.layers, *balance.newest)}
        found = self._connection.execute(
            "SELECT m.movement_id, v.number, m.line_no, m.posting_date FROM stock_movement m JOIN voucher v USING (company_id, voucher_id) "
            "WHERE m.company_id = %s AND m.movement_id = ANY(%s)",
            [self._scope.company, list(receipts)],
        )
        return {movement: Received(number, line, day) for movement, number, line, day in found}


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    if scope.end is None:
        yield from valuation_layers.REPORT.read(connection, scope)
    else:
        yield from _Then(cast("Rows", connection), scope, scope.end).rows()


VALUATION_LAYERS: Final = replace(
    valuation_layers.REPORT, options=valuation_layers.REPORT.options | {"end"}, read=_read
)
