"""Tills that close by the clock: each business date once, however often and late it is rung."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.lanes import rows
from tests.support.till import masters, receipt, sale
from worker.app import app, configuration
from worker.services.pos_schedule import close_due
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        submit(opened, [*masters(opens_at="08:00", closes_at="20:00"), receipt("PR-1", ("Apple", 10, 2))])
        yield opened


def at(day: int, hour: int) -> datetime:
    """An hour of March 2026 in UTC; Berlin is one hour ahead."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def closings(tools: Tools) -> list[tuple[str, str]]:
    submit(tools, [])
    found = rows(
        tools.database, "SELECT number, status FROM books.document_status WHERE type = 'pos_closing' ORDER BY sequence"
    )
    return [(number, status) for number, status in found]


def test_a_till_closes_at_its_hour_and_only_once(tools: Tools) -> None:
    submit(tools, [sale("S-1", ("Apple", 1, 3)), sale("S-2", ("Apple", 1, 3), at="2026-03-01T20:30")])
    assert close_due(tools, at(1, 18)) == "no closing is due"
    assert close_due(tools, at(1, 19)) == "1 closings were sent: Till 2026-03-01"
    assert close_due(tools, at(1, 19)) == close_due(tools, at(2, 10)) == "no closing is due"
    submit(tools, [sale("S-3", ("Apple", 1, 3), at="2026-03-02T09:00")])
    assert closings(tools) == [("Till 2026-03-01", "posted")]
    statuses = dict(rows(tools.database, "SELECT number, status FROM books.document_status WHERE type = 'pos_invoice'"))
    assert statuses == {"S-1": "consolidated", "S-2": "open", "S-3": "open"}
    ((posted_on,),) = rows(
        tools.database,
        "SELECT DISTINCT posting_date::text FROM books.general_ledger WHERE voucher_type = 'sales_invoice'",
    )
    assert posted_on == "2026-03-01"


def test_missed_nights_are_caught_up_each_with_the_sales_of_its_own_day(tools: Tools) -> None:
    submit(tools, [sale("S-1", ("Apple", 1, 3)), sale("S-2", ("Apple", 1, 3), at="2026-03-03T09:00")])
    assert close_due(tools, at(5, 6)).startswith("4 closings were sent: Till 2026-03-01, Till 2026-03-02, ")
    submit(tools, [sale("S-3", ("Apple", 1, 3), at="2026-03-05T09:00")])
    invoices = rows(
        tools.database,
        "SELECT number, posting_date::text FROM voucher WHERE type = 'sales_invoice' ORDER BY voucher_id",
    )
    assert invoices == [("Till 2026-03-01-1", "2026-03-01"), ("Till 2026-03-03-1", "2026-03-03")]
