"""The intake stream as its one active reader sees it."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import msgspec
from redis import Redis
from redis.exceptions import ResponseError

from worker import routes

GROUP = "perpetua"
DOCUMENT = b"document"
PUBLISHER = b"publisher"
SIGNATURE = b"signature"
SIGNED_AT = b"signed_at"
# A batch of ordinary documents is far below this; one of very large ones is made of fewer, so that memory stays bounded.
BATCH_BYTES = 16_000_000

Place = tuple[int, int]  # a message's place in the stream: server time in milliseconds, number within it
BEGINNING: Place = (0, 0)


class Delivery(NamedTuple):
    """One message of the stream: `raw` is the document's bytes as they came, None where the message has no such field."""

    message_id: str
    raw: bytes | None
    publisher: str
    signature: str
    signed_at: str
    fields: dict[bytes, bytes]

    def kept(self) -> bytes:
        """What to keep of a message without a document: all of its fields."""
        return msgspec.json.encode({_text(name): _text(value) for name, value in self.fields.items()})


class IntakeStream:
    """Reads through a consumer group, so that what was delivered and not committed stays known to the server.

    Waiting is separate from reading: a reader that is paused while it waits has taken nothing, so the one that takes over misses
    nothing and keeps the order.
    """

    def __init__(self, redis: Redis, consumer: str, batch: int) -> None:
        self._redis = redis
        self._consumer = consumer
        self._batch = batch
        self._count = batch
        self._last_seen = BEGINNING

    def open(self) -> None:
        """Make the stream and its group where they are missing, from the beginning of what the stream holds."""
        try:
            self._redis.xgroup_create(routes.INTAKE_STREAM, GROUP, id="0", mkstream=True)
            # A stream that was wiped may count from an earlier time than the one before it.
            self._last_seen = BEGINNING
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def fresh(self) -> list[Delivery]:
        """Take the next messages in stream order; none where nothing waits."""
        reply = self._redis.xreadgroup(GROUP, self._consumer, {routes.INTAKE_STREAM: ">"}, count=self._count)
        return self._deliveries([message for _, messages in cast("list[Any]", reply) for message in messages])

    def undecided(self) -> list[Delivery]:
        """Take the oldest messages that were delivered, to whomever, and never acknowledged."""
        _, messages, _ = cast(
            "tuple[bytes, list[Any], list[bytes]]",
            self._redis.xautoclaim(
                routes.INTAKE_STREAM,
                GROUP,
                self._consumer,
                min_idle_time=0,
                start_id=_written(BEGINNING),
                count=self._count,
            ),
        )
        return self._deliveries(messages)

    def wait(self, milliseconds: int) -> bool:
        """Return True as soon as a message is there, False after this time without one."""
        reply = self._redis.xread({routes.INTAKE_STREAM: _written(self._last_seen)}, count=1, block=milliseconds)
        return bool(reply)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> bool:
        """Acknowledge what is committed and trim the stream below it; tells whether delivered messages remain undecided."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.xack(routes.INTAKE_STREAM, GROUP, *(delivery.message_id for delivery in deliveries))
        pipeline.xpending(routes.INTAKE_STREAM, GROUP)
        pending = pipeline.execute()[1]
        oldest = pending["min"]
        # Whatever another reader took and left lies at or above `oldest`; nothing there may go.
        milliseconds, number = self._last_seen
        keep_from = _text(oldest) if pending["pending"] else _written((milliseconds, number + 1))
        self._redis.xtrim(routes.INTAKE_STREAM, minid=keep_from, approximate=False)
        return bool(pending["pending"])

    def _deliveries(self, messages: list[Any]) -> list[Delivery]:
        deliveries = [
            Delivery(
                _text(message_id),
                fields.get(DOCUMENT),
                _stated(fields, PUBLISHER),
                _stated(fields, SIGNATURE),
                _stated(fields, SIGNED_AT),
                fields,
            )
            for message_id, fields in messages
        ]
        if deliveries:
            self._last_seen = max(self._last_seen, _place(deliveries[-1].message_id))
            size = sum(len(delivery.raw or b"") for delivery in deliveries)
            self._count = max(1, min(self._batch, BATCH_BYTES * len(deliveries) // max(size, 1)))
        return deliveries


def _place(message_id: str) -> Place:
    milliseconds, _, number = message_id.partition("-")
    return int(milliseconds), int(number)


def _written(place: Place) -> str:
    return f"{place[0]}-{place[1]}"


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")


def _stated(fields: dict[bytes, bytes], name: bytes) -> str:
    """A field beside the document; empty where it is missing. PostgreSQL keeps no NUL, so one is written out."""
    return _text(fields.get(name, b"")).replace("\x00", "\\x00")
