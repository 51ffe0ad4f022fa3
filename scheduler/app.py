"""The beat table in Celery's form, for the app that beat loads."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from scheduler.schedule import Ring

# A worker that is behind by some seconds must still hear the next ring; a queue that nobody serves must not fill with them.
LEAST_PATIENCE_SECONDS = 30


def beat_schedule(rings: Iterable[Ring]) -> dict[str, dict[str, Any]]:
    """Turn the table into Celery's `beat_schedule`."""
    return {
        ring.name: {
            "task": ring.task,
            "schedule": timedelta(seconds=ring.every_seconds),
            "options": {
                "queue": ring.queue,
                "expires": max(ring.every_seconds, LEAST_PATIENCE_SECONDS),
                "ignore_result": True,
            },
        }
        for ring in rings
    }
