"""A migration of real books comes to what the same migration on paper comes to, day by day, and goes on like it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from domain.cut_over import first_day_of_year
from tests.support.histories import History, any_setting, history, masters
from tests.support.lanes import publish, rows
from tests.support.migration import migrate
from tests.support.paper_company import PaperCompany
from tests.support.servers import Database as FreshDatabase
from tests.support.two_ways import RealCompany
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services.migration import Choice, apply_plan, make_plan
from worker.services.posting import drain
from worker.services.reconciliation import reconcile
from worker.services.reposting import run_pending
from worker.store.database import Database
from worker.store.inventory_migration.plans import accounts_out_of_step
from worker.store.verify import verify

YEAR_START = "01-06"
Days = dict[tuple[date, str], int]


@pytest.mark.parametrize("seed", range(6))
def test_the_store_migrates_as_paper_does(database: FreshDatabase, seed: int) -> None:
    random = Random(seed)
    setting = replace(any_setting(random), perpetual=False, negatives=False, provisional=False)
    told = history(random, 20, setting)
    told = History(setting, told.accepted())
    early = told.documents[: random.randint(4, len(told.documents))]
    day = date(2026, 1, random.randint(5, 14))
    equity = random.choice((None, "Retained Earnings"))
    paper = told.told(early)
    migrate(paper, day, first_day_of_year(day, YEAR_START), equity=equity)
    with Database(database.worker_url) as store:
        real = RealCompany(store, setting)
        publish(store, [{**masters(setting)[0], "fiscal_year_start": YEAR_START}])
        _post(real, History(setting, early), random)
        run_pending(store, real.number)
        plan = make_plan(store, real.number, Choice(day, equity_account=equity))
        assert plan.content["missing"] == []
        apply_plan(store, real.number, plan.number)
        assert _days(real) == _paper_days(paper)
        rest = told.documents[len(early) :]
        for document in rest:
            paper.submit(json.dumps(document).encode())
        _post(real, History(setting, rest), random)
        run_pending(store, real.number)
        assert _days(real) == _paper_days(paper)
        assert real.stock() == paper.stock()
        _is_sound(real, day)


def _post(real: RealCompany, told: History, random: Random) -> None:
    """Documents share batches, and reposts wait, as it comes."""
    waiting = list(told.documents)
    while waiting:
        count = random.randint(1, 4)
        publish(real.database, waiting[:count])
        waiting = waiting[count:]
        drain(real.database, real.number)
        if random.random() < 0.4:
            run_pending(real.database, real.number)


def _days(real: RealCompany) -> Days:
    found = rows(
        real.database,
        "SELECT e.posting_date, t.name, sum(e.debit - e.credit)::bigint FROM gl_entry e JOIN term t ON t.company_id = e.company_id "
        "AND t.term_id = e.account_id WHERE e.company_id = %s AND (e.run_id = 0 OR e.run_id IN ("
        "  SELECT run_id FROM books.published_run p WHERE p.company_id = e.company_id)) GROUP BY 1, 2",
        real.number,
    )
    return {(day, account): int(amount) for day, account, amount in found if amount}


def _paper_days(paper: PaperCompany) -> Days:
    totals: dict[Any, int] = defaultdict(int)
    for entry in paper.entries:
        totals[entry.date, entry.account] += entry.amount
    return {key: amount for key, amount in totals.items() if amount}


def _is_sound(real: RealCompany, day: date) -> None:
    with real.database.transaction() as connection:
        assert accounts_out_of_step(connection, real.number, day) == []
        assert verify(connection, real.number) == []
        scope = scope_of(connection, real.number)
        assert scope is not None
        unbilled = sum(row["outstanding"] for row in REPORTS["received-not-billed"].dicts(connection, scope))
    held = real.accounts().get("Stock Received But Not Billed", 0)
    assert unbilled * 10**scope.currency.precision == -held
    assert reconcile(real.database, real.number).verdict == "in_sync"
