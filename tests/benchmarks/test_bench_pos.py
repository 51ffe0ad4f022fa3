"""The point of sale against its floors: accepting a sale, closing ten thousand of them, and sales through the stream."""

from __future__ import annotations

import json
import random
import time
from statistics import median, quantiles
from typing import Any

import pytest
from redis import Redis

from domain.pos_receipt import PosReceipt, read
from domain.stock_ledger import Chain
from tests.support.lanes import post_all, publish, rows
from tests.support.processes import INTAKE, running, worker
from tests.support.till import SHOP, closing, masters, receipt, sale
from worker import routes
from worker.client import Publisher
from worker.pos_subledger import Entry, Subledger, entry_of
from worker.redis_client import connect
from worker.settings import Settings
from worker.store.database import Database, Rows

ITEMS = tuple(f"Item {number}" for number in range(200))
VAT = {"account": "VAT", "charge": "percent_of_net_total", "rate": 19, "included_in_rate": True}
SALES = 10_000
LINES = 5
ACCEPTED = 5_000
STREAMED = 9_000
ROUND = 3_000
SINGLES = 150


def till_sales(count: int, lines: int = LINES, **more: Any) -> list[dict[str, Any]]:
    """Sales of so many lines over two hundred items; each item has one price."""
    choice = random.Random(7)
    return [
        sale(
            f"S-{number}",
            *((item, 1, 1 + ITEMS.index(item) % 9) for item in choice.sample(ITEMS, lines)),
            at=f"2026-03-01T{9 + number // 1200:02d}:{number // 20 % 60:02d}:{number % 20:02d}",
            customer=f"Customer {number % 500}",
            **more,
        )
        for number in range(count)
    ]


def open_shop(books: Database) -> None:
    publish(books, masters(items=ITEMS))
    publish(books, [receipt("PR-1", *((item, 10_000, 1) for item in ITEMS))])
    post_all(books, SHOP)


@pytest.mark.bench
def test_a_closing_of_ten_thousand_sales_costs_little_more_than_reading_and_marking_them(
    settings: Settings, ratios: Any
) -> None:
    with Database(str(settings.database_url)) as books:
        open_shop(books)
        publish(books, till_sales(SALES, taxes=[VAT]))
        post_all(books, SHOP)
        floors = [_read_decode_and_mark(books) for _ in range(3)]
        took = []
        for attempt in range(3):
            publish(books, [closing(f"C-{attempt}")])
            begin = time.perf_counter()
            post_all(books, SHOP)
            took.append(time.perf_counter() - begin)
            ((entries,),) = rows(
                books, "SELECT count(*) FROM books.general_ledger WHERE voucher = %s", f"C-{attempt}-1"
            )
            assert entries == 6, "income, tax, round-off, cash, stock and its cost, however many sales"
            ((consolidated,),) = rows(books, "SELECT count(*) FROM pos_invoice WHERE status = 'consolidated'")
            assert consolidated == SALES
            publish(
                books,
                [
                    {
                        "type": "cancel",
                        "company": SHOP,
                        "number": f"X-{attempt}",
                        "target": {"type": "pos_closing", "number": f"C-{attempt}"},
                    }
                ],
            )
            post_all(books, SHOP)
    ratios.compare("closing of 10,000 sales of 5 lines, a sale", took, floors, most=2.5, unit=SALES)


def _read_decode_and_mark(books: Database) -> float:
    """Read every open receipt, decode it, and update its status and back: what no closing can do without."""
    begin = time.perf_counter()
    with books.transaction() as connection:
        _read(connection)
        connection.execute("UPDATE pos_invoice SET status = 'consolidated', closing_id = 1 WHERE status = 'open'")
        took = time.perf_counter() - begin
        connection.execute("UPDATE pos_invoice SET status = 'open', closing_id = 0")
    return took


def _read(connection: Rows) -> list[PosReceipt]:
    found = connection.execute(
        "SELECT r.receipt FROM pos_invoice JOIN pos_receipt r USING (company_id, voucher_id)"
    ).fetchall()
    return [read(text) for (text,) in found]


@pytest.mark.bench
def test_accepting_a_sale_is_no_slower_than_its_bare_writes(redis_url: str, ratios: Any) -> None:
    entries = [_entry(number) for number in range(ACCEPTED)]
    with connect(redis_url) as redis:
        subledger = Subledger(redis)
        ours, floor = [], []
        for round_ in range(3):
            subledger.begin_rebuild(1)
            subledger.end_rebuild(1, 0)
            begin = time.perf_counter()
            for start in range(0, ACCEPTED, 500):
                assert set(subledger.accept(1, str(round_), entries[start : start + 500])) == {"new"}
            ours.append(time.perf_counter() - begin)
            floor.append(_bare_writes(redis, entries, round_))
    ratios.compare(
        "accepting a sale of 5 lines (at least 70 % of bare writes)", ours, floor, most=1 / 0.7, unit=ACCEPTED
    )


def _bare_writes(redis: Redis, entries: list[Entry], round_: int) -> float:
    begin = time.perf_counter()
    for start in range(0, ACCEPTED, 500):
        pipeline = redis.pipeline(transaction=False)
        for entry in entries[start : start + 500]:
            pipeline.hset(f"bare:{round_}:sales", entry.number, entry.content)
            for field, qty in entry.goods.items():
                pipeline.hincrby(f"bare:{round_}:reserved", field, qty)
            for name, amount in entry.totals.items():
                pipeline.hincrby(f"bare:{round_}:totals", name, amount)
            pipeline.hincrby(f"bare:{round_}:totals", "sales", 1)
        pipeline.execute()
    return time.perf_counter() - begin


def _entry(number: int) -> Entry:
    goods = [(Chain(ITEMS[(number * LINES + line) % len(ITEMS)], "Shelf"), 1_000_000) for line in range(LINES)]
    return entry_of(PosReceipt(f"S-{number}", 0, "", [], [], [], [], 100, 119, 119, 0, 0, goods))


@pytest.mark.bench
def test_sales_pass_the_stream_as_fast_as_receipts_and_a_lone_one_at_once(settings: Settings, ratios: Any) -> None:
    server = connect(str(settings.redis_url))
    publisher = Publisher(str(settings.redis_url))
    sales = till_sales(STREAMED + SINGLES + 2, 1)[1:]
    took: list[float] = []
    with running(settings, INTAKE, worker("bench")):
        publisher.wait(publisher.submit_many(masters(items=ITEMS)), seconds=60)
        stock = receipt("PR-1", *((item, 10_000, 1) for item in ITEMS))
        publisher.wait(publisher.submit_many([stock, *till_sales(1, 1)]), seconds=60)
        received, sold = [], []
        for start in range(0, STREAMED, ROUND):
            received.append(
                _rate(server, [receipt(f"PR-{n + 2}", (ITEMS[n * 7 % 200], 1, 2)) for n in range(start, start + ROUND)])
            )
            sold.append(_rate(server, sales[start : start + ROUND]))
        for document in sales[STREAMED:]:
            last = server.xinfo_stream(routes.OUTCOMES_STREAM)["last-generated-id"]
            begin = time.perf_counter()
            server.xadd(routes.INTAKE_STREAM, {"document": json.dumps(document)})
            server.xread({routes.OUTCOMES_STREAM: last}, count=1, block=10_000)
            took.append(time.perf_counter() - begin)
            time.sleep(0.05)
    ratios.at_most("one sale on an idle system, p99", quantiles(took[1:], n=100)[98] * 1e3, 20, "ms")
    ratios.at_least("one-line sales through the stream, as receipts", median(sold), median(received), "documents/s")


def _rate(server: Redis, documents: list[dict[str, Any]]) -> float:
    """Documents a second from the stream to their outcomes."""
    before = int(server.xlen(routes.OUTCOMES_STREAM))
    messages = [json.dumps(document) for document in documents]
    begin = time.perf_counter()
    with server.pipeline(transaction=False) as pipeline:
        for message in messages:
            pipeline.xadd(routes.INTAKE_STREAM, {"document": message})
        pipeline.execute()
    deadline = time.monotonic() + 120
    while server.xlen(routes.OUTCOMES_STREAM) < before + len(documents):
        assert time.monotonic() < deadline, "the outcomes did not come in two minutes"
        time.sleep(0.005)
    return len(documents) / (time.perf_counter() - begin)
