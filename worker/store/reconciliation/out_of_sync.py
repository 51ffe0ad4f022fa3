"""Accounts that differ from their stock: the few rows that posting reads with its lane."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from domain.out_of_sync import OutOfSync
from domain.posting_time import instant
from worker.store.database import Rows
from worker.store.names.terms import term_names
from worker.store.reconciliation.proposals import remedies


class AccountState(NamedTuple):
    """A row of it: minor units; `stock_value` and `balance` None until somebody has looked."""

    account: int
    warehouses: list[str]
    difference: int
    stock_value: int | None
    balance: int | None
    since: datetime
    first_night: date | None


def states(connection: Rows, company: int) -> dict[int, AccountState]:
    """Every account of a company that differs, by its number."""
    found = connection.execute(
        "SELECT account_id, warehouses, difference, stock_value, balance, since, first_night FROM sync_account WHERE company_id = %s",
        [company],
    )
    return {row[0]: AccountState(*row) for row in found}


def save_states(connection: Rows, company: int, gone: Collection[int], standing: Collection[AccountState]) -> None:
    """Write accounts as they are now, and forget those that agree; the caller holds the lane."""
    if gone:
        connection.execute(
            "DELETE FROM sync_account WHERE company_id = %s AND account_id = ANY(%s)", [company, list(gone)]
        )
    for state in standing:
        connection.execute(
            "INSERT INTO sync_account (company_id, account_id, warehouses, difference, stock_value, balance, since, first_night) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (company_id, account_id) DO UPDATE SET "
            "warehouses = excluded.warehouses, difference = excluded.difference, stock_value = excluded.stock_value, "
            "balance = excluded.balance, since = excluded.since, first_night = excluded.first_night",
            [company, *state],
        )


def known_to_posting(connection: Rows, company: int) -> dict[str, OutOfSync]:
    """What posting must know of accounts that differ, by their names."""
    rows = states(connection, company)
    causes: defaultdict[int, set[int]] = defaultdict(set)
    for account, vouchers in connection.execute(
        "SELECT account_id, array_agg(DISTINCT voucher_id) FROM sync_cause WHERE company_id = %s AND amount <> 0 GROUP BY account_id",
        [company],
    ):
        causes[account].update(vouchers)
    names = term_names(connection, company, rows)
    mending = remedies(connection, company)
    return {
        names[account]: OutOfSync(
            account=names[account],
            difference=state.difference,
            since=instant(state.since),
            stock_value=state.stock_value,
            balance=state.balance,
            warehouses=tuple(state.warehouses),
            causes=causes[account],
            remedies=[remedy for remedy in mending if remedy.amount_on(names[account])],
        )
        for account, state in rows.items()
    }
