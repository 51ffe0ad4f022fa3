"""Posting costs the same with a million movements of history as with none, and a worker's memory stays bounded."""

from __future__ import annotations

import json
import resource
import time
from statistics import median
from typing import Any

import pytest

from tests.benchmarks.test_bench_posting import accept_all, masters, receipt, submit, the_company
from tests.support.servers import Database as FreshDatabase
from worker.services.acceptance import Message
from worker.services.posting import drain
from worker.store.database import Database

HISTORY = 1_000_000
BATCH = 500
ROUNDS = 10


@pytest.mark.bench
def test_history_does_not_slow_posting(database: FreshDatabase, ratios: Any) -> None:
    with Database(database.worker_url) as service, Database(database.admin_url) as admin:
        submit(service, [*masters(), receipt(-1, 1)])
        company = the_company(service)
        drain(service, company)
        posted = 0
        posted, before = rounds(service, company, posted)
        lay_down_history(admin, company)
        _, after = rounds(service, company, posted)
        ratios.compare(
            f"batches of {BATCH} after {HISTORY:,} movements against none", after, before, most=1 / 0.9, unit=BATCH
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratios.at_most("resident memory of the posting process", peak, 500, "MiB")


def rounds(service: Database, company: int, first: int) -> tuple[int, list[float]]:
    """Post some batches; gives the next free number and the seconds that each took."""
    took: list[float] = []
    for turn in range(ROUNDS + 2):
        messages = [Message(json.dumps(receipt(first + place, 1)).encode()) for place in range(BATCH)]
        first += BATCH
        begin = time.perf_counter()
        accept_all(service, messages)
        assert drain(service, company, limit_documents=BATCH).posted == BATCH
        if turn >= 2:
            took.append(time.perf_counter() - begin)
    assert median(took) > 0
    return first, took


def lay_down_history(admin: Database, company: int) -> None:
    """A million movements of earlier times with their entries, as copies of one that was posted; both ledgers stay equal."""
    with admin.transaction() as connection:
        connection.execute("SET LOCAL statement_timeout = '10min'")
        connection.execute("SET LOCAL session_replication_role = replica")
        for table, key, offset in (("stock_movement", "movement_id", 10**9), ("gl_entry", "entry_id", 10**9)):
            columns = [
                name
                for (name,) in connection.execute(
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
                    [table],
                )
            ]
            chosen = ", ".join(
                {key: f"{offset} + n", "posting_at": "posting_at - interval '1 day' - n * interval '1 second'"}.get(
                    name, name
                )
                for name in columns
            )
            connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM "
                f"(SELECT * FROM {table} WHERE company_id = %s ORDER BY {key} LIMIT 1) one, generate_series(1, %s) n",
                [company, HISTORY],
            )
    with admin.transaction() as connection:
        connection.execute("COMMIT; ANALYZE stock_movement; ANALYZE gl_entry; BEGIN")
