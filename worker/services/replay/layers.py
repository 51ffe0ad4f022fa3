"""Open cost layers by item and warehouse, as a reader wants them: oldest first, equal neighbours merged."""

from __future__ import annotations

from decimal import Decimal

from domain.exact import MICRO, NANO, div_half_up
from worker.reports import Scope
from worker.reports.read_model import quantity
from worker.store.books.balances import all_layers
from worker.store.database import Rows

Shown = list[tuple[Decimal, Decimal]]


def layers_by_place(connection: Rows, scope: Scope) -> dict[tuple[str, str], Shown]:
    """(item, warehouse) to [(quantity, rate), ...] over all chains that lie there.

    An average, and stock that went out before it came in, show as one layer of the whole quantity.
    """
    chains = connection.execute(
        """
        SELECT c.chain_id, i.name, w.name, b.qty, b.value
          FROM balance b
          JOIN chain c USING (company_id, chain_id)
          JOIN term i ON i.company_id = c.company_id AND i.term_id = c.item_id
          JOIN term w ON w.company_id = c.company_id AND w.term_id = c.warehouse_id
         WHERE b.company_id = %s ORDER BY c.chain_id
        """,
        (scope.company,),
    ).fetchall()
    left: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for number, item, warehouse, qty, value in chains:
        pairs = [(layer.qty, layer.value) for layer in all_layers(connection, scope.company, number)]
        if not pairs and qty:
            pairs = [(qty, int(value))]
        left.setdefault((item, warehouse), []).extend(pairs)
    return {place: _shown(pairs) for place, pairs in left.items()}


def _shown(layers: list[tuple[int, int]]) -> Shown:
    merged: list[tuple[int, int]] = []  # quantity, rate
    for qty, value in layers:
        rate = div_half_up(value * MICRO, qty) if qty > 0 else div_half_up(-value * MICRO, -qty)
        if merged and merged[-1][1] == rate:
            merged[-1] = (merged[-1][0] + qty, rate)
        else:
            merged.append((qty, rate))
    return [(quantity(qty), (Decimal(rate) / NANO).normalize() + 0) for qty, rate in merged]
