"""Both ledgers as text, to compare two histories of the same documents."""

from typing import Any

import psycopg

_LEDGERS = {
    "documents": "SELECT company, sequence, type, number, status, voucher_no, error FROM books.document_status ORDER BY company, sequence",
    "stock": (
        "SELECT company, voucher, line, item, warehouse, posting_at, qty, stock_value_difference, kind, account, contra, caused_by "
        "FROM books.stock_ledger ORDER BY company, movement_id, row_id"
    ),
    "general": (
        "SELECT company, voucher, account, debit, credit, posting_date, party, cost_center, against, caused_by "
        "FROM books.general_ledger ORDER BY company, entry_id"
    ),
}


def dump(database_url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the ledgers and every document's status, without the times at which they were written."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return {name: connection.execute(select).fetchall() for name, select in _LEDGERS.items()}


def statuses(database_url: str) -> dict[str, int]:
    """How many documents have each status."""
    with psycopg.connect(database_url) as connection:
        counted = connection.execute("SELECT status, count(*) FROM books.document_status GROUP BY status").fetchall()
    return dict(counted)


def undecided(database_url: str) -> int:
    """How many accepted documents are still to be decided."""
    return statuses(database_url).get("accepted", 0)


def accepted_messages(database_url: str) -> list[bytes]:
    """Documents and masters in the order of their acceptance."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT payload FROM (SELECT acceptance, payload FROM document UNION ALL SELECT acceptance, payload FROM master) m "
            "ORDER BY acceptance"
        ).fetchall()
    return [payload.encode() for (payload,) in found]
