"""Probes: a real round trip through each queue, and through the intake down to its commit."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from celery import Celery
from celery.exceptions import TimeoutError as CeleryTimeoutError
from celery.result import AsyncResult
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from worker import routes
from worker.services.tools import Tools

log = structlog.get_logger()

ANSWER_SECONDS = 120  # how long an answer of the intake is kept for whoever asked
REMEMBERED_SECONDS = 7 * 86_400
LOOK_EVERY_SECONDS = 0.05

_NONCE = re.compile(rb"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Probed:
    """What became of a probe: the seconds that it took, None where no answer came in time; `reason` says why."""

    name: str
    seconds: float | None
    reason: str = ""


def answer_queue(tools: Tools, queue: str) -> float:
    """Answer a probe that came through a queue: PostgreSQL is asked, and Redis notes when. Errors: Unavailable."""
    with tools.database.transaction() as connection:
        connection.execute("SELECT 1")
    moment = time.time()
    tools.redis.set(routes.canary_key(queue), str(moment), ex=REMEMBERED_SECONDS)
    return moment


def probe_of(fields: dict[bytes, bytes]) -> str | None:
    """What a message of the intake stream asks where it is a probe, None where it is anything else."""
    nonce = fields.get(b"probe")
    return nonce.decode() if nonce is not None and len(fields) == 1 and _NONCE.fullmatch(nonce) else None


def answer_intake(redis: Redis, nonces: Iterable[str]) -> None:
    """Answer probes that came through the intake stream, whose reader has just committed."""
    pipeline = redis.pipeline(transaction=False)
    for nonce in nonces:
        pipeline.set(routes.probe_key(nonce), "1", ex=ANSWER_SECONDS)
    pipeline.execute()


def probe_queues(broker: Celery, queues: Iterable[str], seconds: float) -> list[Probed]:
    """Send a probe through each of these queues at once and wait for the answers."""
    began = time.monotonic()
    asked: list[tuple[str, AsyncResult[float] | OperationalError]] = []
    for queue in queues:
        try:
            sent = broker.send_task(routes.CANARY, queue=queue, expires=seconds)
        except OperationalError as error:
            asked.append((queue, error))
        else:
            asked.append((queue, sent))
    return [_answer(queue, sent, began, seconds) for queue, sent in asked]


def probe_intake(redis: Redis, seconds: float) -> Probed:
    """Send a probe through the intake stream and wait for its answer."""
    nonce, began = secrets.token_hex(16), time.monotonic()
    try:
        redis.xadd(routes.INTAKE_STREAM, {"probe": nonce})
        while time.monotonic() - began < seconds:
            if redis.exists(routes.probe_key(nonce)):
                return Probed("intake", time.monotonic() - began)
            time.sleep(LOOK_EVERY_SECONDS)
    except RedisError as error:
        return Probed("intake", None, f"Redis does not answer: {error}")
    return Probed("intake", None, f"no intake has read the stream within {seconds:g} s: see that one runs")


def _answer(queue: str, sent: AsyncResult[float] | OperationalError, began: float, seconds: float) -> Probed:
    if isinstance(sent, OperationalError):
        return Probed(queue, None, f"the broker does not answer: {sent}")
    left = max(began + seconds - time.monotonic(), 0.1)
    try:
        sent.get(timeout=left)
    except CeleryTimeoutError:
        return Probed(queue, None, f"no worker has answered within {seconds:g} s: see that one serves this queue")
    except Exception as error:  # noqa: BLE001 - whatever the worker raised is its answer
        return Probed(queue, None, f"a worker answered with an error: {error}")
    finally:
        sent.forget()
    return Probed(queue, time.monotonic() - began)
