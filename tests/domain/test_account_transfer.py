"""A warehouse gets another stock account: what lies there follows, and so does everything that is corrected later."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accountant import Accountant


def apples(qty: int, rate: str = "0") -> dict[str, Any]:
    return {"item": "Apple", "qty": qty, "rate": rate, "warehouse": "Stores"}


def remap(books: Accountant, account: str, number: str) -> None:
    """Give the stores another account, and let the stock follow."""
    books.know("warehouse", company="Paper", name="Stores", account=account)
    books.posts("stock_entry", number, purpose="account_transfer", lines=[])


def stock_accounts(books: Accountant) -> dict[str, int]:
    """Value by stock account, which both ledgers agree on."""
    stock = books.paper.stock()
    ledger = books.paper.accounts()
    assert stock == {account: ledger[account] for account in stock}
    return stock


def with_stock(method: str = "fifo") -> Accountant:
    """Ten apples at 2 in the default account, three of them delivered; seven worth 14 are left."""
    books = Accountant()
    books.know("item", code="Apple", valuation_method=method)
    books.posts("purchase_receipt", "PR-1", lines=[apples(10, "2")], dimensions={"region": "north"})
    books.posts("delivery_note", "DN-1", lines=[apples(3)])
    assert stock_accounts(books) == {"Stock In Hand": 1400}
    return books


def test_stock_follows_its_warehouse_to_the_new_account_and_back() -> None:
    books = with_stock()
    remap(books, "Finished Goods", "SE-1")
    assert books.ledger("SE-1") == {"Finished Goods": "14.00", "Stock In Hand": "-14.00"}
    assert stock_accounts(books) == {"Finished Goods": 1400}
    remap(books, "Stock In Hand", "SE-2")
    assert stock_accounts(books) == {"Stock In Hand": 1400}
    assert books.posts("stock_entry", "SE-3", purpose="account_transfer", lines=[]).entries == []


def test_dimensions_follow_as_well() -> None:
    books = with_stock()
    books.posts("delivery_note", "DN-2", lines=[apples(1)], dimensions={"region": "south"})
    remap(books, "Finished Goods", "SE-1")
    (transfer,) = [posting for posting in books.paper.postings.values() if posting.voucher.number == "SE-1"]
    assert {(e.account, e.dimensions, e.amount) for e in transfer.entries} == {
        ("Stock In Hand", '{"region":"north"}', -2000), ("Finished Goods", '{"region":"north"}', 2000),
        ("Stock In Hand", "", 600), ("Finished Goods", "", -600),
        ("Stock In Hand", '{"region":"south"}', 200), ("Finished Goods", '{"region":"south"}', -200),
    }  # fmt: skip


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average"])
def test_what_corrects_the_past_books_where_the_value_has_gone(method: str) -> None:
    books = with_stock(method)
    remap(books, "Finished Goods", "SE-1")
    books.posts(
        "landed_cost_voucher",
        "LCV-1",
        receipts=["PR-1"],
        charges=[{"account": "Customs Duty", "amount": "5"}],
        distribute_by="qty",
    )
    assert stock_accounts(books) == {"Finished Goods": 1750}
    books.posts("purchase_receipt", "PR-0", posting_datetime="2024-06-01T09:00:00Z", lines=[apples(5, "1")])
    assert set(stock_accounts(books)) == {"Finished Goods"}
    books.posts("delivery_note", "DN-2", lines=[apples(12)])
    assert stock_accounts(books) == {}


def test_a_cancel_takes_back_from_the_new_account() -> None:
    books = with_stock()
    remap(books, "Finished Goods", "SE-1")
    books.cancels("delivery_note", "DN-1")
    assert stock_accounts(books) == {"Finished Goods": 2000}
    books.cancels("purchase_receipt", "PR-1")
    assert books.accounts() == {}


def test_a_cancel_takes_what_was_corrected_since_from_where_that_was_booked() -> None:
    books = with_stock()
    books.posts("delivery_note", "DN-2", lines=[apples(4)])
    remap(books, "Finished Goods", "SE-1")
    duty = [{"account": "Customs Duty", "amount": "10"}]
    books.posts("landed_cost_voucher", "LCV-1", receipts=["PR-1"], charges=duty, distribute_by="qty")
    remap(books, "Work In Progress", "SE-2")
    books.cancels("delivery_note", "DN-2")
    assert stock_accounts(books) == {"Work In Progress": 2100}
    books.cancels("delivery_note", "DN-1")
    books.cancels("landed_cost_voucher", "LCV-1")
    books.cancels("purchase_receipt", "PR-1")
    assert books.accounts() == {}


def test_the_transfer_itself_is_not_cancelled_but_mapped_back() -> None:
    books = with_stock()
    remap(books, "Finished Goods", "SE-1")
    refused = books.is_refused("cancel", "C-1", target={"type": "stock_entry", "number": "SE-1"})
    assert refused.code == "AccountTransferStands"
