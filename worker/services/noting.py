"""What became of documents, as log lines that name each by its key, and as counters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog

from worker.telemetry.counters import DECIDED, WAIT_SECONDS

log = structlog.get_logger()

# What somebody may have to look into is said always; what went well, to those who ask for it.
_QUIET = frozenset({"accepted", "posted", "open", "consolidated"})


def note_outcomes(outcomes: Iterable[dict[str, Any]]) -> None:
    """One line for each outcome, and one more in its counter."""
    to_be_said = log.bind()
    for outcome in outcomes:
        status, error = outcome["status"], outcome["error"]
        DECIDED.labels(outcome["type"], status).inc()
        if outcome.get("posted_at") is not None:
            waited = datetime.fromisoformat(outcome["posted_at"]) - datetime.fromisoformat(outcome["received_at"])
            WAIT_SECONDS.observe(waited.total_seconds())
        say = to_be_said.debug if status in _QUIET else to_be_said.info
        why = {"code": error["code"], "reason": error["message"], "field": error["field"]} if error else {}
        say(
            f"document {status}",
            company=outcome["company"],
            type=outcome["type"],
            number=outcome["number"],
            sequence=outcome["sequence"],
            **why,
        )
