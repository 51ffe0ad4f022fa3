"""Rows as text for COPY: the same text as PostgreSQL's own."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from domain.posting_time import from_instant, instant
from worker.store.copy import stamp, stamp_instant


def test_an_instant_is_told_like_its_timestamp() -> None:
    assert stamp_instant(instant(datetime(2024, 2, 29, 9, 5, 7, tzinfo=UTC))) == "2024-02-29 09:05:07+00"
    assert stamp_instant(instant(datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC))) == "1969-12-31 23:59:59.5+00"
    choice = random.Random(3)
    earliest, latest = (instant(datetime(year, 1, 1, tzinfo=UTC)) for year in (1900, 2199))
    for _ in range(2000):
        moment = choice.randint(earliest, latest) // (unit := choice.choice((1, 1000, 1_000_000, 60_000_000))) * unit
        assert stamp_instant(moment) == stamp(from_instant(moment))
