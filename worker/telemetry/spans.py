"""Traces from publish to commit, by OpenTelemetry, where the settings name a collector and the extra `otel` is installed.

A publisher states the trace that it is in beside its document (`traceparent`, as the W3C writes it). Acceptance and decision of that
document become spans of the same trace; how they hang together is kept in Redis between the two, and nowhere where it could matter.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from redis import Redis
from redis.exceptions import RedisError

from worker.settings import Settings, SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span
    from redis.client import Pipeline

HEADER = "traceparent"
KEPT_SECONDS = 3600  # a document that is parked for longer goes on without its trace

_WRITTEN = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Key = Mapping[str, Any]  # company, type, number


def current_trace() -> str | None:
    """The trace that whoever calls is in, as it is written beside a document; None outside any, or without OpenTelemetry."""
    if importlib.util.find_spec("opentelemetry") is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(HEADER)


def read_trace(stated: object) -> str:
    """A trace as a message states it, empty where it states none that could be one."""
    text = stated.decode(errors="replace") if isinstance(stated, bytes) else str(stated or "")
    return text if _WRITTEN.fullmatch(text) else ""


class Arriving(NamedTuple):
    """A document on its way in, and the span of its acceptance."""

    key: Key
    span: Span


class Spans:
    """Tells spans to a collector; where none is named it does nothing, and asks no server."""

    def __init__(self, redis: Redis, provider: TracerProvider | None = None) -> None:
        self._redis = redis
        self._provider = provider

    @property
    def told(self) -> bool:
        """Whether anybody hears of spans."""
        return self._provider is not None

    def arriving(self, documents: Iterable[tuple[str, Key]], began: float) -> list[Arriving]:
        """Documents, each with its trace, are about to be accepted since `began` (seconds since 1970).

        A lane that is at work may decide a document as soon as it is accepted, so the trace is noted before that.
        """
        arriving = [Arriving(key, self._begin("accept", trace, key, began)) for trace, key in documents]
        self._ask(
            lambda pipeline, company, own: (
                pipeline.hset(_place(company), mapping={_field(one.key): _written(one.span) for one in own}),
                pipeline.expire(_place(company), KEPT_SECONDS),
            ),
            arriving,
        )
        return arriving

    def accepted(self, arrived: Iterable[Arriving], new: Collection[tuple[str, str, str]]) -> None:
        """What arrived is stored; `new` are the keys (company, type, number) that were not there before, the others are told nowhere."""
        known = []
        for one in arrived:
            if (one.key["company"], one.key["type"], one.key["number"]) in new:
                one.span.end(time.time_ns())
            else:
                known.append(one)
        self._ask(
            lambda pipeline, company, own: pipeline.hdel(_place(company), *(_field(one.key) for one in own)), known
        )

    def decided(self, outcomes: Iterable[Mapping[str, Any]], began: float) -> None:
        """Documents of a company were decided and committed since `began`."""
        decided = list(outcomes)
        if not self.told or not decided:
            return
        place, fields = _place(decided[0]["company"]), [_field(outcome) for outcome in decided]
        try:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hmget(place, fields)
            pipeline.hdel(place, *fields)
            traces = cast("list[bytes | None]", pipeline.execute()[0])
        except RedisError:
            return
        for outcome, trace in zip(decided, traces, strict=True):
            if trace is not None:
                self._begin("decide", trace.decode(), outcome, began, status=outcome["status"]).end(time.time_ns())

    def close(self) -> None:
        """Send what is left."""
        if self._provider is not None:
            self._provider.shutdown()

    def _ask(self, what: Callable[[Pipeline, str, list[Arriving]], object], arriving: Iterable[Arriving]) -> None:
        """Ask something of Redis for the documents of each company, in one round trip."""
        by_company: dict[str, list[Arriving]] = {}
        for one in arriving:
            by_company.setdefault(one.key["company"], []).append(one)
        if not by_company:
            return
        # Where Redis is away decisions are in no trace; the documents are accepted all the same.
        with contextlib.suppress(RedisError):
            pipeline = self._redis.pipeline(transaction=False)
            for company, own in by_company.items():
                what(pipeline, company, own)
            pipeline.execute()

    def _begin(self, what: str, trace: str, key: Key, began: float, **more: str) -> Span:
        """A span in a trace, which is told once it is ended."""
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        assert self._provider is not None  # noqa: S101 - callers ask first whether anybody hears of spans
        named = {f"perpetua.{name}": str(key[name]) for name in ("company", "type", "number")}
        named |= {f"perpetua.{name}": value for name, value in more.items()}
        return self._provider.get_tracer("perpetua").start_span(
            f"document {what}",
            TraceContextTextMapPropagator().extract({HEADER: trace}),
            attributes=named,
            start_time=int(began * 1e9),
        )


def open_spans(settings: Settings, redis: Redis) -> Spans:
    """Spans for these settings. Errors: SettingsError, where a collector is named and OpenTelemetry is not installed."""
    if settings.traces_url is None:
        return Spans(redis)
    if importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        message = "PERPETUA_TRACES_URL is set, and OpenTelemetry is not installed: install the extra, pip install perpetua[otel]"
        raise SettingsError(message)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "perpetua"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(settings.traces_url), schedule_delay_millis=1000))
    return Spans(redis, provider)


def _written(span: Span) -> str:
    """A span as the trace that what follows is in."""
    from opentelemetry.trace import set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, set_span_in_context(span))
    return carrier[HEADER]


def _place(company: str) -> str:
    return f"perpetua:tracing:{company}"


def _field(key: Key) -> str:
    return f"{key['type']} {key['number']}"
