"""What the streams and queues of a test's Valkey hold."""

import base64
from typing import Any, cast

import msgspec
from redis import Redis

from worker import routes


def published(server: Redis) -> list[dict[bytes, bytes]]:
    """The fields of every message in the intake stream."""
    return _fields(server, routes.INTAKE_STREAM)


def told(server: Redis) -> list[dict[str, Any]]:
    """Every outcome that was told."""
    return [msgspec.json.decode(fields[b"outcome"]) for fields in _fields(server, routes.OUTCOMES_STREAM)]


def doorbells(server: Redis, queue: str = routes.POSTING) -> list[list[object]]:
    """The arguments of the tasks that wait in a queue, oldest first."""
    messages = [msgspec.json.decode(message) for message in cast("list[bytes]", server.lrange(queue, 0, -1))]
    return [msgspec.json.decode(base64.b64decode(message["body"]))[0] for message in reversed(messages)]


def _fields(server: Redis, stream: str) -> list[dict[bytes, bytes]]:
    return [fields for _, fields in cast("list[tuple[bytes, dict[bytes, bytes]]]", server.xrange(stream))]
