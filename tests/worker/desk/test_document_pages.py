"""Lists of documents page by page: every document once, in order, and each page along an index however many there are."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import pytest

from tests.support.lanes import MASTERS, cancel, delivery, number_of, post_all, publish, receipt
from tests.support.many_documents import MANY_ROWS, RARE_CODE, write_many
from tests.support.servers import Database as FreshDatabase
from worker.services.nightly.standing import night_standing
from worker.store.database import Database, Rows
from worker.store.desk.actions import action_page, actions_about
from worker.store.desk.closing_pages import closing_page, quarantined_sales
from worker.store.desk.document_lists import (
    MOST_LOOKED_AT,
    STATUSES,
    Found,
    Wanted,
    document_page,
    documents_by_number,
)
from worker.store.desk.document_pages import Listed, held_document
from worker.store.desk.ledger_pages import entry_rows, one_voucher, stock_rows, voucher_page, vouchers_named
from worker.store.desk.repost_pages import run_page, waiting_requests
from worker.store.desk.slot_pages import slot_page
from worker.store.intake.previews import list_previews
from worker.store.intake.publishers import Event, events
from worker.store.nights.notices import list_notices
from worker.store.reconciliation.proposals import proposals
from worker.store.reconciliation.verdicts import latest, trend
from worker.store.status import (
    lane_status,
    lane_statuses,
    repost_statuses,
    sync_statuses,
    till_statuses,
)

# A page shows some fifty rows, and looks at no more than so many documents for them, each in up to two tables.
MANY = 120_000  # so that each table of them has more rows than a page may look at
MOST_ROWS = 2 * MOST_LOOKED_AT + 500


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with Database(database.worker_url) as opened:
        yield opened


def walk(books: Database, wanted: Wanted, size: int) -> list[Listed]:
    """Every page of a list."""
    company, found = number_of(books), []
    before: int | None = None
    while True:
        with books.transaction() as connection:
            page = document_page(connection, company, wanted, before=before, limit=size)
        found += page.rows
        assert len(page.rows) == size or page.further is None
        if page.further is None:
            return found
        before = page.further


def test_every_document_is_on_one_page_by_whatever_it_is_narrowed(books: Database) -> None:
    publish(
        books,
        [*MASTERS, *(receipt(f"PR-{n}") for n in range(1, 8)), delivery("DN-1", 5000), delivery("DN-2", item="Tea")],
    )
    post_all(books)
    publish(books, [cancel("C-1", "purchase_receipt", "PR-7")])
    post_all(books)
    publish(books, [receipt("PR-9")])
    everything = walk(books, Wanted(), 3)
    assert [row.number for row in everything] == ["PR-9", "C-1", "DN-2", "DN-1", *(f"PR-{n}" for n in range(7, 0, -1))]
    for status in STATUSES:
        expected = [row.sequence for row in everything if row.status == status]
        assert expected, status
        for size in (1, 2, 50):
            assert [row.sequence for row in walk(books, Wanted(status=status), size)] == expected, status
        typed = [row.sequence for row in everything if row.status == status and row.type == "purchase_receipt"]
        assert [row.sequence for row in walk(books, Wanted(status=status, type_="purchase_receipt"), 2)] == typed, (
            status
        )
    assert [row.number for row in walk(books, Wanted(status="rejected", code="NegativeStock"), 5)] == ["DN-1"]
    assert [row.number for row in walk(books, Wanted(code="NegativeStock"), 5)] == ["DN-1"]
    assert walk(books, Wanted(status="rejected", code="Other"), 5) == []


@pytest.mark.slow
def test_what_lies_far_apart_is_found_page_by_page(books: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.store.desk.document_lists._LOOKS", (2, 3))
    few = {3, 4, 17, 18, 19}
    publish(books, [*MASTERS, receipt("R-00", 1000)])
    publish(
        books, [delivery(f"R-{n:02}", 5000 if n in few else 1, at=f"2024-06-16T09:{n:02}:00") for n in range(1, 30)]
    )
    post_all(books)
    company, refused = number_of(books), [f"R-{n:02}" for n in sorted(few)]
    with books.transaction() as connection:
        page, pages = Found[tuple[str, str]]([], ("", "")), 0
        numbers: list[str] = []
        while page.further is not None:
            page = documents_by_number(
                connection, company, Wanted(number="R-", status="rejected"), after=page.further, limit=2
            )
            numbers += [row.number for row in page.rows]
            pages += 1
        listed = Found[int]([], 100)
        posted: list[str] = []
        while listed.further is not None:
            listed = document_page(
                connection, company, Wanted(status="posted", type_="delivery_note"), before=listed.further, limit=4
            )
            posted += [row.number for row in listed.rows]
    # Five documents are looked at for a page, or as many as fill it.
    assert (numbers, pages > 5) == (refused, True)
    assert posted == [f"R-{n:02}" for n in range(29, 0, -1) if n not in few]


def test_numbers_are_found_by_their_beginning_page_by_page(books: Database) -> None:
    odd = "PR-%_'\\"
    publish(books, [*MASTERS, *(receipt(f"PR-{n}") for n in range(1, 13)), receipt(odd), delivery("PR-1")])
    post_all(books)
    company = number_of(books)

    def search(text: str, size: int = 50, **narrowed: Any) -> list[str]:
        found: list[Listed] = []
        after = ("", "")
        with books.transaction() as connection:
            while True:
                page = documents_by_number(
                    connection, company, Wanted(number=text, **narrowed), after=after, limit=size
                )
                found += page.rows
                if page.further is None:
                    return [row.number for row in found]
                after = page.further

    assert search("PR-1") == ["PR-1", "PR-1", "PR-10", "PR-11", "PR-12"]
    assert search("PR-", 4) == search("PR-")
    assert len(search("PR-")) == 14
    assert search("PR-1", type_="delivery_note") == ["PR-1"]
    assert search("PR-", status="rejected") == []
    assert search("PR-%") == [odd]
    assert search("%") == search("pr-") == search("' OR 1=1 --") == []


@pytest.mark.slow
def test_no_page_reads_more_for_there_being_more(books: Database, database: FreshDatabase) -> None:
    company = write_many(books, database.owner_url, MANY)
    look_at_every_list(books, company, MANY)


@pytest.mark.drill
def test_pages_of_millions_of_documents(books: Database, database: FreshDatabase) -> None:
    """LISTED_DOCUMENTS=10000000 is twenty minutes, most of them writing 35 GB."""
    many = int(os.environ.get("LISTED_DOCUMENTS", "1000000"))
    took = look_at_every_list(books, write_many(books, database.owner_url, many), many)
    sys.stdout.writelines(f"{name:<40} {1000 * seconds:8.1f} ms\n" for name, seconds in took.items())


def look_at_every_list(books: Database, company: int, many: int) -> dict[str, float]:
    """Read every list that the desk, the commands and the figures show, and count what it takes; gives the seconds of each."""
    took: dict[str, float] = {}
    for name, read in every_list(company, many).items():
        with books.transaction() as connection:
            # Reading a table as a whole is to cost what it does where it is a hundred times as large.
            connection.execute("SET LOCAL seq_page_cost = 100")
            began = time.perf_counter()
            read(connection)
            took[name] = time.perf_counter() - began
            watched = _Watched(connection)
            read(cast("Rows", watched))
        assert watched.rows <= MOST_ROWS, f"{name} reads {watched.rows} rows"
        assert watched.whole == set(), f"{name} reads {watched.whole} as a whole"
    return took


def every_list(company: int, many: int) -> dict[str, Callable[[Rows], object]]:
    """Each list that grows with the documents, at its beginning, in its middle, and narrowed to what is rare or not there."""
    middle, some_day = many // 2 + 8, datetime(2015, 1, 2, tzinfo=UTC)
    narrowed: dict[str, Wanted] = {"all": Wanted()}
    for status in STATUSES:
        narrowed[status] = Wanted(status=status)
        for type_ in ("delivery_note", "pos_closing", "landed_cost_voucher"):
            narrowed[f"{status} {type_}"] = Wanted(status=status, type_=type_)
            narrowed[type_] = Wanted(type_=type_)
        for code in ("NegativeStock", RARE_CODE, "Nothing"):
            narrowed[f"{status} {code}"] = Wanted(status=status, code=code)
            narrowed[code] = Wanted(code=code)
    lists: dict[str, Callable[[Rows], object]] = {}
    for name, wanted in narrowed.items():
        lists[f"documents {name}"] = partial(document_page, company=company, wanted=wanted)
        lists[f"documents {name} deep"] = partial(document_page, company=company, wanted=wanted, before=middle)
        for number in ("D-", f"D-{middle:09}", "None"):
            lists[f"numbers {number} {name}"] = partial(
                documents_by_number, company=company, wanted=replace(wanted, number=number)
            )
    return lists | {
        "lane": partial(lane_status, company=company),
        "lanes": lane_statuses,
        "one": partial(held_document, company=company, sequence=middle),
        "done with one": partial(actions_about, company=company, type_="delivery_note", number=f"D-{middle:09}"),
        "vouchers": partial(voucher_page, company=company),
        "vouchers deep": partial(voucher_page, company=company, before=middle),
        "vouchers named": partial(vouchers_named, company=company, text="D-"),
        "voucher number": partial(vouchers_named, company=company, text=f"DN-2024-{middle:05}"),
        "voucher": partial(one_voucher, company=company, voucher=middle),
        "stock rows": partial(stock_rows, company=company, voucher=middle),
        "entries": partial(entry_rows, company=company, voucher=middle),
        "runs": partial(run_page, company=company),
        "runs deep": partial(run_page, company=company, before=many // 200),
        "requests": partial(waiting_requests, company=company),
        "run figures": repost_statuses,
        "closings": partial(closing_page, company=company),
        "quarantine": partial(quarantined_sales, company=company),
        "till figures": till_statuses,
        "last look": partial(latest, company=company),
        "nights' differences": partial(trend, company=company, upto=some_day.date(), nights=30),
        "figures of looks": sync_statuses,
        "proposals": partial(proposals, company=company),
        "previews": partial(list_previews, company=company, limit=50),
        "slots": partial(slot_page, company=company),
        "slots deep": partial(slot_page, company=company, before=some_day.date()),
        "nights": partial(night_standing, now=datetime.now(UTC)),
        "mails": partial(list_notices, company=company, limit=30),
        "actions": partial(action_page, company=company),
        "actions deep": partial(action_page, company=company, before=(some_day, "")),
        "logins": partial(action_page, company=0),
        **{f"publishers {name}": partial(_events, publisher=name) for name in (None, "webshop", "quiet", "nobody")},
    }


def _events(connection: Rows, publisher: str | None) -> list[Event]:
    return [*events(connection, publisher, 51)]


class _Watched:
    """A connection that explains each query before it is made: rows looked at, and tables that grow and were read as a whole."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.rows = 0
        self.whole: set[str] = set()

    def execute(self, query: str | bytes, parameters: Any = None) -> Any:
        asked = query.decode() if isinstance(query, bytes) else query
        explained = self._connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}", parameters).fetchone()[0]
        for node in _nodes((json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]):
            if "Relation Name" in node:
                dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
                self.rows += round((node["Actual Rows"] + dropped) * node["Actual Loops"])
                if node["Node Type"] == "Seq Scan" and node["Relation Name"] in MANY_ROWS:
                    self.whole.add(node["Relation Name"])
        return self._connection.execute(query, parameters)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
