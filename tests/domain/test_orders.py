"""Orders: no ledger rows, open quantities by chain, and which line of which order a receipt or delivery takes from."""

from __future__ import annotations

from domain.stock_ledger import Chain
from tests.support.accountant import Accountant

ONE = 1_000_000


def apples(qty: int, **more: object) -> dict[str, object]:
    """A line of apples in the stores."""
    return {"item": "Apple", "qty": qty, "rate": 2, "warehouse": "Stores", **more}


def test_an_order_says_what_is_on_its_way_and_books_nothing() -> None:
    books = Accountant()
    posting = books.posts(
        "purchase_order", "PO-1", party="Farm", lines=[apples(10), {"item": "Advice", "qty": 1, "rate": 5}]
    )
    assert posting.orders == [(1, Chain("Apple", "Stores"), 10 * ONE, 10 * ONE)]
    assert (posting.movements, posting.entries) == ([], [])
    assert posting.voucher.figures["grand_total"] == "25.00"
    promised = books.posts("sales_order", "SO-1", party="Ann", lines=[apples(4)])
    assert promised.orders == [(1, Chain("Apple", "Stores"), -4 * ONE, 4 * ONE)]


def test_orders_count_in_stock_units_and_bundles_in_what_they_hold() -> None:
    books = Accountant()
    books.know("item", code="Crate", is_stock_item=False, bundle={"Apple": 24, "Advice": 1})
    books.know("item", code="Pear", stock_uom="Piece", uoms={"Box": 12})
    boxed = {"item": "Pear", "qty": 3, "uom": "Box", "rate": 1, "warehouse": "Stores"}
    crates = {"item": "Crate", "qty": 2, "rate": 1, "warehouse": "Stores"}
    assert books.posts("purchase_order", "PO-1", lines=[boxed]).orders == [
        (1, Chain("Pear", "Stores"), 36 * ONE, 36 * ONE)
    ]
    assert books.posts("sales_order", "SO-1", lines=[crates]).orders == [
        (1, Chain("Apple", "Stores"), -48 * ONE, 2 * ONE)
    ]


def test_receipts_and_deliveries_take_from_the_line_they_name() -> None:
    books = Accountant()
    books.posts("purchase_order", "PO-1", lines=[apples(10), apples(5)])
    receipt = books.posts("purchase_receipt", "PR-1", lines=[apples(4, against_order={"number": "PO-1", "line": 2})])
    order = books.paper.voucher("purchase_order", "PO-1")
    assert order is not None
    assert [(k.kind, k.voucher, k.target_line, k.qty) for k in order.links] == [
        ("delivers", receipt.voucher.sequence, 2, 4 * ONE)
    ]
    books.posts("sales_order", "SO-1", lines=[apples(3)])
    books.posts("delivery_note", "DN-1", lines=[apples(2, against_order="SO-1")])
    books.posts("sales_invoice", "SI-1", update_stock=True, lines=[apples(1, against_order="SO-1")])
    promised = books.paper.voucher("sales_order", "SO-1")
    assert promised is not None
    assert sum(link.qty for link in promised.links) == 3 * ONE


def test_an_invoice_that_moves_no_stock_takes_nothing_from_an_order() -> None:
    books = Accountant()
    books.posts("sales_order", "SO-1", lines=[apples(3)])
    assert books.posts("sales_invoice", "SI-1", lines=[apples(3, against_order="SO-1")]).links == []


def test_a_partly_delivered_order_may_be_cancelled_and_then_takes_nothing_more() -> None:
    books = Accountant()
    books.posts("purchase_order", "PO-1", lines=[apples(10)])
    books.posts("purchase_receipt", "PR-1", lines=[apples(4, against_order="PO-1")])
    books.cancels("purchase_order", "PO-1")
    assert (
        books.is_refused("purchase_receipt", "PR-2", lines=[apples(6, against_order="PO-1")]).code
        == "ReferenceCancelled"
    )
    books.posts("purchase_receipt", "PR-3", lines=[apples(6)])


def test_an_order_not_known_yet_parks_and_one_without_the_item_refuses() -> None:
    books = Accountant()
    waiting = books.says("purchase_receipt", "PR-1", lines=[apples(1, against_order="PO-9")])
    assert waiting.waits_for == ("voucher:purchase_order:PO-9",)
    books.posts("purchase_order", "PO-1", lines=[{"item": "Advice", "qty": 1}])
    assert (
        books.is_refused("purchase_receipt", "PR-2", lines=[apples(1, against_order="PO-1")]).code == "NotOnReference"
    )
