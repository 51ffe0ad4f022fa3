"""Reposts in the night: within it or at the company's own hours, in turns, and told month by month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.lanes import rows
from tests.support.nights import due_at, finished, first_day, lane_of, recipient, slots
from tests.support.streams import doorbells
from tests.support.till import SHOP, Json, masters, receipt
from worker import routes
from worker.app import app, configuration
from worker.mail.content import NightMail, from_text
from worker.services.nightly import reposts, tick, turns, work
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.nights.notices import notices_of_day
from worker.store.nights.slots import NIGHT_JOBS


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        yield opened


def delivery(number: str, day: date, qty: int) -> Json:
    line = {"item": "Apple", "warehouse": "Shelf", "qty": qty, "rate": 9}
    return {
        "type": "delivery_note", "company": SHOP, "number": number, "posting_datetime": f"{day}T12:00", "customer": "Ann",
        "lines": [line],
    }  # fmt: skip


def past_that_changes(tools: Tools, repost: str) -> date:
    """Goods bought before others that were sold long ago, but told today; gives the business date of the first night."""
    company, *rest = masters()
    submit(tools, [{**company, "repost": repost}, *rest, recipient("Ada")])
    day = first_day(tools)
    history = [receipt("PR-2", ("Apple", 100, 4), at="2026-02-02T08:00")]
    history += [delivery(f"DN-{n}", date(2026, 2, 10) + timedelta(days=n), 1) for n in range(30)]
    submit(tools, [*history, receipt("PR-1", ("Apple", 10, 1), at="2026-02-01T08:00")])
    return day


def published(tools: Tools) -> int:
    return len(rows(tools.database, "SELECT FROM repost_run WHERE published_at IS NOT NULL"))


def mail_of(tools: Tools, day: date) -> NightMail:
    with tools.database.transaction() as connection:
        content = from_text(notices_of_day(connection, "nightly", day)[lane_of(tools).company_id].content)
    assert isinstance(content, NightMail)
    return content


def test_what_waits_for_the_night_is_done_in_it_and_told_by_month(tools: Tools) -> None:
    day = past_that_changes(tools, "nightly")
    assert published(tools) == 0
    now = due_at(tools, day)
    tick(tools, now)
    assert f"reposts of {day}: {SHOP}: 1 run published" in work(tools, lane_of(tools), now)
    content = mail_of(tools, day)
    assert [(run.status, run.documents) for run in content.runs] == [("published", "PR-1")]
    assert [(one.month.month, one.account, one.amount) for one in content.months] == [
        (2, "Cost of Goods Sold", -3000), (2, "Stock In Hand", 3000),
    ]  # fmt: skip
    assert content.verdict == "in_sync"


def test_long_reposts_go_on_by_fresh_tasks(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is up after every step, so each turn takes one step and rings for the next."""
    day = past_that_changes(tools, "nightly")
    now = due_at(tools, day)
    monkeypatch.setattr(reposts, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.0)
    tick(tools, now)
    said: list[str] = []
    while finished(tools, day) != NIGHT_JOBS and len(said) < 12:
        assert doorbells(tools.redis, routes.NIGHTLY) == [list(lane_of(tools))]
        tools.redis.delete(routes.NIGHTLY)
        said.append(work(tools, lane_of(tools), now))
    assert sum("reposts of" in one for one in said) >= 2
    assert published(tools) == 1
    assert slots(tools, day)["reposts"]["result"]["rows"] >= 30


def at(day: date, hour: int) -> datetime:
    """An hour of the night after a business date, in Berlin."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Europe/Berlin")) + timedelta(days=1)


def test_hours_of_the_companys_own_are_waited_for_where_they_begin_in_the_night(tools: Tools) -> None:
    day = past_that_changes(tools, "03:00-05:00")
    tick(tools, at(day, 1))
    assert work(tools, lane_of(tools), at(day, 1)).endswith("wait for their hours")
    assert "1 of 1 nights rung for" in tick(tools, at(day, 3)) or doorbells(tools.redis, routes.NIGHTLY)
    assert "1 run published" in work(tools, lane_of(tools), at(day, 3))
    assert finished(tools, day) == NIGHT_JOBS


@pytest.mark.parametrize(
    ("repost", "pause", "said"), [("12:00-13:00", False, "own hours"), ("nightly", True, "paused")]
)
def test_reposts_that_can_not_run_hold_up_nothing_and_are_told(
    tools: Tools, repost: str, pause: bool, said: str
) -> None:
    day = past_that_changes(tools, repost)
    if pause:
        rows(
            tools.database,
            "INSERT INTO repost_pause VALUES (%s, 'Ann', clock_timestamp()) RETURNING true",
            lane_of(tools).company_id,
        )
    tick(tools, at(day, 1))
    work(tools, lane_of(tools), at(day, 1))
    assert finished(tools, day) == NIGHT_JOBS
    assert said in mail_of(tools, day).reposts_wait
    assert published(tools) == 0
