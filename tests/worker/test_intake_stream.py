"""The intake stream through its one reader's eyes, on a real Valkey."""

import time

import pytest
from redis import Redis

from worker import routes
from worker.intake.stream import BATCH_BYTES, IntakeStream
from worker.redis_client import connect


@pytest.fixture
def server(redis_url: str) -> Redis:
    return connect(redis_url)


@pytest.fixture
def stream(server: Redis) -> IntakeStream:
    stream = IntakeStream(server, "reader", batch=3)
    stream.open()
    return stream


def publish(server: Redis, *documents: bytes) -> None:
    for document in documents:
        server.xadd(routes.INTAKE_STREAM, {"document": document, "publisher": "shop"})


def test_messages_come_in_order_and_bounded(server: Redis, stream: IntakeStream) -> None:
    publish(server, b"1", b"2", b"3", b"4")
    assert [delivery.raw for delivery in stream.fresh()] == [b"1", b"2", b"3"]
    assert [(delivery.raw, delivery.publisher) for delivery in stream.fresh()] == [(b"4", "shop")]
    assert stream.fresh() == []


def test_what_was_published_before_the_group_existed_is_read(server: Redis) -> None:
    publish(server, b"early")
    stream = IntakeStream(server, "reader", batch=3)
    stream.open()
    assert [delivery.raw for delivery in stream.fresh()] == [b"early"]


def test_opening_twice_changes_nothing(server: Redis, stream: IntakeStream) -> None:
    publish(server, b"1")
    stream.fresh()
    stream.open()
    assert stream.fresh() == []


def test_an_acknowledged_stream_is_empty(server: Redis, stream: IntakeStream) -> None:
    publish(server, b"1", b"2")
    assert stream.acknowledge(stream.fresh()) is False
    assert server.xlen(routes.INTAKE_STREAM) == 0
    assert stream.undecided() == []


def test_nothing_unacknowledged_is_trimmed(server: Redis, stream: IntakeStream) -> None:
    publish(server, b"1", b"2", b"3", b"4", b"5")
    stream.fresh()
    later = stream.fresh()
    assert stream.acknowledge(later) is True
    assert server.xlen(routes.INTAKE_STREAM) == 5
    left = stream.undecided()
    assert [delivery.raw for delivery in left] == [b"1", b"2", b"3"]
    assert stream.acknowledge(left) is False
    assert server.xlen(routes.INTAKE_STREAM) == 0


def test_another_reader_takes_over_what_was_left(server: Redis, stream: IntakeStream) -> None:
    publish(server, b"1", b"2")
    stream.fresh()
    successor = IntakeStream(server, "successor", batch=3)
    successor.open()
    publish(server, b"3")
    assert [delivery.raw for delivery in successor.undecided()] == [b"1", b"2"]
    assert [delivery.raw for delivery in successor.fresh()] == [b"3"]


def test_waiting_ends_with_the_next_message_and_takes_nothing(server: Redis, stream: IntakeStream) -> None:
    publish(server, b"1")
    stream.acknowledge(stream.fresh())
    begun = time.monotonic()
    assert stream.wait(100) is False
    assert time.monotonic() - begun >= 0.09
    publish(server, b"2")
    assert stream.wait(10_000) is True
    assert [delivery.raw for delivery in stream.fresh()] == [b"2"]


def test_a_message_without_a_document_is_kept_with_its_fields(server: Redis, stream: IntakeStream) -> None:
    server.xadd(routes.INTAKE_STREAM, {"body": b"\xff{}"})
    (delivery,) = stream.fresh()
    assert delivery.raw is None
    assert delivery.kept() == b'{"body":"\\\\xff{}"}'


def test_large_documents_come_in_small_batches(server: Redis) -> None:
    stream = IntakeStream(server, "reader", batch=8)
    stream.open()
    publish(server, *[b"x" * (BATCH_BYTES // 4)] * 10)
    assert len(stream.fresh()) == 8
    assert len(stream.fresh()) == 2
    publish(server, *[b"x"] * 10)
    assert len(stream.fresh()) == 4, "the batch after two large ones is still small"
    assert len(stream.fresh()) == 6, "and then it grows again"
