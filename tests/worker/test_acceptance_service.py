"""Acceptance: one message at fault never holds up the others, and parked documents are rung for when their master comes."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import msgspec
import psycopg
import pytest

from tests.support.shop import documents, masters
from tests.support.streams import doorbells, told
from worker.broker import sender
from worker.messages import decode
from worker.services import acceptance
from worker.services.acceptance import Message, take
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.intake.acceptance import accept
from worker.store.intake.lease import LeaseLost

SHOP = [Message(msgspec.json.encode(document)) for document in documents("Grocery", 9)]


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    with sender(str(settings.broker_url)) as broker, open_tools(settings, broker) as opened:
        yield opened


def rows(tools: Tools, statement: str) -> list[tuple[Any, ...]]:
    with tools.database.transaction() as connection:
        return connection.execute(statement).fetchall()


def test_a_message_that_trips_our_reading_is_kept_and_the_others_pass(tools: Tools) -> None:
    real = decode

    def trip(raw: bytes) -> Any:
        if raw == SHOP[4].raw:
            raise ZeroDivisionError("a fault of ours")
        return real(raw)

    with patch.object(acceptance, "decode", trip):
        receipts = take(tools, SHOP)
    assert [receipt.status for receipt in receipts] == ["new"] * 4 + ["unreadable"] + ["new"] * 4
    assert bytes(rows(tools, "SELECT raw FROM refused_message")[0][0]) == SHOP[4].raw
    (outcome,) = told(tools.redis)
    assert outcome["error"]["code"] == "InternalFault"
    assert [row[0] for row in rows(tools, "SELECT sequence FROM document ORDER BY 1")] == list(range(1, 9))


def test_a_message_that_the_database_refuses_is_found_by_halving(tools: Tools) -> None:
    real = accept
    asked: list[int] = []

    def refuse(connection: Any, incoming: Any, **named: Any) -> Any:
        asked.append(len(incoming))
        if any(message.payload == SHOP[6].raw and message.type for message in incoming):
            raise psycopg.DataError("PostgreSQL does not take this")
        return real(connection, incoming, **named)

    with patch.object(acceptance, "accept", refuse):
        receipts = take(tools, SHOP)
    assert [receipt.status for receipt in receipts] == ["new"] * 6 + ["unreadable"] + ["new"] * 2
    assert asked[:2] == [9, 4]
    assert [row[0] for row in rows(tools, "SELECT number FROM document ORDER BY sequence")] == [
        receipt.number for receipt in receipts if receipt.status == "new"
    ]


def test_a_guard_that_refuses_leaves_nothing_behind(tools: Tools) -> None:
    def refuse(_: object) -> None:
        raise LeaseLost("another reader took over")

    with pytest.raises(LeaseLost):
        take(tools, SHOP, guard=refuse)
    assert rows(tools, "SELECT count(*) FROM document") == [(0,)]
    assert doorbells(tools.redis) == []


def test_a_broker_that_is_away_does_not_undo_the_acceptance(settings: Settings) -> None:
    with sender("redis://127.0.0.1:1/0") as broker, open_tools(settings, broker) as tools:
        assert {receipt.status for receipt in take(tools, SHOP)} == {"new"}
        assert rows(tools, "SELECT count(*) FROM document") == [(9,)]


def test_a_shared_master_rings_for_every_company_that_waited_for_it(tools: Tools) -> None:
    items, own = masters("Grocery", "Fuel")[:3], masters("Grocery", "Fuel")[3:]
    waiting = [*own, *list(documents("Grocery", 2)), *list(documents("Fuel", 2))]
    take(tools, [Message(msgspec.json.encode(message)) for message in waiting])
    for key in tools.redis.scan_iter("perpetua:bell:*"):
        tools.redis.delete(key)
    tools.redis.delete("posting")
    take(tools, [Message(msgspec.json.encode(item)) for item in items])
    assert sorted(str(company) for _, company in doorbells(tools.redis)) == ["Fuel", "Grocery"]


def test_a_period_that_may_not_close_yet_is_refused_and_told(tools: Tools) -> None:
    shop = [*masters("Grocery"), *documents("Grocery", 1)]
    take(tools, [Message(msgspec.json.encode(message)) for message in shop])
    closed = {
        "type": "accounting_period",
        "company": "Grocery",
        "name": "March",
        "start": "2026-03-01",
        "end": "2026-03-31",
    }
    (receipt,) = take(tools, [Message(msgspec.json.encode({**closed, "status": "closed"}))])
    assert receipt.status == "rejected"
    refused = [one for one in told(tools.redis) if one["status"] == "rejected"]
    assert [(one["type"], one["number"], one["error"]["code"]) for one in refused] == [
        ("accounting_period", "March", "PeriodNotFinished")
    ]
