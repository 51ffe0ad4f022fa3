"""Full looks in chunks and by shares of a night: whoever goes on with them, and whatever is posted meanwhile, they see all of the books."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from domain.reconciliation import CauseKind
from tests.support.differences import alter, look
from tests.support.lanes import MASTERS, TEA, cancel, delivery, number_of, post_all, publish, receipt, rows
from tests.support.nights import due_at, finished, first_day, lane_of, recipient, slots
from tests.support.processes import until
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.support.streams import doorbells
from tests.support.till import masters
from tests.support.till import receipt as till_receipt
from worker import routes
from worker.app import app, configuration
from worker.services.nightly import comparing, stands_in_words, tick, turns, work
from worker.services.reconciliation import anew, anew_in_words, go_on, tonight
from worker.services.reconciliation.adding import add_up
from worker.services.submission import submit
from worker.services.tools import open_tools
from worker.settings import Settings
from worker.store.database import Database
from worker.store.nights.slots import NIGHT_JOBS

JUNE = date(2024, 6, 30)


@pytest.fixture
def books(database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A dozen batches of documents that a look has seen; chunks and small books are so small that these are large."""
    monkeypatch.setattr(anew, "CHUNK_ROWS", 6)
    monkeypatch.setattr(anew, "SMALL_ROWS", 0)
    with opened(database) as own:
        publish(own, [*MASTERS, TEA, receipt("PR-1", 100), receipt("PR-2", 100, item="Tea")])
        post_all(own)
        for place in range(12):
            publish(own, [delivery(f"DN-{place}", item=("Rice", "Tea")[place % 2])])
            post_all(own)
        assert look(own, night=JUNE).is_full
        yield own


def test_a_full_look_is_gone_on_with_by_anybody_while_posting_goes_on(books: Database, database: FreshDatabase) -> None:
    company, told = number_of(books), list[dict[str, Any]]()
    in_use = rows(books, "SELECT * FROM stock_account_day WHERE NOT anew")
    chunks = 0
    while True:
        with Database(database.worker_url) as worker:
            standing = go_on(worker, company, seconds=0, tell=told.append)
        chunks += 1
        if standing.done >= 1:
            break
        publish(books, [delivery(f"NEW-{chunks}", at="2024-06-17T09:00:00")])
        if chunks == 5:
            publish(books, [cancel("X-1", "delivery_note", "DN-3")])
        if chunks < 8:  # less than chunks take in, so that it comes to an end
            post_all(books)
        assert rows(books, "SELECT * FROM stock_account_day WHERE NOT anew") == in_use
    assert chunks > 5
    done = [one["done"] for one in told]
    assert (done[-1], done) == (1.0, sorted(done))
    assert anew_in_words(told[0]).startswith(f"{done[0]:.0%} of everything read anew, about ")
    taken = look(books, night=JUNE)
    assert (taken.verdict, taken.is_full, taken.findings) == ("in_sync", True, ())
    assert rows(books, "SELECT count(*) FROM sync_pass") == [(0,)]
    assert look(books, night=JUNE, full=True).accounts == taken.accounts


def test_two_that_begin_a_full_look_at_once_add_nothing_up_twice(
    books: Database, database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has begun and not committed when the second comes: it waits, and goes on where the first one stands."""
    waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    first_chunk = iter([True])

    def once_the_other_waits(*asked: Any, **more: Any) -> Any:
        if next(first_chunk, False):
            until(lambda: rows(books, waits))
        return add_up(*asked, **more)

    monkeypatch.setattr(anew, "add_up", once_the_other_waits)
    with opened(database) as other, ThreadPoolExecutor(1) as second:
        company = number_of(books)
        there = second.submit(go_on, other, company)
        assert go_on(books, company).done == 1
        assert there.result().done == 1
    seen = look(books, night=JUNE)
    assert (seen.verdict, seen.is_full, seen.findings) == ("in_sync", True, ())
    kept = "SELECT count(*), count(DISTINCT chain_id), sum(qty) FROM chain_total WHERE NOT anew"
    assert rows(books, kept) == [(2, 2, sum(qty for (qty,) in rows(books, "SELECT qty FROM stock_movement")))]


def test_what_was_altered_long_ago_is_found_within_a_week_of_shares(books: Database, database: FreshDatabase) -> None:
    company = number_of(books)
    altered = (
        "WHERE voucher_id = (SELECT voucher_id FROM voucher WHERE number = 'DN-1') AND credit > 0 AND against_id = 0"
    )
    alter(
        database.admin_url,
        f"UPDATE gl_entry SET credit = credit + 500 WHERE entry_id IN (SELECT min(entry_id) FROM gl_entry {altered})",
    )
    seen, nights = look(books, night=JUNE), 0
    while seen.verdict == "in_sync":
        nights += 1
        go_on(books, company, upto=tonight(books, company))
        seen = look(books, night=JUNE + timedelta(nights))
        assert nights <= anew.NIGHTS
    assert nights > anew.NIGHTS // 2, "no night reads much more than its share"
    (cause,) = seen.causes
    assert (cause.voucher, cause.kind, cause.amount) == ("DN-1", CauseKind.LEG_ALTERED, 500)
    assert {finding.code for finding in seen.findings} == {"DebitCreditMismatch"}
    assert seen.is_full


def test_small_books_are_read_whole_each_night_and_so_are_those_that_missed_a_week(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = number_of(books)
    assert tonight(books, company) == pytest.approx(1 / 7)
    with books.transaction() as connection:
        connection.execute("UPDATE sync_mark SET full_at = full_at - interval '8 days'")
    assert tonight(books, company) == 1.0
    assert look(books).is_full
    assert tonight(books, company) < 1.0
    monkeypatch.setattr(anew, "SMALL_ROWS", 10_000)
    assert tonight(books, company) == 1.0


def test_a_night_goes_on_with_it_by_fresh_tasks_and_says_where_it_stands(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is up after every chunk, so each turn takes one and rings for the next; the look comes when the share is read."""
    monkeypatch.setattr(anew, "CHUNK_ROWS", 2)
    for module in (comparing, turns):
        monkeypatch.setattr(module, "TURN_SECONDS", 0.0)
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as tools:
        submit(tools, [*masters(), recipient("Ada")])
        for place in range(6):
            submit(tools, [till_receipt(f"PR-{place}", ("Apple", 10, 2))])
        day, told, said = first_day(tools), list[dict[str, Any]](), list[str]()
        now = due_at(tools, day)
        tick(tools, now)
        while finished(tools, day) != NIGHT_JOBS:
            assert doorbells(tools.redis, routes.NIGHTLY) == [list(lane_of(tools))]
            tools.redis.delete(routes.NIGHTLY)
            said.append(work(tools, lane_of(tools), now, tell=told.append))
            assert len(said) < 40
        assert sum("of everything read anew" in one for one in said) >= 6
        assert [stands_in_words(one).endswith("for the rest") for one in told[:3]] == [True] * 3
        result = slots(tools, day)["reconciliation"]["result"]
        assert (result["read_anew"], result["upto"], result["verdict"]) == (1.0, 1.0, "in_sync")
