"""Counts of serial numbers: what they did not find is gone at their moment, whichever of receipt and count is posted first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.errors import DocumentRejected
from tests.domain.test_reposting_stories import bought, cancelled, counted, goods, sold
from tests.support.accountant import Accountant
from tests.support.laws import apart, out_of_step


def clocks(*serials: str, rate: Any = None) -> dict[str, Any]:
    return goods(len(serials), rate, "Clock", serials=list(serials))


RECEIPT = bought(1, "PR-1", clocks("C1", "C2", rate=10))
LATE = bought(3, "PR-2", clocks("C3", rate=12))
COUNT = counted(10, "SR-1", clocks("C1"))
SALE = sold(5, "DN-1", clocks("C3"))
LATER = counted(20, "SR-2", clocks("C1", rate=11))


def told(*documents: dict[str, Any]) -> Accountant:
    books = Accountant()
    books.know("item", code="Clock", has_serial=True)
    for document in documents:
        answer = books.paper.submit(json.dumps({"company": "Paper", **document}).encode())
        if isinstance(answer, DocumentRejected):
            raise answer
        assert out_of_step(books.paper) == []
    return books


def qty(books: Accountant, serial: str) -> int:
    return sum(row.qty for row in books.paper.rows() if row.chain.part == serial) // 10**6


def test_what_comes_in_before_a_count_that_did_not_find_it_is_gone_there() -> None:
    books = told(RECEIPT, COUNT, LATE)
    assert [qty(books, serial) for serial in ("C1", "C2", "C3")] == [1, 0, 0]
    assert books.paper.accounts()["Stock Adjustment"] == 2200
    assert apart(books.paper, told(RECEIPT, LATE, COUNT).paper) == []


def test_what_had_left_before_the_count_was_not_gone_after_all() -> None:
    books = told(RECEIPT, COUNT, LATE, SALE)
    assert books.paper.accounts()["Stock Adjustment"] == 1000
    assert apart(books.paper, told(RECEIPT, LATE, SALE, COUNT).paper) == []


def test_a_cancel_leaves_the_count_as_if_the_goods_had_never_come() -> None:
    books = told(RECEIPT, COUNT, LATE, cancelled(30, "PR-2", "purchase_receipt"))
    assert apart(books.paper, told(RECEIPT, COUNT).paper) == []


def test_where_a_count_is_cancelled_the_next_one_finds_its_goods_gone() -> None:
    books = told(RECEIPT, COUNT, LATE, LATER, cancelled(30, "SR-1", "stock_reconciliation"))
    assert apart(books.paper, told(RECEIPT, LATE, LATER).paper) == []
    assert [qty(books, serial) for serial in ("C1", "C2", "C3")] == [1, 0, 0]


def test_a_count_of_the_past_knows_what_lay_there_then() -> None:
    """What had not come yet is not counted; what was sold after the count lay there, so that can't have been gone."""
    books = told(RECEIPT, bought(15, "PR-3", clocks("C4", rate=9)), COUNT)
    assert [qty(books, serial) for serial in ("C1", "C2", "C4")] == [1, 0, 1]
    with pytest.raises(DocumentRejected, match="short by 1 on 2024-06-12"):
        told(RECEIPT, sold(12, "DN-2", clocks("C2")), COUNT)
