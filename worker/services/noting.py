"""What became of documents, as log lines that name each by its key, and as counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import structlog

from worker.telemetry.counters import DECIDED, WAIT_SECONDS

log = structlog.get_logger()

# What somebody may have to look into is said always; what went well, to those who ask for it.
_QUIET = frozenset({"accepted", "posted", "open", "consolidated"})


def note_outcomes(outcomes: Iterable[dict[str, Any]]) -> None:
    """One line for each outcome, and one more in its counter."""
    to_be_said = log.bind()
    decided = Counter[tuple[str, str]]()
    for outcome in outcomes:
        status, error = outcome["status"], outcome["error"]
        decided[outcome["type"], status] += 1
        if outcome.get("posted_at") is not None:
            WAIT_SECONDS.observe(_seconds(outcome["received_at"], outcome["posted_at"]))
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
    for (type_, status), number in decided.items():
        DECIDED.labels(type_, status).inc(number)


@lru_cache(maxsize=1024)  # what came together was decided together
def _seconds(received_at: str, posted_at: str) -> float:
    return (datetime.fromisoformat(posted_at) - datetime.fromisoformat(received_at)).total_seconds()
