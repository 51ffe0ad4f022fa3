"""Traces from publish to commit, told by real processes to a real receiver of OpenTelemetry's own protocol."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest
from celery import Celery
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1 import trace_pb2
from opentelemetry.sdk.trace import TracerProvider

from tests.support.processes import INTAKE, PATIENCE_SECONDS, running, until, worker
from tests.support.shop import documents, masters
from worker import routes
from worker.client import Publisher
from worker.redis_client import connect
from worker.settings import Settings, SettingsError, from_environment
from worker.telemetry.spans import HEADER, current_trace, read_trace


class Span(NamedTuple):
    """A span as it was told: its name and document, where it hangs, and when it was (nanoseconds)."""

    name: str
    number: str
    status: str
    trace: str
    id: str
    parent: str
    began: int
    ended: int


class Receiver:
    """A collector on loopback that keeps what it is told."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = ExportTraceServiceRequest()
                told.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
                for resource in told.resource_spans:
                    for scope in resource.scope_spans:
                        receiver.spans += [_read(span) for span in scope.spans]
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1/traces"


def _read(span: trace_pb2.Span) -> Span:
    about = {attribute.key: attribute.value.string_value for attribute in span.attributes}
    return Span(
        span.name, about["perpetua.number"], about.get("perpetua.status", ""), span.trace_id.hex(), span.span_id.hex(),
        span.parent_span_id.hex(), span.start_time_unix_nano, span.end_time_unix_nano,
    )  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.slow
def test_a_documents_way_is_one_trace(settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPETUA_TRACES_URL", receiver.url)
    publisher = Publisher(str(settings.redis_url))
    shop = list(documents("Grocery", 6))
    tracer = TracerProvider().get_tracer("upstream")
    upstream: dict[str, trace.SpanContext] = {}
    with running(settings, INTAKE, worker("worker")):
        publisher.wait(publisher.submit_many(masters("Grocery")))
        for document in shop[:4]:
            with tracer.start_as_current_span("publish") as span:
                upstream[document["number"]] = span.get_span_context()
                publisher.wait([publisher.submit(document)])
        assert current_trace() is None
        publisher.wait(publisher.submit_many(shop[4:]))
        until(lambda: len(receiver.spans) == 8)
    assert {span.number for span in receiver.spans} == set(upstream)
    for number, published in upstream.items():
        accept, decide = sorted((span for span in receiver.spans if span.number == number), key=lambda span: span.name)
        assert (accept.name, decide.name) == ("document accept", "document decide")
        assert accept.trace == decide.trace == f"{published.trace_id:032x}"
        assert accept.parent == f"{published.span_id:016x}"
        assert decide.parent == accept.id
        assert decide.status in {"posted", "rejected"}
        assert accept.began <= min(accept.ended, decide.ended)
    with connect(str(settings.redis_url)) as server:
        assert not list(server.scan_iter("perpetua:tracing:*"))


@pytest.mark.slow
def test_a_task_states_in_its_header_the_trace_that_its_documents_are_in(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERPETUA_TRACES_URL", receiver.url)
    shop = list(documents("Grocery", 3))
    with (
        running(settings, worker("worker")),
        Celery(
            "upstream", broker=str(settings.broker_url), backend=str(settings.redis_url), set_as_current=False
        ) as app,
    ):
        app.send_task(routes.DOCUMENTS_SUBMIT, [masters("Grocery")]).get(timeout=PATIENCE_SECONDS)
        with TracerProvider().get_tracer("upstream").start_as_current_span("checkout") as span:
            published, headers = span.get_span_context(), {HEADER: current_trace()}
            sent = app.send_task(routes.DOCUMENTS_SUBMIT, [shop], headers=headers)
        assert {outcome["status"] for outcome in sent.get(timeout=PATIENCE_SECONDS)} <= {"posted", "rejected"}
        until(lambda: len(receiver.spans) == 2 * len(shop))
    # Publisher, acceptance and commit of every document hang on one another, in one trace.
    assert {span.trace for span in receiver.spans} == {f"{published.trace_id:032x}"}
    for document in shop:
        accept, decide = sorted(span for span in receiver.spans if span.number == document["number"])
        assert (accept.name, accept.parent) == ("document accept", f"{published.span_id:016x}")
        assert (decide.name, decide.parent) == ("document decide", accept.id)
        assert accept.began <= min(accept.ended, decide.ended)


@pytest.mark.slow
def test_where_no_collector_answers_documents_are_posted_all_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERPETUA_TRACES_URL", "http://127.0.0.1:1/v1/traces")
    publisher = Publisher(str(settings.redis_url))
    with (
        running(settings, INTAKE, worker("worker")),
        TracerProvider().get_tracer("upstream").start_as_current_span("publish"),
    ):
        outcomes = publisher.wait(publisher.submit_many([*masters("Grocery"), *documents("Grocery", 3)]))
    assert {outcome["status"] for outcome in outcomes.values()} <= {"accepted", "posted", "rejected"}


def test_what_a_message_states_is_believed_only_where_it_could_be_a_trace(settings: Settings) -> None:
    good = f"00-{'a' * 32}-{'b' * 16}-01"
    assert read_trace(good.encode()) == read_trace(good) == good
    for odd in (None, b"", b"\xff", "00-short-01", good + "x", "{}"):
        assert read_trace(odd) == ""


def test_the_address_of_the_collector_is_a_url() -> None:
    assert (
        from_environment({"PERPETUA_TRACES_URL": "http://collector:4318/v1/traces"}).traces_url
        == "http://collector:4318/v1/traces"
    )
    with pytest.raises(SettingsError, match="PERPETUA_TRACES_URL"):
        from_environment({"PERPETUA_TRACES_URL": "collector"})
