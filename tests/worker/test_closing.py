"""Closing a period through the real door: refused while something is on its way into it, and settled from then on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.lanes import COMPANY, MASTERS, cancel, delivery, number_of, post_all, receipt
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services.acceptance import Message, read, store
from worker.services.reposting import run_pending
from worker.store.database import Database
from worker.store.intake.incoming import Receipt

JUNE = {
    "type": "accounting_period",
    "company": "Grocery",
    "name": "June",
    "start": "2024-06-01",
    "end": "2024-06-30",
    "status": "closed",
}


def send(books: Database, *documents: dict[str, Any]) -> list[Receipt]:
    """Accept documents the way every door does."""
    return store(books, [read(Message(json.dumps(document).encode())) for document in documents])


def reasons(receipt: Receipt) -> list[str]:
    """Why a period was not closed; empty where it was."""
    if receipt.error is None:
        assert receipt.status == "master"
        return []
    assert (receipt.status, receipt.error["code"]) == ("rejected", "PeriodNotFinished")
    found: list[str] = receipt.error["details"]["reasons"]  # type: ignore[index]
    return found


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        send(own, *MASTERS)
        yield own


def test_a_document_on_its_way_keeps_the_period_open_even_from_the_same_message_batch(books: Database) -> None:
    *_, closing = send(books, receipt("PR-1"), receipt("PR-2", at="2024-07-01T00:00:00"), JUNE)
    assert reasons(closing) == ["1 not posted yet: purchase receipt PR-1"]
    post_all(books)
    *_, closing = send(books, JUNE)
    assert reasons(closing) == []
    (unchanged,) = send(books, JUNE)
    assert unchanged.status == "unchanged"


def test_a_parked_document_keeps_it_open_until_it_is_settled(books: Database) -> None:
    send(books, delivery("DN-1", item="Salt"), delivery("DN-2", item="Salt", at="2024-07-02T00:00:00"))
    post_all(books)
    assert reasons(send(books, JUNE)[0]) == ["1 parked: delivery note DN-1"]


def test_a_pending_repost_keeps_it_open_until_it_ran(books: Database) -> None:
    send(books, receipt("PR-1", at="2024-06-10T09:00:00"), delivery("DN-1", at="2024-06-16T09:00:00"))
    send(books, receipt("PR-0", rate="100", at="2024-06-01T09:00:00"))
    post_all(books)
    assert reasons(send(books, JUNE)[0]) == ["1 waiting to be reposted: Rice in Stores"]
    frozen = {**COMPANY, "stock_frozen_upto": "2024-06-30"}
    refused = send(books, frozen)[0]
    assert refused.error is not None
    assert refused.error["code"] == "PendingReposting"
    run_pending(books, number_of(books))
    assert reasons(send(books, JUNE)[0]) == []
    assert send(books, frozen)[0].status == "master"


def test_a_stock_account_that_differs_keeps_it_open_unless_the_company_only_warns(books: Database) -> None:
    by_hand = {
        "type": "journal_entry", "company": "Grocery", "number": "JE-1", "posting_datetime": "2024-06-20T09:00:00",
        "lines": [{"account": "Stock In Hand", "debit": 5}, {"account": "Stock Adjustment", "credit": 5}],
    }  # fmt: skip
    send(books, {**COMPANY, "stock_journals": "allow"}, receipt("PR-1"), by_hand)
    post_all(books)
    assert reasons(send(books, JUNE)[0]) == ["1 stock accounts that differ from stock: Stock In Hand by 5.00"]
    send(books, {**COMPANY, "on_out_of_sync": "warn"})
    assert reasons(send(books, JUNE)[0]) == []


def test_what_is_corrected_after_the_closing_shows_on_the_first_open_day_in_both_ledgers(books: Database) -> None:
    send(books, receipt("PR-1"), delivery("DN-1", 4))
    post_all(books)
    assert reasons(send(books, JUNE)[0]) == []
    landed = {
        "type": "landed_cost_voucher", "company": "Grocery", "number": "LCV-1", "posting_datetime": "2024-07-09T09:00:00",
        "receipts": ["PR-1"], "charges": [{"account": "Customs Duty", "amount": 50}], "distribute_by": "qty",
    }  # fmt: skip
    send(books, landed, {**cancel("C-1", "delivery_note", "DN-1"), "posting_datetime": "2024-07-20T09:00:00"})
    post_all(books)
    run_pending(books, number_of(books))
    with books.transaction() as connection:
        ledger = connection.execute(
            "SELECT posting_date::text, account, sum(debit - credit)::float FROM books.general_ledger "
            "WHERE account IN ('Stock In Hand', 'Cost of Goods Sold') GROUP BY 1, 2 HAVING sum(debit - credit) <> 0 ORDER BY 1, 2"
        ).fetchall()
        stock = connection.execute(
            "SELECT posting_date::text, sum(value)::bigint FROM ("
            "  SELECT posting_date, value FROM stock_movement UNION ALL SELECT posting_date, amount FROM stock_difference"
            ") rows GROUP BY 1 HAVING sum(value) <> 0 ORDER BY 1"
        ).fetchall()
    assert ledger[:3] == [
        ("2024-06-15", "Stock In Hand", 2000.0),
        ("2024-06-16", "Cost of Goods Sold", 800.0),
        ("2024-06-16", "Stock In Hand", -800.0),
    ]
    assert {day for day, *_ in ledger[3:]} <= {"2024-07-09", "2024-07-20"}
    assert sum(amount for _, account, amount in ledger if account == "Stock In Hand") == 2050.0
    assert sum(amount for _, account, amount in ledger if account == "Cost of Goods Sold") == 0.0
    by_day = {day: round(amount * 100) for day, account, amount in ledger if account == "Stock In Hand"}
    assert by_day == dict(stock)


def test_reopening_asks_for_a_role_and_a_reason_and_is_kept(books: Database) -> None:
    send(books, receipt("PR-1"))
    post_all(books)
    assert reasons(send(books, {**JUNE, "actor": "clara"})[0]) == []
    again = {**JUNE, "status": "open", "actor": "paul", "reason": "a bill was forgotten"}
    assert code(send(books, again)[0]) == "NotPermitted"
    send(books, {**COMPANY, "may_reopen_periods": ["clara", "paul"]})
    assert code(send(books, {**again, "actor": "mallory"})[0]) == "NotPermitted"
    assert code(send(books, {key: value for key, value in again.items() if key != "reason"})[0]) == "ReasonMissing"
    for sly in ({"end": "2024-06-14"}, {"document_types": {"purchase_receipt": "open"}}, {"start": "2024-06-16"}):
        assert code(send(books, {**JUNE, **sly, "actor": "mallory"})[0]) == "NotPermitted"
    assert send(books, {**JUNE, "status": "frozen", "actor": "mallory"})[0].error is None
    assert send(books, again)[0].error is None
    with books.transaction() as connection:
        scope = scope_of(connection, number_of(books))
        assert scope is not None
        told = [
            (row["status"], row["actor"], row["reason"]) for row in REPORTS["period-changes"].dicts(connection, scope)
        ]
    assert told == [("closed", "clara", ""), ("frozen", "mallory", ""), ("open", "paul", "a bill was forgotten")]


def test_a_freeze_is_lifted_by_those_who_may(books: Database) -> None:
    send(books, {**COMPANY, "stock_frozen_upto": "2024-06-30", "may_reopen_periods": ["clara"]})
    lifted = {
        **COMPANY,
        "stock_frozen_upto": "2024-05-31",
        "may_reopen_periods": ["clara", "paul"],
        "reason": "recount",
    }
    assert code(send(books, {**lifted, "actor": "paul"})[0]) == "NotPermitted"
    assert code(send(books, {**COMPANY, "actor": "paul"})[0]) == "NotPermitted"
    assert send(books, {**lifted, "actor": "clara"})[0].error is None


def code(receipt: Receipt) -> str:
    """The code of a refusal."""
    assert receipt.error is not None
    return str(receipt.error["code"])


def test_a_year_is_closed_to_retained_earnings(books: Database) -> None:
    send(books, receipt("PR-1"), delivery("DN-1", 4), {**JUNE, "status": "open"})
    closing = {
        "type": "period_closing", "company": "Grocery", "number": "PC-1", "posting_datetime": "2024-06-30T23:00:00", "period": "June",
    }  # fmt: skip
    send(books, closing)
    assert post_all(books).posted == 3
    with books.transaction() as connection:
        shown = connection.execute(
            "SELECT account, debit::float, credit::float FROM books.general_ledger WHERE voucher = 'PC-1' ORDER BY account"
        ).fetchall()
    assert shown == [("Cost of Goods Sold", 0.0, 800.0), ("Retained Earnings", 800.0, 0.0)]


def test_a_year_that_comes_to_more_than_the_books_can_state_is_refused_by_name(books: Database) -> None:
    # Each entry is the largest that there may be; a hundred of them are more than a column of the ledger holds.
    most = "1000000000000000"
    lines = [{"account": "Cash", "debit": most}, {"account": "Sales", "credit": most}]
    head = {"type": "journal_entry", "company": "Grocery", "posting_datetime": "2024-06-15T12:00:00", "lines": lines}
    send(books, {**JUNE, "status": "open"}, *({**head, "number": f"JE-{n}"} for n in range(100)))
    closing = {
        "type": "period_closing", "company": "Grocery", "number": "PC-1", "posting_datetime": "2024-06-30T23:00:00", "period": "June",
    }  # fmt: skip
    send(books, closing)
    drained = post_all(books)
    assert (drained.posted, drained.rejected) == (100, 1)
    with books.transaction() as connection:
        (error,) = connection.execute(
            "SELECT error ->> 'code' FROM books.document_status WHERE number = 'PC-1'"
        ).fetchone() or ("",)
    assert error == "NumberTooLarge"
