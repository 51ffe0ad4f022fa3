"""The figures of the whole installation for Prometheus, read from the books, the streams and the queues when they are asked for."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import psycopg
import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric
from prometheus_client.registry import REGISTRY, Collector
from redis import Redis
from redis.exceptions import RedisError

from domain.errors import Unavailable
from worker import routes
from worker.broker import queue_depths
from worker.pos_subledger import Subledger
from worker.services.nightly.standing import night_standing
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.status import active_reader, lane_statuses, repost_statuses, sync_statuses, till_statuses

log = structlog.get_logger()

# Several scrapers, or an impatient one, ask no more often than this.
FRESH_SECONDS = 5.0


class BooksCollector(Collector):
    """Reads every figure at each scrape. A server that is away leaves its figures out, and `perpetua_server_up` says so."""

    def __init__(self, tools: Tools, broker: Celery) -> None:
        self._sources: tuple[tuple[str, Callable[[], list[Metric]]], ...] = (
            ("postgresql", lambda: _of_database(tools)),
            ("redis", lambda: _of_redis(tools.redis)),
            ("broker", lambda: _of_broker(broker)),
        )
        self._lock = threading.Lock()
        self._read_at = -FRESH_SECONDS
        self._found: list[Metric] = []

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering asks no server."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every figure, at most some seconds old."""
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._found = self._read()
                self._read_at = time.monotonic()
            yield from self._found

    def _read(self) -> list[Metric]:
        up = Gauge("perpetua_server_up", "1 where the server answers.", labels=["server"])
        found: list[Metric] = [up]
        for server, read in self._sources:
            try:
                found += read()
            except (Unavailable, psycopg.Error, RedisError, OperationalError, OSError) as error:
                log.warning("a server does not tell its figures", server=server, reason=str(error))
                up.add_metric([server], 0)
            else:
                up.add_metric([server], 1)
        return found


def register(tools: Tools, broker: Celery) -> BooksCollector:
    """Have this process tell the figures beside its own counters."""
    collector = BooksCollector(tools, broker)
    REGISTRY.register(collector)
    return collector


def _of_database(tools: Tools) -> list[Metric]:
    with tools.database.transaction() as connection:
        return [
            *_lanes(connection),
            *_reposts(connection),
            *_tills(connection, tools.subledger),
            *_nights(connection),
            *_agreement(connection),
            _reader(connection),
        ]


def _lanes(connection: Rows) -> Iterator[Metric]:
    statuses = lane_statuses(connection)
    documents = Gauge("perpetua_documents", "Documents by what became of them, over all companies.", labels=["status"])
    for status, count in (
        ("accepted", sum(lane.waiting for lane in statuses)),
        ("posted", sum(lane.posted for lane in statuses)),
        ("rejected", sum(lane.rejected for lane in statuses)),
        ("parked", sum(lane.parked for lane in statuses)),
    ):
        documents.add_metric([status], count)
    yield documents
    waiting = Gauge("perpetua_lane_waiting", "Documents accepted and not decided.", labels=["company"])
    oldest = Gauge("perpetua_lane_oldest_seconds", "How long the oldest of them has waited.", labels=["company"])
    parked = Gauge("perpetua_lane_parked", "Documents that wait for something else.", labels=["company"])
    untold = Gauge("perpetua_lane_untold_batches", "Batches whose outcomes were not told yet.", labels=["company"])
    ages = {lane.company: _age(lane.oldest_waiting) for lane in statuses}
    for lane in statuses:
        waiting.add_metric([lane.company], lane.waiting)
        oldest.add_metric([lane.company], ages[lane.company])
        parked.add_metric([lane.company], lane.parked)
        untold.add_metric([lane.company], lane.untold_batches)
    yield from (waiting, oldest, parked, untold)
    yield Gauge(
        "perpetua_oldest_waiting_seconds",
        "How long the oldest undecided document of all has waited.",
        value=max(ages.values(), default=0),
    )


def _reposts(connection: Rows) -> Iterator[Metric]:
    requests = Gauge("perpetua_repost_requests", "Requests to repost that no run has taken up.", labels=["company"])
    oldest = Gauge("perpetua_repost_oldest_seconds", "How long the oldest of them has waited.", labels=["company"])
    to_go = Gauge("perpetua_repost_rows_to_go", "Movements that the present run has yet to value.", labels=["company"])
    failed = Gauge("perpetua_repost_failed_runs", "Runs that failed and wait for a person.", labels=["company"])
    paused = Gauge("perpetua_repost_paused", "1 where an operator has paused the reposts.", labels=["company"])
    for one in repost_statuses(connection):
        requests.add_metric([one.company], one.requests)
        oldest.add_metric([one.company], _age(one.oldest))
        to_go.add_metric([one.company], one.rows_to_go)
        failed.add_metric([one.company], one.failed)
        paused.add_metric([one.company], one.paused)
    yield from (requests, oldest, to_go, failed, paused)


def _tills(connection: Rows, subledger: Subledger) -> Iterator[Metric]:
    labels = ["company", "profile"]
    sessions = Gauge("perpetua_pos_open_sessions", "Open sessions of a till.", labels=labels)
    sales = Gauge("perpetua_pos_open_sales", "Sales that wait for their closing.", labels=labels)
    quarantined = Gauge("perpetua_pos_quarantined_sales", "Sales that a closing has set aside.", labels=labels)
    total = Gauge("perpetua_pos_open_total_minor_units", "What the open sales come to, in minor units.", labels=labels)
    for till in till_statuses(connection):
        named = [till.company, till.profile]
        sessions.add_metric(named, len(till.sessions))
        sales.add_metric(named, till.open_sales)
        quarantined.add_metric(named, till.quarantined)
        live = (subledger.totals(till.company_id, str(session)).get("total", 0) for session in till.sessions)
        total.add_metric(named, sum(live))
    yield from (sessions, sales, quarantined, total)


def _nights(connection: Rows) -> Iterator[Metric]:
    standing = night_standing(connection, datetime.now(UTC))
    late = Gauge("perpetua_nights_not_over", "Nights past their deadline that are not over.", labels=["company"])
    for company, nights in Counter(night.company for night in standing.late).items():
        late.add_metric([company], nights)
    yield late
    yield Gauge("perpetua_mail_waiting", "Mails that wait to be sent.", value=standing.mail.waiting)
    yield Gauge(
        "perpetua_mail_oldest_seconds",
        "How long the oldest of them has waited.",
        value=_age(standing.mail.oldest_waiting),
    )
    yield Gauge(
        "perpetua_mail_undelivered",
        "Mails of the last week that were refused or given up.",
        value=standing.mail.undelivered,
    )


def _agreement(connection: Rows) -> Iterator[Metric]:
    differences = Gauge(
        "perpetua_out_of_sync_minor_units",
        "By what an account differs from the stock that it stands for, in minor units.",
        labels=["company", "account"],
    )
    ages = Gauge("perpetua_reconciled_age_seconds", "Seconds since the books were last reconciled.", labels=["company"])
    for one in sync_statuses(connection):
        ages.add_metric([one.company], _age(one.looked_at))
        for account, difference in one.differences.items():
            differences.add_metric([one.company, account], difference)
    yield from (differences, ages)


def _reader(connection: Rows) -> Metric:
    active = active_reader(connection, routes.INTAKE_STREAM) is not None
    return Gauge("perpetua_intake_reader_present", "1 where an intake reads the stream.", value=active)


def _of_redis(redis: Redis) -> list[Metric]:
    pipeline = redis.pipeline(transaction=False)
    pipeline.xlen(routes.INTAKE_STREAM)
    pipeline.xlen(routes.OUTCOMES_STREAM)
    pipeline.mget([routes.canary_key(queue) for queue in routes.QUEUES])
    intake, outcomes, canaries = pipeline.execute()
    streams = Gauge("perpetua_stream_messages", "Messages that a stream holds.", labels=["stream"])
    streams.add_metric(["intake"], intake)
    streams.add_metric(["outcomes"], outcomes)
    ages = Gauge("perpetua_canary_age_seconds", "Seconds since a probe last came through a queue.", labels=["queue"])
    for queue, moment in zip(routes.QUEUES, canaries, strict=True):
        if moment is not None:
            ages.add_metric([queue], max(time.time() - float(moment), 0))
    return [streams, ages]


def _of_broker(broker: Celery) -> list[Metric]:
    depths = Gauge("perpetua_queue_messages", "Messages that wait in a queue.", labels=["queue"])
    for queue, depth in queue_depths(broker, (*routes.QUEUES, routes.UNNAMED)).items():
        depths.add_metric([queue], depth)
    return [depths]


def _age(moment: datetime | None) -> float:
    return 0.0 if moment is None else max((datetime.now(UTC) - moment).total_seconds(), 0.0)
