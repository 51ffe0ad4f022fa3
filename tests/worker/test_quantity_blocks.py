"""Quantities from a place on: what blocks and the movements between them say is what all movements say, and few rows are read for it."""

from __future__ import annotations

from random import Random

import pytest

from domain.posting_time import instant
from domain.stock_ledger import Basis, Chain, Lot
from tests.support.histories import Setting, history
from tests.support.lanes import Json, delivery, receipt, rows
from tests.support.long_chain import fill
from tests.support.rows_read import rows_read_by
from tests.support.servers import fresh_database
from tests.support.two_ways import RealCompany
from worker.embedded import Endpoints
from worker.services.reposting import run_pending
from worker.store.books import balances, quantity_blocks
from worker.store.books import history as stored
from worker.store.database import Database
from worker.store.names.terms import Names

Moved = tuple[int, int, int, int, bool]  # posting time, voucher, movement, quantity, whether it is a count that holds


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of few movements, so that short histories have both levels of them."""
    monkeypatch.setattr(quantity_blocks, "SEALED", 3)
    monkeypatch.setattr(quantity_blocks, "FAN", 2)
    monkeypatch.setattr(balances, "SEAL_EVERY", 4)
    monkeypatch.setattr(stored, "LONGEST_TAIL", 9)


@pytest.mark.parametrize("seed", range(3))
def test_blocks_say_what_the_movements_say(store: Database, small_blocks: None, seed: int) -> None:
    random = Random(seed)
    items = (("FIRST",), ("POOL",), ("MEAN", "BATCH"))[seed % 3]
    kinds = ("receipt", "delivery", "transfer", "count", "material_issue", "sales_return", "cancel", "receipt")
    setting = Setting(negatives=seed == 2, items=items, kinds=kinds, warehouses=("Store", "Shop"))
    told = history(random, 45, setting)
    real = RealCompany(store, setting)
    asked = 0

    def between() -> None:
        nonlocal asked
        if random.random() < 0.3:
            run_pending(store, real.number)
        if random.random() < 0.4:
            asked += compare(store, real.number, random)

    real.post(told, between)
    asked += compare(store, real.number, random)
    assert asked > 50
    assert rows(store, "SELECT DISTINCT level FROM quantity_block ORDER BY 1") == [(0,), (1,)]


def compare(store: Database, company: int, random: Random) -> int:
    """Compare what is asked of every lot at some places, and at some quantities, with a look at all movements; gives how often."""
    asked = 0
    with store.transaction() as connection:
        for chain, number, batches in chains(store, company):
            names = Names(company)
            names.remember(chain, number)
            for batch in batches:
                lot, moved = Lot(chain, batch), movements(store, company, number, batch)
                now = sum(qty for _, _, _, qty, _ in moved)
                for at, voucher, *_ in [*random.sample(moved, min(3, len(moved))), (0, 0, 0, 0, False)]:
                    asked += 1
                    seen = stored.quantity_history(connection, names, lot, at, voucher, now)
                    running, lowest, count = naive(moved, at, voucher)
                    next_count = None if seen.next_count is None else seen.next_count.id
                    assert (seen.running, seen.lowest, next_count) == (running, lowest, count)
                    needed = random.randint(0, 12) * 1_000_000
                    short = stored.first_short_moment(connection, names, lot, at, voucher, needed, now)
                    assert (None if short is None else (short.at, short.running)) == naive_short(
                        moved, at, voucher, needed
                    )
    return asked


def chains(store: Database, company: int) -> list[tuple[Chain, int, list[str]]]:
    """Every chain with its number, and the lots to ask about: the whole, and its batches."""
    found = rows(
        store,
        "SELECT i.name, w.name, coalesce(p.name, ''), c.chain_id, c.part_id, array_remove(array_agg(DISTINCT b.name), NULL) FROM chain c "
        "JOIN term i ON i.company_id = c.company_id AND i.term_id = c.item_id "
        "JOIN term w ON w.company_id = c.company_id AND w.term_id = c.warehouse_id "
        "LEFT JOIN term p ON p.company_id = c.company_id AND p.term_id = c.part_id "
        "LEFT JOIN stock_movement m ON m.company_id = c.company_id AND m.chain_id = c.chain_id "
        "LEFT JOIN term b ON b.company_id = c.company_id AND b.term_id = m.batch_id "
        "WHERE c.company_id = %s GROUP BY 1, 2, 3, 4, 5",
        company,
    )
    return [
        (Chain(item, warehouse, part), number, ["", *(batches if not part else [])])
        for item, warehouse, part, number, _, batches in found
    ]


def movements(store: Database, company: int, chain: int, batch: str) -> list[Moved]:
    """What moved a lot and stands, in order of time, corrections of counts included."""
    found = rows(
        store,
        "SELECT m.posting_at, m.voucher_id, m.movement_id, (m.qty + coalesce((SELECT sum(d.qty) FROM stock_difference d "
        "  WHERE d.company_id = m.company_id AND d.movement_id = m.movement_id AND (d.run_id = 0 OR d.run_id IN ("
        "    SELECT run_id FROM repost_run r WHERE r.company_id = d.company_id AND r.published_at IS NOT NULL))), 0))::bigint, "
        "  m.basis = %s AND m.counted_qty IS NOT NULL FROM stock_movement m LEFT JOIN term b ON b.company_id = m.company_id "
        "  AND b.term_id = m.batch_id WHERE m.company_id = %s AND m.chain_id = %s AND (%s = '' OR b.name = %s) AND m.basis <> %s "
        "AND NOT EXISTS (SELECT FROM stock_movement r WHERE r.company_id = m.company_id AND r.source_id = m.movement_id AND r.basis = %s) "
        "ORDER BY 1, 2, 3",
        Basis.COUNTED.value, company, chain, batch, batch, Basis.REVERSED.value, Basis.REVERSED.value,
    )  # fmt: skip
    return [
        (instant(at), voucher, number, qty, is_count) for at, voucher, number, qty, is_count in found if qty or is_count
    ]


def naive(moved: list[Moved], at: int, voucher: int) -> tuple[int, int | None, int | None]:
    """Running quantity at a place, the lowest behind it up to the next count, and that count, movement by movement."""
    running, lowest = sum(qty for *place, _, qty, _ in moved if tuple(place) <= (at, voucher)), None
    quantity = running
    for *place, number, qty, is_count in moved:
        if tuple(place) > (at, voucher):
            if is_count:
                return running, lowest, number
            quantity += qty
            lowest = quantity if lowest is None else min(lowest, quantity)
    return running, lowest, None


def naive_short(moved: list[Moved], at: int, voucher: int, needed: int) -> tuple[int, int] | None:
    """The first moment behind a place, up to the next count, with less than `needed`."""
    quantity = sum(qty for *place, _, qty, _ in moved if tuple(place) <= (at, voucher))
    for moment, sequence, _, qty, is_count in moved:
        if (moment, sequence) > (at, voucher):
            if is_count:
                return None
            quantity += qty
            if quantity < needed:
                return moment, quantity
    return None


@pytest.mark.parametrize(
    "document",
    [delivery("BACK", 2, at="2023-12-15T09:00:00"), receipt("BACK", 5, "1", at="2023-12-15T09:00:00")],
    ids=lambda document: document["type"],
)
def test_a_backdated_document_reads_no_more_rows_before_many_movements_than_before_few(
    cluster: Endpoints, xdist_worker: str, document: Json
) -> None:
    read = {later: rows_read(cluster, xdist_worker, later, document) for later in (2_000, 30_000)}
    assert 500 < read[30_000] < read[2_000] * 1.2, read


def rows_read(cluster: Endpoints, xdist_worker: str, later: int, document: Json) -> int:
    """How many rows a document reads that is posted before so many others."""
    with fresh_database(cluster, xdist_worker) as fresh, Database(fresh.worker_url) as store:
        return rows_read_by(store, fill(store, later).company, document)


def test_a_short_moment_among_many_is_found_and_named(store: Database) -> None:
    long = fill(store, 3_000)
    names = Names(long.company)
    chain = Chain("Rice", "Stores")
    with store.transaction() as connection:
        found = connection.execute("SELECT chain_id, qty FROM balance WHERE company_id = %s", [long.company]).fetchone()
        assert found is not None
        names.remember(chain, found[0])
        moved = movements(store, long.company, found[0], "")
        seen = stored.quantity_history(connection, names, Lot(chain), 0, 0, found[1])
        assert (seen.running, seen.lowest, seen.next_count) == naive(moved, 0, 0)
        for needed in (10, 505, 560, 600):
            short = stored.first_short_moment(
                connection, names, Lot(chain), moved[0][0], moved[0][1], needed * 1_000_000, found[1]
            )
            assert (None if short is None else (short.at, short.running)) == naive_short(
                moved, *moved[0][:2], needed * 1_000_000
            )
