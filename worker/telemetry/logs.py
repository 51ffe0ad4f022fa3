"""Logs of one process: structured, in local words on a terminal or as JSON lines for a collector.

Every line goes one way, also those of Celery, Redis and Flower, which know the standard library's logging only: so all of them have the
same form, and none holds a password.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable

import structlog

from worker.settings import Settings
from worker.telemetry import last_words
from worker.telemetry.redaction import Redaction, secrets_of

_SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(
    level: str = "info", form: str = "console", *, process: str | None = None, secrets: Iterable[str] = ()
) -> None:
    """Set up logging for this process; `form` is `console` or `json`, `process` is named in each line where it is given.

    Logs go to standard error, results to standard output. None of the `secrets` is ever written.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(form, process, Redaction(secrets)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def configure_process(settings: Settings, process: str) -> None:
    """Set up logging for a process that works with these settings, whose URLs are all known; also for what it did not mean to say."""
    configure(settings.log_level, settings.log_format, process=process, secrets=secrets_of(settings))
    last_words.through_the_logging()


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders a line, and only then takes secrets out of it: whichever field or traceback they are in."""

    def __init__(self, form: str, process: str | None, redaction: Redaction) -> None:
        named = [] if process is None else [_naming(process)]
        ending: list[structlog.types.Processor]
        if form == "json":
            ending = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        else:
            # Tracebacks without local variables: those hold documents, and documents hold what is nobody else's business.
            ending = [
                structlog.dev.ConsoleRenderer(
                    colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
                )
            ]
        super().__init__(
            # Without the extras of other libraries' lines: Celery's hold tasks' arguments, which may be documents.
            foreign_pre_chain=_SHARED,
            processors=[*named, structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        return self._redaction.of(super().format(record))


def _naming(process: str) -> structlog.types.Processor:
    def name(_: object, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event.setdefault("process", process)
        return event

    return name
