"""What `perpetua up` and the demo keep running, as argument lists."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from worker import routes

if TYPE_CHECKING:
    from worker.processes import ChildCommand
    from worker.settings import Settings


def children(settings: Settings) -> list[ChildCommand]:
    """The intake, one worker with its processes, another for long work, beat and Flower."""
    from worker.processes import ChildCommand

    python = sys.executable
    celery = [python, "-m", "celery", "--quiet", "--app"]
    quick = [queue for queue in (*routes.QUEUES, routes.UNNAMED) if queue != routes.REPOSTING]

    def worker(name: str, queues: list[str], processes: int) -> list[str]:
        return [
            *celery, "worker.app", "worker", "--hostname", f"{name}@%h", "--queues", ",".join(queues),
            "--concurrency", str(processes), "--task-events", "--loglevel", settings.log_level,
            "--without-mingle", "--without-gossip",
        ]  # fmt: skip

    return [
        ChildCommand("intake", [python, "-m", "worker.intake"]),
        ChildCommand("worker", worker("perpetua", quick, settings.worker_processes)),
        # Its own process, so that no document ever waits behind a repost.
        ChildCommand("reposter", worker("reposts", [routes.REPOSTING], 1)),
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
