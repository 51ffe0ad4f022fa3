"""The client for Python publishers, on a real Valkey."""

import gc
from decimal import Decimal

import msgspec
import pytest
from redis import Redis

from domain.documents import AnyDocument
from domain.errors import DocumentRejected, Unavailable
from tests.support.streams import published
from worker import routes
from worker.client import NoOutcomeYet, Publisher
from worker.messages import Key, decode, encode
from worker.redis_client import connect

CANCEL = {
    "type": "cancel",
    "company": "Grocery",
    "number": "C-1",
    "posting_datetime": "2026-01-05",
    "target": {"type": "delivery_note", "number": "DN-1"},
}


@pytest.fixture
def server(redis_url: str) -> Redis:
    return connect(redis_url)


@pytest.fixture
def publisher(redis_url: str) -> Publisher:
    return Publisher(redis_url, name="till 7")


def tell(server: Redis, key: Key, status: str) -> None:
    outcome = {"company": key.company, "type": key.type, "number": key.number, "status": status}
    server.xadd(routes.OUTCOMES_STREAM, {"outcome": msgspec.json.encode(outcome)})


def test_one_xadd_with_document_and_publisher(server: Redis, publisher: Publisher) -> None:
    receipt = publisher.submit(CANCEL)
    assert receipt.key == ("Grocery", "cancel", "C-1")
    assert published(server) == [{b"document": msgspec.json.encode(CANCEL), b"publisher": b"till 7"}]


@pytest.mark.parametrize("form", ["mapping", "text", "bytes", "typed"])
def test_every_form_of_a_document_is_the_same_document(server: Redis, publisher: Publisher, form: str) -> None:
    raw = msgspec.json.encode(CANCEL)
    typed = decode(raw)
    assert isinstance(typed, AnyDocument)
    publisher.submit({"mapping": CANCEL, "text": raw.decode(), "bytes": raw, "typed": typed}[form])
    assert decode(published(server)[0][b"document"]) == decode(raw) == decode(encode(typed))


def test_decimals_are_published_exactly(server: Redis, publisher: Publisher) -> None:
    line = {"item": "Apple", "warehouse": "Shop", "qty": 1, "rate": Decimal("123456789.123456789")}
    publisher.submit(CANCEL | {"type": "delivery_note", "customer": "Ann", "lines": [line], "target": None})
    assert b'"123456789.123456789"' in published(server)[0][b"document"]


def test_a_message_without_a_key_is_refused_before_it_is_sent(server: Redis, publisher: Publisher) -> None:
    with pytest.raises(DocumentRejected, match="number is missing"):
        publisher.submit_many([CANCEL, {name: value for name, value in CANCEL.items() if name != "number"}])
    assert published(server) == []


def test_waiting_ends_with_the_last_outcome(server: Redis, publisher: Publisher) -> None:
    receipts = publisher.submit_many([CANCEL, CANCEL | {"number": "C-2"}])
    tell(server, Key("Grocery", "cancel", "C-3"), "posted")
    tell(server, receipts[1].key, "parked")
    tell(server, receipts[0].key, "posted")
    outcomes = publisher.wait(receipts)
    assert [(key.number, outcome["status"]) for key, outcome in outcomes.items()] == [
        ("C-2", "parked"),
        ("C-1", "posted"),
    ]


def test_outcomes_told_before_the_waiting_began_count(server: Redis, publisher: Publisher) -> None:
    receipt = publisher.submit(CANCEL)
    tell(server, receipt.key, "rejected")
    assert publisher.wait([receipt])[receipt.key]["status"] == "rejected"


def test_a_wait_that_is_too_short_names_what_is_missing(server: Redis, publisher: Publisher) -> None:
    receipts = publisher.submit_many([CANCEL, CANCEL | {"number": "C-2"}])
    tell(server, receipts[0].key, "posted")
    with pytest.raises(
        NoOutcomeYet, match=r"1 documents have no outcome after 2 s, the first is cancel C-2 of Grocery"
    ):
        publisher.wait(receipts, seconds=2)


def test_redis_that_is_away_is_named() -> None:
    with pytest.raises(Unavailable, match="Redis took no documents") as caught:
        Publisher("redis://127.0.0.1:1/0").submit(CANCEL)
    assert caught.value.code == "IntakeUnavailable"


def test_outcomes_that_nobody_can_tell_are_not_taken_for_none(publisher: Publisher) -> None:
    receipts = publisher.submit_many([CANCEL])
    with pytest.raises(Unavailable, match="Documents that were accepted are not affected") as caught:
        Publisher("redis://127.0.0.1:1/0").wait(receipts, seconds=1)
    assert caught.value.code == "OutcomesUnavailable"


def test_asking_without_a_worker_says_so(publisher: Publisher) -> None:
    with pytest.raises(Unavailable, match="No worker told the outcome of cancel C-1") as caught:
        publisher.outcome("Grocery", "cancel", "C-1", seconds=0.5)
    assert caught.value.code == "WorkerUnavailable"
    gc.collect()  # Celery's pending results unsubscribe when they are collected, for which the server must still run.
