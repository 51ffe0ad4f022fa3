"""Nights of a shop in short words: when they are, and what the slots say of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from tests.support.servers import Database as FreshDatabase
from tests.support.till import SHOP
from worker.bells import Lane
from worker.services.nightly.calendar import CompanyNights, all_nights
from worker.services.tools import Tools
from worker.store.nights.slots import NIGHT_JOBS

Json = dict[str, Any]


def nights_of(tools: Tools, company: str = SHOP) -> CompanyNights:
    """A company's hours."""
    with tools.database.transaction() as connection:
        return next(one for one in all_nights(connection) if one.company == company)


def lane_of(tools: Tools, company: str = SHOP) -> Lane:
    """A company's lane."""
    return Lane(nights_of(tools, company).company_id, company)


def first_day(tools: Tools, company: str = SHOP) -> date:
    """The business date of the company's first night."""
    hours = nights_of(tools, company)
    late = datetime.now(UTC) + timedelta(days=3)
    return next(hours.due(late, None)).business_date


def due_at(tools: Tools, day: date, company: str = SHOP) -> datetime:
    """When the night of a business date begins."""
    return nights_of(tools, company).night_of(day).due_at


def slots(tools: Tools, day: date) -> dict[str, Json]:
    """What the rows of a night say, by job, in the order of the night."""
    with tools.database.transaction() as connection:
        found = connection.execute(
            "SELECT job, due_at, claimed_at, finished_at, mailed_at, alerted_at, fence, attempts, coalesce(result, '{}') FROM slot "
            "WHERE business_date = %s AND job = ANY(%s) ORDER BY array_position(%s, job)",
            [day, NIGHT_JOBS, NIGHT_JOBS],
        ).fetchall()
    names = ("due_at", "claimed_at", "finished_at", "mailed_at", "alerted_at", "fence", "attempts", "result")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in found}


def finished(tools: Tools, day: date) -> list[str]:
    """The jobs of a night that are done."""
    return [job for job, slot in slots(tools, day).items() if slot["finished_at"] is not None]


def let_leases_pass(database: FreshDatabase) -> None:
    """Let time pass until whoever held a slot holds it no more."""
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE slot SET lease_until = lease_until - interval '1 hour' WHERE finished_at IS NULL")


def recipient(name: str, company: str = SHOP, **more: Any) -> Json:
    """Somebody who gets mail."""
    return {"type": "recipient", "company": company, "name": name, "email": f"{name.lower()}@example.org", **more}
