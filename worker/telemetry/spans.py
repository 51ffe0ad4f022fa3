"""Traces from publish to commit, by OpenTelemetry, where the settings name a collector and the extra `otel` is installed.

A publisher states the trace that it is in beside its document (`traceparent`, as the W3C writes it). Acceptance and decision of that
document become spans of the same trace; how they hang together is kept in Redis between the two, and nowhere where it could matter.
"""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from redis import Redis
from redis.exceptions import RedisError

from worker.settings import Settings, SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

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


class Spans:
    """Tells spans to a collector; where none is named it does nothing, and asks no server."""

    def __init__(self, redis: Redis, provider: TracerProvider | None = None) -> None:
        self._redis = redis
        self._provider = provider

    @property
    def told(self) -> bool:
        """Whether anybody hears of spans."""
        return self._provider is not None

    def accepted(self, company_id: int, documents: Iterable[tuple[int, str, Key]], began: float) -> None:
        """Documents of a company, by their sequence, were accepted since `began` (seconds since 1970), each with its trace."""
        if not self.told:
            return
        known = {str(sequence): self._tell("accept", trace, key, began) for sequence, trace, key in documents if trace}
        if not known:
            return
        try:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hset(_place(company_id), mapping=cast("dict[Any, Any]", known))
            pipeline.expire(_place(company_id), KEPT_SECONDS)
            pipeline.execute()
        except RedisError:
            # Their decisions then are in no trace; the documents are accepted all the same.
            return

    def decided(self, company_id: int, outcomes: Iterable[Mapping[str, Any]], began: float) -> None:
        """Documents of a company were decided and committed since `began`."""
        by_sequence = {str(outcome["sequence"]): outcome for outcome in outcomes}
        if not self.told or not by_sequence:
            return
        try:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hmget(_place(company_id), [*by_sequence])
            pipeline.hdel(_place(company_id), *by_sequence)
            traces = cast("list[bytes | None]", pipeline.execute()[0])
        except RedisError:
            return
        for (_, outcome), trace in zip(by_sequence.items(), traces, strict=True):
            if trace is not None:
                self._tell("decide", trace.decode(), outcome, began, status=outcome["status"])

    def close(self) -> None:
        """Send what is left."""
        if self._provider is not None:
            self._provider.shutdown()

    def _tell(self, what: str, trace: str, key: Key, began: float, **more: str) -> str:
        """Tell one span that ends now; gives itself as the trace that what follows is in."""
        if self._provider is None:
            return trace
        from opentelemetry.trace import set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        written = TraceContextTextMapPropagator()
        named = {f"perpetua.{name}": str(key[name]) for name in ("company", "type", "number")}
        named |= {f"perpetua.{name}": value for name, value in more.items()}
        span = self._provider.get_tracer("perpetua").start_span(
            f"document {what}",
            written.extract({HEADER: trace}),
            attributes=named,
            start_time=int(began * 1e9),
        )
        span.end(time.time_ns())
        carrier: dict[str, str] = {}
        written.inject(carrier, set_span_in_context(span))
        return carrier[HEADER]


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


def _place(company_id: int) -> str:
    return f"perpetua:tracing:{company_id}"
