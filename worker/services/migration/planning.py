"""Plan a migration to perpetual inventory: what is missing, what would be posted, and the proof that the books agree then.

Nothing is written but the plan itself, with a fingerprint of what it saw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from domain.accounting_period import first_open_day
from domain.chart_of_accounts import STANDARD_CHART
from domain.cut_over import CutOver, first_day_of_year, first_instant
from domain.entries import covered
from domain.errors import DocumentParked, DocumentRejected, PerpetuaError
from domain.general_ledger import Entry
from domain.master_view import MasterView
from domain.masters import Account, Warehouse
from domain.migration import (
    Missing,
    Sums,
    expense_accounts,
    migrated,
    missing_accounts,
    missing_warehouses,
    opening_entries,
    unfinished,
)
from worker.services.migration.telling import what_is_missing, what_is_posted
from worker.services.present_view import newest_view
from worker.store.database import Database, Rows
from worker.store.inventory_migration.plans import Sight, keep_plan, sight
from worker.store.inventory_migration.sums import (
    account_totals,
    booked_sums,
    movements_of,
    negative_stock,
    purchase_sums,
    stock_sums,
)
from worker.store.posting.unfinished import pending_reposts, undecided_documents, unfinished_sales

Json = dict[str, Any]
Tell = Callable[[int, int], None]  # movements summed, of how many
_OWN = ("entries", "cut_over", "seen")  # parts of a plan that only applying it needs
_EVER = 2**57  # after every posting time, in microseconds


@dataclass(frozen=True, slots=True)
class Choice:
    """What the company chooses: the last day of periodic inventory, and where purchases and earlier years stand.

    No expense account: that of each item, else the company's default. No equity account: earlier years are left in the expense.
    """

    as_of: date
    expense_account: str | None = None
    equity_account: str | None = None


@dataclass(slots=True)
class Plan:
    """A plan: `number` once it is kept; `content` is what it says, in words and decimals (`entries` in minor units)."""

    as_of: date
    seen: Sight
    number: int = 0
    content: Json = field(default_factory=dict)

    @property
    def told(self) -> Json:
        """What a reader wants of it."""
        return {"plan": self.number, **{key: value for key, value in self.content.items() if key not in _OWN}}

    @property
    def is_ready(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.content["missing"]


def make_plan(database: Database, company: int, choice: Choice, tell: Tell = lambda _done, _all: None) -> Plan:
    """Plan the migration of a company and keep the plan; `tell` is told of progress.

    Errors: PerpetuaError where there is nothing to plan (perpetual already, a day to come, an account that does not fit); Unavailable.
    """
    with database.transaction() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        plan = _look(connection, company, choice, tell)
    with database.transaction() as connection:
        plan.number = keep_plan(connection, company, plan.as_of, plan.seen, plan.content)
    return plan


def _look(connection: Rows, company: int, choice: Choice, tell: Tell) -> Plan:
    view = newest_view(connection, company)
    _require_sensible(connection, view, choice)
    plan = Plan(choice.as_of, sight(connection, company))
    missing = [*missing_accounts(view), *_missing_warehouses(view)]
    missing += _unfinished(connection, company)
    notes = _notes(connection, company)
    if any(one.kind == "account" for one in missing):
        notes.append("No entries are shown until the default accounts are set.")
        plan.content = what_is_missing(plan.as_of, missing, notes)
        return plan
    cut_over = _cut_over(view, choice)
    sums = Sums(stock=stock_sums(connection, company, cut_over, _told(connection, company, tell)))
    view.book.all("item")  # read at once what is asked about one by one
    cut_over.expense_accounts = (
        [] if choice.expense_account else expense_accounts({one.item for one in sums.stock}, view)
    )
    cut_over.accounts = sorted({one.account for one in sums.stock})
    after = migrated(view, cut_over)
    balances = account_totals(connection, company, None)
    sums.booked = booked_sums(connection, company, cut_over, [name for name in balances if covered(name, after)])
    purchase_sums(connection, company, cut_over, first_day_of_year(choice.as_of, view.company.fiscal_year_start), sums)
    entries = opening_entries(sums, after)
    missing += _closed_days(entries, view)
    plan.content = what_is_missing(plan.as_of, missing, notes) | what_is_posted(
        connection, company, sums, entries, after
    )
    return plan


def _require_sensible(connection: Rows, view: MasterView, choice: Choice) -> None:
    name = view.company.name
    if view.perpetual:
        raise PerpetuaError(
            "PerpetualAlready", f"{name} keeps perpetual inventory already; there is nothing to migrate.", "company"
        )
    row = connection.execute("SELECT (now() AT TIME ZONE %s)::date", [view.company.time_zone]).fetchone()
    if row is not None and choice.as_of > row[0]:
        raise PerpetuaError(
            "CutOverAhead",
            f"{choice.as_of} is still to come, and stock at its end is not known yet. Migrate as of today ({row[0]}) or earlier.",
            "as_of",
        )
    for account, wanted in ((choice.expense_account, "expense"), (choice.equity_account, "equity")):
        if account is not None:
            _require_fit(view, account, wanted)


def _require_fit(view: MasterView, account: str, wanted: str) -> None:
    name = view.company.name
    try:
        kind = view.root_type(view.account(account, wanted))
    except DocumentParked:
        reason = f"{name} has no account {account}"
    except DocumentRejected as refused:
        reason = refused.message.rstrip(".")
    else:
        if kind == wanted:
            return
        reason = f"{account} is no {wanted} account"
    own = {one.name for one in view.book.all("account") if isinstance(one, Account) and not one.is_group}
    standard = {one for one, account in STANDARD_CHART.items() if not account.is_group}
    known = sorted(one for one in own | standard if view.root_type(one) == wanted)
    raise PerpetuaError(
        "AccountDoesNotFit",
        f"{reason}. Choose one ({', '.join(known[:5])}{', ...' if len(known) > 5 else ''}), or leave it out.",
        f"{wanted}_account",
    )


def _cut_over(view: MasterView, choice: Choice) -> CutOver:
    """The cut-over as chosen; its opening entry has no place in the company's order yet."""
    year = first_day_of_year(choice.as_of, view.company.fiscal_year_start)
    return CutOver(
        name=view.company.name,
        company=view.company.name,
        day=choice.as_of,
        until=first_instant(choice.as_of + timedelta(days=1), view.zone),
        opening=0,
        expense_account=choice.expense_account or view.role("default_expense"),
        year_from=first_instant(year, view.zone),
        equity_account=choice.equity_account,
    )


# -- what stands in the way -------------------------------------------------------------------------------------------


def _missing_warehouses(view: MasterView) -> list[Missing]:
    return missing_warehouses((w for w in view.book.all("warehouse") if isinstance(w, Warehouse)), view)


def _unfinished(connection: Rows, company: int) -> list[Missing]:
    waiting = undecided_documents(connection, company)
    named = [(u.status, f"{u.type.replace('_', ' ')} {u.number}") for u in waiting]
    return [
        *unfinished(
            "unposted", (name for status, name in named if status != "parked"),
            "{name} is accepted and not posted yet. See that a worker runs (perpetua status), and plan again.",
        ),
        *unfinished(
            "parked", (name for status, name in named if status == "parked"),
            "{name} is parked. perpetua documents show says what it waits for: publish that, or cancel the document.",
        ),
        *unfinished(
            "repost", pending_reposts(connection, company, _EVER),
            "{name} waits to be reposted. Run perpetua repost run, and plan again.",
        ),
        *unfinished(
            "negative_stock", negative_stock(connection, company),
            "{name} is below zero. Publish the receipt that is lacking, or a count of what is there.",
        ),
    ]  # fmt: skip


def _closed_days(entries: list[Entry], view: MasterView) -> list[Missing]:
    found = []
    for day in sorted({entry.date for entry in entries}):
        opens = first_open_day(day, "journal_entry", view.periods, view.frozen_upto)
        if opens != day:
            message = (
                f"{day} lies in a closed period, and the opening entry would post into it. Have the period reopened, or "
                f"migrate as of {opens} or later."
            )
            found.append(Missing("closed_period", str(day), message))
    return found


def _notes(connection: Rows, company: int) -> list[str]:
    notes = []
    for status in ("open", "quarantined"):
        sales = unfinished_sales(connection, company, _EVER, status)
        if sales:
            notes.append(
                f"{len(sales)} sales at tills are {status} ({', '.join(sales[:5])}): their goods count as stock until their closing, "
                "which follows the rule of its own time."
            )
    return notes


def _told(connection: Rows, company: int, tell: Tell) -> Callable[[int], None]:
    total = movements_of(connection, company)
    tell(0, total)
    return lambda done: tell(done, total)
