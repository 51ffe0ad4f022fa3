"""What operators did at the desk: asked for, and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from worker.store.database import Rows

_json = msgspec.json.Encoder().encode


class Asked(NamedTuple):
    """Who asked for what, where from; `type` and `number` name the document that it is about, where there is one."""

    user: str
    address: str
    action: str
    type: str = ""
    number: str = ""
    details: dict[str, Any] = {}


class Action(NamedTuple):
    """One action as the list shows it; `answer` is what came of it, None where that was never told."""

    action_id: str
    at: datetime
    company: str
    user: str
    address: str
    action: str
    type: str
    number: str
    details: dict[str, Any]
    answer: dict[str, Any] | None


def write_step(connection: Rows, company: int, action_id: str, step: int, asked: Asked) -> None:
    """Append what was asked for (step 0), or with the answer as its details what came of it (step 1)."""
    connection.execute(
        "INSERT INTO desk_action (company_id, action_id, step, at, user_name, address, action, type, number, details) "
        "VALUES (%s, %s, %s, clock_timestamp(), %s, %s, %s, %s, %s, %s)",
        [
            company, action_id, step, asked.user, asked.address, asked.action, asked.type, asked.number,
            _json(asked.details).decode(),
        ],
    )  # fmt: skip


_ACTION = (
    "SELECT a.action_id, a.at, c.name, a.user_name, a.address, a.action, a.type, a.number, a.details, r.details "
    "FROM desk_action a JOIN company c USING (company_id) "
    "LEFT JOIN desk_action r ON r.company_id = a.company_id AND r.action_id = a.action_id AND r.step = 1 "
)


def action_page(
    connection: Rows, company: int, *, before: tuple[datetime, str] | None = None, limit: int = 50
) -> list[Action]:
    """What was done in a company (0: at the desk itself), newest first; `before` is the last of the page before."""
    found = connection.execute(
        f"{_ACTION}WHERE a.company_id = %(company)s AND a.step = 0 "
        "AND (%(at)s::timestamptz IS NULL OR (a.at, a.action_id) < (%(at)s, %(id)s)) "
        "ORDER BY a.at DESC, a.action_id DESC LIMIT %(limit)s",
        {
            "company": company, "at": before[0] if before else None, "id": before[1] if before else "", "limit": limit,
        },
    )  # fmt: skip
    return [Action(*row) for row in found]


def actions_about(connection: Rows, company: int, type_: str, number: str) -> list[Action]:
    """What was done with one document, oldest first."""
    found = connection.execute(
        f"{_ACTION}WHERE a.company_id = %s AND a.number = %s AND a.number <> '' AND a.type = %s AND a.step = 0 ORDER BY a.at",
        [company, number, type_],
    )
    return [Action(*row) for row in found]
