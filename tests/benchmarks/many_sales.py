"""One closing of any number of sales, measured once: `python -m tests.benchmarks.many_sales 1000000`.

Two thousand sales are sold and decided, then copied within PostgreSQL with numbers of their own: a closing reads the same rows as if each
had come in by itself. What it costs is printed step by step: seconds, seconds of the worker's processor, MiB that the worker holds.
"""

from __future__ import annotations

import gc
import logging
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import structlog

from tests.benchmarks.test_bench_pos import ITEMS, open_shop, till_sales
from tests.support import servers
from tests.support.lanes import number_of, post_all, publish, rows
from tests.support.till import SHOP, closing
from worker.bells import Lane
from worker.broker import sender
from worker.pace import at_pace
from worker.services.lanes import post_lane
from worker.services.pos_mirror import rebuild
from worker.services.pos_tallying import tally_sales
from worker.services.till_profiles import Profiles
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.database import Database
from worker.store.schema.tables import metadata

SOLD = 2_000
_COPIED = {
    "document": {"number": "number || '-' || k", "acceptance": "acceptance + k * :sold", "sequence": "sequence + k * :sold",
                 "content_hash": "decode(md5(sequence || '-' || k), 'hex')"},
    "voucher": {"number": "number || '-' || k", "voucher_id": "voucher_id + k * :sold", "series_no": "series_no + k * :sold",
                "batch_line": "batch_line + k * :sold"},
    "pos_invoice": {"voucher_id": "voucher_id + k * :sold"},
    "pos_receipt": {"voucher_id": "voucher_id + k * :sold",
                    "receipt": "regexp_replace(receipt, '^\\[\"([^\"]+)\"', '[\"\\1-' || k || '\"')"},
}  # fmt: skip
_AFTER = (
    "UPDATE pos_reserved SET qty = qty * (1 + :times)",
    "UPDATE lane SET decided_sequence = decided_sequence + :more, vouchers = vouchers + :more, published_batch = batch_no",
    "UPDATE intake_counter SET last_sequence = last_sequence + :more WHERE company_id = :company",
    "UPDATE acceptance SET last_number = last_number + :more WHERE company_id = 0",
    "UPDATE series SET last_no = last_no + :more WHERE type = 'pos_invoice'",
)


def copy_sales(owner_url: str, company: int, times: int) -> None:
    """Give the till so many times as many sales as it has sold."""
    words = {":sold": SOLD, ":times": times, ":more": times * SOLD, ":company": company}

    def filled(statement: str) -> bytes:
        for word, number in words.items():
            statement = statement.replace(word, str(number))
        return statement.encode()

    with psycopg.connect(owner_url) as connection:
        for table, changed in _COPIED.items():
            names = metadata.tables[table].columns.keys()
            of_sales = "type = 'pos_invoice'" if table in ("document", "voucher") else "true"
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
            connection.execute(
                filled(
                    f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(changed.get(n, n) for n in names)} "
                    f"FROM {table}, generate_series(1, :times) k WHERE company_id = :company AND {of_sales}"
                )
            )
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
        for statement in _AFTER:
            connection.execute(filled(statement))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print what a step took."""
    gc.collect()
    begin, processor = time.perf_counter(), time.process_time()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _say(
        f"{what}: {time.perf_counter() - begin:.1f} s, {time.process_time() - processor:.1f} s of the worker's processor, "
        f"{peak} MiB at most so far"
    )


@contextmanager
def others_publish(database_url: str) -> Iterator[Callable[[], float]]:
    """Somebody else has masters accepted all the while; gives how long acceptance has waited at most (seconds)."""
    waited, over = [0.0], threading.Event()

    def knock() -> None:
        with Database(database_url) as other:
            for number in range(10**9):
                if over.wait(0.05):
                    return
                begin = time.perf_counter()
                publish(other, [{"type": "customer", "company": "Other", "name": f"Customer {number}"}])
                waited[0] = max(waited[0], time.perf_counter() - begin)

    thread = threading.Thread(target=knock)
    thread.start()
    try:
        yield lambda: waited[0]
    finally:
        over.set()
        thread.join()


def close_many(tools: Tools, owner_url: str, worker_url: str, count: int) -> None:
    """Sell so much, sum it, close it and tell it."""
    books = tools.database
    open_shop(books)
    company = number_of(books, SHOP)
    publish(books, [{"type": "company", "name": "Other", "currency": "EUR", "time_zone": "Europe/Berlin"}])
    publish(books, till_sales(SOLD, 1))
    post_all(books, SHOP)
    with measured(f"{count} sales written"):
        copy_sales(owner_url, company, count // SOLD - 1)
    with measured("sub-ledger rebuilt"):
        _say(rebuild(tools, company), "sales in the sub-ledger")
    with books.transaction() as connection:
        profiles = Profiles(connection).of(company)
    with measured("sales summed ahead"):
        tally_sales(books, company, profiles)
    publish(books, [closing("C-1", at="2026-03-03T20:00")])
    with others_publish(worker_url) as waited, measured("closed and told"), at_pace():
        post_lane(tools, Lane(company, SHOP))
        _say(f"acceptance waited at most {waited():.2f} s")
    _say(rows(books, "SELECT status, count(*) FROM pos_invoice GROUP BY 1"))
    _say(
        rows(books, "SELECT count(*) FROM books.general_ledger WHERE voucher = 'C-1-1'"), "entries", len(ITEMS), "items"
    )


def main(count: int) -> None:
    """Run on servers of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    home = Path(tempfile.mkdtemp())
    with servers.shared_cluster(home) as cluster, servers.fresh_database(cluster, "many") as database:
        redis = servers.clean_redis(cluster, "many")
        settings = Settings(
            database_url=database.worker_url,
            owner_database_url=database.owner_url,
            redis_url=redis,
            broker_url=redis,
            home=home,
        )
        with open_tools(settings, sender(redis)) as tools:
            close_many(tools, database.owner_url, database.worker_url, count)


if __name__ == "__main__":
    main(int(sys.argv[1]))
