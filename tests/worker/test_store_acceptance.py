"""Acceptance: one order, gapless sequences, content compared for ever."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.lanes import COMPANY, MASTERS, RICE, incoming, publish, receipt, rows
from tests.support.rows_read import rows_so_far
from tests.support.servers import Database as FreshDatabase
from worker.messages import canonical
from worker.store.database import Database
from worker.store.intake.acceptance import accept
from worker.store.intake.incoming import Incoming


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    """The store as the worker reaches it."""
    with Database(database.worker_url) as store:
        yield store


def test_documents_get_sequences_in_the_order_of_the_stream(books: Database) -> None:
    receipts = publish(books, [*MASTERS, receipt("B"), receipt("A"), receipt("C")])
    assert [(r.number, r.status, r.sequence) for r in receipts] == [
        ("Grocery", "master", 0), ("Stores", "master", 0), ("Rice", "master", 0),
        ("B", "new", 1), ("A", "new", 2), ("C", "new", 3),
    ]  # fmt: skip


def test_the_same_content_is_known_however_it_is_written(books: Database) -> None:
    document = receipt("PR-1", rate="200")
    publish(books, [document])
    spaced = json.dumps(document, indent=2).encode()
    reordered = json.dumps(dict(reversed(document.items()))).encode()
    numeric = json.dumps({**document, "lines": [{**document["lines"][0], "rate": 200, "qty": "10.0"}]}).encode()
    again = publish(books, [document, spaced, reordered, numeric])
    assert [(r.status, r.sequence) for r in again] == [("known", 1)] * 4
    assert rows(books, "SELECT count(*) FROM document") == [(1,)]


def test_a_document_is_looked_up_by_its_number_however_many_there_are_of_its_type(books: Database) -> None:
    publish(books, [*MASTERS, *(receipt(f"PR-{number}") for number in range(1500))])
    with books.transaction() as connection:
        before = rows_so_far(connection, ("document",))
        receipts = accept(
            connection, [incoming(receipt(f"PR-{number}")) for number in range(1490, 1510)], canonical=canonical
        )
        read = rows_so_far(connection, ("document",)) - before
    assert [r.status for r in receipts] == ["known"] * 10 + ["new"] * 10
    assert read == 10


def test_other_content_under_a_known_number_is_a_named_conflict_kept_once(books: Database) -> None:
    publish(books, [receipt("PR-1", qty=10)])
    for _ in range(2):
        (conflict,) = publish(books, [receipt("PR-1", qty=11)])
        assert conflict.status == "conflict"
        assert conflict.error is not None
        assert conflict.error["code"] == "DuplicateConflict"
        assert "PR-1" in str(conflict.error["message"])
    assert rows(books, "SELECT type, number FROM refused_message") == [("purchase_receipt", "PR-1")]
    assert rows(books, "SELECT payload::json -> 'lines' -> 0 ->> 'qty' FROM document") == [("10",)]


def test_duplicates_and_conflicts_within_one_batch(books: Database) -> None:
    receipts = publish(books, [receipt("PR-1"), receipt("PR-1"), receipt("PR-1", qty=3), receipt("PR-2")])
    assert [(r.status, r.sequence) for r in receipts] == [("new", 1), ("known", 1), ("conflict", 1), ("new", 2)]


def test_numbers_are_unique_per_type_and_company(books: Database) -> None:
    other = {**receipt("X"), "company": "Bakery"}
    invoice = {**receipt("X"), "type": "purchase_invoice"}
    receipts = publish(books, [receipt("X"), invoice, other])
    assert [(r.company, r.status, r.sequence) for r in receipts] == [
        ("Grocery", "new", 1), ("Grocery", "new", 2), ("Bakery", "new", 1),
    ]  # fmt: skip


def test_a_master_is_a_new_version_only_where_its_content_changed(books: Database) -> None:
    changed = {**RICE, "valuation_method": "lifo"}
    statuses = [r.status for r in publish(books, [RICE, RICE, changed, RICE])]
    assert statuses == ["master", "unchanged", "master", "master"]
    assert [r.status for r in publish(books, [RICE, {**RICE, "valuation_method": "fifo"}])] == [
        "unchanged", "unchanged",
    ]  # fmt: skip
    assert rows(books, "SELECT version, acceptance FROM master ORDER BY version") == [(1, 1), (2, 2), (3, 3)]


def test_a_document_refused_for_its_shape_is_filed_with_its_outcome(books: Database) -> None:
    error: dict[str, object] = {
        "code": "UnknownField",
        "message": "no such field: colour\n\\",
        "field": "colour",
        "details": {},
    }
    raw = b'{"type": "purchase_receipt", "colour": "\\u0007 \\\\ tab\\t"}'
    message = Incoming(
        company="Grocery",
        type="purchase_receipt",
        number="PR-1",
        payload=raw,
        content_hash=b"x",
        error=error,
        message_id="7-0",
    )
    with books.transaction() as connection:
        (kept,) = accept(connection, [message], canonical=canonical)
    assert (kept.status, kept.sequence) == ("rejected", 1)
    assert rows(books, "SELECT status, error FROM books.document_status") == [("rejected", error)]
    assert rows(books, "SELECT payload FROM document") == [(raw.decode(),)]


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"", b"\\x00\n\t\\N", bytes(range(256))])
def test_unreadable_messages_are_kept_as_they_came(books: Database, raw: bytes) -> None:
    message = Incoming(payload=raw, content_hash=raw[:32], message_id="1-1")
    for _ in range(2):
        with books.transaction() as connection:
            (kept,) = accept(connection, [message], canonical=canonical)
        assert kept.status == "unreadable"
    assert rows(books, "SELECT raw, message_id FROM refused_message") == [(raw, "1-1")]


def test_a_nul_makes_a_message_unreadable_and_leaves_the_others_alone(books: Database) -> None:
    bad = incoming(receipt("PR-1"))
    bad.payload += b"\x00"
    with books.transaction() as connection:
        receipts = accept(connection, [bad, incoming(receipt("PR-2"))], canonical=canonical)
    assert [(r.status, r.sequence) for r in receipts] == [("unreadable", 0), ("new", 1)]


def test_text_survives_copy_whatever_it_is(books: Database) -> None:
    number = "N\\1 'ü' \u2028 \\N \\."
    (kept,) = publish(books, [receipt(number)])
    assert kept.status == "new"
    assert rows(books, "SELECT number FROM document") == [(number,)]


def test_nothing_of_a_batch_is_stored_where_its_transaction_fails(books: Database) -> None:
    publish(books, [receipt("PR-0")])

    def fail_after_accepting() -> None:
        with books.transaction() as connection:
            accept(connection, [incoming(receipt("PR-1")), incoming(COMPANY)], canonical=canonical)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_accepting()
    assert [(r.number, r.sequence) for r in publish(books, [receipt("PR-2")])] == [("PR-2", 2)]
    assert rows(books, "SELECT max(acceptance) FROM document") == [(2,)]


def test_sequences_have_no_gaps_under_concurrent_acceptance(books: Database) -> None:
    def one_publisher(publisher: int) -> None:
        for batch in range(5):
            publish(
                books,
                [{**receipt(f"{publisher}-{batch}-{n}"), "company": f"C{n % 3}"} for n in range(7)]
                + [{**receipt(f"same-{batch}"), "company": "C0"}],
            )

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one_publisher, range(6)))
    found = rows(
        books,
        "SELECT c.name, count(*), min(sequence), max(sequence), count(DISTINCT sequence), i.last_sequence "
        "FROM document JOIN company c USING (company_id) JOIN intake_counter i USING (company_id) GROUP BY 1, 6 ORDER BY 1",
    )
    assert found == [("C0", 95, 1, 95, 95, 95), ("C1", 60, 1, 60, 60, 60), ("C2", 60, 1, 60, 60, 60)]
    (order,) = rows(books, "SELECT count(*), count(DISTINCT acceptance), max(acceptance) FROM document")
    assert order == (215, 215, 215)


def test_a_rejected_master_changes_nothing_and_is_kept(books: Database) -> None:
    message = Incoming(
        company="*",
        type="item",
        number="Rice",
        payload=b"{}",
        content_hash=b"h",
        is_master=True,
        error={"code": "WrongType"},
    )
    with books.transaction() as connection:
        (kept,) = accept(connection, [message], canonical=canonical)
    assert kept.status == "rejected"
    assert rows(books, "SELECT count(*) FROM master") == [(0,)]
    assert rows(books, "SELECT number, error FROM refused_message") == [("Rice", {"code": "WrongType"})]
