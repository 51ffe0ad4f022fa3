"""Windows: when a company's reposts may run, in its own local time. Pure: whoever asks says what time it is and what was done last."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CLOCK = r"((?:[01]\d|2[0-3]):[0-5]\d)"
_WINDOW = re.compile(rf"{_CLOCK}-{_CLOCK}(?: except ([A-Za-z]+(?:, [A-Za-z]+)*))?\Z")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Open each day from `opens` to `closes`, past midnight where that is earlier; not where it would open on an exempt weekday."""

    opens: time
    closes: time
    exempt: frozenset[int] = frozenset()


NIGHT = Window(time(1), time(5))


def window_of(text: str) -> Window | None:
    """What a company states: `immediately` (None), `nightly`, or hours such as `22:00-04:00 except Sunday`.

    Errors: ValueError with the reason.
    """
    if text == "immediately":
        return None
    if text == "nightly":
        return NIGHT
    match = _WINDOW.match(text)
    if match is None:
        raise ValueError(
            f"{text[:40]!r} is none of: immediately, nightly, hours such as 22:00-04:00 or 22:00-04:00 except Sunday"
        )
    named = [day.capitalize() for day in (match[3] or "").split(", ") if day]
    unknown = [day for day in named if day not in _DAYS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no day of the week, for instance Sunday")
    if len(set(named)) == len(_DAYS):
        raise ValueError("a window that is closed on every day never opens")
    opens, closes = time.fromisoformat(match[1]), time.fromisoformat(match[2])
    if opens == closes:
        raise ValueError("a window opens and closes at different times")
    return Window(opens, closes, frozenset(_DAYS.index(day) for day in named))


def open_until(
    window: Window | None, zone: ZoneInfo, now: datetime, *, waiting_since: datetime, worked_at: datetime | None
) -> datetime | None:
    """Until when reposts may run that wait since a moment; None where they may not run now. All but `zone` in UTC.

    Whoever missed a whole window, with nothing done in it, is caught up outside of it: then until the next one closes.
    """
    if window is None:
        return datetime.max.replace(tzinfo=UTC)
    today = now.astimezone(zone).date()
    spans = sorted(span for offset in range(-8, 9) if (span := _span(window, zone, today + offset * _DAY)) is not None)
    for opens, closes in spans:
        if opens <= now < closes:
            return closes
    past = [opens for opens, closes in spans if closes <= now]
    missed = past and waiting_since < past[-1] and (worked_at is None or worked_at < past[-1])
    return next(closes for opens, closes in spans if opens > now) if missed else None


def opens_next(window: Window, zone: ZoneInfo, now: datetime) -> datetime:
    """When a window opens the next time after a moment (UTC)."""
    today = now.astimezone(zone).date()
    spans = (_span(window, zone, today + offset * _DAY) for offset in range(-1, 9))
    return next(span[0] for span in spans if span is not None and span[0] > now)


def _span(window: Window, zone: ZoneInfo, day: date) -> tuple[datetime, datetime] | None:
    """When the window of a day opens and closes; a time that the clock skips moves forward by the gap."""
    if day.weekday() in window.exempt:
        return None
    ends = day if window.opens < window.closes else day + _DAY
    return (
        datetime.combine(day, window.opens, tzinfo=zone).astimezone(UTC),
        datetime.combine(ends, window.closes, tzinfo=zone).astimezone(UTC),
    )
