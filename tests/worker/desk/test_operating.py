"""The operator's hand in documents, as a service: edits, second decisions, cancellations, previews of what is known."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from domain.errors import DocumentRejected
from tests.support.lanes import MASTERS, Json, delivery, dump, number_of, post_all, publish, receipt, rows
from tests.support.servers import Database as FreshDatabase
from worker.services.acceptance import read
from worker.services.acceptance import store as store_messages
from worker.services.operating import cancellation, decide_all_anew, decide_anew, edit
from worker.services.reposting import preview
from worker.store.database import Database
from worker.store.desk.document_lists import Wanted
from worker.store.desk.document_pages import held_document
from worker.store.posting.outcomes import fetch_outcome


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    """Sequence 1 is posted, 2 is rejected, 3 is parked."""
    with Database(database.worker_url) as opened:
        publish(opened, [*MASTERS, receipt("PR-1"), delivery("DN-2", 50), delivery("DN-3", 1, item="Tea")])
        post_all(opened)
        yield opened


def raw(document: Json) -> bytes:
    return json.dumps(document).encode()


def status(books: Database, type_: str, number: str) -> str | None:
    with books.transaction() as connection:
        found = fetch_outcome(connection, "Grocery", type_, number)
    return None if found is None else str(found["status"])


def refusal(edited: bytes, books: Database, sequence: int = 2, reason: str = "typing error") -> str:
    with pytest.raises(DocumentRejected) as refused:
        edit(books, number_of(books), sequence, edited, actor="ada", reason=reason)
    return refused.value.code


def test_an_edit_is_kept_and_decided_and_what_came_stays(books: Database) -> None:
    company = number_of(books)
    assert edit(books, company, 2, raw(delivery("DN-2", 40)), actor="ada", reason=" less ") == 1
    assert edit(books, company, 2, raw(delivery("DN-2", 5)), actor="bob", reason="still less") == 2
    assert status(books, "delivery_note", "DN-2") == "rejected"
    assert decide_anew(books, company, [2]) == [2]
    post_all(books)
    assert status(books, "delivery_note", "DN-2") == "posted"
    with books.transaction() as connection:
        held = held_document(connection, company, 2)
    assert held is not None
    assert [(one.revision, one.actor, one.reason) for one in held.revisions] == [
        (1, "ada", "less"),
        (2, "bob", "still less"),
    ]
    assert json.loads(held.payload)["lines"][0]["qty"] == 50
    assert json.loads(held.present)["lines"][0]["qty"] == 5
    # Whoever sends the original again gets the outcome of the edited document.
    assert [receipt.status for receipt in publish(books, [delivery("DN-2", 50)])] == ["known"]


def test_an_edit_that_can_not_be_is_refused_and_leaves_no_trace(books: Database) -> None:
    assert refusal(b"{", books) == "Malformed"
    assert refusal(raw({**delivery("DN-2"), "colour": "red"}), books) == "UnknownField"
    assert refusal(raw(delivery("DN-9")), books) == "OtherKey"
    assert refusal(raw({**delivery("DN-2"), "company": "Bakery"}), books) == "OtherKey"
    assert refusal(raw(receipt("DN-2")), books) == "OtherKey"
    assert refusal(raw(MASTERS[0]), books) == "OtherKey"
    assert refusal(raw(delivery("DN-2")), books, reason=" ") == "ReasonMissing"
    assert refusal(raw(receipt("PR-1", 5)), books, sequence=1) == "NotWaiting"
    assert refusal(raw(delivery("DN-2")), books, sequence=99) == "NotWaiting"
    assert rows(books, "SELECT count(*) FROM document_revision") == [(0,)]


def test_many_are_decided_anew_at_once_by_status_type_and_error(books: Database) -> None:
    company = number_of(books)
    publish(books, [delivery("DN-4", 60), receipt("PR-5", item="Tea")])
    post_all(books)
    assert decide_all_anew(books, company, Wanted(status="rejected", code="NothingSuch")) == 0
    assert decide_all_anew(books, company, Wanted(status="parked", type_="delivery_note")) == 1
    assert decide_all_anew(books, company, Wanted(status="rejected", code="NegativeStock")) == 2
    # They are on their way, so there is nothing left to release.
    assert decide_all_anew(books, company, Wanted(status="rejected")) == 0
    with pytest.raises(DocumentRejected, match="neither rejected nor parked"):
        decide_anew(books, company, [2])
    with pytest.raises(DocumentRejected, match="neither rejected nor parked"):
        decide_all_anew(books, company, Wanted(status="posted"))
    assert post_all(books).rejected == 2
    assert status(books, "delivery_note", "DN-4") == "rejected"


def test_a_cancellation_finds_a_number_of_its_own(books: Database) -> None:
    company = number_of(books)

    def cancel(sequence: int) -> str:
        with books.transaction() as connection:
            message = cancellation(connection, company, sequence, actor="ada", reason="sent twice")
        store_messages(books, [read(message)])
        post_all(books)
        content = json.loads(message.raw)
        assert (content["actor"], content["reason"]) == ("ada", "sent twice")
        return str(content["number"])

    publish(books, [delivery("DN-5", 8)])
    post_all(books)
    # Goods of the receipt have been delivered, so its cancellation is refused; a second one takes another number.
    assert (cancel(1), status(books, "cancel", "CANCEL-PR-1")) == ("CANCEL-PR-1", "rejected")
    assert cancel(1) == "CANCEL-PR-1-2"
    assert cancel(4) == "CANCEL-DN-5"
    assert status(books, "delivery_note", "DN-5") == "cancelled"
    for sequence, state in ((4, "cancelled"), (99, "unknown")):
        with pytest.raises(DocumentRejected, match=f"The document is {state}") as refused:
            cancel(sequence)
        assert refused.value.code == "NotCancellable"


def test_what_was_refused_is_tried_at_its_own_place_and_nothing_is_written(books: Database) -> None:
    company = number_of(books)
    before = dump(books)
    seen = preview(books, company, "delivery_note", "DN-2", raw(delivery("DN-2", 5)))
    assert seen.outcome["status"] == "posted"
    assert seen.accounts == [("Cost of Goods Sold", "2024-06", 100000), ("Stock In Hand", "2024-06", -100000)]
    again = preview(books, company, "delivery_note", "DN-2", raw(delivery("DN-2", 500)))
    assert (again.outcome["status"], again.outcome["error"]["code"]) == ("rejected", "NegativeStock")
    # What else waits to be decided anew is left alone, and so is what is posted.
    decide_anew(books, company, [3])
    assert preview(books, company, "delivery_note", "DN-2", raw(delivery("DN-2", 5))).outcome["status"] == "posted"
    assert preview(books, company, "delivery_note", "DN-3", raw(delivery("DN-3", 5))).outcome["status"] == "accepted"
    post_all(books)
    assert dump(books) == before
    assert rows(books, "SELECT count(*) FROM document_revision") == [(0,)]
