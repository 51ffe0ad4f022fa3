"""How Celery talks to its broker, for those who only send as for those who work."""

import json
import ssl
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any, Final

from celery import Celery
from kombu import Queue
from kombu.serialization import register
from kombu.utils import json as kombu_json

from worker.addresses import sentinels_of, tls_files, with_checked_certificate, without_query
from worker.task_seal import Seal, SealedCelery

# Nothing that runs for minutes is one task: whatever takes this long hangs, and its process is ended.
LONGEST_TASK_SECONDS: Final = 110

# A worker that is killed leaves its doorbell unacknowledged; it is restored after the visibility timeout, looked for every few
# seconds. No task runs or counts down longer than that timeout, so none is delivered a second time while it runs.
TRANSPORT_OPTIONS: Final[dict[str, Any]] = {
    "visibility_timeout": LONGEST_TASK_SECONDS + 10,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "socket_timeout": 15,
    "socket_connect_timeout": 5,
    "health_check_interval": 10,
}

Address = tuple[str, dict[str, Any], dict[str, Any]]  # a URL, options of its transport, what TLS needs beside the URL


def connection_settings(broker_url: str, result_url: str | None = None) -> dict[str, Any]:
    """Celery's settings for a broker, and for where results are kept: Redis or Valkey, the same behind sentinels, or RabbitMQ."""
    broker, options, files = _as_celery_writes_it(broker_url)
    settings: dict[str, Any] = {"broker_url": broker, "broker_transport_options": {**TRANSPORT_OPTIONS, **options}}
    if files:
        settings["broker_use_ssl"] = _of_rabbitmq(files) if broker.startswith("amqp") else files
    if result_url is not None:
        settings["result_backend"], options, files = _as_celery_writes_it(result_url)
        settings["result_backend_transport_options"] = options
        if files:
            settings["redis_backend_use_ssl"] = files
    return settings


def sender(broker_url: str, result_url: str | None = None, *, seal: Seal | None = None) -> Celery:
    """A Celery app that only sends; it leaves the process's current app alone and connects on first use.

    With a seal it may ask for any task; a publisher has none.
    """
    app = SealedCelery("perpetua-sender", seal=lambda: seal, set_as_current=False)
    app.conf.update(
        connection_settings(broker_url, result_url),
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


def _as_celery_writes_it(url: str) -> Address:
    sentinels = sentinels_of(url)
    if sentinels is not None:
        files = {**sentinels.tls, "ssl_cert_reqs": ssl.CERT_REQUIRED} if sentinels.tls else {}
        own = {"ssl": True, **sentinels.tls} if sentinels.tls else {}
        asking = {"password": sentinels.sentinel_password, "socket_timeout": 2, "socket_connect_timeout": 2, **own}
        return sentinels.as_celery_writes_them(), {"master_name": sentinels.master, "sentinel_kwargs": asking}, files
    if url.startswith("amqps:"):
        return without_query(url), {}, {"ssl_cert_reqs": ssl.CERT_REQUIRED, **tls_files(url)}
    return with_checked_certificate(url), {}, {}


def _of_rabbitmq(files: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("ssl_"): value for name, value in files.items()}


def queue_depths(broker: Celery, queues: Iterable[str]) -> dict[str, int]:
    """How many messages wait in each of these queues, whatever the broker is. Errors: kombu's OperationalError, OSError."""
    depths = {}
    with broker.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, timeout=5)
        for queue in queues:
            with connection.channel() as channel:
                try:
                    depths[queue] = _count(Queue(queue, channel=channel).queue_declare(passive=True))
                except connection.channel_errors:
                    # A queue that nobody has sent anything to yet is not there.
                    depths[queue] = 0
    return depths


def _count(declared: Any) -> int:
    return int(declared.message_count)
