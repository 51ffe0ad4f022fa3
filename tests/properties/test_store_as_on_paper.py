"""What the services write to a real database is what the same documents come to on paper: outcomes, stock rows, entries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import floor
from random import Random
from typing import Any

import pytest

from domain.errors import DocumentParked, DocumentRejected
from tests.support.histories import History, any_setting, history, masters
from tests.support.lanes import number_of, post_all, publish, rows
from tests.support.servers import Database as FreshDatabase
from worker.reports import REPORTS, Report
from worker.reports.scope import scope_of
from worker.services.past_layers import VALUATION_LAYERS
from worker.services.reposting import run_pending
from worker.store.database import Database

Figures = dict[Any, Any]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_the_store_keeps_the_books_of_paper(database: FreshDatabase, seed: int) -> None:
    setting = any_setting(Random(seed))
    if seed > 7:
        sharing = (
            "receipt",
            "bill",
            "bill",
            "purchase_return",
            "purchase_return",
            "early_bill",
            "late_receipt",
            "cancel",
        )
        setting = replace(setting, kinds=sharing)
    if seed > 9:
        # Counts of serial numbers, and what comes in before them later.
        counting = ("receipt", "count", "material_issue", "transfer", "delivery", "cancel")
        setting = replace(setting, kinds=counting, items=("SERIAL",), backdated=True)
    told = history(Random(seed), 18 if seed < 8 else 40, setting)
    store = Database(database.worker_url)
    publish(store, masters(told.setting))
    # Some documents share a batch, some wait for their reposts: neither may show.
    random = Random(seed)
    waiting = list(told.documents)
    while waiting:
        count = random.randint(1, 5)
        publish(store, waiting[:count])
        waiting = waiting[count:]
        post_all(store, "Paper")
        if random.random() < 0.5:
            run_pending(store, number_of(store, "Paper"))
    run_pending(store, number_of(store, "Paper"))
    assert stored(store) == on_paper(told)
    days = sorted({document["posting_datetime"][:10] for document in told.documents})
    for day in (*random.sample(days, min(3, len(days))), days[-1]):
        assert layers_by_place(store, day) == stock_by_place(store, day), f"as of {day}"
    assert report(store, VALUATION_LAYERS, "2100-01-01") == report(store, VALUATION_LAYERS, None)
    store.close()


def report(store: Database, chosen: Report, day: str | None) -> list[dict[str, Any]]:
    """A report's rows as of a day, without what depends on which day that is."""
    with store.transaction() as connection:
        scope = scope_of(connection, number_of(store, "Paper"), end=None if day is None else date.fromisoformat(day))
        assert scope is not None
        found = list(chosen.dicts(connection, scope))
    return [{name: value for name, value in row.items() if not name.startswith("age")} for row in found]


def layers_by_place(store: Database, day: str) -> Figures:
    """Quantity and value by item and warehouse as layers tell it: each chain's value to the minor unit, as stock is booked."""
    with store.transaction() as connection:
        scope = scope_of(connection, number_of(store, "Paper"))
    assert scope is not None
    minor = Decimal(1).scaleb(-scope.currency.precision)
    chains: Figures = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in report(store, VALUATION_LAYERS, day):
        chain = chains[row["item"], row["warehouse"], row["batch"]]
        chain[0], chain[1] = chain[0] + row["qty"], chain[1] + row["value"]
    places: Figures = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for (item, warehouse, _), (qty, value) in chains.items():
        before = places[item, warehouse]
        places[item, warehouse] = before[0] + qty, before[1] + floor(value / minor + Decimal("0.5")) * minor
    return {place: figures for place, figures in places.items() if any(figures)}


def stock_by_place(store: Database, day: str) -> Figures:
    """The same as the stock ledger's rows add up."""
    rows = report(store, REPORTS["stock-balance"], day)
    found = {(row["item"], row["warehouse"]): (row["actual_qty"], row["stock_value"]) for row in rows}
    return {place: figures for place, figures in found.items() if any(figures)}


def stored(store: Database) -> dict[str, Figures]:
    """The books as the database shows them."""
    stock = rows(
        store,
        "SELECT voucher, item, warehouse, part, batch, sum(qty), sum(stock_value_difference) FROM books.stock_ledger "
        "GROUP BY 1, 2, 3, 4, 5",
    )
    ledger = rows(store, "SELECT voucher, account, sum(debit - credit) FROM books.general_ledger GROUP BY 1, 2")
    refused = rows(
        store,
        "SELECT number, error ->> 'code' FROM books.document_status WHERE status IN ('rejected', 'parked') AND type <> 'item'",
    )
    return {
        "stock": {tuple(row[:5]): tuple(row[5:]) for row in stock if any(row[5:])},
        "ledger": {tuple(row[:2]): row[2] for row in ledger if row[2]},
        "refused": dict(refused),
    }


def on_paper(told: History) -> dict[str, Figures]:
    """The books as paper has them."""
    company = told.told()
    minor = Decimal(1).scaleb(-told.setting.precision)
    number = {sequence: posting.voucher.number for sequence, posting in company.postings.items()}
    movements = {m.id: m for m in company.movements}
    stock: Figures = defaultdict(lambda: (Decimal(0), Decimal(0)))
    told_rows = [(m, m.qty, m.value) for m in company.movements]
    told_rows += [(movements[d.movement], d.qty, d.amount) for d in company.differences]
    for m, qty, amount in told_rows:
        key = number[m.voucher], m.chain.item, m.chain.warehouse, m.chain.part, m.batch
        known = stock[key]
        stock[key] = known[0] + Decimal(qty) / 10**6, known[1] + amount * minor
    ledger: Figures = defaultdict(Decimal)
    for entry in company.entries:
        ledger[number[entry.voucher], entry.account] += entry.amount * minor
    return {
        "stock": {key: value for key, value in stock.items() if any(value)},
        "ledger": {key: value for key, value in ledger.items() if value},
        "refused": {
            name: outcome.code
            for name, outcome in company.outcomes.items()
            if isinstance(outcome, DocumentRejected | DocumentParked)
        },
    }
