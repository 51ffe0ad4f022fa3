"""The figures for Prometheus: read from real books, streams and queues, and from the counters of real processes."""

import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry

from tests.support.ports import free_ports
from tests.support.processes import INTAKE, PATIENCE_SECONDS, running, until
from tests.support.till import SHOP, masters, receipt, sale
from worker import routes
from worker.app import app, configuration
from worker.cli.children import children, worker_command
from worker.client import Publisher
from worker.services.acceptance import Message, take
from worker.services.metrics import BooksCollector
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.intake.lease import StreamLease

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        yield opened


def figures(tools: Tools) -> Samples:
    """Every figure as Prometheus would read it now."""
    registry = CollectorRegistry()
    registry.register(BooksCollector(tools, app))
    return samples(generate_latest(registry).decode())


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**named: str) -> frozenset[tuple[str, str]]:
    return frozenset(named.items())


def test_the_books_tell_what_waits_what_failed_and_what_is_open(tools: Tools) -> None:
    assert figures(tools)["perpetua_oldest_waiting_seconds", labels()] == 0

    parked = receipt("PR-3", ("Cake", 1, 1))
    submit(tools, [*masters(), receipt("PR-1", ("Apple", 10, 2)), sale("S-1", ("Apple", 2, "1.50")), parked])
    submit(tools, [receipt("PR-2", ("Apple", 10, -2)), {"type": "purchase_receipt", "company": SHOP, "number": "PR-9"}])
    waiting = b'{"type":"delivery_note","company":"Corner Shop","number":"DN-1","posting_datetime":"2026-03-01T12:00","customer":"Ann",'
    take(tools, [Message(waiting + b'"lines":[{"item":"Apple","warehouse":"Shelf","qty":1,"rate":1}]}')])
    tools.redis.xadd(routes.INTAKE_STREAM, {"document": b"{}"})
    tools.redis.set(routes.canary_key(routes.POS), str(time.time() - 90))
    StreamLease(tools.database, routes.INTAKE_STREAM, "somebody", 30).keep()

    found = figures(tools)
    of_shop = labels(company=SHOP)
    by_status = {
        status: found["perpetua_documents", labels(status=status)] for status in ("accepted", "posted", "parked")
    }
    assert by_status == {"accepted": 1, "posted": 2, "parked": 1}
    assert found["perpetua_documents", labels(status="rejected")] == 2
    assert (found["perpetua_lane_waiting", of_shop], found["perpetua_lane_parked", of_shop]) == (1, 1)
    assert (
        0
        < found["perpetua_lane_oldest_seconds", of_shop]
        == found["perpetua_oldest_waiting_seconds", labels()]
        < PATIENCE_SECONDS
    )
    till = labels(company=SHOP, profile="Till")
    assert (found["perpetua_pos_open_sessions", till], found["perpetua_pos_open_sales", till]) == (1, 1)
    assert found["perpetua_pos_open_total_minor_units", till] == 300
    assert found["perpetua_stream_messages", labels(stream="intake")] == 1
    assert 90 <= found["perpetua_canary_age_seconds", labels(queue="pos")] < 90 + PATIENCE_SECONDS
    assert found["perpetua_queue_messages", labels(queue="posting")] >= 1
    assert found["perpetua_queue_messages", labels(queue="reposting")] == 0
    assert found["perpetua_intake_reader_present", labels()] == 1
    assert {found["perpetua_server_up", labels(server=server)] for server in ("postgresql", "redis", "broker")} == {1}


def test_a_backdated_document_shows_as_a_repost_to_come(tools: Tools) -> None:
    submit(
        tools, [*masters(), receipt("PR-1", ("Apple", 10, 2)), receipt("PR-2", ("Apple", 1, 3), at="2026-02-01T08:00")]
    )
    found = figures(tools)
    assert found["perpetua_repost_requests", labels(company=SHOP)] == 1
    assert found["perpetua_repost_oldest_seconds", labels(company=SHOP)] > 0
    assert found["perpetua_repost_failed_runs", labels(company=SHOP)] == 0


def test_a_server_that_is_away_leaves_its_figures_out_and_says_so(tools: Tools, settings: Settings) -> None:
    nowhere = replace(settings, database_url="postgresql://nobody:hush@127.0.0.1:1/none")
    with open_tools(nowhere, app) as lost:
        found = figures(lost)
    assert found["perpetua_server_up", labels(server="postgresql")] == 0
    assert found["perpetua_server_up", labels(server="redis")] == 1
    assert not any(name == "perpetua_documents" for name, _ in found)
    assert found["perpetua_stream_messages", labels(stream="intake")] == 0


def test_an_impatient_scraper_asks_the_books_once(tools: Tools) -> None:
    collector = BooksCollector(tools, app)
    with patch.object(collector, "_read", wraps=collector._read) as read:
        assert list(collector.collect()) == list(collector.collect())
    assert read.call_count == 1


@pytest.mark.slow
def test_intake_and_workers_tell_what_they_counted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_ports(2)
    own = replace(settings, metrics_port=port)
    monkeypatch.setenv("PERPETUA_METRICS_PORT", str(port))
    worker = worker_command(replace(own, metrics_port=port + 1), "counted", ["posting", "celery"], 2)

    def read(offset: int) -> Samples:
        with urllib.request.urlopen(f"http://127.0.0.1:{port + offset}/metrics", timeout=PATIENCE_SECONDS) as answer:
            return samples(answer.read().decode())

    with running(own, INTAKE):
        monkeypatch.setenv("PERPETUA_METRICS_PORT", str(port + 1))
        for name, value in worker.environment.items():
            monkeypatch.setenv(name, value)
        with running(own, tuple(worker.argv[1:])):
            publisher = Publisher(str(own.redis_url))
            publisher.wait(
                publisher.submit_many(
                    [*masters(), receipt("PR-1", ("Apple", 10, 2)), receipt("PR-2", ("Apple", 1, -2))]
                )
            )
            until(lambda: read(0).get(("perpetua_intake_messages_total", labels()), 0) == 7)
            assert read(0)["perpetua_intake_active", labels()] == 1
            posted = ("perpetua_documents_decided_total", labels(type="purchase_receipt", status="posted"))
            until(lambda: read(1).get(posted, 0) == 1)
            assert read(1)["perpetua_document_wait_seconds_count", labels()] == 1
            until(lambda: read(1).get(("perpetua_tasks_total", labels(task="lane.post", state="SUCCESS")), 0) >= 1)


def test_each_process_of_one_machine_has_a_port_of_its_own(settings: Settings) -> None:
    own = replace(settings, metrics_port=9500)
    ports = {child.name: child.environment.get("PERPETUA_METRICS_PORT") for child in children(own)}
    assert (ports["worker"], ports["reposter"], ports["intake"]) == ("9501", "9502", None)
    assert not any("PERPETUA_METRICS_PORT" in child.environment for child in children(settings))
