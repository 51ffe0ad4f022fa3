"""The closing of a till cut off before and after each of its steps, and Redis wiped in the middle of the day: one invoice, no sale lost."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

import pytest

from tests.support.lanes import publish, rows
from tests.support.processes import BEAT, INTAKE, done, running, until, worker
from tests.support.streams import told
from tests.support.subledger import require_mirrored
from tests.support.till import SHOP, cancel, closing, masters, receipt, sale
from worker.app import app, configuration
from worker.bells import Lane
from worker.client import Publisher
from worker.pos_subledger.keys import QUARANTINE
from worker.redis_client import connect
from worker.services.lanes import post_lane
from worker.services.sweeping import sweep
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.database import Database

CLOSING = "worker.services.pos_closing.closing"
CANCELLING = "worker.services.pos_closing.cancelling"
TALLYING = "worker.services.pos_tallying"
STEPS = (
    f"{TALLYING}:untallied_sales",
    f"{TALLYING}:add_sheet",
    f"{TALLYING}:next_untallied",
    f"{CLOSING}:choose",
    f"{CLOSING}:file_documents",
    f"{CLOSING}:post_planned",
    f"{CLOSING}:consolidate_sales",
    f"{CLOSING}:quarantine_sales",
    f"{CLOSING}:end_sessions",
    f"{CLOSING}:store_certificate",
    "worker.services.deciding:save_lane",
    "worker.services.posting:_batch",
    "worker.services.pos_mirror:states_of_sales",
    "worker.pos_subledger.subledger:Subledger.seal",
    "worker.pos_subledger.subledger:Subledger.drain",
    "worker.outcomes:Outcomes.publish",
    "worker.services.posting:note_published",
)
SHORT = (
    f"{TALLYING}:add_sheet",
    f"{CLOSING}:file_documents",
    f"{CLOSING}:consolidate_sales",
    "worker.services.posting:_batch",
    "worker.pos_subledger.subledger:Subledger.drain",
)
SALES = 12


def opened(settings: Settings) -> Tools:
    app.conf.update(configuration(settings))
    return open_tools(settings, app)


def cut_off_at(settings: Settings, step: str, when: str) -> None:
    """Close the till with the worker killed at a step, then let another worker go on; the books must be as if nothing had happened."""
    with opened(settings) as tools:
        sell(tools)
        publish(tools.database, [closing("C-1"), sale("S-late", ("Apple", 1, 3), at="2026-03-01T21:00")])
        killed_at(settings, step, when)
        sweep(tools)
        post_lane(tools, Lane(1, SHOP))
        require_one_closing(tools)


def sell(tools: Tools) -> None:
    """A morning's sales, one of them of an item that is withdrawn before the till closes."""
    items = ("Apple", "Bread", "Cake")
    stock = receipt("PR-1", *((item, 50, cost) for item, cost in zip(items, (2, 1, 4), strict=True)))
    publish(tools.database, [*masters(items=items), stock])
    publish(tools.database, [sale(f"S-{n}", ("Apple", 1, 3), ("Bread", 2, "1.50")) for n in range(SALES)])
    publish(tools.database, [sale("S-odd", ("Cake", 1, 9))])
    post_lane(tools, Lane(1, SHOP))
    publish(tools.database, [{"type": "item", "company": SHOP, "code": "Cake", "disabled": True}])


def killed_at(settings: Settings, step: str, when: str) -> None:
    """A worker takes a turn at the shop's lane and is killed before or after this step."""
    status, said = done(settings, "-m", "tests.support.kill_at", step, when)
    assert status == -signal.SIGKILL, said


def require_one_closing(tools: Tools) -> None:
    """Every sale once, in one invoice; both ledgers, the sub-ledger and the outcomes say the same."""
    statuses = dict(rows(tools.database, "SELECT number, status FROM books.document_status"))
    assert {statuses[f"S-{n}"] for n in range(SALES)} == {"consolidated"}
    assert (statuses["S-late"], statuses["S-odd"]) == ("open", "quarantined")
    assert [number for number in statuses if number.startswith("C-1-")] == ["C-1-1"]
    assert rows(
        tools.database,
        "SELECT item, sum(qty) FROM books.stock_ledger WHERE voucher = 'C-1-1' GROUP BY item ORDER BY item",
    ) == [("Apple", -SALES), ("Bread", -2 * SALES)]
    assert rows(
        tools.database, "SELECT debit FROM books.general_ledger WHERE voucher = 'C-1-1' AND account = 'Cash'"
    ) == [(6 * SALES,)]
    assert require_mirrored(tools) == {"Apple": 1_000_000, "Cake": 1_000_000}
    assert tools.subledger.totals(1, QUARANTINE)["sales"] == 1
    final = {outcome["number"]: outcome["status"] for outcome in told(tools.redis)}
    assert {final[f"S-{n}"] for n in range(SALES)} == {"consolidated"}
    assert final["C-1"] == final["C-1-1"] == "posted"
    assert final["S-odd"] == "quarantined"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", SHORT)
def test_a_closing_cut_off_at_a_step_is_done_once(settings: Settings, step: str, when: str) -> None:
    cut_off_at(settings, step, when)


@pytest.mark.drill
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [step for step in STEPS if step not in SHORT])
def test_a_closing_cut_off_at_any_step_is_done_once(settings: Settings, step: str, when: str) -> None:
    cut_off_at(settings, step, when)


@pytest.mark.parametrize(
    ("step", "when"),
    [
        pytest.param(f"{CANCELLING}:reopen_sales", "after", marks=pytest.mark.drill),
        ("worker.services.posting:_batch", "after"),
        ("worker.pos_subledger.subledger:Subledger.accept", "after"),
        pytest.param("worker.outcomes:Outcomes.publish", "before", marks=pytest.mark.drill),
    ],
)
def test_the_cancel_of_a_closing_cut_off_at_a_step_opens_every_sale_once(
    settings: Settings, step: str, when: str
) -> None:
    with opened(settings) as tools:
        sell(tools)
        publish(tools.database, [closing("C-1")])
        post_lane(tools, Lane(1, SHOP))
        assert require_mirrored(tools) == {"Cake": 1_000_000}
        publish(tools.database, [cancel("X-1", "pos_closing", "C-1")])
        killed_at(settings, step, when)
        sweep(tools)
        post_lane(tools, Lane(1, SHOP))
        assert require_mirrored(tools) == {
            "Apple": SALES * 1_000_000,
            "Bread": 2 * SALES * 1_000_000,
            "Cake": 1_000_000,
        }
        final = {outcome["number"]: outcome["status"] for outcome in told(tools.redis)}
        assert {final[f"S-{n}"] for n in range(SALES)} == {"open"}
        assert final["C-1"] == final["C-1-1"] == "cancelled"
        assert rows(tools.database, "SELECT sum(qty) FROM books.stock_ledger WHERE voucher = 'C-1-1'") == [(0,)]


def test_redis_wiped_in_mid_day_loses_no_sale(settings: Settings) -> None:
    hasty = replace(settings, sweep_seconds=1, lease_seconds=2)
    publisher = Publisher(str(hasty.redis_url))
    morning = [sale(f"S-{n}", ("Apple", 1, 3)) for n in range(30)]
    evening: list[Any] = [sale(f"E-{n}", ("Apple", 1, 3), at="2026-03-01T15:00") for n in range(10)]
    with (
        running(hasty, INTAKE, worker("worker"), BEAT),
        Database(str(hasty.database_url)) as books,
        connect(str(hasty.redis_url)) as redis,
    ):
        publisher.wait(publisher.submit_many([*masters(), receipt("PR-1", ("Apple", 100, 2)), *morning]))
        redis.flushdb()
        publisher.submit_many(evening)
        until(lambda: len(_open(books)) == 40)
        with opened(hasty) as tools:
            until(lambda: sum(tools.subledger.reserved(1).values()) == 40_000_000)
        publisher.submit(closing("C-1"))
        until(lambda: not _open(books))
        assert rows(books, "SELECT sum(qty) FROM books.stock_ledger WHERE voucher = 'C-1-1'") == [(-40,)]
        assert rows(books, "SELECT count(*) FROM pos_invoice WHERE status = 'consolidated'") == [(40,)]


def _open(books: Database) -> list[tuple[Any, ...]]:
    return rows(books, "SELECT voucher_id FROM pos_invoice WHERE status = 'open'")
