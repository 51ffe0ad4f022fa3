"""Closing a till by hand: the document that does it, made of the till's profile and the time where the company is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from domain.posting_time import zone
from worker.reports.scope import scope_of
from worker.services.acceptance import Message
from worker.store.database import Rows
from worker.store.names.companies import company_name


def closing(
    connection: Rows, company: int, profile: str, *, actor: str, user: str | None = None, at: datetime | None = None,
    number: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The closing of a till, of one user's sales where stated; `at` is local to the company, now where left out."""
    moment = at or _now(connection, company)
    document: dict[str, Any] = {
        "type": "pos_closing",
        "company": company_name(connection, company),
        "number": number or f"{profile[:100]} {moment.isoformat(timespec='seconds')}",
        "pos_profile": profile,
        "posting_datetime": moment.isoformat(),
        "actor": actor,
    }
    return document if user is None else {**document, "user": user}


def as_message(document: dict[str, Any], publisher: str) -> Message:
    """A document as a message to accept."""
    return Message(msgspec.json.encode(document), publisher)


def _now(connection: Rows, company: int) -> datetime:
    """The present time in the company's own zone, without its offset."""
    scope = scope_of(connection, company)
    return datetime.now(zone(scope.time_zone if scope is not None else "UTC")).replace(tzinfo=None)
