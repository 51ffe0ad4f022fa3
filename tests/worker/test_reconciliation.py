"""Looks at the books, and the gate on the way into them: what differs, since when, why, and what waits until it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from domain.reconciliation import CauseKind, ProposalKind
from tests.support.differences import apart, journal, look
from tests.support.lanes import COMPANY, MASTERS, Json, cancel, delivery, number_of, post_all, publish, receipt, rows
from tests.support.rows_read import rows_read_by
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.support.till import SHOP, closing, sale
from tests.support.till import cancel as till_cancel
from tests.support.till import masters as till_masters
from tests.support.till import receipt as till_receipt
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services.reposting import run_pending
from worker.store.database import Database
from worker.store.reconciliation.proposals import proposals
from worker.store.reconciliation.verdicts import latest, of_night, trend

ALLOWED = {**COMPANY, "stock_journals": "allow"}


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        publish(own, [*MASTERS, ALLOWED, receipt("PR-1"), delivery("DN-1")])
        post_all(own)
        yield own


def post(books: Database, *documents: Json) -> dict[str, str]:
    publish(books, documents)
    post_all(books)
    return dict(rows(books, "SELECT number, status FROM books.document_status ORDER BY sequence"))


def error(books: Database, number: str) -> Json:
    ((told,),) = rows(books, "SELECT error FROM books.document_status WHERE number = %s", number)
    return dict(told)


def numbers(books: Database, *, only_open: bool = True) -> list[tuple[int, str, str]]:
    with books.transaction() as connection:
        found = proposals(connection, number_of(books), only_open=only_open)
    return [(one.number, str(one.kind), one.status) for one in found]


def test_a_look_adds_what_came_in_and_a_full_one_says_the_same(books: Database) -> None:
    first = look(books, night=date(2024, 8, 20))
    assert (first.verdict, first.is_full, apart(first)) == ("in_sync", True, {})
    none = dict.fromkeys(("0-30", "31-60", "61-90", "over 90"), "0.00")
    opened_by = {
        "type": "purchase_receipt",
        "number": "PR-1",
        "posting_date": "2024-06-15",
        "age_days": 66,
        "outstanding": "2000.00",
    }
    aged = {"as_of": "2024-08-20", **none, "61-90": "2000.00", "oldest": [opened_by]}
    assert first.figures["received_not_billed"] == aged
    (account,) = first.accounts
    assert (account.account, account.warehouses, account.stock_value, account.balance) == (
        "Stock In Hand",
        ("Stores",),
        180000,
        180000,
    )
    post(
        books,
        receipt("PR-0", 5, "100", at="2024-06-01T09:00:00"),
        delivery("DN-2"),
        cancel("X-1", "delivery_note", "DN-1"),
    )
    run_pending(books, number_of(books))
    added = look(books, night=date(2024, 7, 1))
    assert not added.is_full
    earlier = {
        "type": "purchase_receipt",
        "number": "PR-0",
        "posting_date": "2024-06-01",
        "age_days": 30,
        "outstanding": "500.00",
    }
    younger = {**opened_by, "age_days": 16}
    aged = {"as_of": "2024-07-01", **none, "0-30": "2500.00", "oldest": [earlier, younger]}
    assert added.figures["received_not_billed"] == aged
    assert added.rows_read < look(books, full=True).rows_read
    again = look(books, full=True, night=date(2024, 7, 2))
    assert again.accounts == added.accounts
    assert again.verdict == "in_sync"
    with books.transaction() as connection:
        kept = of_night(connection, number_of(books), date(2024, 7, 1))
        assert kept is not None
        assert kept.number == added.number
        last = latest(connection, number_of(books))
        assert last is not None
        assert (last.number, last.accounts) == (again.number, again.accounts)
        assert [(one.night, one.difference) for one in trend(connection, number_of(books), date(2024, 7, 2), 2)] == [
            (date(2024, 7, 1), 0), (date(2024, 7, 2), 0),
        ]  # fmt: skip


def test_a_journal_by_hand_is_refused_unless_the_company_allows_it(books: Database) -> None:
    publish(books, [COMPANY])
    assert post(books, journal("JE-1", "5"))["JE-1"] == "rejected"
    assert (error(books, "JE-1")["code"], error(books, "JE-1")["field"]) == (
        "StockAccountOnlyViaStock",
        "lines[0].account",
    )
    entry = {
        "type": "stock_entry", "company": "Grocery", "number": "SE-1", "posting_datetime": "2024-06-18T09:00:00",
        "purpose": "material_receipt", "difference_account": "Finished Goods",
        "lines": [{"item": "Rice", "to": "Stores", "qty": 1, "rate": 10}],
    }  # fmt: skip
    assert post(books, entry)["SE-1"] == "rejected"
    assert error(books, "SE-1")["field"] == "difference_account"
    periodic = {**COMPANY, "perpetual_inventory": False}
    assert post(books, periodic, journal("JE-2", "5"))["JE-2"] == "posted"


def test_what_would_build_on_a_difference_waits_and_goes_on_by_itself(books: Database) -> None:
    """At once in the batch of the journal, across batches, and whoever mends it: its proposal, or the cancel of its cause."""
    look(books)
    told = post(books, journal("JE-1", "5"), delivery("DN-2"), receipt("PR-2"))
    assert {told[number] for number in ("DN-2", "PR-2")} == {"parked"}
    waiting = error(books, "DN-2")
    assert waiting["code"] == "ValueOutOfSync"
    assert waiting["message"].startswith("Stock In Hand of Grocery differs from the stock in Stores by -5.00 since ")
    assert "perpetua reconcile accept 1" in waiting["message"]
    details = waiting["details"]
    assert (details["stock_value"], details["account_balance"], details["difference"]) == (
        "1800.00",
        "1805.00",
        "-5.00",
    )
    assert (details["company"], details["account"], details["warehouses"]) == ("Grocery", "Stock In Hand", ["Stores"])
    assert datetime.fromisoformat(details["since"]) < datetime.now(UTC)
    (proposed,) = details["proposals"]
    assert proposed["proposal"] == 1
    assert proposed["entry"][0] == {"account": "Stock In Hand", "debit": "0.00", "credit": "5.00"}
    assert post(books, delivery("DN-3"))["DN-3"] == "parked"
    told = post(books, journal("CURE", "-5", reference="RECON-1"), delivery("DN-4"))
    assert set(told.values()) == {"posted"}
    assert look(books).verdict == "in_sync"
    assert numbers(books, only_open=False) == [(1, "reversal", "settled")]
    assert post(books, journal("JE-2", "7"), delivery("DN-5"))["DN-5"] == "parked"
    assert post(books, cancel("X-2", "journal_entry", "JE-2"))["DN-5"] == "posted"
    assert numbers(books, only_open=False)[0] == (2, "reversal", "withdrawn")
    seen = look(books, full=True)
    assert (seen.verdict, apart(seen)) == ("in_sync", {})
    assert {cause.kind for cause in seen.causes} == {
        CauseKind.PENDING_REPOST
    }  # what waited is dated before what did not


def test_a_journal_that_mends_names_an_open_proposal_and_books_just_that(books: Database) -> None:
    look(books)
    post(books, journal("JE-1", "5"))
    told = post(
        books,
        journal("C-1", "-4", reference="RECON-1"),
        journal("C-2", "-5", reference="RECON-9"),
        journal("C-3", "-5"),
    )
    assert [error(books, number)["code"] for number in ("C-1", "C-2")] == ["MendingDoesNotFit", "ProposalNotOpen"]
    assert told["C-3"] == "parked"  # a journal that names nothing is one more by hand
    assert post(books, journal("C-4", "-5", reference="RECON-1"))["C-4"] == "posted"
    assert post(books, journal("C-5", "-5", reference="RECON-1"))["C-5"] == "rejected"


def test_a_company_may_only_warn_and_then_documents_go_on(books: Database) -> None:
    look(books)
    assert post(books, journal("JE-1", "5"), delivery("DN-2"))["DN-2"] == "parked"
    told = post(books, {**ALLOWED, "on_out_of_sync": "warn"}, delivery("DN-3"))
    assert (told["DN-2"], told["DN-3"]) == ("posted", "posted")
    warnings = dict(
        rows(books, "SELECT number, warning ->> 'code' FROM books.document_status WHERE warning IS NOT NULL")
    )
    assert warnings == {"DN-2": "ValueOutOfSync", "DN-3": "ValueOutOfSync"}
    assert apart(look(books)) == {"Stock In Hand": -500}


def test_what_a_company_tolerates_holds_nothing_up(books: Database) -> None:
    publish(books, [{**ALLOWED, "sync_tolerance": "5"}])
    look(books)
    told = post(books, journal("JE-1", "5"), delivery("DN-2"), journal("JE-2", "0.01"), delivery("DN-3"))
    assert (told["DN-2"], told["DN-3"]) == ("posted", "parked")
    assert [one for one, *_ in numbers(books)] == [1, 2]


def test_every_account_has_its_own_difference_and_its_own_proposals(books: Database) -> None:
    goods = {"type": "warehouse", "company": "Grocery", "name": "Shop", "account": "Finished Goods"}
    moved = receipt("PR-2")
    moved["lines"][0]["warehouse"] = "Shop"
    post(books, goods, moved)
    look(books)
    told = post(books, journal("JE-1", "5"), {**receipt("PR-3"), "lines": moved["lines"]}, delivery("DN-2"))
    assert (told["PR-3"], told["DN-2"]) == ("posted", "parked")
    post(books, journal("JE-2", "-3", account="Finished Goods"))
    seen = look(books)
    assert apart(seen) == {"Finished Goods": 300, "Stock In Hand": -500}
    assert [(cause.account, cause.voucher, cause.kind) for cause in seen.causes] == [
        ("Finished Goods", "JE-2", CauseKind.JOURNAL_BY_HAND), ("Stock In Hand", "JE-1", CauseKind.JOURNAL_BY_HAND),
    ]  # fmt: skip
    told = post(books, journal("C-1", "-5", reference="RECON-1"))
    assert told["DN-2"] == "posted"
    assert apart(look(books)) == {"Finished Goods": 300}


def test_a_journal_between_two_stock_accounts_is_one_proposal_that_mends_both(books: Database) -> None:
    post(books, {"type": "warehouse", "company": "Grocery", "name": "Shop", "account": "Finished Goods"})
    look(books)
    between = journal("JE-1", "5")
    between["lines"][1]["account"] = "Finished Goods"
    post(books, between)
    assert apart(look(books)) == {"Finished Goods": 500, "Stock In Hand": -500}
    assert numbers(books) == [(1, str(ProposalKind.REVERSAL), "proposed")]
    mending = journal("C-1", "-5", reference="RECON-1")
    mending["lines"][1]["account"] = "Finished Goods"
    post(books, mending, delivery("DN-2"))
    assert apart(look(books, full=True)) == {}


def test_a_mending_that_is_cancelled_opens_the_difference_again(books: Database) -> None:
    look(books)
    post(books, journal("JE-1", "5"), journal("C-1", "-5", reference="RECON-1"))
    assert look(books).verdict == "in_sync"
    told = post(books, cancel("X-1", "journal_entry", "C-1"), delivery("DN-2"))
    assert told["DN-2"] == "parked"
    seen = look(books)
    assert [cause.voucher for cause in seen.causes] == ["JE-1"]
    assert numbers(books) == [(2, "reversal", "proposed")]


def test_a_verdict_as_of_a_date_counts_only_what_is_dated_by_then(books: Database) -> None:
    post(books, journal("JE-1", "5", at="2024-06-20T09:00:00"), journal("JE-2", "-5", at="2024-07-20T09:00:00"))
    assert apart(look(books)) == {"Stock In Hand": -500}  # the second waits until the first is mended
    post(books, {**ALLOWED, "on_out_of_sync": "warn"})
    assert apart(look(books)) == {}
    june = look(books, as_of=date(2024, 6, 30))
    assert (june.verdict, apart(june)) == ("out_of_sync", {"Stock In Hand": -500})
    assert [cause.voucher for cause in june.causes] == ["JE-1"]
    assert look(books, as_of=date(2024, 6, 19)).verdict == "in_sync"
    assert rows(books, "SELECT * FROM sync_account") == []  # posting follows the books of all dates
    with books.transaction() as connection:
        scope = scope_of(connection, number_of(books))
        assert scope is not None
        for day, difference in ((19, 0), (20, -5), (30, -5), (None, 0)):
            asked = replace(scope, end=None if day is None else date(2024, 6, day))
            (told,) = REPORTS["stock-account-comparison"].dicts(connection, asked)
            assert (told["account"], told["difference"]) == ("Stock In Hand", difference)


def test_the_moment_of_parting_is_the_batch_of_the_journal(books: Database) -> None:
    look(books)
    post(books, receipt("PR-2"))
    post(books, journal("JE-1", "5"))
    post(books, delivery("DN-2"))
    ((batch, posted_at),) = rows(books, "SELECT batch_no, posted_at FROM books.voucher WHERE number = 'JE-1'")
    for full in (False, True):
        (account,) = look(books, full=full).accounts
        assert (account.parted_batch, account.parted_at) == (batch, posted_at)


def test_a_pending_repost_and_open_tills_are_told_and_explain_nothing(books: Database) -> None:
    look(books)
    post(books, delivery("DN-2", 9, at="2024-06-17T09:00:00"))
    post(books, receipt("PR-0", 5, "100", at="2024-06-01T09:00:00"))
    seen = look(books)
    assert (seen.verdict, [cause.kind for cause in seen.causes]) == ("in_sync", [CauseKind.PENDING_REPOST])
    assert seen.figures["pending_reposts"] == 1
    assert look(books, full=True).accounts == seen.accounts
    run_pending(books, number_of(books))
    after = look(books)
    assert (after.verdict, after.causes) == ("in_sync", ())


def test_a_repost_is_done_while_its_account_differs_and_moves_the_difference_nowhere(books: Database) -> None:
    """Reposts are a cure, never parked: both ledgers move alike, and what differed before differs by as much after."""
    look(books)
    post(books, delivery("DN-2", 9, at="2024-06-17T09:00:00"), receipt("PR-0", 5, "100", at="2024-06-01T09:00:00"))
    assert post(books, journal("JE-1", "5"), delivery("DN-3"))["DN-3"] == "parked"
    before = look(books)
    assert {cause.kind: cause.amount for cause in before.causes} == {
        CauseKind.PENDING_REPOST: 0,
        CauseKind.JOURNAL_BY_HAND: -500,
    }
    assert before.causes[0].kind == CauseKind.PENDING_REPOST  # said first, and no entry is proposed for it
    assert numbers(books) == [(1, "reversal", "proposed")]
    run_pending(books, number_of(books))
    after = look(books)
    assert [(cause.kind, cause.amount) for cause in after.causes] == [(CauseKind.JOURNAL_BY_HAND, -500)]
    assert after.accounts[0].stock_value != before.accounts[0].stock_value
    assert apart(after) == apart(before) == {"Stock In Hand": -500}


def test_the_gate_reads_neither_the_ledgers_nor_their_sums(books: Database) -> None:
    """What posting must know of an account that differs is kept beside it, so it costs as much whatever there is."""
    look(books)
    post(books, {**ALLOWED, "on_out_of_sync": "warn"}, receipt("PR-2", 100), journal("JE-1", "5"), delivery("DN-2"))
    summed = ("gl_entry", "stock_movement", "stock_difference", "stock_account_day", "chain_total")
    for number in range(3):
        assert rows_read_by(books, number_of(books), delivery(f"DN-{3 + number}"), *summed) == 0
        post(books, *(delivery(f"MORE-{number}-{place}") for place in range(10)))


def test_a_till_closes_and_opens_again_only_on_stock_that_agrees(database: FreshDatabase) -> None:
    """Sales go on meanwhile: what a till takes moves no ledger before its closing."""
    by_hand = {**journal("JE-1", "5"), "company": SHOP}
    with opened(database) as books:
        (company, *others) = till_masters()
        publish(books, [{**company, "stock_journals": "allow"}, *others, till_receipt("PR-1", ("Apple", 10, 2))])
        publish(books, [by_hand, sale("S-1", ("Apple", 2, 3)), closing("C-1")])
        post_all(books, SHOP)
        told = dict(rows(books, "SELECT number, status FROM books.document_status"))
        assert (told["S-1"], told["C-1"]) == ("open", "parked")
        publish(books, [till_cancel("X-1", "journal_entry", "JE-1")])
        post_all(books, SHOP)
        assert dict(rows(books, "SELECT number, status FROM books.document_status"))["C-1"] == "posted"
        publish(books, [{**by_hand, "number": "JE-2"}, till_cancel("X-2", "pos_closing", "C-1")])
        post_all(books, SHOP)
        assert dict(rows(books, "SELECT number, status FROM books.document_status"))["X-2"] == "parked"
        publish(books, [till_cancel("X-3", "journal_entry", "JE-2")])
        post_all(books, SHOP)
        assert dict(rows(books, "SELECT number, status FROM books.document_status"))["C-1"] == "cancelled"
