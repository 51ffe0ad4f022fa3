"""The processes of the system as argument lists: what `perpetua up` and the demo keep running, and what runs by itself."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from worker import routes
from worker.telemetry.exposition import counting_folder

if TYPE_CHECKING:
    from worker.processes import ChildCommand
    from worker.settings import Settings

_CELERY = ("-m", "celery", "--quiet", "--app", "worker.app")


def children(settings: Settings) -> list[ChildCommand]:
    """The intake, one worker with its processes, others for reposts and for the night, beat and Flower."""
    from worker.processes import ChildCommand

    long = {routes.REPOSTING, routes.NIGHTLY, routes.MAIL}
    quick = [queue for queue in (*routes.QUEUES, routes.UNNAMED) if queue not in long]
    return [
        ChildCommand("intake", [sys.executable, "-m", "worker.intake"]),
        # Workers of their own, so that no document ever waits behind a repost, nor a company's night behind a mail server.
        *_apart(
            settings,
            ("worker", "perpetua", quick, settings.worker_processes),
            ("reposter", "reposts", [routes.REPOSTING], 1),
            ("nightly", "nights", [routes.NIGHTLY, routes.MAIL], 2),
        ),
        beat_command(),
        flower_command(),
    ]  # fmt: skip


def worker_command(settings: Settings, name: str, queues: list[str], processes: int) -> ChildCommand:
    """A worker on these queues with so many processes."""
    from worker.processes import ChildCommand

    argv = [
        sys.executable, *_CELERY, "worker", "--hostname", f"{name}@%h", "--queues", ",".join(queues),
        "--concurrency", str(processes), "--task-events", "--without-mingle", "--without-gossip",
    ]  # fmt: skip
    return ChildCommand("worker", argv, counting_folder(settings))


def beat_command() -> ChildCommand:
    """Beat, which leaves no file behind."""
    from worker.processes import ChildCommand

    return ChildCommand("beat", [sys.executable, *_CELERY, "beat", "--pidfile="])


def flower_command() -> ChildCommand:
    """Flower with the operators' desk."""
    from worker.processes import ChildCommand

    return ChildCommand("flower", [sys.executable, "-m", "worker.desk"])


def _apart(settings: Settings, *workers: tuple[str, str, list[str], int]) -> list[ChildCommand]:
    """Several workers on one machine; the intake tells its counters at the port of the settings, each worker at one of the next."""
    commands = []
    for place, (child, name, queues, processes) in enumerate(workers, start=1):
        port = None if settings.metrics_port is None else settings.metrics_port + place
        command = worker_command(replace(settings, metrics_port=port), name, queues, processes)
        environment = {**command.environment, **({} if port is None else {"PERPETUA_METRICS_PORT": str(port)})}
        commands.append(replace(command, name=child, environment=environment))
    return commands
