"""How many documents a lane has posted, refused, parked and yet to decide: kept as it goes, never counted."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.lanes import MASTERS, TEA, cancel, delivery, number_of, post_all, publish, receipt, rows
from tests.support.servers import Database as FreshDatabase
from worker.messages import canonical
from worker.store.database import Database
from worker.store.intake.acceptance import accept
from worker.store.intake.incoming import Incoming
from worker.store.posting.outcomes import release, release_all
from worker.store.status import LaneStatus, lane_status, lane_statuses
from worker.store.verify import verify

MISSHAPEN = Incoming(
    company="Grocery",
    type="purchase_receipt",
    number="PR-X",
    payload=b"{}",
    content_hash=b"x",
    error={"code": "MissingField"},
)


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with Database(database.worker_url) as opened:
        yield opened


def seen(books: Database) -> dict[str, int]:
    """What the lane says, which is what each document says for itself, and what verification counts."""
    with books.transaction() as connection:
        company = number_of(books)
        status = lane_status(connection, company)
        assert (lane_statuses(connection), verify(connection, company)) == ([status], [])
    told = _told(status)
    counted = Counter(
        {"cancelled": "posted", "accepted": "waiting"}.get(status, status)
        for (status,) in rows(books, "SELECT status FROM books.document_status")
    )
    assert counted == {kind: number for kind, number in told.items() if number}
    return told


def _told(status: LaneStatus) -> dict[str, int]:
    return {kind: getattr(status, kind) for kind in ("posted", "rejected", "parked", "waiting")}


def test_a_lane_keeps_count_of_its_documents_whatever_becomes_of_them(books: Database) -> None:
    publish(books, [*MASTERS, receipt("PR-1"), receipt("PR-2"), delivery("DN-1", 500), delivery("DN-2", item="Tea")])
    assert seen(books) == {"posted": 0, "rejected": 0, "parked": 0, "waiting": 4}
    with books.transaction() as connection:
        accept(connection, [MISSHAPEN], canonical=canonical)
    post_all(books, limit_documents=2)
    assert seen(books) == {"posted": 2, "rejected": 2, "parked": 1, "waiting": 0}

    # What is released waits again until it is decided again, be it posted, refused or parked.
    company = number_of(books)
    with books.transaction() as connection:
        assert release_all(connection, company, "rejected", type_="delivery_note", code=None) == 1
        assert len(release(connection, company, [4])) == 1
    assert seen(books) == {"posted": 2, "rejected": 1, "parked": 0, "waiting": 2}
    publish(books, [receipt("PR-3", 490), cancel("C-1", "purchase_receipt", "PR-2")])
    assert seen(books) == {"posted": 2, "rejected": 1, "parked": 0, "waiting": 4}
    post_all(books)
    assert seen(books) == {"posted": 4, "rejected": 2, "parked": 1, "waiting": 0}

    # A master releases what waits for it.
    publish(books, [TEA, receipt("PR-4", item="Tea")])
    assert seen(books) == {"posted": 4, "rejected": 2, "parked": 0, "waiting": 2}
    post_all(books)
    with books.transaction() as connection:
        assert sum(_told(lane_status(connection, company)).values()) == 8
    assert seen(books)["parked"] == 0
