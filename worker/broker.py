"""How Celery talks to its broker, for those who only send as for those who work."""

import json
from decimal import Decimal
from functools import partial
from typing import Any, Final

from celery import Celery
from kombu.serialization import register
from kombu.utils import json as kombu_json

# Nothing that runs for minutes is one task: whatever takes this long hangs, and its process is ended.
LONGEST_TASK_SECONDS: Final = 110

# A worker that is killed leaves its doorbell unacknowledged; it is restored after the visibility timeout, looked for every few
# seconds. No task runs or counts down longer than that timeout, so none is delivered a second time while it runs.
TRANSPORT_OPTIONS: Final[dict[str, Any]] = {
    "visibility_timeout": LONGEST_TASK_SECONDS + 10,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
}


def sender(broker_url: str, result_url: str | None = None) -> Celery:
    """A Celery app that only sends; it leaves the process's current app alone and connects on first use."""
    app = Celery("perpetua-sender", broker=broker_url, backend=result_url, set_as_current=False)
    app.conf.update(
        broker_transport_options=TRANSPORT_OPTIONS,
        broker_connection_timeout=4,
        task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2},
    )
    return app


def read_numbers_exactly() -> None:
    """Have this process read every number with a point in a task's arguments as a decimal, never as a binary float."""
    read = partial(json.loads, parse_float=Decimal)
    register(
        "json",
        kombu_json.dumps,
        partial(kombu_json.loads, _loads=read),
        content_type="application/json",
        content_encoding="utf-8",
    )
