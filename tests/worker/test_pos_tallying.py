"""Sales summed ahead of their closing: the closing comes to the same, whatever sheets there are and whoever made how many of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.lanes import number_of, post_all, publish, rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.support.till import SHOP, back, cancel, closing, masters, receipt, sale
from worker.services import pos_tallying
from worker.services.pos_tallying import tally_sales
from worker.services.till_profiles import Profiles
from worker.store.database import Database
from worker.store.pos.sheets import Progress, hold_sheets

Json = dict[str, Any]

APPLE: Json = {"type": "item", "company": SHOP, "code": "Apple"}
DAY = [
    sale("S-1", ("Apple", 2, 3), ("Bread", 1, 2)),
    sale("S-2", ("Apple", 1, 3), at="2026-03-01T10:01", mode="Card", customer="Ann"),
    back("S-3", "S-1", ("Apple", 1, 3), at="2026-03-01T10:02"),
    sale("S-4", ("Bread", 2, 2), at="2026-03-01T09:00", paid=3, customer="Bob"),
    sale("S-5", ("Apple", 1, 4), at="2026-03-01T21:00"),
    sale("S-6", ("Cake", 1, 9), at="2026-03-01T10:03", user="Eve"),
    sale("S-7", ("Apple", 1, 3), at="2026-03-01T10:04"),
    sale("S-8", ("Apple", 3, 3), ("Cake", 1, 8), at="2026-03-01T10:05"),
]
PER_CUSTOMER: Json = {**masters()[-1], "consolidate_by": "customer"}
PER_CLOSING: Json = {**PER_CUSTOMER, "consolidate_by": "closing"}
# What happens between the sales and the closing of a day, by what it does to the sheets.
TURNS: dict[str, list[Json]] = {
    "nothing": [],
    "a sale is cancelled": [cancel("X-1", "pos_invoice", "S-7")],
    "an item is withdrawn": [{**APPLE, "code": "Cake", "disabled": True}],
    "goods run short": [
        {
            "type": "stock_entry", "company": SHOP, "number": "SE-1", "posting_datetime": "2026-03-01T18:00", "purpose": "material_issue",
            "lines": [{"item": "Apple", "from": "Shelf", "qty": 15}],
        }
    ],
    "one user's till is closed first": [closing("C-0", user="Eve")],
    "it consolidated otherwise for a while": [
        PER_CUSTOMER, sale("S-9", ("Bread", 1, 2), at="2026-03-01T11:00", customer="Ann"), PER_CLOSING
    ],
    "it consolidates otherwise from now on": [PER_CUSTOMER],
    "a closing is taken back": [closing("C-0"), cancel("X-2", "pos_closing", "C-0")],
}  # fmt: skip


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        yield own


LEFT = {
    "statuses": "SELECT number, status FROM books.document_status WHERE company_id = %s ORDER BY sequence",
    "general ledger": "SELECT voucher, account, debit, credit, party, cost_center FROM books.general_ledger WHERE company_id = %s "
    "ORDER BY entry_id",
    "stock ledger": "SELECT voucher, line, item, qty, stock_value_difference FROM books.stock_ledger WHERE company_id = %s "
    "ORDER BY movement_id",
    "certificates": "SELECT certificate FROM pos_certificate WHERE company_id = %s ORDER BY voucher_id",
    "invoices": "SELECT number, replace(payload, c.name, '') FROM document d JOIN company c USING (company_id) "
    "WHERE company_id = %s AND type = 'sales_invoice' ORDER BY sequence",
    "reserved": "SELECT chain_id, qty FROM pos_reserved WHERE company_id = %s ORDER BY chain_id",
}


def tally(
    books: Database, company: str = SHOP, *, least: int = 1, tell: Any = None, seconds: float | None = None
) -> pos_tallying.Tallied:
    with books.transaction() as connection:
        number = number_of(books, company)
        profiles = Profiles(connection).of(number)
    return tally_sales(books, number, profiles, least=least, tell=tell, seconds=seconds)


def a_day(books: Database, company: str, turn: list[Json], *, tallied: bool, **profile: Any) -> dict[str, Any]:
    """The day of a company with a turn before its closing, and all that it leaves."""
    goods = ("Apple", "Bread", "Cake")
    stock = receipt("PR-1", ("Apple", 20, 2), ("Bread", 9, 1), ("Cake", 3, 4))
    steps = [
        [*masters(items=goods, **profile)[1:], stock, *DAY[:5]],
        DAY[5:],
        *([one] for one in turn),
        [closing("C-1")],
    ]
    publish(books, [masters(company)[0]])
    for step in steps:
        publish(books, [{**document, "company": company} for document in step])
        post_all(books, company)
        if tallied:
            tally(books, company)
    number = number_of(books, company)
    return {name: rows(books, query, number) for name, query in LEFT.items()}


@pytest.mark.parametrize(
    ("returns", "by"), [("net", "closing"), ("credit_note", "closing"), ("credit_note", "customer")]
)
def test_a_closing_comes_to_the_same_with_sheets_as_without(
    books: Database, monkeypatch: pytest.MonkeyPatch, returns: str, by: str
) -> None:
    monkeypatch.setattr(pos_tallying, "SALES_A_SHEET", 2)
    for name, turn in TURNS.items():
        plainly = a_day(books, f"{name}, as they are", turn, tallied=False, returns=returns, consolidate_by=by)
        assert (
            a_day(books, f"{name}, summed ahead", turn, tallied=True, returns=returns, consolidate_by=by) == plainly
        ), name


def test_a_till_of_many_sales_is_tallied_before_its_closing_and_tells_how_far_it_is(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lane does not wait while sales are read: what it does itself is little, and what others did ahead is not done again."""
    monkeypatch.setattr(pos_tallying, "SALES_A_SHEET", 4)
    monkeypatch.setattr(pos_tallying, "MOST_UNTALLIED", 5)
    publish(books, [*masters(), receipt("PR-1", ("Apple", 100, 2))])
    publish(books, [sale(f"S-{n}", ("Apple", 1, 3), at=f"2026-03-01T10:{n:02d}") for n in range(18)])
    post_all(books, SHOP)
    assert tally(books, least=4, seconds=-1).more, "out of time before the first sheet"
    done = tally(books, least=4)
    assert (done.sheets, done.more, done.busy) == (4, False, False)
    publish(books, [sale(f"T-{n}", ("Apple", 1, 3), at=f"2026-03-01T11:{n:02d}") for n in range(6)])
    post_all(books, SHOP)
    publish(books, [closing("C-1"), sale("U-1", ("Apple", 1, 3), at="2026-03-01T19:00")])
    heard: list[Progress] = []
    post_all(books, SHOP, tell_tally=heard.append)
    assert [(one.done, one.to_go) for one in heard] == [(20, 4), (24, 0)]
    assert heard[0].seconds_to_go is not None
    ((sales, grand),) = rows(
        books, "SELECT figures ->> 'sales', figures ->> 'grand_total' FROM books.voucher WHERE number = 'C-1-1'"
    )
    assert (sales, grand) == ("24", "72.00")
    assert rows(books, "SELECT * FROM pos_sheet") == [], "a closing leaves none behind"
    assert rows(books, "SELECT count(*) FROM pos_invoice WHERE status = 'open'") == [(1,)]


def test_one_at_a_time_makes_sheets_and_a_closing_waits_for_whoever_does(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pos_tallying, "MOST_UNTALLIED", 0)
    publish(books, [*masters(), receipt("PR-1", ("Apple", 10, 2)), sale("S-1", ("Apple", 1, 3)), closing("C-1")])
    with books.transaction() as connection:
        assert hold_sheets(connection, 1)
        assert tally(books).busy
        drained = post_all(books, SHOP)
        assert drained.busy
    post_all(books, SHOP)
    statuses = dict(rows(books, "SELECT number, status FROM books.document_status"))
    assert (statuses["S-1"], statuses["C-1"]) == ("consolidated", "posted")
