"""When reposts may run: windows over midnight, exempt days, clock changes, and windows that were missed."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from scheduler.windows import NIGHT, Window, open_until, window_of

BERLIN = ZoneInfo("Europe/Berlin")
NEW = datetime(2099, 1, 1, tzinfo=UTC)  # asked for after every window: nothing was missed


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def test_what_a_company_may_state() -> None:
    assert window_of("immediately") is None
    assert window_of("nightly") == NIGHT
    assert window_of("22:00-04:00") == Window(time(22), time(4))
    assert window_of("22:00-04:00 except Sunday, monday") == Window(time(22), time(4), frozenset({6, 0}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sometimes", "none of"),
        ("24:00-04:00", "none of"),
        ("22:00-22:00", "different times"),
        ("22:00-04:00 except Someday", "no day of the week"),
        ("22:00-04:00 except " + "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday", "never opens"),
    ],
)
def test_what_it_may_not_state(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        window_of(text)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2024-06-12T21:59:59", None),
        ("2024-06-12T22:00:00", "2024-06-13T04:00:00"),
        ("2024-06-13T03:59:59", "2024-06-13T04:00:00"),
        ("2024-06-13T04:00:00", None),
        ("2024-06-16T23:00:00", None),  # a Sunday
        ("2024-06-17T02:00:00", None),  # still the window of Sunday
        ("2024-06-16T02:00:00", "2024-06-16T04:00:00"),  # the window of Saturday
        ("2024-03-31T02:30:00", "2024-03-31T04:00:00"),  # the hour that summer time skips
    ],
)
def test_a_window_past_midnight_with_an_exempt_day(now: str, until: str | None) -> None:
    window = window_of("22:00-04:00 except Sunday")
    ends = open_until(window, BERLIN, at(now), waiting_since=NEW, worked_at=None)
    assert ends == (at(until) if until else None)


def test_immediately_is_always() -> None:
    assert open_until(None, BERLIN, at("2024-06-12T12:00:00"), waiting_since=NEW, worked_at=None) is not None


def test_a_missed_window_is_caught_up_at_once() -> None:
    noon, evening = at("2024-06-13T12:00:00"), at("2024-06-12T18:00:00")
    assert open_until(NIGHT, BERLIN, noon, waiting_since=evening, worked_at=None) == at("2024-06-14T05:00:00")


def test_what_the_window_was_too_short_for_waits_for_the_next() -> None:
    noon, evening, night = at("2024-06-13T12:00:00"), at("2024-06-12T18:00:00"), at("2024-06-13T04:59:59")
    assert open_until(NIGHT, BERLIN, noon, waiting_since=evening, worked_at=night) is None


def test_what_is_new_waits_for_the_window() -> None:
    noon, morning = at("2024-06-13T12:00:00"), at("2024-06-13T09:00:00")
    assert open_until(NIGHT, BERLIN, noon, waiting_since=morning, worked_at=None) is None
