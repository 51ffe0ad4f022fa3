"""Closings that nobody sends: each profile closes at its own hour, once for each business date.

The closing is a document like any other, with a number made of profile and date. So a second ring, a second beat or a crash between
accepting it and noting the slot give the same document again, and nothing happens twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from domain.masters import Company, PosProfile
from domain.posting_time import zone
from scheduler.slots import Slot, business_date, closing_slots
from worker.messages import decode_accepted
from worker.services.acceptance import Message, take
from worker.services.till_profiles import Profiles
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.names.companies import all_settings
from worker.store.nights.slots import finish_slot, last_slots
from worker.store.pos.sessions import sells_until

_MIDNIGHT = time(0)
# Business dates that are caught up one by one after a long silence; what was sold before them goes into the first of them.
_CATCH_UP = timedelta(days=31)


@dataclass(slots=True)
class _Till:
    company: int
    company_name: str
    zone: ZoneInfo
    profile: PosProfile

    @property
    def job(self) -> str:
        return f"pos_closing {self.profile.name}"

    @property
    def opens(self) -> time:
        return time.fromisoformat(self.profile.opens_at) if self.profile.opens_at else _MIDNIGHT

    @property
    def closes(self) -> time:
        return time.fromisoformat(self.profile.closes_at or "00:00")


def close_due(tools: Tools, now: datetime | None = None, *, company: int | None = None) -> str:
    """Send the closing of every profile whose hour has come, in one company or all; those of missed business dates first.

    Says in words what was sent.

    Errors: Unavailable; what was sent stands, and the next ring sends the rest.
    """
    moment = now or datetime.now(UTC)
    with tools.database.transaction() as connection:
        due = list(_last_closed(connection, _tills(connection, company), moment))
    sent = [
        number
        for till, since in due
        for slot in closing_slots(till.opens, till.closes, till.zone, now=moment, since=since)
        if (number := _send(tools, till, slot)) is not None
    ]
    return f"{len(sent)} closings were sent: {', '.join(sent)}" if sent else "no closing is due"


def _tills(connection: Rows, company: int | None) -> list[_Till]:
    """Every till that closes by the clock: a company's own profiles before shared ones."""
    profiles, found = Profiles(connection), []
    for known in all_settings(connection):
        settings = decode_accepted(known.payload)
        if company in (None, known.company_id) and isinstance(settings, Company):
            place = zone(settings.time_zone)
            own = profiles.of(known.company_id).values()
            found += [_Till(known.company_id, known.name, place, one) for one in own if one.closes_at]
    return found


def _last_closed(connection: Rows, tills: list[_Till], now: datetime) -> Iterator[tuple[_Till, date]]:
    """Each till with the last business date that needs no closing any more."""
    known = last_slots(connection, [(till.company, till.job) for till in tills])
    for till in tills:
        done = known.get((till.company, till.job))
        if done is None:
            # A till that has never been closed by the clock: from the business date of its oldest open sale on.
            sells_since = sells_until(connection, till.company, till.profile.name, now)
            done = business_date(till.opens, till.closes, till.zone, sells_since or now) - timedelta(days=1)
        yield till, max(done, business_date(till.opens, till.closes, till.zone, now) - _CATCH_UP)


def _send(tools: Tools, till: _Till, slot: Slot) -> str | None:
    """Send the closing of one business date unless the till has sold nothing; then note the slot."""
    with tools.database.transaction() as connection:
        sells = sells_until(connection, till.company, till.profile.name, slot.due_at) is not None
    number = f"{till.profile.name[:100]} {slot.business_date.isoformat()}" if sells else None
    if number is not None:
        closing = {
            "type": "pos_closing",
            "company": till.company_name,
            "number": number,
            "pos_profile": till.profile.name,
            "posting_datetime": slot.posted_at.isoformat(),
            "sales_until": slot.due_at.isoformat(),
            "actor": "schedule",
        }
        take(tools, [Message(msgspec.json.encode(closing))])
    with tools.database.transaction() as connection:
        finish_slot(
            connection, till.company, till.job, slot.business_date, slot.due_at, {"closing": number} if number else {}
        )
    return number
