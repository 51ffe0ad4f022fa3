"""Nights: due and over at local hours, once for each business date, over time zones, clock changes, moves and silence."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from scheduler.nights import NIGHT, Hours, Night, day_of, next_job, nights
from tests.scheduler.test_slots import ZONES

BERLIN = ZoneInfo("Europe/Berlin")


def due(hours: Hours, zone: ZoneInfo, now: datetime, since: date) -> list[Night]:
    return list(nights(hours, zone, now=now, since=since))


def test_a_night_after_midnight_belongs_to_the_day_before() -> None:
    one = datetime(2026, 6, 15, 23, 0, tzinfo=UTC)  # one o'clock of the 16th in Berlin
    assert due(Hours(), BERLIN, one - timedelta(seconds=1), date(2026, 6, 14)) == []
    assert due(Hours(), BERLIN, one, date(2026, 6, 14)) == [Night(date(2026, 6, 15), one, one + timedelta(hours=5))]
    assert day_of(Hours(), BERLIN, one - timedelta(seconds=1)) == date(2026, 6, 15)
    assert day_of(Hours(), BERLIN, one) == date(2026, 6, 16)


def test_a_night_before_midnight_belongs_to_its_own_day_and_may_end_on_the_next() -> None:
    hours, ten = Hours(time(22), time(4)), datetime(2026, 6, 15, 20, 0, tzinfo=UTC)
    assert due(hours, BERLIN, ten, date(2026, 6, 14)) == [Night(date(2026, 6, 15), ten, ten + timedelta(hours=6))]


def test_the_jobs_of_a_night_have_one_order_and_each_a_reason() -> None:
    done: list[str] = []
    while (job := next_job(done)) is not None:
        done.append(job)
    assert done == [job.name for job in NIGHT]
    assert (done[:2], done[-1]) == (["closings", "reposts"], "mail")
    assert all(job.reason.endswith(".") and len(job.reason) > 40 for job in NIGHT)


def changes_of(zone: ZoneInfo, year: int) -> list[datetime]:
    """When a zone's clocks change in a year, to the quarter of an hour (UTC)."""
    moment, found = datetime(year, 1, 1, tzinfo=UTC), []
    while moment.year == year:
        after = moment + timedelta(minutes=15)
        if moment.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            found.append(after)
        moment = after
    return found


@pytest.mark.parametrize("begins", [time(1), time(2, 30), time(23, 45)])
@pytest.mark.parametrize("zone", ZONES)
def test_no_night_is_missed_or_doubled_when_clocks_change(zone: str, begins: time) -> None:
    """Rung every quarter of an hour for three days around each change, by a clock that the test sets."""
    place, hours = ZoneInfo(zone), Hours(begins, time(6))
    for change in changes_of(place, 2026):
        begin = change - timedelta(hours=36)
        done = day_of(hours, place, begin) - timedelta(days=1)
        first, found = done + timedelta(days=1), []
        with freeze_time(begin) as clock:
            for _ in range(4 * 84):
                for night in nights(hours, place, now=datetime.now(UTC), since=done):
                    found.append(night)
                    done = night.business_date
                clock.tick(timedelta(minutes=15))
        assert [night.business_date for night in found] == [first + timedelta(days=n) for n in range(len(found))]
        assert 3 <= len(found) <= 4
        for night in found:
            local = night.due_at.astimezone(place)
            skipped = local.time() != begins
            assert not skipped or abs(night.due_at - change) < timedelta(hours=1)
            assert timedelta(0) < night.deadline_at - night.due_at < timedelta(hours=25)


@pytest.mark.parametrize(
    ("old", "new"), [("Pacific/Auckland", "America/Los_Angeles"), ("America/Los_Angeles", "Pacific/Auckland")]
)
def test_a_company_that_moves_keeps_every_date_once(old: str, new: str) -> None:
    moves, now, done, dates = (
        datetime(2026, 6, 10, 12, tzinfo=UTC),
        datetime(2026, 6, 1, tzinfo=UTC),
        date(2026, 5, 31),
        [],
    )
    while now < datetime(2026, 6, 20, tzinfo=UTC):
        zone = ZoneInfo(old if now < moves else new)
        for night in nights(Hours(), zone, now=now, since=done):
            dates.append(night.business_date)
            done = night.business_date
        now += timedelta(hours=1)
    assert dates == [date(2026, 6, 1) + timedelta(days=n) for n in range(len(dates))]
    assert dates[-1] >= date(2026, 6, 18)
