"""Stock against accounts: what the stock ledger says lies in each stock account, and what the general ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from domain.chart_of_accounts import STANDARD_CHART
from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount
from worker.reports.visible import ENTRIES, PUBLISHED, with_stock

_COLUMNS: Final = (
    Column("account"),
    Column("stock_value", Kind.AMOUNT, summed=True),
    Column("account_balance", Kind.AMOUNT, summed=True),
    Column("difference", Kind.AMOUNT, summed=True),
)

# Each ledger is added up by itself and in one pass, which PostgreSQL shares out over its processes.
_NOW: Final = f"""
    WITH published AS MATERIALIZED ({PUBLISHED}),
    by_stock AS (
        SELECT account_id, sum(value) AS value FROM (
            SELECT account_id, sum(value) AS value FROM stock_movement
             WHERE company_id = %(company)s AND (%(end)s::date IS NULL OR posting_date <= %(end)s) GROUP BY account_id
            UNION ALL
            SELECT account_id, sum(amount) FROM stock_difference
             WHERE company_id = %(company)s AND (%(end)s::date IS NULL OR posting_date <= %(end)s)
               AND (run_id = 0 OR run_id IN (SELECT run_id FROM published)) GROUP BY account_id
        ) parts WHERE account_id <> 0 GROUP BY account_id
    ), by_account AS (
        SELECT account_id, sum(debit - credit) AS balance FROM gl_entry
         WHERE company_id = %(company)s AND (%(end)s::date IS NULL OR posting_date <= %(end)s)
           AND (run_id = 0 OR run_id IN (SELECT run_id FROM published)) GROUP BY account_id
    ), terms AS (SELECT term_id, name FROM term WHERE company_id = %(company)s AND kind = 'account')
"""  # noqa: S608 - a fragment of our own

_AS_KNOWN: Final = f"""
    , by_stock AS (SELECT account_id, sum(value) AS value FROM stock WHERE account_id <> 0 GROUP BY account_id)
    , entries AS NOT MATERIALIZED ({ENTRIES})
    , by_account AS (SELECT account_id, sum(debit - credit) AS balance FROM entries GROUP BY account_id)
"""  # noqa: S608 - a fragment of our own

# Every movement stores the account that it resolved when it was posted, so warehouses that change hands stay comparable. An account
# that is meant for stock is compared though no stock has ever stood there.
_COMPARED: Final = """
    SELECT a.name, coalesce(s.value, 0), coalesce(g.balance, 0)
      FROM by_stock s FULL JOIN by_account g USING (account_id) JOIN terms a ON a.term_id = account_id
     WHERE (%(account)s::text IS NULL OR a.name = %(account)s) AND (s.account_id IS NOT NULL OR 'stock' = coalesce(
           (SELECT coalesce(m.payload::json ->> 'account_type', '') FROM master m
             WHERE m.company_id IN (0, %(company)s) AND m.kind = 'account' AND m.name = a.name
             ORDER BY m.company_id DESC, m.version DESC LIMIT 1),
           CASE WHEN a.name = ANY(%(standard)s) THEN 'stock' END))
     ORDER BY a.name
"""

_STANDARD: Final = [name for name, account in STANDARD_CHART.items() if account.account_type == "stock"]


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    sql = _NOW + _COMPARED if scope.known_at is None else with_stock(_AS_KNOWN + _COMPARED)
    # There are few accounts, so the rows are fetched at once: a cursor would forbid PostgreSQL to share the work out.
    for account, value, balance in connection.execute(sql.encode(), {**scope.parameters(), "standard": _STANDARD}):
        figures = (int(value), int(balance), int(value) - int(balance))
        yield (account, *(amount(figure, scope.currency) for figure in figures))


REPORT: Final = Report(
    name="stock-account-comparison",
    title="Stock against accounts",
    options=frozenset({"end", "known_at", "account"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
