"""Closings that nobody sends: each profile closes at its own hour, once for each business date.

The closing is a document like any other, with a number made of profile and date. So a second ring, a second beat or a crash between
accepting it and noting the slot give the same document again, and nothing happens twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from domain.masters import Company, PosProfile
from domain.posting_time import zone
from scheduler.slots import Slot, business_date, closing_slots
from worker.messages import decode
from worker.services.acceptance import Message, take
from worker.services.tools import Tools
from worker.store.companies import all_companies
from worker.store.database import Rows
from worker.store.masters import names_of_kind, versions
from worker.store.pos_sessions import sells_until
from worker.store.slots import finish_slot, last_slot

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
        tills = [
            till
            for name, number in all_companies(connection).items()
            if company in (None, number)
            for till in _tills(connection, number, name)
        ]
    sent = [number for till in tills for number in _close(tools, till, moment)]
    return f"{len(sent)} closings were sent: {', '.join(sent)}" if sent else "no closing is due"


def _tills(connection: Rows, company: int, name: str) -> list[_Till]:
    settings = _newest(connection, company, "company", [name]).get(name)
    if not isinstance(settings, Company):
        return []
    profiles = _newest(connection, company, "pos_profile", names_of_kind(connection, company, "pos_profile"))
    return [
        _Till(company, name, zone(settings.time_zone), profile)
        for profile in profiles.values()
        if isinstance(profile, PosProfile) and profile.closes_at
    ]


def _newest(connection: Rows, company: int, kind: str, names: list[str]) -> dict[str, object]:
    """The newest version of each master, the company's own before a shared one."""
    found = versions(connection, company, [(kind, name) for name in names])
    found.sort(key=lambda version: (version.company_id != 0, version.acceptance))
    return {version.name: decode(version.payload) for version in found}


def _close(tools: Tools, till: _Till, now: datetime) -> list[str]:
    with tools.database.transaction() as connection:
        done = last_slot(connection, till.company, till.job)
        sells_since = sells_until(connection, till.company, till.profile.name, now)
    if done is None:
        # A till that has never been closed by the clock: from the business date of its oldest open sale on.
        first = business_date(till.opens, till.closes, till.zone, sells_since or now)
        done = first - timedelta(days=1)
    done = max(done, business_date(till.opens, till.closes, till.zone, now) - _CATCH_UP)
    return [
        number
        for slot in closing_slots(till.opens, till.closes, till.zone, now=now, since=done)
        if (number := _send(tools, till, slot)) is not None
    ]


def _send(tools: Tools, till: _Till, slot: Slot) -> str | None:
    """Send the closing of one business date unless the till has sold nothing; then note the slot."""
    posted_at = slot.posted_at.replace(tzinfo=till.zone)
    with tools.database.transaction() as connection:
        sells = sells_until(connection, till.company, till.profile.name, posted_at) is not None
    number = f"{till.profile.name[:100]} {slot.business_date.isoformat()}" if sells else None
    if number is not None:
        closing = {
            "type": "pos_closing",
            "company": till.company_name,
            "number": number,
            "pos_profile": till.profile.name,
            "posting_datetime": slot.posted_at.isoformat(),
            "actor": "schedule",
        }
        take(tools, [Message(msgspec.json.encode(closing))])
    with tools.database.transaction() as connection:
        finish_slot(
            connection, till.company, till.job, slot.business_date, slot.due_at, {"closing": number} if number else {}
        )
    return number
