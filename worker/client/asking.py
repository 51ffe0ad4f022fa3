"""Ask a worker for something and wait for its answer."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.exceptions import TimeoutError as CeleryTimeoutError
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from domain.errors import Unavailable


def ask(broker: Celery, task: str, arguments: tuple[Any, ...], *, queue: str, seconds: float, asked: str) -> Any:
    """The answer of a task; `asked` says in words what was asked for.

    What nobody has taken up in time is not done later, when nobody waits for it any more.
    Errors: Unavailable where the broker is away or no worker answers in time; whatever the task itself raises.
    """
    try:
        answer = broker.send_task(task, args=arguments, queue=queue, expires=seconds)
    except (OperationalError, RedisError) as error:
        raise Unavailable("BrokerUnavailable", f"The broker does not take the question for {asked}: {error}") from error
    try:
        return answer.get(timeout=seconds)
    except CeleryTimeoutError as error:
        message = f"No worker told {asked} within {seconds:g} s: see that one runs which serves the queue {queue}"
        raise Unavailable("WorkerUnavailable", message) from error
    finally:
        answer.forget()
