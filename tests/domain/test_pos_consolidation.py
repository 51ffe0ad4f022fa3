"""Sales at a till and their consolidation, on paper: what a receipt is, what is refused, and what the sums look like."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.books import Books
from domain.documents import PosClosing, PosInvoice
from domain.documents.plan import Head, Plan
from domain.documents.pos import plan
from domain.errors import DocumentRejected
from domain.pos_consolidation import Consolidated, Origin, Sale, as_invoice, figures_of, key_digest, merge
from domain.posting_time import PostingTime
from domain.stock_ledger import Balance, Chain
from tests.support.master_shelf import MasterShelf
from worker.messages import decode

Json = dict[str, Any]
CASH = [{"mode": "Cash", "amount": 100}]


def shop(**profile: Any) -> Books:
    """A shop with ten of everything on its shelf."""
    masters: list[Json] = [
        {"type": "company", "name": "Paper", "currency": "EUR"},
        {"type": "warehouse", "company": "Paper", "name": "Shelf"},
        *({"type": "item", "company": "Paper", "code": code, "uoms": {"Box": 6}} for code in ("Apple", "Bread")),
        {
            "type": "item",
            "company": "Paper",
            "code": "Basket",
            "is_stock_item": False,
            "bundle": {"Apple": 2, "Bread": 1},
        },
        {
            "type": "pos_profile",
            "company": "Paper",
            "name": "Till",
            "warehouse": "Shelf",
            "customer_default": "Walk-in",
            **profile,
        },
    ]
    books = Books(MasterShelf("Paper", masters), next_movement=1)
    for code in ("Apple", "Bread"):
        books.balances[Chain(code, "Shelf")] = Balance(qty=10_000_000)
        books.reserved[Chain(code, "Shelf")] = 0
    return books


def decide(books: Books, number: str, *lines: Json, payments: list[Json] | None = None, **more: Any) -> Plan:
    """Decide a sale of these lines."""
    raw = {
        "type": "pos_invoice", "company": "Paper", "number": number, "pos_profile": "Till", "posting_datetime": "2026-03-01T10:00:00",
        "lines": list(lines), "payments": CASH if payments is None else payments, **more,
    }  # fmt: skip
    document = decode(json.dumps(raw).encode())
    assert isinstance(document, PosInvoice)
    return plan(document, Head.of(1, document, books.view), books)


def sold(books: Books, sequence: int, *lines: Json, **more: Any) -> Sale:
    receipt = decide(books, f"S-{sequence}", *lines, **more).receipt
    assert receipt is not None
    return Sale(sequence, receipt)


def refusal(books: Books, *lines: Json, **more: Any) -> DocumentRejected:
    with pytest.raises(DocumentRejected) as refused:
        decide(books, "S-1", *lines, **more)
    return refused.value


def apple(qty: float = 1, rate: float = 100, **more: Any) -> Json:
    return {"item": "Apple", "qty": qty, "rate": rate, **more}


def test_a_sale_writes_its_receipt_and_no_rows() -> None:
    planned = decide(shop(), "S-1", apple(2, 30), payments=[{"mode": "Cash", "amount": 100}])
    assert not planned.movements
    assert not planned.entries
    receipt = planned.receipt
    assert receipt is not None
    assert (receipt.total, receipt.paid, receipt.given_back, receipt.outstanding) == (6000, 10000, 4000, 0)
    assert receipt.goods == [(Chain("Apple", "Shelf"), 2_000_000)]
    assert receipt.customer == "Walk-in"


def test_units_and_bundles_reserve_what_they_take_from_the_shelf() -> None:
    receipt = sold(shop(), 1, apple(1, 1, uom="Box"), {"item": "Basket", "qty": 2, "rate": 3}).receipt
    assert receipt.goods == [(Chain("Apple", "Shelf"), 10_000_000), (Chain("Bread", "Shelf"), 2_000_000)]


def test_what_open_sales_reserve_is_not_there_any_more() -> None:
    books = shop()
    books.reserved[Chain("Apple", "Shelf")] = 9_000_000
    error = refusal(books, apple(2, 1))
    assert error.code == "InsufficientStock"
    assert error.details["left"] == "1"
    assert "2 of Apple sold, but only 1 left to sell in Shelf" in error.message


def test_payments_at_a_till() -> None:
    strict = shop(allow_partial_payment=False)
    assert refusal(shop(), apple(), payments=[]).code == "PaymentRequired"
    assert refusal(strict, apple(), payments=[{"mode": "Cash", "amount": 99}]).code == "PaymentRequired"
    assert refusal(shop(), apple(), payments=[{"mode": "Cash", "amount": -1}]).code == "NegativeAmount"
    too_much = {"payments": [{"mode": "Cash", "amount": -101}], "is_return": True}
    assert refusal(shop(), apple(-1), **too_much).code == "RefundTooLarge"
    assert sold(shop(), 1, apple(1, 0), payments=[]).receipt.total == 0, "a gift needs no payment"
    assert sold(shop(), 1, apple(), payments=[{"mode": "Cash", "amount": 40}]).receipt.outstanding == 6000
    small = sold(shop(write_off_limit="0.05"), 1, apple(), payments=[{"mode": "Cash", "amount": "99.95"}]).receipt
    assert (small.written_off, small.outstanding) == (5, 0)


def test_change_comes_from_where_the_profile_says() -> None:
    two = [{"mode": "Card", "amount": 50}, {"mode": "Cash", "amount": 60}]
    modes = {
        "payment_modes": [{"mode": "Cash", "account": "Cash", "default": True}, {"mode": "Card", "account": "Card"}]
    }
    (change,) = sold(shop(**modes), 1, apple(), payments=two[::-1]).receipt.change
    assert (change.tender.mode, change.amount) == ("Cash", 1000)
    netted = sold(shop(post_change_entries=False, **modes), 1, apple(), payments=two).receipt
    assert [(p.tender.mode, p.amount) for p in netted.payments] == [("Card", 5000), ("Cash", 5000)]
    assert netted.change == []
    (change,) = sold(shop(change_account="Bank", **modes), 1, apple(), payments=two).receipt.change
    assert change.tender.account == "Bank"


def merged(*sales: Sale, origins: dict[tuple[int, int], Origin] | None = None) -> Consolidated:
    return merge("Walk-in", False, sales, origins or {})


def test_taxes_are_summed_item_by_item_with_the_rate_of_each() -> None:
    books = shop()
    vat = {"account": "VAT", "charge": "percent_of_net_total", "cost_center": "CC"}
    made = merged(
        sold(books, 1, apple(), taxes=[{**vat, "rate": 9}]),
        sold(books, 2, {"item": "Bread", "qty": 1, "rate": 100}, taxes=[{**vat, "rate": 5}]),
    )  # fmt: skip
    closing = PosClosing(
        company="Paper", number="C", posting_datetime=PostingTime.parse("2026-03-01T20:00"), pos_profile="Till"
    )
    (tax,) = as_invoice(made, "C-1", closing, books.view.currency).taxes
    assert (tax.account, tax.charge, tax.amount) == ("VAT", "actual", 14 * 10**9)
    taxes: Any = figures_of(made, closing, books.view.currency)["taxes"]
    (shown,) = taxes
    assert shown["item_wise"] == {"Apple": ["9", "9.00"], "Bread": ["5", "5.00"]}
    assert shown["by_rate"] == {"percent_of_net_total 9": "9.00", "percent_of_net_total 5": "5.00"}


def test_lines_merge_on_what_they_have_in_common_and_on_nothing_less() -> None:
    books = shop()
    differing = [
        apple(1, 3), apple(1, 4), apple(1, 3, uom="Box"), apple(1, 3, cost_center="North"), apple(1, 3, dimensions={"aisle": "2"}),
    ]  # fmt: skip
    made = merged(*(sold(books, n, line) for n, line in enumerate([*differing, apple(2, 3)], start=1)))
    assert [line.qty // 1_000_000 for line in made.lines] == [3, 1, 1, 1, 1]
    assert len({key_digest(line.key) for line in made.lines}) == 5


def test_a_return_in_the_same_document_is_taken_off_its_own_sale() -> None:
    books = shop()
    sale = sold(books, 1, apple(3, 5))
    back = sold(books, 2, apple(-1, 5), is_return=True, payments=[{"mode": "Cash", "amount": -5}])
    back.receipt.returns_of, back.receipt.lines[0].returns = "S-1", 1
    (line,) = merged(sale, back).lines
    assert (line.qty, line.net) == (2_000_000, 1000)
    stranger = sold(books, 3, apple(-1, 5), is_return=True, payments=[{"mode": "Cash", "amount": -5}])
    assert [line.qty for line in merged(sale, stranger).lines] == [3_000_000, -1_000_000]
    assert merged(stranger, origins={(3, 0): Origin("C-0", 1)}).lines[0].origin == Origin("C-0", 1)


def test_pieces_of_a_box_that_come_back_in_the_same_document_stay_pieces() -> None:
    books = shop()
    sale = sold(books, 1, apple(1, 30, uom="Box"))
    back = sold(books, 2, apple(-2, 5), is_return=True, payments=[{"mode": "Cash", "amount": -10}])
    back.receipt.returns_of, back.receipt.lines[0].returns = "S-1", 1
    lines = merged(sale, back).lines
    assert [(line.key.uom, line.qty, line.net) for line in lines] == [("Box", 1_000_000, 3000), ("", -2_000_000, -1000)]


def test_customers_who_still_owe_keep_a_row_each() -> None:
    books = shop()
    made = merged(
        sold(books, 1, apple(), customer="Ann", payments=[{"mode": "Cash", "amount": 90}]), sold(books, 2, apple(), customer="Bob"),
        sold(books, 3, apple(), customer="Ann", payments=[{"mode": "Cash", "amount": 95}]),
    )  # fmt: skip
    assert made.owed == {"Ann": 1500}


def test_a_sale_in_another_currency_is_kept_in_the_companys_own() -> None:
    books = shop()
    receipt = sold(
        books, 1, apple(1, 10), currency="USD", exchange_rate="0.9", payments=[{"mode": "Cash", "amount": 10}]
    ).receipt
    assert (receipt.net, receipt.total, receipt.paid, receipt.round_off) == (900, 900, 900, 0)
