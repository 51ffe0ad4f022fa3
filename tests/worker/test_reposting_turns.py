"""Reposts by the clock and by doorbell: rung for where they may run, run in turns, and told in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.lanes import COMPANY, MASTERS, delivery, number_of, post_all, publish, receipt
from worker import routes
from worker.app import app, configuration
from worker.bells import Lane
from worker.services.lanes import post_lane
from worker.services.reposting import repost_company, ring_reposts
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
