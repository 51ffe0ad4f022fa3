"""Business dates that are due, over time zones and clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.slots import Slot, business_date, closing_slots

BERLIN = ZoneInfo("Europe/Berlin")
MORNING, EVENING = time(8), time(20)


def due(opens: time, closes: time, zone: ZoneInfo, now: datetime, since: date) -> list[Slot]:
    return list(closing_slots(opens, closes, zone, now=now, since=since))


def test_nothing_is_due_before_the_hour_and_one_date_at_it() -> None:
    at_closing = datetime(2026, 6, 15, 18, 0, tzinfo=UTC)  # eight in the evening in Berlin
    assert due(MORNING, EVENING, BERLIN, at_closing - timedelta(seconds=1), date(2026, 6, 14)) == []
    (slot,) = due(MORNING, EVENING, BERLIN, at_closing, date(2026, 6, 14))
    assert slot == Slot(date(2026, 6, 15), at_closing, datetime(2026, 6, 15, 20, 0))  # noqa: DTZ001 - local to the shop


def test_missed_nights_are_caught_up_one_by_one() -> None:
    slots = due(MORNING, EVENING, BERLIN, datetime(2026, 6, 18, 6, 0, tzinfo=UTC), date(2026, 6, 14))
    assert [slot.business_date.day for slot in slots] == [15, 16, 17]
    assert due(MORNING, EVENING, BERLIN, datetime(2026, 6, 18, 6, 0, tzinfo=UTC), date(2026, 6, 17)) == []


def test_a_bar_that_closes_after_midnight_is_posted_on_the_day_it_opened() -> None:
    now = datetime(2026, 6, 16, 0, 30, tzinfo=UTC)  # half past two in Berlin
    (slot,) = due(time(17), time(2), BERLIN, now, date(2026, 6, 14))
    assert slot.business_date == slot.posted_at.date() == date(2026, 6, 15)
    assert slot.due_at == datetime(2026, 6, 16, 0, 0, tzinfo=UTC)
    assert business_date(time(17), time(2), BERLIN, datetime(2026, 6, 15, 23, 0, tzinfo=UTC)) == date(2026, 6, 15)
    assert business_date(time(17), time(2), BERLIN, now) == date(2026, 6, 16)


ZONES = (
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Santiago", "America/St_Johns", "Asia/Beirut", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Auckland", "Africa/Cairo",
)  # fmt: skip


@pytest.mark.parametrize("closes", [time(0, 30), time(2, 30), time(23, 30)])
@pytest.mark.parametrize("zone", ZONES)
def test_every_date_of_a_year_is_due_once_whatever_clocks_do(zone: str, closes: time) -> None:
    """Rung every hour for a year, each business date comes once, in order, and is posted within itself."""
    place = ZoneInfo(zone)
    done = date(2025, 12, 31)
    slots: list[Slot] = []
    moment, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC)
    while moment < end:
        for slot in closing_slots(MORNING, closes, place, now=moment, since=done):
            assert slot.due_at <= moment < slot.due_at + timedelta(hours=1)
            slots.append(slot)
            done = slot.business_date
        moment += timedelta(hours=1)
    first = slots[0].business_date
    assert [slot.business_date for slot in slots] == [first + timedelta(days=n) for n in range(len(slots))]
    assert len(slots) >= 365
    assert all(slot.posted_at.date() == slot.business_date for slot in slots)
