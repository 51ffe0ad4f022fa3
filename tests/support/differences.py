"""Stock and its accounts led apart: journals by hand, and rows altered as their owner could."""

from __future__ import annotations

from typing import Any

import psycopg

from domain.reconciliation import Reconciliation
from tests.support.lanes import number_of
from worker.services.reconciliation import reconcile
from worker.store.database import Database

Json = dict[str, Any]


def journal(
    number: str, amount: str, *, account: str = "Stock In Hand", at: str = "2024-06-20T09:00:00", **more: Any
) -> Json:
    """A journal by hand that debits a stock account, or credits it with a negative amount."""
    side, other = ("credit", "debit") if amount.startswith("-") else ("debit", "credit")
    size = amount.lstrip("-")
    lines = [{"account": account, side: size}, {"account": "Stock Adjustment", other: size}]
    return {
        "type": "journal_entry",
        "company": "Grocery",
        "number": number,
        "posting_datetime": at,
        "lines": lines,
        **more,
    }


def alter(admin_url: str, *statements: str) -> None:
    """Change rows behind the system's back, with every guard switched off; each statement must change something."""
    with psycopg.connect(admin_url) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            assert connection.execute(statement.encode()).rowcount > 0, statement


def look(books: Database, **options: Any) -> Reconciliation:
    """Reconcile the grocery, and hold every look to its first promise: causes add up to the difference, account by account."""
    seen = reconcile(books, number_of(books), **options)
    for account in seen.accounts:
        assert sum(cause.amount for cause in seen.causes_of(account.account)) == account.difference
    return seen


def apart(seen: Reconciliation) -> dict[str, int]:
    """Accounts that are out of sync, by how much (minor units)."""
    return {account.account: account.difference for account in seen.accounts if account.out_of_sync}
