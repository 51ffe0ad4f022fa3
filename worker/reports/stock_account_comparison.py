"""Stock against accounts: what the stock ledger says lies in each stock account, and what the general ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount, stream
from worker.reports.visible import ENTRIES, with_stock

_COLUMNS: Final = (
    Column("account"),
    Column("stock_value", Kind.AMOUNT, summed=True),
    Column("account_balance", Kind.AMOUNT, summed=True),
    Column("difference", Kind.AMOUNT, summed=True),
)

# Every movement stores the account that it resolved when it was posted, so warehouses that change hands stay comparable.
_SQL: Final = f"""
    , by_stock AS (SELECT account_id, sum(value) AS value FROM stock WHERE account_id <> 0 GROUP BY account_id)
    , entries AS NOT MATERIALIZED ({ENTRIES})
    , by_account AS (
        SELECT account_id, sum(debit - credit) AS balance FROM entries
         WHERE account_id IN (SELECT account_id FROM by_stock) GROUP BY account_id
    )
    SELECT a.name, s.value, coalesce(g.balance, 0)
      FROM by_stock s JOIN terms a ON a.term_id = s.account_id LEFT JOIN by_account g USING (account_id)
     WHERE %(account)s::text IS NULL OR a.name = %(account)s
     ORDER BY a.name
"""  # noqa: S608 - a fragment of our own


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    for account, value, balance in stream(connection, with_stock(_SQL), scope.parameters()):
        figures = (int(value), int(balance), int(value) - int(balance))
        yield (account, *(amount(figure, scope.currency) for figure in figures))


REPORT: Final = Report(
    name="stock-account-comparison",
    title="Stock against accounts",
    options=frozenset({"end", "known_at", "account"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
