"""Whatever is posted, in whatever order and with whatever reposts in between: every look finds the two ledgers agreeing, document by
document, and adding what came in says the same as adding everything up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

import pytest

from tests.support.histories import any_setting, history, masters
from tests.support.lanes import number_of, post_all, publish
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from worker.reports import REPORTS
from worker.reports.read_model import amount
from worker.reports.scope import scope_of
from worker.services.reconciliation import anew, go_on, reconcile
from worker.services.reposting import run_pending
from worker.store.database import Database
from worker.store.reconciliation.open_receipts import oldest_open


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 108))
def test_no_document_of_a_random_history_parts_the_ledgers(
    database: FreshDatabase, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anew, "CHUNK_ROWS", 9)
    told = history(Random(seed), 18, any_setting(Random(seed)))
    random = Random(seed)
    with opened(database) as books:
        publish(books, masters(told.setting))
        company, waiting = number_of(books, "Paper"), list(told.documents)
        while waiting:
            count = random.randint(1, 5)
            publish(books, waiting[:count])
            waiting = waiting[count:]
            post_all(books, "Paper")
            if random.random() < 0.4:
                run_pending(books, company)
            if random.random() < 0.4:
                go_on(books, company, upto=random.random())
            if random.random() < 0.6:
                seen = reconcile(books, company)
                assert (seen.verdict, [cause for cause in seen.causes if cause.amount], seen.findings) == (
                    "in_sync",
                    [],
                    (),
                )
                assert kept_open(books, company) == reported_open(books, company)
        added = reconcile(books, company)
        full = reconcile(books, company, full=True)
        assert (full.verdict, full.findings) == ("in_sync", ())
        assert full.accounts == added.accounts
        assert kept_open(books, company) == reported_open(books, company)


def kept_open(books: Database, company: int) -> set[tuple[str, str, date, Decimal]]:
    """What is received and not billed, as looks have kept it on their way."""
    with books.transaction() as connection:
        scope = scope_of(connection, company)
        assert scope is not None
        return {
            (one.type, one.number, one.posting_date, amount(one.outstanding, scope.currency))
            for one in oldest_open(connection, company, 1_000)
        }


def reported_open(books: Database, company: int) -> set[tuple[str, str, date, Decimal]]:
    """The same, as the report adds it up from all rows."""
    with books.transaction() as connection:
        scope = scope_of(connection, company)
        assert scope is not None
        return {
            (row["type"], row["voucher"], row["posting_date"], row["outstanding"])
            for row in REPORTS["received-not-billed"].dicts(connection, scope)
        }
