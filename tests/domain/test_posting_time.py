"""Posting times: one instant and one accounting date, over offsets and changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.posting_time import PostingTime, from_instant, instant, zone

# Documents state local times, so these are naive on purpose.
FIRST, LAST = datetime.fromisoformat("1900-01-02"), datetime.fromisoformat("2199-12-30")
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, where: ZoneInfo = BERLIN) -> str:
    """The instant in UTC and the accounting date, as text."""
    moment, day = PostingTime.parse(text).at(where)
    return f"{from_instant(moment):%Y-%m-%dT%H:%M:%S.%f}Z {day}"


def test_without_offset_it_is_the_companys_time() -> None:
    assert at("2024-06-15T09:00:00") == "2024-06-15T07:00:00.000000Z 2024-06-15"


def test_an_offset_is_kept_and_the_date_is_the_companys() -> None:
    assert at("2024-06-15T23:30:00Z") == "2024-06-15T23:30:00.000000Z 2024-06-16"
    assert at("2024-06-15T00:30:00+09:00") == "2024-06-14T15:30:00.000000Z 2024-06-14"


def test_a_date_alone_is_the_start_of_that_day() -> None:
    assert at("2024-06-15") == "2024-06-14T22:00:00.000000Z 2024-06-15"


def test_an_ambiguous_time_is_the_earlier() -> None:
    assert at("2024-10-27T02:30:00") == "2024-10-27T00:30:00.000000Z 2024-10-27"


def test_a_skipped_time_moves_forward_by_the_gap() -> None:
    assert at("2024-03-31T02:30:00") == "2024-03-31T01:30:00.000000Z 2024-03-31"
    assert at("2024-03-31T02:30:00") == at("2024-03-31T03:30:00")


def test_midnight_that_the_clock_skips_stays_on_its_day() -> None:
    assert at("2018-11-04", ZoneInfo("America/Sao_Paulo")) == "2018-11-04T03:00:00.000000Z 2018-11-04"


def test_a_day_that_the_calendar_skips_becomes_the_next() -> None:
    assert at("2011-12-30T12:00:00", ZoneInfo("Pacific/Apia")).endswith(" 2011-12-31")


def test_microseconds_count() -> None:
    assert at("2024-06-15T09:00:00.000001") > at("2024-06-15T09:00:00")


@pytest.mark.parametrize(
    "text", ["", "soon", "2024-02-30", "2024-06-15T25:00", "15.06.2024", "1899-12-31", "2200-01-01", 5]
)
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"ISO 8601|outside"):
        PostingTime.parse(text)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "/etc/passwd", "a\0b", "Europe"])
def test_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="IANA"):
        zone(name)


@given(
    st.datetimes(FIRST, LAST),
    st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu", "UTC"]),
)
def test_local_time_reads_back_or_moved_by_the_gap(local: datetime, name: str) -> None:
    moment, day = PostingTime.parse(local.isoformat()).at(zone(name))
    shown = from_instant(moment).astimezone(zone(name))
    assert shown.date() == day
    assert timedelta(0) <= shown.replace(tzinfo=None) - local <= timedelta(days=1)


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_instants_are_exact(moment: datetime) -> None:
    assert from_instant(instant(moment)) == moment
    assert PostingTime.parse(moment.isoformat()).at(BERLIN)[0] == instant(moment)


def test_two_spellings_of_one_time_are_equal() -> None:
    assert PostingTime.parse("2024-06-15") == PostingTime.parse("2024-06-15T00:00:00")
    assert PostingTime.parse("2024-06-15").at(BERLIN)[1] == date(2024, 6, 15)
