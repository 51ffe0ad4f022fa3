"""From the stream to the outcome, everything running: throughput beside Celery's own, and the latency of a lone document."""

from __future__ import annotations

import json
import time
from statistics import median, quantiles
from typing import Any

import pytest
from celery import Celery

from tests.benchmarks.test_bench_posting import masters, receipt
from tests.support.processes import CELERY, INTAKE, running, worker
from worker import routes
from worker.broker import TRANSPORT_OPTIONS
from worker.client import Publisher
from worker.redis_client import connect
from worker.settings import Settings

DOCUMENTS = 10_000
EMPTY_TASKS = 2_000
SINGLES = 150


@pytest.mark.bench
def test_documents_outrun_empty_tasks_four_times(settings: Settings, ratios: Any) -> None:
    empty = empty_tasks_a_second(settings)
    server = connect(str(settings.redis_url))
    server.flushdb()
    publisher = Publisher(str(settings.redis_url))
    with running(settings, INTAKE, worker("bench")):
        publisher.wait(publisher.submit_many(masters()), seconds=60)
        publisher.wait([publisher.submit(receipt(-1, 1))], seconds=60)
        messages = [json.dumps(receipt(place, 1)) for place in range(DOCUMENTS)]
        begin = time.perf_counter()
        with server.pipeline(transaction=False) as pipe:
            for message in messages:
                pipe.xadd(routes.INTAKE_STREAM, {"document": message})
            pipe.execute()
        wait_for_outcomes(server, DOCUMENTS)
        rate = DOCUMENTS / (time.perf_counter() - begin)
    ratios.at_least("one-line receipts, stream to outcome, 4 x empty tasks", rate, 4 * empty, "documents/s")


def wait_for_outcomes(server: Any, wanted: int) -> None:
    """Wait until so many posted outcomes were told; the masters' outcomes and a first document's were told before."""
    deadline = time.monotonic() + 120
    told_before = len(masters()) + 1
    while server.xlen(routes.OUTCOMES_STREAM) < told_before + wanted:
        assert time.monotonic() < deadline, "the outcomes did not come in two minutes"
        time.sleep(0.005)


def empty_tasks_a_second(settings: Settings) -> float:
    """How many one-per-document tasks that do nothing Celery runs in a second, on the same servers with the same settings."""
    app = Celery("empty", broker=str(settings.broker_url), backend=str(settings.redis_url), set_as_current=False)
    app.conf.update(broker_transport_options=TRANSPORT_OPTIONS)
    server = connect(str(settings.redis_url))
    commands = [
        (*CELERY[:2], "--quiet", "--app", "tests.benchmarks.empty_tasks", "worker", "--concurrency", "1",
         "--without-gossip", "--without-mingle", "--hostname", "empty@test"),
    ]  # fmt: skip
    with running(settings, *commands):
        app.send_task("bench.empty", ["first"]).get(timeout=60)
        with app.producer_pool.acquire() as producer:
            for place in range(EMPTY_TASKS):
                app.send_task("bench.empty", [place], producer=producer, ignore_result=True)
        begin, left = time.perf_counter(), int(server.llen("celery"))
        while server.llen("celery"):
            time.sleep(0.002)
        return left / (time.perf_counter() - begin)


@pytest.mark.bench
def test_a_lone_document_posts_at_once(settings: Settings, ratios: Any) -> None:
    publisher = Publisher(str(settings.redis_url))
    server = connect(str(settings.redis_url))
    took: list[float] = []
    with running(settings, INTAKE, worker("bench")):
        publisher.wait(publisher.submit_many(masters()), seconds=60)
        for place in range(SINGLES + 10):
            last = server.xinfo_stream(routes.OUTCOMES_STREAM)["last-generated-id"] if place else b"$"
            begin = time.perf_counter()
            server.xadd(routes.INTAKE_STREAM, {"document": json.dumps(receipt(place, 1))})
            if place:
                server.xread({routes.OUTCOMES_STREAM: last}, count=1, block=10_000)
                took.append(time.perf_counter() - begin)
            time.sleep(0.05)
    percentiles = quantiles(took[10:], n=100)
    ratios.at_most("one document on an idle system, p50", median(took[10:]) * 1e3, 20, "ms")
    ratios.at_most("one document on an idle system, p99", percentiles[98] * 1e3, 60, "ms")
