"""Adding up what lies between two marks: sums by account and day, by lot, and by what is received and not billed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.errors import DocumentParked
from domain.master_view import MasterView
from worker.store.database import Rows
from worker.store.names.terms import account_numbers
from worker.store.reconciliation.chain_totals import add_chains
from worker.store.reconciliation.ledger_sums import (
    BEGINNING,
    AccountSum,
    Mark,
    add_days,
    entries_of_newcomers,
    known_accounts,
    sums_between,
)
from worker.store.reconciliation.open_receipts import add_open_receipts


class Added(NamedTuple):
    """What was added: rows in both ledgers, the documents whose rows differ, chains that moved and from when on."""

    rows: int
    apart: list[AccountSum]
    moved: dict[int, datetime]


def add_up(connection: Rows, company: int, view: MasterView, after: Mark, upto: Mark, *, anew: bool = False) -> Added:
    """Add the rows between two marks to the sums in use, or (`anew`) to those that grow beside them. Errors: those of PostgreSQL."""
    numbers = account_numbers(connection, company)
    rows, apart = 0, []
    was_periodic = not view.perpetual or view.cut_over is not None
    account = numbers.get(_not_billed(view), 0)
    add_open_receipts(connection, company, account, after, upto, was_periodic=was_periodic, anew=anew)
    if view.perpetual:
        typed = {number for name, number in numbers.items() if view.is_stock_account(name)}
        known = known_accounts(connection, company, anew=anew)
        sums = sums_between(connection, company, typed | known, after, upto)
        newcomers = {one.account for one in sums.days} - known - typed if after != BEGINNING else set()
        earlier = entries_of_newcomers(connection, company, newcomers, after)
        add_days(connection, company, [*sums.days, *earlier], anew=anew)
        rows = sums.rows
        apart = [*sums.apart, *(one for one in earlier if one.difference)]
    return Added(rows, apart, add_chains(connection, company, after, upto, anew=anew))


def _not_billed(view: MasterView) -> str:
    """The account of what is received and not billed; a chart may do without one."""
    try:
        return view.role("stock_received_not_billed")
    except DocumentParked:
        return ""
