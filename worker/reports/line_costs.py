"""What the lines of each voucher cost by now, reposts and later charges included."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg import Connection

from domain.money import RATE_SCALE
from domain.stock_ledger import DifferenceKind
from worker.reports.read_model import Scope, amount, plain, quantity
from worker.reports.visible import with_stock

# A transfer's line goes out and comes in at the same value: what comes in says what it costs, else what goes out. Rejected goods lie
# at no value beside those of the same line that were accepted, and say nothing about these. What a receipt trued up of an earlier
# shortage, and what was parked in cost until a repost, lie under its line but are no part of what its goods cost.
_SQL = f"""
    , net AS (
        SELECT own, line_no, chain_id, sum(qty) AS qty,
               coalesce(sum(value) FILTER (WHERE kind NOT IN ({DifferenceKind.TRUE_UP:d}, {DifferenceKind.RESIDUE:d})), 0) AS value,
               coalesce(sum(value) FILTER (WHERE kind = {DifferenceKind.LANDED_COST:d}), 0) AS landed
          FROM stock GROUP BY own, line_no, chain_id
    )
    SELECT own, line_no,
           coalesce(sum(n.qty) FILTER (WHERE n.qty > 0 AND n.value <> 0), sum(n.qty) FILTER (WHERE n.qty > 0), sum(n.qty)),
           coalesce(sum(n.value) FILTER (WHERE n.qty > 0), sum(n.value)),
           sum(n.landed), count(DISTINCT c.item_id)
      FROM net n JOIN chain c ON c.company_id = %(company)s AND c.chain_id = n.chain_id GROUP BY own, line_no
"""  # noqa: S608 - the only things put in are numbers of our own


@dataclass(frozen=True, slots=True)
class LineCost:
    """One voucher line: how much stock moved (signed; 0 where none is left of it), its value in all, and the landed cost on it.

    `is_bundle`: several items moved, so their common rate means nothing and only the whole does.
    """

    qty: Decimal
    value: Decimal
    landed: Decimal
    is_bundle: bool = False

    def rate(self, less: Decimal = Decimal(0)) -> Decimal:
        """The rate at which its stock moved, without `less` of its value; 0 where none is left of it."""
        return plain(round(abs((self.value - less) / self.qty), RATE_SCALE)) if self.qty else Decimal(0)


def line_costs(connection: Connection[Any], scope: Scope) -> dict[int, dict[int, LineCost]]:
    """Costs by voucher and line, lines counted from 1; lines that move no stock are not there."""
    costs: dict[int, dict[int, LineCost]] = {}
    for voucher, line, qty, value, landed, items in connection.execute(with_stock(_SQL).encode(), scope.parameters()):
        cost = LineCost(
            quantity(int(qty)), amount(int(value), scope.currency), amount(int(landed), scope.currency), items > 1,
        )  # fmt: skip
        costs.setdefault(voucher, {})[line] = cost
    return costs
