"""How Celery talks to its broker, for those who only send as for those who work."""

from typing import Any, Final

from celery import Celery

# A worker that is killed leaves its doorbell unacknowledged; it is restored after the visibility timeout, looked for every few
# seconds. No task runs or counts down longer than that timeout, so none is delivered a second time while it runs.
TRANSPORT_OPTIONS: Final[dict[str, Any]] = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
}


def sender(broker_url: str, result_url: str | None = None) -> Celery:
    """A Celery app that only sends; it leaves the process's current app alone and connects on first use."""
    app = Celery("perpetua-sender", broker=broker_url, backend=result_url, set_as_current=False)
    app.conf.update(
        broker_transport_options=TRANSPORT_OPTIONS, broker_connection_timeout=4, broker_connection_max_retries=3
    )
    return app
