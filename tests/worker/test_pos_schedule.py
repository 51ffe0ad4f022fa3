"""Tills that close by the clock: each business date once, however often and late it is rung."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.lanes import rows
from tests.support.till import SHOP, masters, receipt, sale
from worker.app import app, configuration
from worker.bells import Lane
from worker.services.lanes import post_lane
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


def taken_up(tools: Tools) -> dict[str, list[str]]:
    """The sales of each closing that was posted, and those that wait."""
    post_lane(tools, Lane(1, SHOP))
    found = rows(
        tools.database,
        "SELECT coalesce(c.number, 'open'), v.number FROM pos_invoice s JOIN voucher v USING (company_id, voucher_id) "
        "LEFT JOIN voucher c ON c.company_id = s.company_id AND c.voucher_id = s.closing_id AND s.closing_id <> 0 ORDER BY v.number",
    )
    taken: dict[str, list[str]] = {}
    for closing_number, number in found:
        taken.setdefault(closing_number, []).append(number)
    return taken


def posted_on(tools: Tools) -> list[tuple[str, str]]:
    """When each consolidated invoice was posted, where the shop is."""
    return [
        (number, at)
        for number, at in rows(
            tools.database,
            "SELECT number, (posting_at AT TIME ZONE 'Europe/Berlin')::text FROM voucher WHERE type = 'sales_invoice' ORDER BY voucher_id",
        )
    ]


def test_a_bars_night_is_posted_on_the_day_it_opened_whatever_was_sold_after_midnight(tools: Tools) -> None:
    """The night on which clocks go back: half past two comes twice, and the bar closes the first time."""
    submit(tools, [masters(opens_at="17:00", closes_at="02:30")[-1]])
    sold = {
        "A": "2026-10-24T23:59:59.900",
        "B": "2026-10-25T00:30",
        "C": "2026-10-25T02:30+02:00",
        "D": "2026-10-25T02:30+01:00",
        "E": "2026-10-25T18:00",
        "F": "2026-10-26T02:29:59.999999",
    }
    submit(tools, [sale(number, ("Apple", 1, 3), at=when) for number, when in sold.items()])
    before, after = datetime(2026, 10, 25, 0, 29, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    close_due(tools, datetime(2026, 10, 23, 12, tzinfo=UTC))
    assert close_due(tools, before) == "no closing is due"
    assert close_due(tools, after) == "1 closings were sent: Till 2026-10-24"
    assert taken_up(tools) == {"Till 2026-10-24": ["A", "B", "C"], "open": ["D", "E", "F"]}
    assert close_due(tools, datetime(2026, 10, 26, 1, 30, tzinfo=UTC)) == "1 closings were sent: Till 2026-10-25"
    assert taken_up(tools)["Till 2026-10-25"] == ["D", "E", "F"]
    assert posted_on(tools) == [
        ("Till 2026-10-24-1", "2026-10-24 23:59:59.999999"), ("Till 2026-10-25-1", "2026-10-25 23:59:59.999999")
    ]  # fmt: skip


def test_an_hour_that_the_clock_skips_closes_the_till_when_it_would_have_been(tools: Tools) -> None:
    submit(tools, [masters(opens_at="01:00", closes_at="02:30")[-1]])
    submit(
        tools,
        [
            sale("A", ("Apple", 1, 3), at="2026-03-29T01:59"),
            sale("B", ("Apple", 1, 3), at="2026-03-29T02:30"),  # which nobody's clock showed: half past three
            sale("C", ("Apple", 1, 3), at="2026-03-29T03:31"),
        ],
    )
    close_due(tools, datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert close_due(tools, datetime(2026, 3, 29, 1, 29, tzinfo=UTC)) == "no closing is due"
    assert close_due(tools, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) == "1 closings were sent: Till 2026-03-29"
    assert taken_up(tools) == {"Till 2026-03-29": ["A", "B"], "open": ["C"]}
    assert posted_on(tools) == [("Till 2026-03-29-1", "2026-03-29 03:30:00")]


def test_a_till_that_closes_at_midnight_keeps_its_days_apart_when_several_are_overdue(tools: Tools) -> None:
    submit(tools, [masters(opens_at="00:00", closes_at="00:00")[-1]])
    submit(
        tools,
        [
            sale("A", ("Apple", 1, 3), at="2026-03-01T23:59:59.9"),
            sale("B", ("Apple", 1, 3), at="2026-03-02T00:00:00.000001"),
            sale("C", ("Apple", 1, 3), at="2026-03-02T23:59:59.999999"),
            sale("D", ("Apple", 1, 3), at="2026-03-03T00:00:01"),
        ],
    )
    assert close_due(tools, at(3, 12)) == "2 closings were sent: Till 2026-03-01, Till 2026-03-02"
    assert taken_up(tools) == {"Till 2026-03-01": ["A"], "Till 2026-03-02": ["B", "C"], "open": ["D"]}
    assert [when[:10] for _, when in posted_on(tools)] == ["2026-03-01", "2026-03-02"]
