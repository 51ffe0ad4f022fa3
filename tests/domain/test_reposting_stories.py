"""History that changes: something posted into the past, a later cost, a cancel; and the books come out as if it had always been so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.accountant import Accountant
from tests.support.laws import apart, counts_that_do_not_hold, out_of_step


def on(day: int, type_: str, number: str, **content: Any) -> dict[str, Any]:
    """A document at noon of a day in June."""
    return {"type": type_, "number": number, "posting_datetime": f"2024-06-{day:02d}T12:00:00Z", **content}


def goods(qty: Any, rate: Any = None, item: str = "Apple", place: str = "Stores", **more: Any) -> dict[str, Any]:
    return {"item": item, "qty": qty, "warehouse": place, **({} if rate is None else {"rate": rate}), **more}


def bought(day: int, number: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return on(day, "purchase_receipt", number, supplier="Farm", lines=list(lines), **more)


def sold(day: int, number: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return on(day, "delivery_note", number, customer="Ann", lines=list(lines), **more)


def given_back(day: int, number: str, original: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return sold(day, number, *lines, is_return=True, return_against=original)


def sent_back(day: int, number: str, original: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return bought(day, number, *lines, is_return=True, return_against=original)


def entry(day: int, number: str, purpose: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return on(day, "stock_entry", number, purpose=purpose, lines=list(lines), **more)


def moved(day: int, number: str, qty: int, source: str, target: str, item: str = "Apple") -> dict[str, Any]:
    return entry(day, number, "material_transfer", {"item": item, "qty": qty, "from": source, "to": target})


def counted(day: int, number: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return on(day, "stock_reconciliation", number, difference_account="Stock Adjustment", lines=list(lines))


def landed(day: int, number: str, receipt: str, amount: Any) -> dict[str, Any]:
    charges = [{"account": "Customs Duty", "amount": amount}]
    return on(day, "landed_cost_voucher", number, receipts=[receipt], charges=charges)


def cancelled(day: int, number: str, type_: str) -> dict[str, Any]:
    return on(day, "cancel", f"CX-{number}", target={"type": type_, "number": number})


STORIES: dict[str, list[dict[str, Any]]] = {
    "a cheaper purchase turns up after the sale": [
        bought(1, "PR-1", goods(10, 5)), sold(9, "DN-1", goods(10, 20)), bought(3, "PR-2", goods(5, 2)),
        moved(4, "SE-1", 5, "Stores", "Shop"), sold(5, "DN-2", goods(2, 20, place="Shop")),
    ],
    "a transfer in a ring carries a changed cost all the way round": [
        bought(1, "PR-1", goods(10, 5)), moved(3, "SE-1", 8, "Stores", "Shop"), moved(5, "SE-2", 6, "Shop", "Depot"),
        moved(7, "SE-3", 4, "Depot", "Stores"), sold(9, "DN-1", goods(5, 20)), bought(2, "PR-2", goods(10, 3)),
    ],
    "goods without a stated rate come in at the rate in force at their own time": [
        bought(1, "PR-1", goods(2, 10, "Juice")),
        entry(5, "SE-1", "material_receipt", {"item": "Juice", "qty": 1, "to": "Stores"}),
        bought(3, "PR-2", goods(2, 20, "Juice")),
    ],
    "a return costs what its receipt cost, not what the receipt had covered": [
        bought(5, "PR-1", goods(16, "5.91", "Juice")), sold(9, "DN-1", goods(2, 9, "Juice")),
        sold(2, "DN-0", goods(7, 9, "Juice")), sent_back(10, "RR-1", "PR-1", goods(-2, "5.91", "Juice", return_of=1)),
    ],
    "a freight bill for goods that have gone": [
        bought(1, "PR-1", goods(10, 5)), sold(2, "DN-1", goods(8, 9)), given_back(3, "CR-1", "DN-1", goods(-3, 9)),
        sent_back(4, "RR-1", "PR-1", goods(-2, 5)), landed(9, "LC-1", "PR-1", "7.77"),
    ],
    "parts of a purchase go back from an average, in another order than that of time, and freight turns up": [
        bought(1, "PR-1", goods(3, "3.3333", "Juice")), bought(2, "PR-2", goods(7, 9, "Juice")),
        moved(3, "SE-1", 4, "Stores", "Shop", "Juice"), sent_back(9, "RR-3", "PR-1", goods(-1, "3.3333", "Juice")),
        sent_back(6, "RR-2", "PR-1", goods(-1, "3.3333", "Juice", "Shop")), sent_back(5, "RR-1", "PR-1", goods(-1, "3.3333", "Juice")),
        sold(7, "DN-1", goods(2, 9, "Juice")), landed(10, "LC-1", "PR-1", "0.50"), bought(4, "PR-3", goods(2, 1, "Juice")),
    ],
    "dear goods go back from an average that is worth less, whatever came before": [
        bought(1, "PR-1", goods(10, 100, "Juice")), bought(2, "PR-2", goods(100, 10, "Juice")), sold(4, "DN-1", goods(100, 9, "Juice")),
        sent_back(6, "RR-1", "PR-1", goods(-8, 100, "Juice")), sold(8, "DN-2", goods(5, 9, "Juice")),
        bought(3, "PR-3", goods(4, 50, "Juice")), landed(9, "LC-1", "PR-1", "-33.33"),
    ],
    "two returns of one sale share its cost in order of time": [
        bought(1, "PR-1", goods(3, "3.3333")), sold(2, "DN-1", goods(3, 9)),
        given_back(8, "CR-2", "DN-1", goods(-1, 9, place="Shop")), given_back(5, "CR-1", "DN-1", goods(-1, 9)),
    ],
    "a line of a return covers what was owed of the sale of its next line": [
        bought(1, "PR-1", goods(4, 2)), bought(2, "PR-2", goods(6, 5)), sold(4, "DN-1", goods(4, 9), goods(12, 9)),
        given_back(6, "CR-1", "DN-1", goods(-4, 9, return_of=1), goods(-3, 9, return_of=2)), bought(3, "PR-3", goods(1, 3)),
    ],
    "two counts, and a purchase before both": [
        bought(1, "PR-1", goods(10, 5)), counted(4, "SR-1", goods(8)), counted(8, "SR-2", goods(9, 6)),
        bought(2, "PR-2", goods(7, 4)), sold(9, "DN-1", goods(3, 9)), sold(3, "DN-0", goods(6, 9)),
    ],
    "a count that found what the books said holds all the same": [
        bought(1, "PR-1", goods(10, 5)), counted(5, "SR-1", goods(10), goods(1, 3, "Juice")), sold(3, "DN-1", goods(4, 9)),
    ],
    "a rate alone is counted, and stock turns up before it": [
        bought(1, "PR-1", goods(4, 5)), counted(6, "SR-1", {"item": "Apple", "warehouse": "Stores", "rate": 7}),
        bought(3, "PR-2", goods(6, 2)), sold(9, "DN-1", goods(5, 9)),
    ],
    "a rate is counted while goods are owed": [
        bought(1, "PR-1", goods(1, 4)), sold(2, "DN-1", goods(5, 9)),
        counted(4, "SR-1", {"item": "Apple", "warehouse": "Stores", "rate": 6}), bought(6, "PR-2", goods(10, 5)),
    ],
    "what is made is worth what went in, whenever that is known": [
        bought(1, "PR-1", goods(10, 5)),
        entry(4, "SE-1", "manufacture", {"item": "Apple", "qty": 6, "from": "Stores"},
              {"item": "Juice", "qty": 4, "to": "Shop", "finished": True},
              {"item": "Juice", "qty": 1, "to": "Depot", "scrap": True, "rate": 1}),
        sold(6, "DN-1", goods(3, 9, "Juice", "Shop")), bought(2, "PR-0", goods(2, 1)), landed(8, "LC-1", "PR-1", 3),
    ],
    "a batch is counted where several share one queue, and sold from before": [
        bought(1, "PR-1", goods(5, 10, "Cheese", batch="B1"), goods(5, 20, "Cheese", batch="B2")),
        counted(5, "SR-1", goods(4, 12, "Cheese", batch="B1")), sold(3, "DN-1", goods(2, 30, "Cheese", batch="B1")),
        sold(7, "DN-2", goods(4, 30, "Cheese", batch="B1"), goods(1, 30, "Cheese", batch="B2")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_the_books_are_those_of_the_order_of_time(story: str) -> None:
    told, in_time = STORIES[story], sorted(STORIES[story], key=lambda document: str(document["posting_datetime"]))
    books, others, late = books_of(told), books_of(in_time), books_of(told, at_once=False)
    assert apart(books.paper, others.paper) == []
    assert apart(books.paper, late.paper) == []
    assert out_of_step(books.paper) == []
    assert counts_that_do_not_hold(books.paper) == []


CANCELS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "the receipt that covered a sale": ("PR-1", [
        bought(1, "PR-0", goods(2, 10)), sold(2, "DN-1", goods(12, 20)), bought(3, "PR-1", goods(20, 12)),
        cancelled(4, "PR-1", "purchase_receipt"),
    ]),
    "the receipt that covered a sale, of which goods came back": ("PR-2", [
        bought(1, "PR-1", goods(2, 10)), sold(2, "DN-1", goods(6, 20)), bought(3, "PR-2", goods(8, 15)),
        given_back(5, "CR-1", "DN-1", goods(-4, 20)), cancelled(7, "PR-2", "purchase_receipt"),
    ]),
    "the first of several returns from an average": ("RR-1", [
        bought(1, "PR-1", goods(3, "3.3333", "Juice")), bought(2, "PR-2", goods(7, 9, "Juice")),
        sent_back(3, "RR-1", "PR-1", goods(-1, "3.3333", "Juice")), sent_back(4, "RR-2", "PR-1", goods(-1, "3.3333", "Juice")),
        sold(5, "DN-1", goods(2, 9, "Juice")), cancelled(6, "RR-1", "purchase_receipt"),
    ]),
    "the dearer part of an average, of which goods went back": ("LC-1", [
        bought(1, "PR-1", goods(4, 5, "Juice")), bought(2, "PR-2", goods(6, 1, "Juice")), landed(3, "LC-1", "PR-1", "4.44"),
        sent_back(4, "RR-1", "PR-1", goods(-3, 5, "Juice")), sold(5, "DN-1", goods(3, 9, "Juice")),
        cancelled(6, "LC-1", "landed_cost_voucher"),
    ]),
    "a freight bill": ("LC-1", [
        bought(1, "PR-1", goods(10, 5)), landed(3, "LC-1", "PR-1", "4.44"), sold(4, "DN-1", goods(7, 9)),
        cancelled(5, "LC-1", "landed_cost_voucher"),
    ]),
    "a transfer in the middle": ("SE-1", [
        bought(1, "PR-1", goods(10, 5)), bought(2, "PR-2", goods(10, 8, place="Shop")), moved(3, "SE-1", 4, "Stores", "Shop"),
        sold(5, "DN-1", goods(6, 9, place="Shop")), sold(6, "DN-2", goods(2, 9)), cancelled(9, "SE-1", "stock_entry"),
    ]),
    "a count between two sales": ("SR-1", [
        bought(1, "PR-1", goods(10, 5)), sold(2, "DN-1", goods(3, 9)), counted(3, "SR-1", goods(9, 4)),
        sold(4, "DN-2", goods(2, 9)), cancelled(6, "SR-1", "stock_reconciliation"),
    ]),
    "a sale between a purchase and a count": ("DN-1", [
        bought(1, "PR-1", goods(10, 5)), sold(2, "DN-1", goods(4, 9)), counted(3, "SR-1", goods(7)),
        sold(5, "DN-2", goods(7, 9)), cancelled(6, "DN-1", "delivery_note"),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("story", CANCELS)
@pytest.mark.parametrize("at_once", [True, False])
def test_cancelled_is_as_never_posted(story: str, at_once: bool) -> None:
    number, told = CANCELS[story]
    never = [document for document in told if document["number"] not in (number, f"CX-{number}")]
    books = books_of(told, at_once=at_once)
    assert apart(books.paper, books_of(never).paper) == []
    assert out_of_step(books.paper) == []


def test_both_ledgers_after_a_purchase_turns_up_before_a_sale() -> None:
    books = books_of([bought(1, "PR-1", goods(10, 5)), sold(9, "DN-1", goods(8, 20))])
    assert books.ledger("DN-1") == {"Cost of Goods Sold": "40.00", "Stock In Hand": "-40.00"}
    tell(books, [bought(1, "PR-0", goods(4, 2), posting_datetime="2024-06-01T08:00:00Z")])
    # The four at 2.00 were there first: the sale took them, and four of those at 5.00.
    assert books.ledger("DN-1") == {"Cost of Goods Sold": "28.00", "Stock In Hand": "-28.00"}
    corrections = [(d.amount, d.document) for d in books.paper.differences if d.amount]
    assert corrections == [(1200, 3)]


def test_a_cancel_waits_for_its_repost_in_step() -> None:
    # The receipt is gone, its goods were sold: until the repost the difference stands as cost, and the ledgers agree.
    _, told = CANCELS["the receipt that covered a sale"]
    books = books_of(told[:-1])
    tell(books, told[-1:], at_once=False, last=False)
    assert books.paper.pending
    assert out_of_step(books.paper) == []
    assert books.accounts()["Cost of Goods Sold"] == "140.00"
    books.paper.repost()
    assert books.accounts() == {
        "Cost of Goods Sold": "120.00", "Stock In Hand": "-100.00", "Stock Received But Not Billed": "-20.00",
    }  # fmt: skip


def test_a_rate_counted_while_goods_are_owed_leaves_no_value_behind() -> None:
    made = {"item": "Juice", "qty": 5, "to": "Depot", "finished": True}
    told = [
        entry(1, "SE-1", "manufacture", {"item": "Juice", "qty": 7, "from": "Depot"}, made),
        counted(2, "SR-1", {"item": "Juice", "warehouse": "Depot", "rate": "18.18"}), cancelled(3, "SE-1", "stock_entry"),
    ]  # fmt: skip
    books = books_of([])
    tell(books, told, at_once=False, last=False)
    assert out_of_step(books.paper) == []
    books.paper.repost()
    assert books.accounts() == {}


def test_bills_that_come_in_another_order_cost_each_serial_number_the_same() -> None:
    clocks = {"item": "Clock", "warehouse": "Stores", "serials": ["C1", "C2"]}
    cheap = goods(1, "1.09", "Clock", against_receipt="PR-1")
    dear = goods(1, "1.3671", "Clock", against_receipt="PR-1")
    ledgers = []
    for first, second in ((cheap, dear), (dear, cheap)):
        books = books_of([])
        books.know("item", code="Clock", has_serial=True)
        tell(books, [
            bought(1, "PR-1", {**clocks, "qty": 2, "rate": "1.3671"}),
            on(2, "purchase_invoice", "PI-1", supplier="Farm", lines=[first]),
            on(3, "purchase_invoice", "PI-2", supplier="Farm", lines=[second]),
        ])  # fmt: skip
        ledgers.append({chain: balance.value for chain, balance in books.paper.balances.items()})
    assert ledgers[0] == ledgers[1]


def books_of(documents: list[dict[str, Any]], *, at_once: bool = True) -> Accountant:
    """The books after these documents, with reposts after each, or one in the end."""
    books = Accountant(allow_negative_stock=True)
    books.know("item", code="Apple", valuation_rate="7")
    books.know("item", code="Juice", valuation_method="moving_average", valuation_rate="7")
    books.know("item", code="Cheese", has_batch=True, batch_wise_valuation=False)
    books.know("warehouse", company="Paper", name="Shop", account="Finished Goods")
    books.know("warehouse", company="Paper", name="Depot")
    tell(books, documents, at_once=at_once)
    return books


def tell(books: Accountant, documents: list[dict[str, Any]], *, at_once: bool = True, last: bool = True) -> None:
    """Post documents; every one of them is accepted."""
    for document in documents:
        books.repost = at_once
        books.posts(**{"type_" if key == "type" else key: value for key, value in document.items()})
    if last:
        books.paper.repost()
