"""Verification finds what was changed behind the system's back, with every guard switched off."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.lanes import MASTERS, cancel, delivery, number_of, post_all, publish, receipt
from tests.support.servers import Database as FreshDatabase
from worker.store.database import Database
from worker.store.verify import verify


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    """Books of several batches: receipts, deliveries, a backdated one, a cancel, a rejection, names that need escaping."""
    with Database(database.worker_url) as store:
        publish(store, MASTERS)
        for batch in range(3):
            publish(
                store,
                [
                    receipt(f"PR\\{batch}", qty=10 + batch, rate="33.333333333", at=f"2024-06-1{batch}T09:00:00.5"),
                    delivery(f"DN-{batch}", qty=3, at=f"2024-06-2{batch}T09:00:00.123400+05:30"),
                    delivery(f"DN-{batch}-too-many", qty=900),
                ],
            )
            post_all(store, limit_documents=2)
        publish(store, [cancel("X-1", "delivery_note", "DN-1")])
        post_all(store)
        yield store


def _codes(store: Database) -> list[str]:
    number = number_of(store)
    with store.transaction() as connection:
        return sorted({problem.code for problem in verify(connection, number)})


def test_untouched_books_hold(books: Database) -> None:
    assert _codes(books) == []


_ADDED_MOVEMENT = (
    "INSERT INTO stock_movement SELECT company_id, 900, voucher_id, line_no, chain_id, posting_at, posting_date, 0, 0, basis, account_id, "
    "contra_id, cost_center_id, dimensions_id, batch_id, source_id, stated, weight, counted_qty, counted_rate, provisional "
    "FROM stock_movement WHERE movement_id = 1"
)
_ADDED_ENTRIES = (
    "INSERT INTO gl_entry SELECT company_id, entry_id - 1000, run_id, voucher_id, account_id, debit, credit, posting_date, party_id, "
    "cost_center_id, dimensions_id, against_id, cause_id, currency_id, currency_amount, is_opening FROM gl_entry WHERE voucher_id = 1"
)


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE stock_movement SET line_no = 7 WHERE movement_id = 3", ["ChangedRows"]),
        ("UPDATE voucher SET posted_at = posted_at + interval '1 microsecond' WHERE voucher_id = 2", ["ChangedRows"]),
        ("UPDATE voucher SET figures = '{}' WHERE voucher_id = 1", ["ChangedRows"]),
        ("UPDATE stock_movement SET value = value + 1 WHERE movement_id = 1", ["BalanceMismatch", "ChangedRows", "ValueOutOfSync"]),
        ("UPDATE gl_entry SET debit = debit + 1 WHERE entry_id = 1", ["ChangedRows", "DebitCreditMismatch", "ValueOutOfSync"]),
        ("UPDATE gl_entry SET party_id = 1 WHERE entry_id = 2", ["ChangedRows"]),
        ("DELETE FROM stock_movement WHERE movement_id = 2", ["BalanceMismatch", "ChangedRows", "MissingRows", "ValueOutOfSync"]),
        ("DELETE FROM gl_entry WHERE voucher_id = 1", ["ChangedRows", "MissingRows", "ValueOutOfSync"]),
        ("DELETE FROM link", ["ChangedRows", "MissingRows"]),
        ("DELETE FROM posted_batch WHERE batch_no = (SELECT max(batch_no) FROM posted_batch)", ["AddedRows", "BrokenChain"]),
        ("UPDATE posted_batch SET hash = previous_hash WHERE batch_no = 2", ["BrokenChain", "ChangedRows"]),
        (_ADDED_MOVEMENT, ["AddedRows"]),
        (_ADDED_ENTRIES, ["AddedRows", "ValueOutOfSync"]),
        (
            "UPDATE voucher SET series_no = 9 WHERE voucher_id = 1",
            ["ChangedRows", "SeriesGap"],
        ),
        ("UPDATE balance SET qty = qty + 1", ["BalanceMismatch"]),
        ("UPDATE lane SET head_hash = 'x'", ["BrokenChain"]),
        ("UPDATE lane SET vouchers = vouchers + 1", ["BrokenChain"]),
        ("UPDATE lane SET parked = parked + 1", ["BrokenChain"]),
    ],
)  # fmt: skip
def test_tampering_is_found(books: Database, database: FreshDatabase, tampering: str, found: list[str]) -> None:
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(tampering).rowcount > 0
    assert _codes(books) == found
