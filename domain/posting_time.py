"""Posting times: one instant per document, in the company's own calendar.

Instants are integers: microseconds since 1970-01-01 UTC. They order movements cheaply and exactly; the accounting date is the
local date in the company's zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


class PostingTime:
    """A time as a document states it: with an offset, or local to the company whose zone is not known yet."""

    __slots__ = ("stated",)

    def __init__(self, stated: datetime) -> None:
        self.stated = stated

    @classmethod
    def parse(cls, text: object) -> PostingTime:
        """From ISO 8601 text; a date alone is the start of that day. Errors: ValueError with the reason."""
        if not isinstance(text, str):
            raise ValueError("a time is ISO 8601 text, for instance 2024-06-15T09:00:00")
        try:
            stated = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text[:40]!r} is not an ISO 8601 time, for instance 2024-06-15T09:00:00") from None
        if not EARLIEST <= stated.date() <= LATEST:
            raise ValueError(f"{text[:40]} lies outside {EARLIEST.year} to {LATEST.year}")
        return cls(stated)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PostingTime) and other.stated == self.stated

    def __hash__(self) -> int:
        return hash(self.stated)

    def __repr__(self) -> str:
        return f"PostingTime({self.stated.isoformat()})"

    def at(self, zone: ZoneInfo) -> tuple[int, date]:
        """The instant (microseconds since 1970 UTC) and the accounting date in the company's zone.

        An ambiguous local time is the earlier one; one that the clock skipped moves forward by the gap: both are what
        zoneinfo does with fold=0.
        """
        stated = self.stated
        if stated.tzinfo is None:
            day = stated.date()
            first = _start_of(day, zone)
            if first is not None:
                own = (stated.hour * 60 + stated.minute) * 60 + stated.second
                return first + own * 1_000_000 + stated.microsecond, day
            stated = stated.replace(tzinfo=zone)
        since = stated - EPOCH
        moment = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        if stated.tzinfo is zone and zone.key == "UTC":
            return moment, stated.date()
        return moment, from_instant(moment).astimezone(zone).date()


@lru_cache(maxsize=4096)
def _start_of(day: date, zone: ZoneInfo) -> int | None:
    """The instant at which a day begins where its clock runs through all of it; None where the clock is changed that day."""
    begin = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone comes with each of the hours
    hours = [(begin + timedelta(hours=hour)).replace(tzinfo=zone) for hour in range(25)]
    return instant(hours[0]) if len({hour.utcoffset() for hour in hours}) == 1 else None


def instant(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970 UTC."""
    return (moment - EPOCH) // _MICROSECOND


def from_instant(microseconds: int) -> datetime:
    """Microseconds since 1970 UTC as an aware UTC datetime."""
    return EPOCH + timedelta(microseconds=microseconds)


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Errors: ValueError naming it where it does not exist."""
    try:
        return ZoneInfo(name)
    except Exception as error:
        raise ValueError(f"{name!r} is not an IANA time zone, for instance Europe/Berlin") from error
