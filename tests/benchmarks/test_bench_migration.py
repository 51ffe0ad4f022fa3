"""Going over to perpetual inventory against the floor: adding up the very same rows, with nothing decided."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from tests.support.lanes import number_of, post_all, publish
from tests.support.servers import Database as FreshDatabase
from worker.services.migration import Choice, apply_plan, make_plan, roll_back
from worker.store.database import Database

MOVEMENTS = 1_000_000
ITEMS, LINES = 2_000, 100
WAREHOUSES = ("North", "South", "East", "West")


@pytest.mark.bench
def test_a_million_movements(database: FreshDatabase, ratios: Any) -> None:
    with (
        Database(database.worker_url, statement_seconds=1200) as books,
        Database(database.admin_url, statement_seconds=1200) as admin,
    ):
        company = fill(books, admin)
        told: list[int] = []
        begun = time.monotonic()
        plan = make_plan(books, company, Choice(date(2024, 12, 31)), lambda done, _all: told.append(done))
        planned = time.monotonic() - begun
        assert plan.content["missing"] == []
        assert told[-1] == MOVEMENTS
        assert len(told) > 3, "progress is told on the way"
        begun = time.monotonic()
        apply_plan(books, company, plan.number)
        applied = time.monotonic() - begun
        floor = add_up(admin, company)
        roll_back(books, company)
    ratios.compare(f"plan of {MOVEMENTS:,} movements", [planned], [floor], most=12, unit=MOVEMENTS)
    ratios.compare("applying it, with the proof from the rows", [applied], [floor], most=4, unit=MOVEMENTS)
    ratios.at_most("plan and apply together", planned + applied, 30, "s")


def fill(books: Database, admin: Database) -> int:
    """Receipts of a hundred lines through the service, then as many copies of them, one after the other, as make up the movements."""
    masters: list[dict[str, Any]] = [
        {"type": "company", "name": "Grocery", "currency": "INR", "perpetual_inventory": False},
        *({"type": "warehouse", "company": "Grocery", "name": name} for name in WAREHOUSES),
        *({"type": "item", "company": "Grocery", "code": f"I{number}"} for number in range(ITEMS)),
    ]
    publish(books, masters)
    publish(books, [_receipt(number) for number in range(ITEMS // LINES)])
    post_all(books)
    company = number_of(books)
    with admin.transaction() as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        for table, columns, shift in _COPIED:
            names = [name.split(" AS ")[-1] for name in columns]
            connection.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(name.split(' AS ')[0] for name in columns)} "
                f"FROM {table} CROSS JOIN generate_series(1, {MOVEMENTS // ITEMS - 1}) AS copy WHERE company_id = {company} "
                f"ORDER BY copy, {shift}"
            )
        connection.execute(
            "UPDATE lane SET last_movement = %s, decided_sequence = %s WHERE company_id = %s",
            [MOVEMENTS, MOVEMENTS // LINES, company],
        )
        connection.execute(
            "UPDATE intake_counter SET last_sequence = %s WHERE company_id = %s", [MOVEMENTS // LINES, company]
        )
    with admin.transaction() as connection:
        connection.execute("ANALYZE")
    return company


def add_up(admin: Database, company: int) -> float:
    """Seconds that one statement takes to add up the movements by item."""
    begun = time.monotonic()
    with admin.transaction() as connection:
        connection.execute(
            "SELECT item_id, account_id, sum(value) FROM stock_movement JOIN chain USING (company_id, chain_id) "
            "WHERE company_id = %s GROUP BY 1, 2",
            [company],
        ).fetchall()
    return time.monotonic() - begun


def _receipt(number: int) -> dict[str, Any]:
    lines = [
        {"item": f"I{number * LINES + line}", "warehouse": WAREHOUSES[line % 4], "qty": 10, "rate": 5}
        for line in range(LINES)
    ]
    at = f"2024-01-{number % 28 + 1:02d}T09:00:00"
    return {
        "type": "purchase_receipt", "company": "Grocery", "number": f"PR-{number}", "posting_datetime": at, "supplier": "Mill",
        "lines": lines,
    }  # fmt: skip


_VOUCHERS = ITEMS // LINES
_SHIFTED = f"voucher_id + copy * {_VOUCHERS}"
_MOVEMENT = (
    "line_no chain_id posting_at posting_date qty value basis account_id contra_id cost_center_id dimensions_id batch_id source_id "
    "stated weight counted_qty counted_rate provisional"
)
_COPIED = (
    (
        "stock_movement",
        ("company_id", f"movement_id + copy * {ITEMS} AS movement_id", f"{_SHIFTED} AS voucher_id", *_MOVEMENT.split()),
        "movement_id",
    ),
    (
        "voucher",
        (
            "company_id", f"{_SHIFTED} AS voucher_id", "type", "number || '-' || copy AS number", "series_year",
            f"series_no + copy * {_VOUCHERS} AS series_no", "posting_at", "posting_date", "reverses",
            f"regexp_replace(figures::text, '\"of\":[0-9]+', '\"of\":' || ({_SHIFTED}), 'g')::json AS figures", "batch_no",
            f"batch_line + copy * {_VOUCHERS} AS batch_line", "posted_at",
        ),
        "voucher_id",
    ),
    (
        "document",
        (
            "company_id", f"sequence + copy * {_VOUCHERS} AS sequence", "acceptance", "type", "number || '-' || copy AS number",
            "size", "payload", "content_hash", "publisher", "message_id", "received_at",
        ),
        "sequence",
    ),
)  # fmt: skip
