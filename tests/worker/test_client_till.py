"""Fifty tills as real clients of real processes, at once: of all that want the last unit one gets it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from domain.errors import Unavailable
from tests.support.processes import INTAKE, PATIENCE_SECONDS, running, worker
from tests.support.till import SHOP, masters, receipt, sale
from worker.client import Publisher, Till
from worker.settings import Settings

TILLS = 50


def test_of_fifty_tills_at_once_one_gets_the_last_unit(settings: Settings) -> None:
    url = str(settings.redis_url)
    publisher = Publisher(url)
    tills = [Till(url, SHOP, f"till {number}") for number in range(TILLS)]
    with (
        running(settings, INTAKE, worker("tills", children=2, queues="posting,pos")),
        ThreadPoolExecutor(TILLS) as pool,
    ):
        publisher.wait(
            publisher.submit_many([*masters(), receipt("PR-1", ("Apple", 1, 2), ("Bread", 1, 1))]),
            seconds=PATIENCE_SECONDS,
        )

        def at_once(work: Callable[[int], Any]) -> list[Any]:
            start = Barrier(TILLS)
            return list(pool.map(lambda number: (start.wait(), work(number))[1], range(TILLS)))

        apple = [{"item": "Apple", "warehouse": "Shelf", "qty": 1}]
        holds = at_once(lambda number: tills[number].reserve(apple, seconds=PATIENCE_SECONDS))
        assert Counter(hold.status for hold in holds) == {"held": 1, "short": TILLS - 1}
        assert {hold.short["free"] for hold in holds if not hold.is_held} == {"0"}
        (winner,) = (number for number, hold in enumerate(holds) if hold.is_held)
        till, hold = tills[winner], holds[winner]
        assert till.confirm(hold, seconds=PATIENCE_SECONDS)
        (sold,) = till.wait([till.sell(sale("A-1", ("Apple", 1, 3)), hold)])
        assert sold["status"] == "open"
        assert not till.release(hold, seconds=PATIENCE_SECONDS), "the sale has taken its place"

        # Without asking first the lane decides, and refuses all but one.
        receipts = at_once(lambda number: tills[number].sell(sale(f"B-{number}", ("Bread", 1, 2))))
        outcomes = publisher.wait(receipts).values()
        assert Counter(outcome["status"] for outcome in outcomes) == {"open": 1, "rejected": TILLS - 1}
        assert {o["error"]["code"] for o in outcomes if o["error"]} == {"InsufficientStock"}


def test_what_a_till_gives_back_another_gets_and_nobody_waits_for_an_absent_worker(settings: Settings) -> None:
    url = str(settings.redis_url)
    first, second = Till(url, SHOP, "first"), Till(url, SHOP, "second")
    line = [{"item": "Apple", "warehouse": "Shelf", "qty": 1}]
    with pytest.raises(Unavailable) as caught:
        first.reserve(line, seconds=0.2)
    assert caught.value.code == "WorkerUnavailable"
    publisher = Publisher(url)
    with running(settings, INTAKE, worker("tills", queues="posting,pos")):
        publisher.wait(publisher.submit_many([*masters(), receipt("PR-1", ("Apple", 1, 2))]))
        hold = first.reserve(line, seconds=PATIENCE_SECONDS)
        assert hold.is_held, "the question that nobody took up in time holds nothing"
        assert second.reserve(line, seconds=PATIENCE_SECONDS).short == {
            "item": "Apple",
            "warehouse": "Shelf",
            "batch": "",
            "free": "0",
        }
        assert first.release(hold, seconds=PATIENCE_SECONDS)
        assert not first.release(hold, seconds=PATIENCE_SECONDS)
        assert second.reserve(line, seconds=PATIENCE_SECONDS).is_held
