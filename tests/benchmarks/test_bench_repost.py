"""Reposting against the floor: reading the same movements and copying the same differences and entries, with nothing computed."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.support.lanes import Json, post_all, publish, receipt
from tests.support.long_chain import fill
from tests.support.servers import Database as FreshDatabase
from tests.support.servers import fresh_database
from worker.embedded import Endpoints
from worker.services.reposting import RunSummary, run_pending
from worker.store.copy import copy_in
from worker.store.database import Database
from worker.store.posting.append import DIFFERENCE, ENTRY
from worker.store.reposts.history import LARGEST_BLOCK
from worker.store.reposts.movement_blocks import read_columns

CHUNK = 50_000  # rows that the floor copies at a time
SHIFT = 10**16  # above all numbers in use


@pytest.mark.bench
@pytest.mark.parametrize("later", [10_000, 1_000_000], ids="{:,}".format)
def test_a_receipt_before_many_movements(
    database: FreshDatabase, ratios: Any, later: int, took_per_row: dict[int, float]
) -> None:
    with Database(database.worker_url) as service, Database(database.admin_url, statement_seconds=1200) as admin:
        company = fill(service, later).company
        summary = repost(service, company, receipt("BACK", 5, "1", at="2023-12-15T09:00:00"))
        assert summary.rows > later
        if later >= 100_000:  # a short run's beginning and end weigh too much to compare
            ratios.compare(
                f"repost of {later:,} movements, {summary.differences:,} change",
                [summary.seconds],
                [read(service, company) + copy_again(admin, company)],
                most=1.5,
                unit=later,
            )
        ratios.at_most("publishing transaction", summary.publishing * 1000, 250, "ms")
    took_per_row[later] = summary.seconds / later
    if few := took_per_row.get(10_000):
        ratios.compare(f"a row of {later:,} against one of 10,000", [took_per_row[later]], [few], most=1.5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratios.at_most("resident memory of the reposting process", peak, 500, "MiB")


@pytest.fixture(scope="module")
def took_per_row() -> dict[int, float]:
    """Seconds for each row by how many there were: a repost is linear."""
    return {}


@pytest.mark.bench
@pytest.mark.parametrize("many", [20_000, 1_000_000], ids="{:,}".format)
def test_an_effect_that_dies_out(cluster: Endpoints, xdist_worker: str, ratios: Any, many: int) -> None:
    """A charge on a receipt that is gone after some hundred movements, before few and before many later ones."""
    took: dict[int, list[float]] = {}
    rows: dict[int, int] = {}
    for later in (1_000, many):
        with fresh_database(cluster, xdist_worker) as database, Database(database.worker_url) as service:
            company = fill(service, later).company
            runs = [repost(service, company, charge(f"LCV-{turn}")) for turn in range(3)]
            took[later], rows[later] = [run.seconds for run in runs], sum(run.rows for run in runs)
    assert rows[many] <= rows[1_000], "no more movements are valued again, however many come later"
    ratios.compare(f"effect gone after some 100 of {many:,} movements against 1,000", took[many], took[1_000], most=1.5)


@pytest.mark.bench
def test_posting_goes_on_meanwhile(database: FreshDatabase, ratios: Any) -> None:
    """Documents of another item, posted one by one while a long run works in another process."""
    with Database(database.worker_url) as service:
        company = fill(service, 200_000).company
        publish(service, [{"type": "item", "code": "Oats"}, receipt("BACK", 5, "1", at="2023-12-15T09:00:00")])
        post_all(service)
        code = (
            "from worker.services.reposting import run_pending\nfrom worker.store.database import Database\n"
            f"run_pending(Database({database.worker_url!r}), {company})"
        )
        waits: list[float] = []
        with subprocess.Popen([sys.executable, "-c", code]) as process:
            while process.poll() is None:
                begin = time.perf_counter()
                publish(service, [receipt(f"OATS-{len(waits)}", 1, "2", item="Oats")])
                while not post_all(service).posted:
                    time.sleep(0.001)
                waits.append(time.perf_counter() - begin)
                time.sleep(0.01)
            assert process.returncode == 0
    slowest = sorted(waits)[int(len(waits) * 0.99)]
    ratios.at_most(f"posting to another item meanwhile, p99 of {len(waits):,}", slowest * 1000, 2000, "ms")


def charge(number: str) -> Json:
    """A landed cost on the first receipt."""
    return {
        "type": "landed_cost_voucher", "company": "Grocery", "number": number, "posting_datetime": "2023-12-03T09:00:00",
        "receipts": ["PR-1"], "charges": [{"account": "Freight and Forwarding Charges", "amount": "50"}],
    }  # fmt: skip


def repost(service: Database, company: int, document: Json) -> RunSummary:
    """Post a document into the past, and repost all that follows from it."""
    publish(service, [document])
    assert post_all(service).posted == 1
    summary = run_pending(service, company)
    assert summary.published == 1
    return summary


def read(service: Database, company: int) -> float:
    """Seconds to read every movement once, in blocks, in order."""
    begin = time.perf_counter()
    after = 0
    with service.transaction() as connection:
        while True:
            block = read_columns(
                connection, company, f"movement_id > {after:d} ORDER BY company_id, movement_id LIMIT {LARGEST_BLOCK:d}"
            )
            if not block:
                return time.perf_counter() - begin
            after = block[0][-1]


def copy_again(admin: Database, company: int) -> float:
    """Seconds to copy what the run wrote once more, under other numbers, in chunks with a commit each."""
    took = 0.0
    for table, columns, key in (
        ("stock_difference", DIFFERENCE, "difference_id"),
        ("gl_entry", ENTRY, "entry_id"),
    ):
        with admin.transaction() as connection:
            chosen = columns.replace(key, f"{key} + {SHIFT}").replace("run_id", "run_id + 1")
            with (
                connection.cursor() as cursor,
                cursor.copy(
                    f"COPY (SELECT {chosen} FROM {table} WHERE company_id = {company:d} AND run_id = 1 ORDER BY {key}) TO STDOUT"
                ) as copy,
            ):
                lines = [bytes(row) for row in copy]
        for place in range(0, len(lines), CHUNK):
            text = b"".join(lines[place : place + CHUNK]).decode()
            begin = time.perf_counter()
            with admin.transaction() as connection:
                copy_in(connection, table, columns, text)
            took += time.perf_counter() - begin
    return took
