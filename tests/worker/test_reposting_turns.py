"""Reposts by the clock and by doorbell: rung for where they may run, run in turns, and told in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support import till
from tests.support.lanes import COMPANY, MASTERS, delivery, number_of, post_all, publish, receipt
from worker import routes
from worker.app import app, configuration
from worker.bells import Lane
from worker.services.lanes import post_lane
from worker.services.reposting import pause, rank, repost_company, resume, ring_reposts
from worker.services.tools import Tools, open_tools
from worker.settings import Settings


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        yield opened


def prepare(tools: Tools, repost: str) -> Lane:
    """A company with a receipt posted before a delivery, and nothing reposted yet."""
    publish(tools.database, [*MASTERS, {**COMPANY, "time_zone": "UTC", "repost": repost}])
    publish(tools.database, [receipt("PR-1"), delivery("DN-1", 4)])
    post_all(tools.database)
    publish(tools.database, [receipt("PR-0", 4, "150", at="2024-06-14T09:00:00")])
    return Lane(number_of(tools.database), "Grocery")


def test_posting_into_the_past_rings_at_once(tools: Tools) -> None:
    lane = prepare(tools, "immediately")
    assert "1 posted" in post_lane(tools, lane)
    assert tools.redis.exists(routes.repost_bell_key(lane.company_id))
    told: list[dict[str, Any]] = []
    assert "1 run published, 3 movements valued again, 1 differences" in repost_company(tools, lane, told.append)
    assert not tools.redis.exists(routes.repost_bell_key(lane.company_id))
    assert repost_company(tools, lane) == "Grocery: nothing waits"
    assert ring_reposts(tools) == "nothing waits"


def test_a_company_with_hours_waits_for_them_and_is_caught_up(tools: Tools) -> None:
    lane = prepare(tools, "22:00-04:00")
    post_lane(tools, lane)
    noon = datetime.now(UTC).replace(hour=12, minute=0) + timedelta(minutes=1)
    if noon < datetime.now(UTC):
        noon += timedelta(days=1)
    before_any_window = datetime.now(UTC).replace(hour=21, minute=0)
    assert repost_company(tools, lane, now=before_any_window) == "Grocery: its reposts wait for their hours"
    assert ring_reposts(tools, before_any_window) == "1 companies wait for their hours"
    missed = noon + timedelta(days=2)
    assert ring_reposts(tools, missed) == "rung for Grocery"
    assert "1 run published" in repost_company(tools, lane, now=missed)


def test_a_company_that_is_ranked_higher_has_all_turns_until_it_is_done(tools: Tools) -> None:
    grocery = prepare(tools, "immediately")
    post_lane(tools, grocery)
    publish(tools.database, [*till.masters(), till.receipt("R-2", ("Apple", 5, 2))])
    post_all(tools.database, till.SHOP)
    publish(tools.database, [till.receipt("R-1", ("Apple", 5, 1), at="2026-02-01T08:00"), _sold_before()])
    shop = Lane(number_of(tools.database, till.SHOP), till.SHOP)
    post_lane(tools, shop)
    assert ring_reposts(tools) == "rung for Grocery, Corner Shop"
    rank(tools, shop, 1)
    assert ring_reposts(tools) == "rung for Corner Shop, Grocery"
    assert repost_company(tools, grocery) == "Grocery: gives way to Corner Shop"
    # Whoever is paused, or waits for its hours, stands in nobody's way.
    assert pause(tools, shop.company_id, "ada")
    assert not pause(tools, shop.company_id, "bob")
    assert resume(tools, shop)
    rank(tools, shop, -1)
    rank(tools, grocery, 0)
    assert ring_reposts(tools) == "rung for Grocery, Corner Shop"
    assert repost_company(tools, shop) == "Corner Shop: gives way to Grocery"
    assert "1 run published" in repost_company(tools, grocery)
    assert "1 run published" in repost_company(tools, shop)


def _sold_before() -> dict[str, Any]:
    return {
        "type": "delivery_note", "company": till.SHOP, "number": "DN-9", "posting_datetime": "2026-02-15T08:00", "customer": "Asha",
        "lines": [{"item": "Apple", "warehouse": "Shelf", "qty": 2, "rate": 3}],
    }  # fmt: skip
