"""Logs of one process: structured, in local words on a terminal or as JSON lines for a collector."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(level: str = "info", form: str = "console") -> None:
    """Set up structlog for this process; `form` is `console` or `json`. Logs go to standard error, results to standard output."""
    renderer: structlog.types.Processor
    if form == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        # Tracebacks without local variables: those hold documents, and documents hold what is nobody else's business.
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if form == "json" else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
