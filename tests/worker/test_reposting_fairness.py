"""Fair between items: a small repost goes before a large one and beside it, and whatever meets ends in the books of one pass."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.differences import look
from tests.support.lanes import MASTERS, RICE, TEA, Json, delivery, number_of, post_all, publish, receipt, rows
from tests.support.servers import Database as FreshDatabase
from worker.services.reposting import run_pending, running, sharing
from worker.services.reposting.running import RunSummary
from worker.store.database import Database
from worker.store.verify import verify

MANY = 60  # movements of the item that takes long


@pytest.fixture
def store(database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Many deliveries of rice, a few of tea, some rice made into cakes at the end; and long is what has more than ten movements."""
    monkeypatch.setattr(running, "SLICE_ROWS", 8)
    monkeypatch.setattr(sharing, "TOGETHER", 10)
    with Database(database.worker_url) as opened:
        averaged = {**RICE, "valuation_method": "moving_average"}
        publish(
            opened,
            [*MASTERS, averaged, TEA, {**TEA, "code": "Cake"}, receipt("PR-1", 500), receipt("PR-2", item="Tea")],
        )
        publish(opened, [delivery(f"DN-{place}", at=f"2024-06-16T09:{place:02d}:00") for place in range(MANY)])
        publish(opened, [made(), delivery("DN-T", item="Tea"), delivery("DN-C", item="Cake", at="2024-06-18T09:00:00")])
        assert post_all(opened).posted == MANY + 5
        yield opened


def made() -> Json:
    """Ten of rice made into five cakes, behind all deliveries."""
    return {
        "type": "stock_entry", "company": "Grocery", "number": "SE-1", "posting_datetime": "2024-06-17T09:00:00",
        "purpose": "manufacture",
        "lines": [{"item": "Rice", "from": "Stores", "qty": 10}, {"item": "Cake", "to": "Stores", "qty": 5, "finished": True}],
    }  # fmt: skip


def into_the_past(store: Database, *items: str) -> None:
    """A receipt before everything, of each of these items: as much of rice as there is, at half of its price; five of others, at one."""
    many = {"Rice": (500, "100")}
    publish(
        store,
        [receipt(f"BACK-{item}", *many.get(item, (5, "1")), at="2024-06-14T09:00:00", item=item) for item in items],
    )
    assert post_all(store).posted == len(items)


def step(store: Database, direct_rows: int = 8) -> RunSummary:
    """One transaction of reposting."""
    return run_pending(store, number_of(store), seconds=-1, chunk_seconds=0, direct_rows=direct_rows)


def runs(store: Database) -> list[tuple[str, list[str]]]:
    """The runs in the order of their numbers: what became of each, and which items were asked for."""
    found = rows(
        store,
        "SELECT r.status, array(SELECT DISTINCT t.name FROM repost_request q JOIN chain c USING (company_id, chain_id) "
        "  JOIN term t ON t.company_id = c.company_id AND t.term_id = c.item_id "
        "  WHERE q.company_id = r.company_id AND q.run_id = r.run_id ORDER BY 1) FROM repost_run r ORDER BY r.run_id",
    )
    return [(status, items) for status, items in found]


def finished(store: Database) -> dict[str, tuple[int, int]]:
    """Repost to the end; gives the balances. The laws hold."""
    run_pending(store, number_of(store))
    with store.transaction() as connection:
        assert verify(connection, number_of(store)) == []
    assert rows(store, "SELECT count(*) FROM repost_request WHERE run_id IS NULL") == [(0,)]
    found = rows(
        store,
        "SELECT t.name, b.qty, b.value FROM balance b JOIN chain c USING (company_id, chain_id) "
        "JOIN term t ON t.company_id = c.company_id AND t.term_id = c.item_id",
    )
    return {item: (qty, int(value)) for item, qty, value in found}


# Millionths, and value at nine places. Rice: 930 of 1,000 at 150 on average. Tea: ten at 200 and four of five at 1, since the oldest go
# first. Cakes: five out of ten of rice at 150, and four of five at 1.
OF_RICE, OF_TEA, OF_CAKE = ((930_000_000, 139_500 * 10**9), (14_000_000, 2_004 * 10**9), (9_000_000, 1_504 * 10**9))


def test_the_small_one_goes_first_though_both_wait(store: Database) -> None:
    into_the_past(store, "Rice", "Tea")
    assert step(store).published == 1
    assert runs(store) == [("published", ["Tea"])]
    books = finished(store)
    assert runs(store) == [("published", ["Tea"]), ("published", ["Rice"])]
    assert (books["Rice"], books["Tea"]) == (OF_RICE, OF_TEA)


def test_small_ones_are_one_run(store: Database) -> None:
    into_the_past(store, "Cake", "Tea")
    assert finished(store)["Tea"] == OF_TEA
    assert runs(store) == [("published", ["Cake", "Tea"])]


def test_a_small_one_that_comes_later_is_published_before_the_large_one_ends(store: Database) -> None:
    into_the_past(store, "Rice")
    assert step(store).more
    assert step(store).more
    into_the_past(store, "Tea")
    look(store)
    assert step(store).published == 1
    assert runs(store) == [("running", ["Rice"]), ("published", ["Tea"])]
    look(store)
    books = finished(store)
    assert runs(store) == [("published", ["Rice"]), ("published", ["Tea"])]
    # Sums that are kept follow the order of publication, not that of the runs' numbers.
    added = look(store)
    assert (added.verdict, added.findings, added.is_full) == ("in_sync", (), False)
    assert added.accounts == look(store, full=True).accounts
    assert (books["Rice"], books["Tea"]) == (OF_RICE, OF_TEA)


def test_large_ones_have_their_turns_beside_each_other(store: Database) -> None:
    into_the_past(store, "Rice")
    assert step(store).more
    into_the_past(store, "Tea")
    assert step(store, direct_rows=1).more
    before = _rows_done(store)
    assert set(before) == {"Rice", "Tea"}
    summary = step(store)
    assert (summary.run, _rows_done(store)["Tea"]) == (1, before["Tea"])
    assert _rows_done(store)["Rice"] > before["Rice"]
    assert step(store).published == 1
    assert runs(store) == [("running", ["Rice"]), ("published", ["Tea"])]
    assert finished(store)["Rice"] == OF_RICE


def test_two_that_meet_do_so_once_and_the_younger_one_steps_back(store: Database) -> None:
    """Rice carries its cost on to the cakes, at which another run is: its rows are never seen, and the older one is alone from then on."""
    into_the_past(store, "Rice")
    assert step(store).more
    into_the_past(store, "Cake")
    assert step(store, direct_rows=1).more
    # The younger one stays where it is while the older one goes on until they meet.
    while runs(store)[1][0] == "running":
        _let_older_go_on(store)
        step(store)
    assert runs(store) == [("running", ["Rice"]), ("withdrawn", [])]
    into_the_past(store, "Tea")
    assert step(store).published == 0
    books = finished(store)
    assert [status for status, _ in runs(store)][:2] == ["published", "withdrawn"]
    assert (books["Rice"], books["Cake"]) == (OF_RICE, OF_CAKE)


def test_whoever_comes_upon_what_was_published_meanwhile_begins_anew_alone(store: Database) -> None:
    into_the_past(store, "Rice")
    assert step(store).more
    into_the_past(store, "Cake")
    assert step(store).published == 1
    assert runs(store) == [("running", ["Rice"]), ("published", ["Cake"])]
    books = finished(store)
    assert runs(store) == [("withdrawn", []), ("published", ["Cake"]), ("published", ["Rice"])]
    assert (books["Rice"], books["Cake"]) == (OF_RICE, OF_CAKE)


def _rows_done(store: Database) -> dict[str, int]:
    found = rows(
        store,
        "SELECT (r.progress -> 'items' ->> 0), (r.progress ->> 'rows')::int FROM repost_run r WHERE published_at IS NULL ORDER BY run_id",
    )
    return dict(found)


def _let_older_go_on(store: Database) -> None:
    """Have the younger run look as if it had just had its turn."""
    with store.transaction() as connection:
        connection.execute("UPDATE repost_run SET worked_at = clock_timestamp() + interval '1 hour' WHERE run_id = 2")
