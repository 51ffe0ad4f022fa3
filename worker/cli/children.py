"""What `perpetua up` and the demo keep running, as argument lists."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from worker import routes

if TYPE_CHECKING:
    from worker.processes import ChildCommand
    from worker.settings import Settings


def children(settings: Settings) -> list[ChildCommand]:
    """The intake, one worker with its processes, beat and Flower."""
    from worker.processes import ChildCommand

    python = sys.executable
    celery = [python, "-m", "celery", "--quiet", "--app"]
    return [
        ChildCommand("intake", [python, "-m", "worker.intake"]),
        ChildCommand(
            "worker",
            [
                *celery, "worker.app", "worker", "--hostname", "perpetua@%h", "--queues", ",".join((*routes.QUEUES, routes.UNNAMED)),
                "--concurrency", str(settings.worker_processes), "--task-events", "--loglevel", settings.log_level,
                "--without-mingle", "--without-gossip",
            ],
        ),
        ChildCommand(
            "beat",
            [*celery, "worker.app", "beat", "--pidfile=", "--loglevel", settings.log_level],
        ),
        ChildCommand(
            "flower",
            [
                *celery, "worker.app", "flower", f"--address={settings.flower_address}",
                f"--port={settings.flower_port}", "--logging=warning",
            ],
            # By the environment, since command lines are everybody's to read.
            {"FLOWER_BASIC_AUTH": settings.flower_login} if settings.flower_login else {},
        ),
    ]  # fmt: skip
