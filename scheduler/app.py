"""The beat table in Celery's form, for the app that beat loads."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from scheduler.schedule import Ring


def beat_schedule(rings: Iterable[Ring]) -> dict[str, dict[str, Any]]:
    """Turn the table into Celery's `beat_schedule`."""
    return {
        ring.name: {
            "task": ring.task,
            "schedule": timedelta(seconds=ring.every_seconds),
            "options": {"queue": ring.queue, "expires": ring.every_seconds, "ignore_result": True},
        }
        for ring in rings
    }
