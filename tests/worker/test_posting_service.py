"""The posting service: order, gaplessness, parking and release, faults, and books that never depend on timing."""

import gc
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import domain.posting
from domain.errors import InvariantBroken
from tests.support.lanes import (
    COMPANY,
    MASTERS,
    RICE,
    STORES,
    TEA,
    Json,
    cancel,
    delivery,
    dump,
    number_of,
    post_all,
    publish,
    receipt,
    rows,
)
from tests.support.servers import Database as FreshDatabase
from worker.services import deciding
from worker.services.posting import drain
from worker.services.results import Decided
from worker.store.database import Database
from worker.store.posting.lanes import due_documents, lanes_with_work, take_lane
from worker.store.posting.outcomes import fetch_outcome, list_outcomes, release, revise
from worker.store.verify import verify


def _status(store: Database, type_: str, number: str) -> str:
    with store.transaction() as connection:
        found = fetch_outcome(connection, "Grocery", type_, number)
    assert found is not None
    return str(found["status"])


def _sound(store: Database) -> bool:
    number = number_of(store)
    with store.transaction() as connection:
        return verify(connection, number) == []


# -- the ordinary way -------------------------------------------------------------------------------------------------


def test_documents_post_in_sequence_and_tell_what_became_of_them(store: Database) -> None:
    publish(store, [*MASTERS, receipt("PR-1"), delivery("DN-1", 4), delivery("DN-2", 40), receipt("PR-2")])
    told: list[Json] = []
    drained = post_all(store, tell=lambda decided: told.extend(decided.outcomes))
    assert (drained.posted, drained.rejected, drained.parked, drained.first, drained.last) == (3, 1, 0, "PR-1", "PR-2")
    assert [(o["number"], o["status"], o["voucher_no"]) for o in told] == [
        ("PR-1", "posted", "PREC-2024-00001"), ("DN-1", "posted", "DN-2024-00001"), ("DN-2", "rejected", None),
        ("PR-2", "posted", "PREC-2024-00002"),
    ]  # fmt: skip
    assert told[2]["error"]["code"] == "NegativeStock"
    assert _sound(store)


def test_what_is_told_is_what_is_kept(store: Database) -> None:
    publish(
        store,
        [
            *MASTERS,
            receipt("PR-1"),
            delivery("DN-1"),
            delivery("DN-2", item="Tea"),
            cancel("X", "delivery_note", "DN-1"),
        ],
    )
    told: list[Json] = []
    post_all(store, tell=lambda decided: told.extend(decided.outcomes))
    latest = {outcome["sequence"]: outcome for outcome in told}
    with store.transaction() as connection:
        kept = list_outcomes(connection, number_of(store))
        assert kept == [latest[sequence] for sequence in sorted(latest)]
        assert [o["status"] for o in kept] == ["posted", "cancelled", "parked", "posted"]
        assert [o["number"] for o in list_outcomes(connection, number_of(store), status="parked")] == ["DN-2"]
        assert [o["number"] for o in list_outcomes(connection, number_of(store), after=2, limit=1)] == ["DN-2"]


def test_draining_an_empty_lane_does_nothing(store: Database) -> None:
    publish(store, MASTERS)
    publish(store, [receipt("PR-1")])
    post_all(store)
    before = rows(store, "SELECT * FROM lane")
    assert post_all(store).posted == 0
    assert rows(store, "SELECT * FROM lane") == before


def test_a_batch_that_is_done_is_gone_at_once(store: Database) -> None:
    publish(store, [*MASTERS, receipt("PR-0")])
    assert post_all(store).posted == 1
    publish(store, [receipt(f"PR-{number + 1}") for number in range(200)])
    gc.collect()
    gc.disable()
    try:
        assert post_all(store).posted == 200
        left = gc.collect()
    finally:
        gc.enable()
    assert left < 200, "each document is dozens of objects: none of them waits for the garbage to be looked for"


def test_voucher_numbers_start_anew_every_fiscal_year(store: Database) -> None:
    publish(
        store,
        [
            {**COMPANY, "fiscal_year_start": "04-01"}, STORES, RICE,
            receipt("A", at="2024-03-31"), receipt("B", at="2024-04-01"), receipt("C", at="2025-03-31T23:59:59"),
        ],
    )  # fmt: skip
    post_all(store)
    assert rows(store, "SELECT number, voucher_no FROM books.voucher ORDER BY number") == [
        ("A", "PREC-2023-00001"), ("B", "PREC-2024-00001"), ("C", "PREC-2024-00002"),
    ]  # fmt: skip


@pytest.mark.parametrize(("size", "seed"), [(1, 12), (2, 14), (3, 17), (500, 20)])
def test_the_books_do_not_depend_on_how_documents_fall_into_batches(
    store: Database, database: FreshDatabase, size: int, seed: int
) -> None:
    documents = _history(seed)
    publish(store, documents)
    post_all(store, limit_documents=size)
    assert _sound(store)
    _require_same(dump(store), _expected(database, documents))


@pytest.mark.parametrize("seed", [12, 20])
def test_a_drain_that_pauses_for_reposts_makes_the_same_books(
    store: Database, database: FreshDatabase, seed: int
) -> None:
    documents = _history(seed)
    publish(store, documents)
    last = []
    while (drained := post_all(store, pausing=True)).reposts:
        last.append(drained.last)
    assert len(last) == len(set(last)) > 3
    assert _sound(store)
    _require_same(dump(store), _expected(database, documents))


def test_another_process_goes_on_where_the_first_one_stopped(store: Database, database: FreshDatabase) -> None:
    documents = _history(12)
    with Database(database.worker_url) as other:
        for place, document in enumerate(documents):
            publish(store, [document])
            if place > 2:
                post_all(store if place % 3 else other)
        post_all(other)
    assert _sound(store)
    _require_same(dump(store), _expected(database, documents))


def _history(seed: int) -> list[Json]:
    """Documents of all fates, masters among them that come too late, in a random order."""
    chance = random.Random(seed)
    documents: list[Json] = [
        receipt(f"PR-{n}", chance.randrange(1, 9), str(chance.randrange(1, 500)), at=_at(chance)) for n in range(12)
    ]
    documents += [delivery(f"DN-{n}", chance.randrange(1, 9), at=_at(chance)) for n in range(12)]
    documents += [receipt(f"PT-{n}", item="Tea", at=_at(chance)) for n in range(4)]
    documents += [cancel(f"X-{n}", "delivery_note", f"DN-{n}") for n in range(4)]
    documents += [RICE, TEA, {**RICE, "allow_negative_stock": True}]
    chance.shuffle(documents)
    return [COMPANY, STORES, *documents]


def _at(chance: random.Random) -> str:
    return f"2024-06-{chance.randrange(1, 29):02}T{chance.randrange(24):02}:00:00"


def _expected(database: FreshDatabase, documents: list[Json]) -> dict[str, list[tuple[Any, ...]]]:
    """The books of the same documents, each accepted and decided by itself before the next, in a company of its own."""
    renamed = [{**d, "name": "Naive"} if d["type"] == "company" else {**d, "company": "Naive"} for d in documents]
    with Database(database.worker_url) as naive:
        publish(naive, renamed[:1])
        for document in renamed[1:]:
            publish(naive, [document])
            if rows(naive, "SELECT 1 FROM company WHERE name = 'Naive'"):
                post_all(naive, "Naive")
        return dump(naive, "Naive")


def _require_same(books: dict[str, list[tuple[Any, ...]]], expected: dict[str, list[tuple[Any, ...]]]) -> None:
    for part, expected_rows in expected.items():
        for row, expected_row in zip(books[part], expected_rows, strict=True):
            assert row == expected_row, part


# -- parking and release ----------------------------------------------------------------------------------------------


def test_a_document_parks_until_its_master_comes(store: Database) -> None:
    publish(store, [COMPANY, STORES, receipt("PR-1")])
    assert post_all(store).parked == 1
    with store.transaction() as connection:
        assert lanes_with_work(connection) == [(1, "Grocery")]  # its outcome was not handed to anybody
    publish(store, [RICE])
    assert post_all(store).posted == 1
    assert rows(store, "SELECT count(*) FROM outcome") == [(0,)]


def test_whether_the_lane_was_quick_or_slow_a_late_master_gives_the_same_books(
    store: Database, database: FreshDatabase
) -> None:
    documents = [
        COMPANY, STORES, RICE, receipt("PR-1", 10, "100"), receipt("PT-1", item="Tea"), delivery("DN-1", 5),
        TEA, receipt("PR-2", 10, "300"), delivery("DN-2", 5),
    ]  # fmt: skip
    publish(store, documents)
    post_all(store)
    _require_same(dump(store), _expected(database, documents))
    # The released receipt was decided where its master came: before the second receipt, after the first delivery.
    order = [
        voucher
        for (voucher,) in rows(store, "SELECT number FROM voucher WHERE company_id = 1 ORDER BY batch_no, batch_line")
    ]
    assert order == ["PR-1", "DN-1", "PT-1", "PR-2", "DN-2"]


def test_a_document_of_an_unknown_company_waits_for_its_company(store: Database) -> None:
    publish(store, [receipt("PR-1")])
    assert post_all(store).parked == 1
    publish(store, MASTERS)
    assert post_all(store).posted == 1


def test_a_document_may_wait_for_several_masters_in_turn(store: Database) -> None:
    publish(store, [receipt("PR-1")])
    for master in (COMPANY, RICE):
        post_all(store)
        publish(store, [master])
        assert post_all(store).parked == 1
    publish(store, [STORES])
    assert post_all(store).posted == 1
    assert _sound(store)


def test_a_master_version_holds_for_documents_accepted_after_it(store: Database) -> None:
    publish(
        store,
        [
            *MASTERS,
            delivery("DN-1"),
            {**RICE, "allow_negative_stock": True, "valuation_rate": 5},
            delivery("DN-2", 2),
            RICE,
            delivery("DN-3"),
        ],
    )
    post_all(store)
    assert [_status(store, "delivery_note", f"DN-{n}") for n in (1, 2, 3)] == ["rejected", "posted", "rejected"]


def test_masters_that_arrive_while_the_lane_is_drained_lose_no_document(store: Database) -> None:
    items = [f"I{n}" for n in range(40)]
    publish(store, [COMPANY, STORES])

    def publish_documents() -> None:
        for item in items:
            publish(store, [receipt(f"PR-{item}", item=item)])

    def publish_masters() -> None:
        for item in items:
            publish(store, [{**RICE, "code": item}])

    def drain_for_a_while() -> None:
        while (
            len(rows(store, "SELECT 1 FROM document")) < len(items)
            or len(rows(store, "SELECT 1 FROM master")) < len(items) + 2
        ):
            if rows(store, "SELECT 1 FROM company WHERE name = 'Grocery'"):
                post_all(store, limit_documents=5)
            time.sleep(0.01)

    with ThreadPoolExecutor(4) as pool:
        for job in [
            pool.submit(work) for work in (publish_documents, publish_masters, drain_for_a_while, drain_for_a_while)
        ]:
            job.result()
    post_all(store)
    assert rows(store, "SELECT status, count(*) FROM books.document_status GROUP BY 1") == [("posted", 40)]
    assert _sound(store)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_master_that_comes_while_a_batch_reads_what_is_due_releases_what_waits_for_it(
    store: Database, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    publish(store, [COMPANY, STORES, receipt("PR-1", item="Coffee")])
    assert post_all(store).parked == 1
    arriving = [{**RICE, "code": "Coffee"}]

    def while_it_arrives(*arguments: Any) -> Any:
        if moment == "after":
            due = due_documents(*arguments)
        if arriving:
            publish(store, [arriving.pop()])
        return due if moment == "after" else due_documents(*arguments)

    monkeypatch.setattr(deciding, "due_documents", while_it_arrives)
    post_all(store)
    post_all(store)
    assert _status(store, "purchase_receipt", "PR-1") == "posted"


def test_an_operator_releases_a_rejected_document_after_its_cause_is_gone(store: Database) -> None:
    publish(store, [*MASTERS, delivery("DN-1", at="2024-06-16")])
    post_all(store)
    publish(store, [receipt("PR-1", at="2024-06-15")])
    post_all(store)
    with store.transaction() as connection:
        assert release(connection, number_of(store), [1]) == [1]
        assert release(connection, number_of(store), [2]) == []
    assert post_all(store).posted == 1
    assert _status(store, "delivery_note", "DN-1") == "posted"
    assert _sound(store)


def test_an_operators_edit_is_decided_and_the_original_stays(store: Database) -> None:
    publish(store, [*MASTERS, receipt("PR-1"), delivery("DN-1", 50)])
    post_all(store)
    edited = publish_text(delivery("DN-1", 5))
    with store.transaction() as connection:
        assert revise(connection, number_of(store), 2, edited, "anna", "typing error") == 1
        assert release(connection, number_of(store), [2]) == [2]
    assert post_all(store).posted == 1
    assert rows(store, "SELECT sum(qty) FROM stock_movement") == [(5_000_000,)]
    assert [r.status for r in publish(store, [delivery("DN-1", 50), delivery("DN-1", 5)])] == ["known", "conflict"]


def publish_text(document: Json) -> str:
    """A document as an operator's edit holds it."""
    return json.dumps(document)


# -- one writer, and faults of ours -----------------------------------------------------------------------------------


def test_a_lane_has_one_writer_at_a_time(store: Database, database: FreshDatabase) -> None:
    publish(store, [*MASTERS, receipt("PR-1")])
    number = number_of(store)
    with Database(database.worker_url) as other, other.transaction() as connection:
        assert take_lane(connection, number) is not None
        assert drain(store, number).busy
    assert drain(store, number).posted == 1


def test_many_writers_at_once_make_the_books_of_one(store: Database, database: FreshDatabase) -> None:
    documents = _history(13)

    def work(_: int) -> None:
        with Database(database.worker_url) as own:
            while not rows(own, "SELECT 1 FROM lane WHERE decided_sequence = 32"):
                drain(own, number_of(own), limit_documents=3)
                time.sleep(0.01)

    publish(store, documents[:5])
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(work, n) for n in range(3)]
        for document in documents[5:]:
            publish(store, [document])
        for job in jobs:
            job.result()
    post_all(store)
    assert _sound(store)
    _require_same(dump(store), _expected(database, documents))


@pytest.mark.parametrize(
    "fault", [KeyError("a mistake of ours"), InvariantBroken("DebitCreditMismatch", "does not balance")]
)
def test_a_document_that_cannot_be_decided_stands_in_nobodys_way(
    store: Database, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    publish(store, [*MASTERS, receipt("PR-1"), receipt("PR-2"), delivery("DN-1")])
    attempts = _failing_at(monkeypatch, "PR-2", fault)
    drained = post_all(store)
    assert (drained.posted, drained.rejected) == (2, 1)
    assert len(attempts) == 3
    with store.transaction() as connection:
        outcome = fetch_outcome(connection, "Grocery", "purchase_receipt", "PR-2")
    assert outcome is not None
    assert outcome["error"]["code"] == "InternalFault"
    assert _sound(store)


def test_a_fault_in_asking_ahead_is_that_of_its_document(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = domain.posting.needs

    def needs(document: Any, books: Any) -> Any:
        if document.number == "PR-2":
            raise KeyError("a mistake of ours")
        return real(document, books)

    monkeypatch.setattr("worker.services.deciding.needs", needs)
    publish(store, [*MASTERS, receipt("PR-1"), receipt("PR-2"), delivery("DN-1")])
    drained = post_all(store)
    assert (drained.posted, drained.rejected) == (2, 1)
    assert _status(store, "purchase_receipt", "PR-2") == "rejected"
    assert _sound(store)


def test_a_passing_fault_costs_nothing_but_time(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(store, [*MASTERS, receipt("PR-1"), receipt("PR-2"), delivery("DN-1")])
    _failing_at(monkeypatch, "PR-2", MemoryError(), times=2)
    assert post_all(store).posted == 3
    assert rows(store, "SELECT fault_sequence, fault_attempts FROM lane") == [(0, 0)]
    assert rows(
        store, "SELECT array_agg(series_no ORDER BY series_no) FROM voucher WHERE type = 'purchase_receipt'"
    ) == [([1, 2],)]


def _failing_at(monkeypatch: pytest.MonkeyPatch, number: str, fault: Exception, times: int = 1000) -> list[str]:
    real: Callable[..., Any] = domain.posting.post
    attempts: list[str] = []

    def post(sequence: int, document: Any, books: Any, *, now: int) -> Any:
        if document.number == number and len(attempts) < times:
            attempts.append(number)
            raise fault
        return real(sequence, document, books, now=now)

    monkeypatch.setattr("worker.services.deciding.post", post)
    return attempts


def test_outcomes_that_could_not_be_told_are_told_by_the_next_drain(store: Database) -> None:
    def away(_: Decided) -> None:
        raise ConnectionError

    publish(store, [*MASTERS, receipt("PR-1")])
    with pytest.raises(ConnectionError):
        post_all(store, tell=away)
    assert _status(store, "purchase_receipt", "PR-1") == "posted"
    with store.transaction() as connection:
        assert lanes_with_work(connection) == [(1, "Grocery")]
    told: list[Json] = []
    post_all(store, tell=lambda decided: told.extend(decided.outcomes))
    assert [outcome["number"] for outcome in told] == ["PR-1"]
    with store.transaction() as connection:
        assert lanes_with_work(connection) == []
