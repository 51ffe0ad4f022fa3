"""Faults planted in the rows themselves, with every guard switched off: each kind is found, named, and its amount explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from domain.reconciliation import CauseKind, Reconciliation
from tests.support.differences import alter, apart, look
from tests.support.lanes import MASTERS, RICE, TEA, Json, cancel, delivery, number_of, post_all, publish, receipt, rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.support.till import SHOP, closing, masters, sale
from tests.support.till import receipt as till_receipt
from worker.services.reconciliation import reconcile
from worker.services.reposting import run_pending
from worker.store.database import Database

JUNE, JULY = date(2024, 6, 30), date(2024, 7, 1)


@pytest.fixture
def new_books(database: FreshDatabase) -> Iterator[Database]:
    """Receipts and deliveries of two items, a cancel among them: all of them came in since the last look, which saw goods already."""
    with opened(database) as own:
        publish(own, [*MASTERS, TEA, receipt("PR-1"), receipt("PR-2", item="Tea")])
        post_all(own)
        assert look(own, night=JUNE).is_full
        publish(own, [delivery("DN-1", 3), delivery("DN-2", 2, item="Tea")])
        publish(own, [delivery("DN-3", item="Tea"), cancel("X-1", "delivery_note", "DN-3"), delivery("DN-4", 2)])
        post_all(own)
        run_pending(own, number_of(own))
        yield own


@pytest.fixture
def books(new_books: Database) -> Database:
    """The same books, looked at and found in order."""
    seen = look(new_books, night=JUNE)
    assert (seen.verdict, seen.causes, seen.findings, seen.is_full) == ("in_sync", (), (), False)
    return new_books


def codes(seen: Reconciliation) -> set[str]:
    return {finding.code for finding in seen.findings}


OF_RICE = "WHERE chain_id = (SELECT chain_id FROM chain JOIN term ON term_id = item_id WHERE name = 'Rice')"
OF_DN_1 = "WHERE voucher_id = (SELECT voucher_id FROM voucher WHERE number = 'DN-1')"
OF_DN_3 = "WHERE voucher_id = (SELECT voucher_id FROM voucher WHERE number = 'DN-3')"
ON_STOCK = "AND account_id = (SELECT term_id FROM term WHERE name = 'Stock In Hand' AND kind = 'account')"


FAULTS = pytest.mark.parametrize(
    ("voucher", "statements", "kind", "amount", "found"),
    [
        ("DN-1", [f"DELETE FROM gl_entry {OF_DN_1}"], CauseKind.LEG_MISSING, -60000, set()),
        ("DN-1", [f"DELETE FROM gl_entry {OF_DN_1} {ON_STOCK}"], CauseKind.LEG_MISSING, -60000, {"DebitCreditMismatch"}),
        ("DN-1", [f"DELETE FROM stock_movement {OF_DN_1}"], CauseKind.LEG_MISSING, 60000, {"BalanceMismatch"}),
        ("DN-1", [f"UPDATE gl_entry SET credit = credit + 700 {OF_DN_1} {ON_STOCK}"], CauseKind.LEG_ALTERED, 700, {"DebitCreditMismatch"}),
        ("DN-1", [f"UPDATE stock_movement SET value = value + 900 {OF_DN_1}"], CauseKind.CHAIN_BROKEN, 900, {"BalanceMismatch"}),
        ("DN-3", [f"DELETE FROM gl_entry {OF_DN_3} AND cause_id <> 0"], CauseKind.CANCELLED_ON_ONE_SIDE, 20000, set()),
        ("DN-1", [
            f"UPDATE gl_entry SET debit = debit + sign(debit)::int, credit = credit + sign(credit)::int {OF_DN_1}",
        ], CauseKind.ROUNDING, 1, set()),
    ],
)  # fmt: skip


@FAULTS
def test_a_fault_planted_since_the_last_look_is_found_by_the_next_one(
    new_books: Database,
    database: FreshDatabase,
    voucher: str,
    statements: list[str],
    kind: CauseKind,
    amount: int,
    found: set[str],
) -> None:
    """Without a full look: what came in since is all that is read, and it is where the fault lies."""
    alter(database.admin_url, *statements)
    seen = look(new_books, night=JULY)
    assert (seen.verdict, seen.is_full) == ("out_of_sync", False)
    (cause,) = seen.causes
    assert (cause.voucher, cause.kind, cause.amount, cause.first_night) == (voucher, kind, amount, JULY)
    assert codes(seen) == found


@FAULTS
def test_a_planted_fault_is_found_and_named(
    books: Database,
    database: FreshDatabase,
    voucher: str,
    statements: list[str],
    kind: CauseKind,
    amount: int,
    found: set[str],
) -> None:
    """Only a full look can see what was altered long ago; from then on every look tells it, with the night it was first seen on."""
    alter(database.admin_url, *statements)
    assert look(books, night=JUNE).verdict == "in_sync"
    seen = look(books, night=JULY, full=True)
    assert seen.verdict == "out_of_sync"
    (cause,) = seen.causes
    assert (cause.voucher, cause.kind, cause.amount, cause.first_night) == (voucher, kind, amount, JULY)
    assert cause.recorded_at is not None
    assert voucher in cause.message
    assert codes(seen) == found
    ((posted_at,),) = rows(books, "SELECT max(posted_at) FROM books.voucher WHERE number IN (%s, 'X-1')", voucher)
    (account,) = [one for one in seen.accounts if one.out_of_sync]
    assert account.parted_at == posted_at
    later = look(books, night=date(2024, 7, 4))
    (cause,) = later.causes
    assert (cause.amount, cause.first_night, cause.nights(later.night)) == (amount, JULY, 4)
    assert (seen.accounts[0].first_night, later.accounts[0].first_night) == (JULY, JULY)
    assert cause.proposal == 1
    (proposal,) = rows(books, "SELECT kind, status, difference FROM sync_proposal")
    assert proposal == ("adjustment", "proposed", amount)


BROKEN_LAWS = pytest.mark.parametrize(
    ("statement", "found", "words"),
    [
        (f"UPDATE balance SET qty = qty + 1000000 {OF_RICE}", {"BalanceMismatch", "LayersMismatch"}, "the balance holds 6 worth"),
        (f"UPDATE balance SET state = replace(state, '[[[5000000,', '[[[4000000,') {OF_RICE}", {"LayersMismatch"}, "hold 4, the balance 5"),
        (f"UPDATE balance SET value = -value {OF_RICE}", {"BalanceMismatch", "LayersMismatch", "NegativeValue"}, "lie there, worth -"),
        (
            "UPDATE stock_movement SET qty = qty - 7000000 WHERE voucher_id = 3",
            {"BalanceMismatch", "RunningQuantity"}, "-2 after delivery note DN-4",
        ),
    ],
)  # fmt: skip


@BROKEN_LAWS
def test_a_law_broken_since_the_last_look_is_a_finding_of_the_next_one(
    new_books: Database, database: FreshDatabase, statement: str, found: set[str], words: str
) -> None:
    alter(database.admin_url, statement)
    seen = look(new_books, night=JULY)
    assert (seen.verdict, apart(seen), codes(seen), seen.is_full) == ("faulty", {}, found, False)
    assert any(words in finding.message and "Rice in Stores" in finding.message for finding in seen.findings)
    later = look(new_books, night=date(2024, 7, 4))
    assert (later.verdict, codes(later), {one.first_night for one in later.findings}) == ("faulty", found, {JULY})


def test_what_does_not_hold_is_told_every_night_until_it_is_mended(
    new_books: Database, database: FreshDatabase
) -> None:
    """Nothing comes in, so nothing is read but what was found before; a look as of a date, or one that nobody heard of, hides nothing."""
    alter(
        database.admin_url,
        f"UPDATE gl_entry SET debit = debit + 300 {OF_DN_1} AND debit > 0",
        f"UPDATE balance SET qty = qty + 1000000 {OF_RICE}",
    )
    first = look(new_books, night=JULY, as_of=JUNE)
    assert codes(first) == {"DebitCreditMismatch", "BalanceMismatch", "LayersMismatch"}
    for night in range(2, 5):
        seen = look(new_books, night=date(2024, 7, night))
        assert (seen.verdict, seen.findings) == ("faulty", first.findings)
    alter(database.admin_url, f"UPDATE gl_entry SET debit = debit - 300 {OF_DN_1} AND debit > 0")
    seen = look(new_books, night=date(2024, 7, 5))
    assert (seen.verdict, codes(seen), seen.is_full) == ("faulty", {"BalanceMismatch", "LayersMismatch"}, False)
    alter(database.admin_url, f"UPDATE balance SET qty = qty - 1000000 {OF_RICE}")
    assert look(new_books, night=date(2024, 7, 6)).verdict == "in_sync"


def test_each_batch_of_a_chain_that_values_them_together_runs_by_itself(database: FreshDatabase) -> None:
    """A row under another batch's name changes nothing of the chain, and leaves one batch with less than nothing."""
    pooled = {**RICE, "has_batch": True, "batch_wise_valuation": False}
    batches = [{"type": "batch", "company": "Grocery", "name": name, "item": "Rice"} for name in ("B1", "B2")]
    with opened(database) as own:
        publish(
            own, [*MASTERS, pooled, *batches, of_batch(receipt("PR-1", 5), "B1"), of_batch(receipt("PR-2", 5), "B2")]
        )
        post_all(own)
        assert look(own, night=JUNE).verdict == "in_sync"
        publish(own, [of_batch(delivery("DN-1", 3), "B2"), of_batch(delivery("DN-2", 4), "B1")])
        assert post_all(own).posted == 2
        alter(
            database.admin_url,
            "UPDATE stock_movement m SET batch_id = term_id FROM term t WHERE t.kind = 'part' AND t.name = 'B1' "
            "AND m.voucher_id = (SELECT voucher_id FROM voucher WHERE number = 'DN-1')",
        )
        seen = look(own, night=JULY)
        assert [(one.code, one.message) for one in seen.findings] == [
            (
                "RunningQuantity",
                "Rice (B1) in Stores: -2 after delivery note DN-2, which should leave nothing less than zero.",
            ),
        ]
        alter(
            database.admin_url,
            "UPDATE stock_movement m SET batch_id = term_id FROM term t WHERE t.kind = 'part' AND t.name = 'B2' "
            "AND m.voucher_id = (SELECT voucher_id FROM voucher WHERE number = 'DN-1')",
        )
        assert look(own, night=JULY, full=True).findings == ()


def of_batch(document: Json, batch: str) -> Json:
    """A document whose lines are of one batch."""
    return {**document, "lines": [{**line, "batch": batch} for line in document["lines"]]}


@BROKEN_LAWS
def test_a_law_that_does_not_hold_is_a_finding(
    books: Database, database: FreshDatabase, statement: str, found: set[str], words: str
) -> None:
    alter(database.admin_url, statement)
    seen = look(books, night=JULY, full=True)
    assert (seen.verdict, apart(seen), codes(seen)) == ("faulty", {}, found)
    assert any(words in finding.message and "Rice in Stores" in finding.message for finding in seen.findings), (
        seen.findings
    )
    again = look(books, night=date(2024, 7, 4), full=True)
    assert {finding.first_night for finding in again.findings} == {JULY}


def test_faults_that_hide_each_other_are_both_found(books: Database, database: FreshDatabase) -> None:
    """A difference that adds up to nothing over two documents is no difference of the account, yet each of them is told."""
    alter(
        database.admin_url,
        "UPDATE gl_entry SET debit = debit + 500 WHERE debit > 0 AND voucher_id = 1",
        "UPDATE gl_entry SET credit = credit + 500 WHERE credit > 0 AND voucher_id = 2",
    )
    alter(database.admin_url, f"UPDATE gl_entry SET debit = debit - 500 WHERE debit > 0 AND voucher_id = 2 {ON_STOCK}")
    seen = look(books, full=True)
    assert [(cause.voucher, cause.amount) for cause in seen.causes] == [("PR-1", -500), ("PR-2", 500)]
    assert seen.accounts[0].difference == 0


def test_a_planted_difference_holds_documents_up_and_its_adjustment_lets_them_go(
    books: Database, database: FreshDatabase
) -> None:
    alter(database.admin_url, f"DELETE FROM gl_entry {OF_DN_1}")
    look(books, full=True)
    publish(books, [delivery("DN-9")])
    assert post_all(books).parked == 1
    publish(books, [cancel("X-9", "delivery_note", "DN-1")])
    assert post_all(books).posted == 2  # the cancel of a cause takes back whatever there is, in both ledgers
    assert look(books).verdict == "in_sync"
    assert look(books, full=True).verdict == "in_sync"


def test_a_receipt_of_a_till_that_nobody_has_is_found(database: FreshDatabase) -> None:
    with opened(database) as books:
        publish(
            books,
            [
                *masters(),
                till_receipt("PR-1", ("Apple", 10, 2)),
                sale("S-1", ("Apple", 2, 3)),
                sale("S-2", ("Apple", 1, 3)),
            ],
        )
        post_all(books, SHOP)
        seen = reconcile(books, 1)
        (told,) = seen.causes
        assert (told.kind, told.figure, seen.figures["open_sales"], seen.verdict) == (
            CauseKind.OPEN_TILL,
            600,
            2,
            "in_sync",
        )
        publish(books, [closing("C-1"), sale("S-3", ("Apple", 1, 3), at="2026-03-02T10:00")])
        post_all(books, SHOP)
        assert reconcile(books, 1).verdict == "in_sync"
        assert reconcile(books, 1, full=True).verdict == "in_sync"
        alter(database.admin_url, "DELETE FROM pos_invoice WHERE voucher_id = (SELECT voucher_id FROM voucher WHERE number = 'S-3')",
              "UPDATE pos_invoice SET closing_id = 0 WHERE voucher_id = (SELECT voucher_id FROM voucher WHERE number = 'S-1')")  # fmt: skip
        seen = reconcile(books, 1, full=True)
        assert [(one.code, one.message.split(":")[0]) for one in seen.findings] == [
            ("ReceiptAstray", "The sale S-1"), ("ReceiptAstray", "The sale S-3"),
        ]  # fmt: skip
        publish(books, [sale("S-4", ("Apple", 1, 3), at="2026-03-03T10:00")])
        post_all(books, SHOP)
        alter(
            database.admin_url,
            "DELETE FROM pos_invoice WHERE voucher_id = (SELECT voucher_id FROM voucher WHERE number = 'S-4')",
        )
        seen = reconcile(books, 1)
        assert [(one.code, one.message.split(":")[0]) for one in seen.findings] == [
            ("ReceiptAstray", "The sale S-1"), ("ReceiptAstray", "The sale S-3"), ("ReceiptAstray", "The sale S-4"),
        ]  # fmt: skip
        assert not seen.is_full
