"""Doorbells on a real Valkey: they coalesce, and say in plain words whom they are for."""

import pytest
from redis import Redis

from domain.errors import Unavailable
from tests.support.streams import doorbells
from worker import routes
from worker.bells import BELL_SECONDS, Bells, Lane
from worker.broker import sender
from worker.redis_client import connect

GROCERY = Lane(1, "Grocery")
FUEL = Lane(2, "Fuel")


@pytest.fixture
def server(redis_url: str) -> Redis:
    return connect(redis_url)


@pytest.fixture
def bells(server: Redis, redis_url: str) -> Bells:
    return Bells(server, sender(redis_url))


def test_a_ringing_bell_is_not_rung_again(server: Redis, bells: Bells) -> None:
    assert bells.ring([GROCERY, FUEL]) == 2
    assert bells.ring([GROCERY]) == 0
    assert doorbells(server) == [[1, "Grocery"], [2, "Fuel"]]


def test_an_answered_bell_rings_anew(server: Redis, bells: Bells) -> None:
    bells.ring([GROCERY])
    bells.answer(GROCERY)
    assert bells.ring([GROCERY]) == 1


def test_an_unanswered_bell_falls_silent_by_itself(server: Redis, bells: Bells) -> None:
    bells.ring([GROCERY])
    assert 0 < server.ttl(routes.bell_key(GROCERY.company_id)) <= BELL_SECONDS


def test_ringing_for_nobody_sends_nothing(server: Redis, bells: Bells) -> None:
    assert bells.ring([]) == 0
    assert doorbells(server) == []


def test_a_broker_that_is_away_leaves_the_bell_silent(server: Redis) -> None:
    bells = Bells(server, sender("redis://127.0.0.1:1/0"))
    with pytest.raises(Unavailable, match="broker does not answer") as caught:
        bells.ring([GROCERY])
    assert caught.value.code == "BrokerUnavailable"
    assert server.exists(routes.bell_key(GROCERY.company_id)) == 0


def test_redis_that_is_away_is_named(redis_url: str) -> None:
    bells = Bells(connect("redis://127.0.0.1:1/0"), sender(redis_url))
    with pytest.raises(Unavailable, match="Redis does not answer"):
        bells.ring([GROCERY])
