"""Slots: what was done for which business date; one row each, whoever rings and however often."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from worker.store.database import Rows

_json = msgspec.json.Encoder().encode


def last_slot(connection: Rows, company: int, job: str) -> date | None:
    """The last business date that a job was done for."""
    row = connection.execute(
        "SELECT max(business_date) FROM slot WHERE company_id = %s AND job = %s AND finished_at IS NOT NULL",
        [company, job],
    ).fetchone()
    return None if row is None else row[0]


def finish_slot(connection: Rows, company: int, job: str, day: date, due_at: datetime, result: dict[str, Any]) -> None:
    """Note that a job is done for a business date; the first note stands."""
    connection.execute(
        "INSERT INTO slot (company_id, job, business_date, due_at, claimed_at, finished_at, result) "
        "VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp(), %s) ON CONFLICT DO NOTHING",
        [company, job, day, due_at, _json(result).decode()],
    )
