"""PostgreSQL and Valkey killed while a till closes, before and after each step: each day is one invoice, no sale is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.lanes import publish, rows
from tests.support.processes import done
from tests.support.subledger import require_mirrored
from tests.support.till import SHOP, back, closing, masters, receipt, sale
from worker import embedded
from worker.bells import Lane
from worker.broker import sender
from worker.embedded import new_throwaway_folder, postgres, valkey
from worker.embedded.account import Account
from worker.embedded.home import Home
from worker.services.lanes import post_lane
from worker.services.sweeping import sweep
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.databases import migrate
from worker.store.nights.sales import Counted, account_for_sales

CLOSING = "worker.services.pos_closing.closing"
POSTGRESQL_AT = (
    (f"{CLOSING}:choose", "before"),
    (f"{CLOSING}:file_documents", "after"),
    (f"{CLOSING}:consolidate_sales", "after"),
    ("worker.services.deciding:save_lane", "after"),
    ("worker.services.posting:_batch", "after"),
    ("worker.outcomes:Outcomes.publish", "after"),
)
VALKEY_AT = (
    (f"{CLOSING}:consolidate_sales", "before"),
    ("worker.pos_subledger.subledger:Subledger.seal", "before"),
    ("worker.pos_subledger.subledger:Subledger.drain", "before"),
    ("worker.pos_subledger.subledger:Subledger.drain", "after"),
    ("worker.outcomes:Outcomes.publish", "after"),
)
SALES = 9


@dataclass(frozen=True)
class Servers:
    """Servers of a test's own, which it may kill."""

    home: Home
    settings: Settings
    durable: bool

    def number(self, which: str) -> int:
        """The process number of a server."""
        pid = (postgres if which == "postgresql" else valkey).status(self.home).pid
        assert pid is not None
        return int(pid)

    def start(self) -> None:
        """Start whichever was killed."""
        embedded.ensure_running(self.home.path, durable=self.durable)


@pytest.fixture(params=[pytest.param(False, id="forgetful"), pytest.param(True, id="durable", marks=pytest.mark.drill)])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Servers]:
    """With and without what Valkey writes to its disk: a forgetful one has lost the whole sub-ledger."""
    durable = bool(request.param)
    with embedded.throwaway(new_throwaway_folder(), durable=durable) as endpoints:
        migrate.upgrade(endpoints.owner_database_url)
        # A server that is killed has what it said it had committed; one that says so first, and writes a moment later, has not.
        with psycopg.connect(endpoints.admin_database_url, autocommit=True) as admin:
            admin.execute("ALTER ROLE ALL SET synchronous_commit = on")
        settings = Settings(
            database_url=endpoints.database_url,
            owner_database_url=endpoints.owner_database_url,
            redis_url=endpoints.redis_url,
            broker_url=endpoints.redis_url,
            home=tmp_path,
        )
        yield Servers(Home(endpoints.home, Account.current()), settings, durable)


@pytest.mark.parametrize(("which", "steps"), [("postgresql", POSTGRESQL_AT), ("valkey", VALKEY_AT)])
def test_a_server_killed_while_a_till_closes_costs_no_sale(
    servers: Servers, which: str, steps: tuple[tuple[str, str], ...]
) -> None:
    with open_tools(servers.settings, sender(str(servers.settings.broker_url))) as tools:
        publish(tools.database, [*masters(), receipt("PR-1", ("Apple", 500, 2))])
        for day, (step, when) in enumerate(steps, 2):
            _sell(tools, day)
            publish(tools.database, [closing(f"C-{day}", at=f"2026-03-{day:02d}T20:00")])
            _, said = done(servers.settings, "-m", "tests.support.kill_at", step, when, str(servers.number(which)))
            assert "Unavailable" in said, f"{step}: the server's end was not noticed: {said}"
            servers.start()
            sweep(tools)
            post_lane(tools, Lane(1, SHOP))
            _require_closed_once(tools, day)
        with tools.database.transaction() as connection:
            counted = account_for_sales(connection, 1, Counted())
    assert counted.states == {"consolidated": SALES * len(steps), "open": len(steps)}


def _sell(tools: Tools, day: int) -> None:
    """A day's sales, the last of which is brought back; and one after the hour of the closing."""
    at = {"at": f"2026-03-{day:02d}T10:00"}
    sold: list[dict[str, Any]] = [sale(f"S-{day}-{n}", ("Apple", 2, 3), **at) for n in range(SALES - 1)]
    late = sale(f"L-{day}", ("Apple", 1, 3), at="2026-03-31T21:00")
    publish(tools.database, [*sold, back(f"B-{day}", f"S-{day}-0", ("Apple", 1, 3), **at), late])
    post_lane(tools, Lane(1, SHOP))


def _require_closed_once(tools: Tools, day: int) -> None:
    invoice = f"C-{day}-1"
    qty = -2 * (SALES - 1) + 1
    assert rows(
        tools.database, "SELECT count(*), sum(qty) FROM books.stock_ledger WHERE voucher LIKE %s", f"C-{day}-%"
    ) == [(1, qty)]
    assert rows(
        tools.database, "SELECT debit FROM books.general_ledger WHERE voucher = %s AND account = 'Cash'", invoice
    ) == [(-3 * qty,)]
    assert require_mirrored(tools) == {"Apple": (day - 1) * 1_000_000}
    assert sum(tools.subledger.totals(1, session)["sales"] for session in tools.subledger.sessions(1)) == day - 1
