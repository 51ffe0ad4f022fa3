"""Counts of a shop whose tills are open: what they have sold is off the shelf, and still in the books until their closing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.lanes import rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.support.till import SHOP, back, cancel, closing, masters, receipt, sale
from tests.support.till_books import post, shop
from worker.store.database import Database

Json = dict[str, Any]


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        yield own


def count(number: str, at: str, **line: Any) -> Json:
    line = {"item": "Apple", "warehouse": "Shelf", **line}
    head = {"company": SHOP, "number": number, "posting_datetime": f"2026-03-01T{at}"}
    return {"type": "stock_reconciliation", **head, "difference_account": "Stock Adjustment", "lines": [line]}


def stock(books: Database, *vouchers: str) -> list[int]:
    """By how much each voucher moved the stock of apples, and what is left of them in the end."""
    found = dict(rows(books, "SELECT voucher, sum(qty) FROM books.stock_ledger WHERE item <> 'Bread' GROUP BY voucher"))
    return [*(int(found.get(voucher, 0)) for voucher in vouchers), int(sum(found.values()))]


def test_what_a_till_has_sold_is_not_missing(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 4, 3)), back("S-2", "S-1", ("Apple", 1, 3), at="2026-03-01T11:00"))
    statuses = post(books, count("SR-1", "15:00", qty=7), count("SR-2", "16:00", qty=6))
    assert (statuses["SR-1"], statuses["SR-2"]) == (
        "rejected",
        "posted",
    )  # seven is what there is to be: nothing to post
    post(books, closing("C-1"))
    assert stock(books, "SR-2", "C-1-1") == [-1, -3, 6]


def test_a_sale_after_the_count_is_not_counted_with(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 3, 3), at="2026-03-01T17:00"), count("SR-1", "15:00", qty=8), closing("C-1"))
    assert stock(books, "SR-1", "C-1-1") == [-2, -3, 5]


def test_a_count_that_comes_in_after_the_closing_is_counted_the_same(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 3, 3)), closing("C-1"), count("SR-1", "15:00", qty=6))
    assert stock(books, "SR-1", "C-1-1") == [-1, -3, 6]
    post(books, count("SR-2", "21:00", qty=5))
    assert stock(books, "SR-2") == [-1, 5]


def test_a_till_that_closes_by_the_clock_has_closed_before_the_count_at_night(books: Database) -> None:
    shop(books, opens_at="08:00", closes_at="20:00")
    post(books, sale("S-1", ("Apple", 3, 3)), count("SR-1", "21:00", qty=6))
    post(books, closing("C-1"))
    assert stock(books, "C-1-1") == [-3, 6]
    assert rows(books, "SELECT sum(debit - credit) FROM books.general_ledger WHERE account = 'Stock Adjustment'") == [
        (2,)
    ]


def test_batches_of_one_pile_and_serial_numbers_are_told_apart(books: Database) -> None:
    own = {"company": SHOP}
    post(
        books, *masters(),
        {"type": "item", **own, "code": "Milk", "has_batch": True, "uoms": {"Crate": 4}, "stock_uom": "Bottle"},
        *({"type": "batch", **own, "name": name, "item": "Milk"} for name in ("B1", "B2")),
        {"type": "item", **own, "code": "Phone", "has_serial": True},
        {**receipt("PR-1"), "lines": [
            *({"item": "Milk", "qty": 10, "rate": 1, "batch": name, "warehouse": "Shelf"} for name in ("B1", "B2")),
            {"item": "Phone", "qty": 3, "rate": 60, "serials": ["N1", "N2", "N3"], "warehouse": "Shelf"},
        ]},
        {**sale("S-1", paid=100), "lines": [
            {"item": "Milk", "qty": 2, "uom": "Crate", "rate": 5, "batch": "B1"},
            {"item": "Phone", "qty": 1, "rate": 90, "serials": ["N1"]},
        ]},
        count("SR-1", "15:00", item="Milk", batch="B1", qty=1), count("SR-2", "15:01", item="Milk", batch="B2", qty=9),
        count("SR-3", "15:02", item="Phone", qty=1, serials=["N3"]),
    )  # fmt: skip
    assert stock(books, "SR-1", "SR-2", "SR-3") == [-1, -1, -1, 20]
    statuses = post(books, closing("C-1"))
    assert statuses["S-1"] == "consolidated"
    left = rows(books, "SELECT item, sum(qty) FROM books.stock_ledger GROUP BY item ORDER BY item")
    assert left == [("Milk", 10), ("Phone", 1)]


def adjusted(books: Database) -> int:
    """What counts have cost, and given back, in all."""
    ((amount,),) = rows(
        books, "SELECT coalesce(sum(debit - credit), 0) FROM books.general_ledger WHERE account = 'Stock Adjustment'"
    )
    return int(amount)


def test_a_sale_that_is_told_after_the_count_puts_it_right(books: Database) -> None:
    shop(books)
    post(books, count("SR-1", "15:00", qty=6))  # four are gone, and nobody knows of a sale
    assert (stock(books, "SR-1"), adjusted(books)) == ([-4, 6], 8)
    post(books, sale("S-1", ("Apple", 3, 3)), closing("C-1"))
    assert stock(books, "SR-1", "SR-1-1", "C-1-1") == [-4, 3, -3, 6]
    assert adjusted(books) == 2  # one is missing
    # What was put right is so for good: a second closing finds nothing more, and the count stands while its correction does.
    post(books, sale("S-2", ("Apple", 1, 3), at="2026-03-01T21:00"), closing("C-2", at="2026-03-01T22:00"))
    assert (stock(books, "C-2-1"), adjusted(books)) == ([-1, 5], 2)
    assert post(books, cancel("X-1", "stock_reconciliation", "SR-1"))["X-1"] == "rejected"


def test_sales_that_are_told_between_two_counts_leave_the_second_as_it_was(books: Database) -> None:
    shop(books)
    post(
        books,
        count("SR-1", "15:00", qty=7),
        sale("S-1", ("Apple", 3, 3)),
        count("SR-2", "16:00", qty=6),
        closing("C-1"),
    )
    assert stock(books, "C-1-1") == [-3, 6]
    assert adjusted(books) == 2


def test_a_closing_that_is_dated_before_the_count_takes_out_what_the_count_had_left_for_it(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 3, 3)), count("SR-1", "15:00", qty=6), closing("C-1", at="2026-03-01T14:00"))
    assert stock(books, "C-1-1") == [-3, 6]
    assert adjusted(books) == 2


def test_a_closing_that_is_taken_back_and_made_again_leaves_the_count_right(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 3, 3)), closing("C-1", at="2026-03-01T14:00"), count("SR-1", "15:00", qty=6))
    post(books, cancel("X-1", "pos_closing", "C-1"))
    assert adjusted(books) == 2
    post(books, closing("C-2"))
    assert (stock(books, "C-2-1"), adjusted(books)) == ([-3, 6], 2)


def test_a_phone_that_was_sold_before_it_was_missed_is_put_back_and_sold(books: Database) -> None:
    phone = {"item": "Phone", "warehouse": "Shelf"}
    post(
        books, *masters(), {"type": "item", "company": SHOP, "code": "Phone", "has_serial": True},
        {**receipt("PR-1"), "lines": [{**phone, "qty": 2, "rate": 60, "serials": ["N1", "N2"]}]},
        count("SR-1", "15:00", item="Phone", qty=1, serials=["N2"]),
        {**sale("S-1", paid=90), "lines": [{"item": "Phone", "qty": 1, "rate": 90, "serials": ["N1"]}]}, closing("C-1"),
    )  # fmt: skip
    assert (stock(books, "SR-1", "SR-1-1", "C-1-1"), adjusted(books)) == ([-1, 1, -1, 1], 0)


def test_a_sale_that_was_called_off_was_never_sold(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 3, 3)), cancel("X-1", "pos_invoice", "S-1"), count("SR-1", "15:00", qty=9))
    assert stock(books, "SR-1") == [-1, 9]
