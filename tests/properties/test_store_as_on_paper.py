"""What the services write to a real database is what the same documents come to on paper: outcomes, stock rows, entries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from domain.errors import DocumentParked, DocumentRejected
from tests.support.histories import History, any_setting, history, masters
from tests.support.lanes import number_of, post_all, publish, rows
from tests.support.servers import Database as FreshDatabase
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
    store.close()


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
