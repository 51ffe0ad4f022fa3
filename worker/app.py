"""The Celery app: the one place where settings, tasks, queues and connections meet.

`celery -A worker.app worker` and `celery -A worker.app beat` load it. Importing it connects to nothing.
"""

from __future__ import annotations

import contextlib
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from celery import Celery
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning
from celery.signals import (
    celeryd_init,
    heartbeat_sent,
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
)
from kombu import Queue

from scheduler.app import beat_schedule
from scheduler.schedule import rings
from worker import routes, telemetry
from worker.broker import LONGEST_TASK_SECONDS, connection_settings, read_numbers_exactly
from worker.pace import keep_for_good
from worker.servers import connect
from worker.services.tools import Tools, open_tools
from worker.settings import Settings, from_environment
from worker.task import PerpetuaTask
from worker.task_seal import Seal, SealedCelery
from worker.telemetry.counters import TASKS
from worker.telemetry.exposition import PULSE, served

if TYPE_CHECKING:
    from celery.apps.beat import Beat as CeleryBeat

# Celery warns of what would be dangerous with pickled messages, or will change where acknowledgements matter. Ours are JSON, which
# carries no code, and a doorbell that is delivered twice finds its work done.
warnings.filterwarnings("ignore", category=SecurityWarning)
warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)


def configuration(settings: Settings) -> dict[str, Any]:
    """Celery's configuration for these settings, whose URLs are all known."""
    return {
        **connection_settings(str(settings.broker_url), settings.redis_url),
        # However long the broker is away, a worker waits for it.
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_queues": [Queue(name) for name in (*routes.QUEUES, routes.UNNAMED)],
        "task_routes": routes.TASK_ROUTES,
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_serializer": "json",
        # A task is acknowledged when it has ended. One that is run twice finds its work done.
        "task_acks_late": True,
        # A poison task that kills its worker must not come back for ever; the sweeper rings again for what it left.
        "task_reject_on_worker_lost": False,
        "task_time_limit": LONGEST_TASK_SECONDS,
        # One doorbell at a time, so that a long drain never keeps others waiting behind it in the same process.
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "result_expires": 86_400,
        "enable_utc": True,
        "timezone": "UTC",
        "beat_schedule": beat_schedule(rings(sweep_seconds=settings.sweep_seconds)),
        # The table has intervals only, so beat needs no memory of its last run and leaves no file behind.
        "beat_scheduler": "celery.beat:Scheduler",
        "beat_max_loop_interval": 5,
    }


def _settings() -> Settings:
    return connect(from_environment())


def _open_tools() -> Tools:
    return open_tools(_settings(), app)


class _App(SealedCelery):
    @property
    def Beat(self) -> type[CeleryBeat]:  # noqa: N802 - the name is Celery's
        """The beat that `celery beat` runs, which nothing else imports."""
        from worker.beat import Beat

        return cast("type[CeleryBeat]", self.subclass_with_self(Beat))


app = _App("perpetua", seal=cache(lambda: Seal(_settings())), include=["worker.tasks"])
app.add_defaults(lambda: configuration(_settings()))
PerpetuaTask.open_tools = staticmethod(_open_tools)


_process = ["beat"]  # only a worker says its name before its logging is set up


@app.on_after_finalize.connect
def _forget_what_nobody_needs(sender: Celery, **_: Any) -> None:
    """Celery brings tasks of its own that run whatever other task a message names."""
    for name in set(sender.tasks) - set(routes.TASK_ROUTES):
        if name.startswith("celery."):
            del sender.tasks[name]


@celeryd_init.connect(weak=False)
def _learn_name(sender: str, **_: Any) -> None:
    _process[:] = [sender]


@setup_logging.connect(weak=False)
def _set_up_logging(**_: Any) -> None:
    """Have Celery's own lines written like ours, instead of in a form of its own."""
    telemetry.configure_process(_settings(), _process[0])


@worker_process_init.connect(weak=False)
def _prepare_process(**_: Any) -> None:
    """Connect in each forked child before its first task; the parent holds no connection that a fork would share.

    Only here are numbers read exactly, where tasks' arguments are: Flower and the parent do sums with the times of events.
    """
    read_numbers_exactly()
    PerpetuaTask.prepare_process()
    keep_for_good()
    for name in routes.TASK_ROUTES:
        # A count that begins at its first failure shows no increase to Prometheus; one that was nought before does.
        TASKS.labels(name, "FAILURE")


@worker_process_shutdown.connect(weak=False)
def _leave_process(**_: Any) -> None:
    PerpetuaTask.prepare_process().close()


_serving = contextlib.ExitStack()


@worker_ready.connect(weak=False)
def _serve_counters(**_: Any) -> None:
    """Let Prometheus ask the parent, which works at nothing itself, for what its children have counted."""
    _serving.enter_context(served(_settings()))


@heartbeat_sent.connect(weak=False)
def _beat(**_: Any) -> None:
    PULSE.beat()


@worker_shutdown.connect(weak=False)
def _stop_serving(**_: Any) -> None:
    _serving.close()
