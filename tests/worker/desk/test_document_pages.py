"""Lists of documents page by page: every document once, in order, and each page along an index however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import psycopg
import pytest

from tests.support.lanes import MASTERS, cancel, delivery, number_of, post_all, publish, receipt
from tests.support.servers import Database as FreshDatabase
from worker.store.database import Database, Rows
from worker.store.desk_actions import action_page
from worker.store.document_pages import STATUSES, Listed, Wanted, document_page, documents_by_number, held_document
from worker.store.ledger_pages import entry_rows, one_voucher, stock_rows, voucher_page, vouchers_named
from worker.store.pos_pages import closing_page, quarantined_sales
from worker.store.repost_pages import run_page, waiting_requests

MANY = 120_000
MOST_BLOCKS = (
    3_000  # for fifty rows with all that is joined to them; reading every document takes several hundred thousand
)

# As many documents as lists should not notice: one in ten refused, one in a hundred parked, a few that wait, the rest posted; some
# cancelled. A few are of a type that is rare.
_FILL = """
INSERT INTO document (company_id, sequence, acceptance, type, number, size, payload, content_hash, publisher, message_id, received_at)
SELECT {company}, n, 100 + n, CASE WHEN n %% 20000 = 7 THEN 'journal_entry' ELSE 'delivery_note' END,
    'DN-' || lpad((n * 7919 %% 1000003)::text, 7, '0'), 2, '{{}}', '', '', '', now() FROM generate_series(10, {many}) n;
INSERT INTO outcome (company_id, sequence, status, error, waits_for, attempts, batch_no, decided_at, released_at, moment)
SELECT {company}, n, CASE WHEN n %% 100 = 0 THEN 'parked' ELSE 'rejected' END,
    json_build_object('code', CASE WHEN n %% 50000 = 0 THEN 'Rare' ELSE 'NegativeStock' END), '{{}}', 1, 1, now(), NULL, NULL
FROM generate_series(10, {many}) n WHERE n %% 10 = 0;
INSERT INTO voucher (company_id, voucher_id, type, number, series_year, series_no, posting_at, posting_date, reverses, figures, batch_no,
    batch_line, posted_at)
SELECT {company}, n, type, number, 2024, n, now(), '2024-06-01', CASE WHEN n %% 1000 = 1 THEN n - 8 ELSE 0 END, '{{}}', n, 1, now()
FROM (SELECT sequence AS n, type, number FROM document WHERE company_id = {company} AND sequence BETWEEN 20 AND {many} - 5
    AND sequence %% 10 <> 0) d;
UPDATE lane SET decided_sequence = {many} - 5 WHERE company_id = {company};
UPDATE intake_counter SET last_sequence = {many} WHERE company_id = {company};
"""


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
        found += page
        if len(page) < size:
            return found
        before = page[-1].sequence


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
    assert walk(books, Wanted(status="rejected", code="Other"), 5) == []


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
                found += page
                if len(page) < size:
                    return [row.number for row in found]
                after = (page[-1].number, page[-1].type)

    assert search("PR-1") == ["PR-1", "PR-1", "PR-10", "PR-11", "PR-12"]
    assert search("PR-", 4) == search("PR-")
    assert len(search("PR-")) == 14
    assert search("PR-1", type_="delivery_note") == ["PR-1"]
    assert search("PR-", status="rejected") == []
    assert search("PR-%") == [odd]
    assert search("%") == search("pr-") == search("' OR 1=1 --") == []


def test_no_page_reads_more_for_there_being_more(books: Database, database: FreshDatabase) -> None:
    publish(books, [*MASTERS, receipt("PR-1"), delivery("DN-1", 5)])
    post_all(books)
    company = number_of(books)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(_FILL.format(company=company, many=MANY).replace("%%", "%").encode())
        for table in ("document", "outcome", "voucher", "stock_movement", "gl_entry", "term", "chain"):
            owner.execute(f"ANALYZE {table}".encode())
    looked: dict[str, int] = {}
    with books.transaction() as connection:
        watched = _Watched(connection)
        asked = cast("Rows", watched)
        lists: dict[str, Any] = {
            **{status: lambda s=status: document_page(asked, company, Wanted(status=s)) for status in STATUSES},
            "all": lambda: document_page(asked, company, Wanted()),
            "deep": lambda: document_page(asked, company, Wanted(status="posted"), before=MANY // 2),
            "rare type": lambda: document_page(asked, company, Wanted(type_="journal_entry")),
            "posted of a type": lambda: document_page(asked, company, Wanted(status="posted", type_="journal_entry")),
            "number": lambda: documents_by_number(asked, company, Wanted(number="DN-00123")),
            "number and status": lambda: documents_by_number(
                asked, company, Wanted(number="DN-0012", status="rejected")
            ),
            "one": lambda: held_document(asked, company, 11),
            "vouchers": lambda: voucher_page(asked, company),
            "vouchers named": lambda: vouchers_named(asked, company, "DN-00123"),
            "voucher number": lambda: vouchers_named(asked, company, "DN-2024-00021"),
            "voucher": lambda: one_voucher(asked, company, 1),
            "stock rows": lambda: stock_rows(asked, company, 1),
            "entries": lambda: entry_rows(asked, company, 1),
            "runs": lambda: run_page(asked, company),
            "requests": lambda: waiting_requests(asked, company),
            "closings": lambda: closing_page(asked, company),
            "quarantine": lambda: quarantined_sales(asked, company),
            "actions": lambda: action_page(asked, company),
        }
        for name, read in lists.items():
            watched.blocks = 0
            read()
            looked[name] = watched.blocks
            assert watched.whole == set(), f"{name} reads {watched.whole} as a whole"
    assert max(looked.values()) < MOST_BLOCKS, looked


class _Watched:
    """A connection that explains each query before it is made: blocks looked at, and large tables that were read as a whole."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.blocks = 0
        self.whole: set[str] = set()

    def execute(self, query: str, parameters: Any = None) -> Any:
        explained = self._connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", parameters).fetchone()[
            0
        ]
        plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
        self.blocks += plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
        self.whole |= set(_scanned(plan)) & {"document", "outcome", "voucher"}
        return self._connection.execute(query, parameters)


def _scanned(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from _scanned(below)
