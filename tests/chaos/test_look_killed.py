"""The night's look killed at its steps, a full one and one at what came in: whoever goes on says the same, and nothing counts twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from domain.reconciliation import CauseKind, Reconciliation
from tests.support.differences import alter
from tests.support.kill_look import CHUNK_ROWS
from tests.support.lanes import rows
from tests.support.nights import due_at, finished, first_day, lane_of, let_leases_pass, recipient
from tests.support.processes import done
from tests.support.servers import Database as FreshDatabase
from tests.support.till import SHOP, masters, receipt
from worker.app import app, configuration
from worker.services.nightly import tick, work
from worker.services.reconciliation import anew, reconcile
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.nights.slots import NIGHT_JOBS
from worker.store.reconciliation.verdicts import of_night, trend

Json = dict[str, Any]
Step = tuple[str, str]

LOOK, ANEW = "worker.services.reconciliation.running", "worker.services.reconciliation.anew"
CHUNKS = ("add_up", "add_apart", "check_rows", "lay_down_pass", "_chunk")
OF_ANY_LOOK = ("add_up", "check_rows", "wait_for_lane", "set_mark", "prove", "settle", "record", "release_waiting")
TOLD = ("worker.services.nightly.comparing:run", "after")  # the verdict stands, and the night does not know of it
SUMS = ("stock_account_day", "chain_total", "open_receipt", "open_receipt_day")


@pytest.fixture
def tools(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    """A shop whose journals by hand are allowed; its books are large ones, as they are for the workers that are killed."""
    monkeypatch.setattr(anew, "CHUNK_ROWS", CHUNK_ROWS)
    monkeypatch.setattr(anew, "SMALL_ROWS", 0)
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        company, *rest = masters()
        submit(opened, [{**company, "stock_journals": "allow"}, *rest, recipient("Ada")])
        yield opened


def killed_and_gone_on_with(
    tools: Tools, settings: Settings, database: FreshDatabase, *steps: Step, is_full: bool
) -> None:
    """Kill the look of a night at these steps, one worker after the other, and require what an undisturbed one would have said."""
    day = first_day(tools)
    if not is_full:
        submit(tools, [receipt("PR-0", ("Apple", 10, 2))])
        pass_night(tools, day)
        day += timedelta(days=1)
    for place in range(1, 5):
        submit(tools, [receipt(f"PR-{place}", ("Apple", place, 2), ("Bread", 1, 3))])
    submit(tools, [journal_by_hand()])
    of_pr_2 = "voucher_id = (SELECT voucher_id FROM voucher WHERE number = 'PR-2')"
    alter(database.admin_url, f"UPDATE gl_entry SET debit = debit + 3 WHERE credit > 0 AND {of_pr_2}")
    tick(tools, due_at(tools, day))
    for step, when in steps:
        killed_at(tools, settings, day, step, when)
        let_leases_pass(database)
    pass_night(tools, day)
    said = require_told_once(tools, day, is_full=is_full)
    pass_night(tools, day + timedelta(days=1))
    assert require_told_once(tools, day, day + timedelta(days=1), is_full=None) == said
    sums = sums_in_use(tools)
    with_everything_anew = reconcile(tools.database, 1, night=day + timedelta(days=1), full=True)
    assert told(with_everything_anew) == said
    assert sums_in_use(tools) == sums


def journal_by_hand() -> Json:
    lines = [{"account": "Stock In Hand", "debit": 7}, {"account": "Stock Adjustment", "credit": 7}]
    return {"type": "journal_entry", "company": SHOP, "number": "JE-1", "posting_datetime": "2026-03-01T12:00", "lines": lines}  # fmt: skip


def killed_at(tools: Tools, settings: Settings, day: date, step: str, when: str) -> None:
    """A worker takes a turn at the night and is killed before or after this step."""
    status, said = done(settings, "-m", "tests.support.kill_look", step, when, due_at(tools, day).isoformat())
    assert status == -signal.SIGKILL, said
    assert "reconciliation" not in finished(tools, day)


def pass_night(tools: Tools, day: date) -> None:
    now = due_at(tools, day)
    tick(tools, now)
    work(tools, lane_of(tools), now)
    assert finished(tools, day) == NIGHT_JOBS


def require_told_once(tools: Tools, *nights: date, is_full: bool | None) -> object:
    """The verdict of the last of these nights is the one there is; the entry that mends it and each night's mail are there once."""
    with tools.database.transaction() as connection:
        seen = of_night(connection, 1, nights[-1])
        assert [one.night for one in trend(connection, 1)][-len(nights) :] == list(nights)
    assert seen is not None
    assert is_full is None or seen.is_full == is_full
    (account,) = seen.accounts
    assert (seen.verdict, account.difference, account.first_night) == ("out_of_sync", -700, nights[0])
    (cause,) = seen.causes
    assert (cause.voucher, cause.kind, cause.amount, cause.proposal) == ("JE-1", CauseKind.JOURNAL_BY_HAND, -700, 1)
    (finding,) = seen.findings
    assert (finding.code, finding.first_night) == ("DebitCreditMismatch", nights[0])
    assert "purchase receipt PR-2" in finding.message
    assert rows(tools.database, "SELECT status, difference FROM sync_proposal") == [("proposed", -700)]
    mailed = "SELECT count(*), count(DISTINCT notice_id) FROM mail JOIN notice USING (company_id, notice_id) WHERE business_date = ANY(%s)"
    assert rows(tools.database, mailed, list(nights)) == [(len(nights), len(nights))]
    return told(seen)


def told(seen: Reconciliation) -> object:
    """What a look says, whenever it was and however it came to it; ages are those of its night, so they are left out."""
    figures = {name: figure for name, figure in seen.figures.items() if name != "received_not_billed"}
    return seen.verdict, seen.accounts, seen.causes, seen.findings, figures


def sums_in_use(tools: Tools) -> dict[str, list[tuple[Any, ...]]]:
    """What is kept for the next look, in one order; a full look under way has begun anew beside it."""
    return {table: sorted(rows(tools.database, f"SELECT (t.*)::text FROM {table} t WHERE NOT anew")) for table in SUMS}


def test_a_full_look_killed_at_its_steps_says_what_it_would_have_said(
    tools: Tools, settings: Settings, database: FreshDatabase
) -> None:
    steps = ((f"{ANEW}:_chunk", "after"), (f"{ANEW}:lay_down_pass", "after"), (f"{LOOK}:take_place", "after"))
    killed_and_gone_on_with(tools, settings, database, *steps, is_full=True)


def test_a_look_at_what_came_in_killed_at_its_steps_says_what_it_would_have_said(
    tools: Tools, settings: Settings, database: FreshDatabase
) -> None:
    """The last of them has committed its verdict: the look that follows finds nothing new, and says the same."""
    steps = ((f"{LOOK}:prove", "after"), (f"{LOOK}:record", "after"), TOLD)
    killed_and_gone_on_with(tools, settings, database, *steps, is_full=False)


@pytest.mark.drill
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "step", [*(f"{ANEW}:{name}" for name in CHUNKS), *(f"{LOOK}:{name}" for name in ("take_place", *OF_ANY_LOOK))]
)
def test_a_full_look_killed_at_any_step(
    tools: Tools, settings: Settings, database: FreshDatabase, step: str, when: str
) -> None:
    killed_and_gone_on_with(tools, settings, database, (step, when), is_full=True)


@pytest.mark.drill
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [*(f"{ANEW}:{name}" for name in CHUNKS), *(f"{LOOK}:{name}" for name in OF_ANY_LOOK)])
def test_a_look_at_what_came_in_killed_at_any_step(
    tools: Tools, settings: Settings, database: FreshDatabase, step: str, when: str
) -> None:
    killed_and_gone_on_with(tools, settings, database, (step, when), is_full=False)
