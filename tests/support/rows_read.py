"""How many rows the deciding and writing of documents reads: a measure that a busy machine does not change."""

from __future__ import annotations

from tests.support.lanes import Json, publish
from worker.services.deciding import Batch
from worker.services.lane_memory import LaneMemory
from worker.store.database import Database, Rows
from worker.store.posting.lanes import take_lane


def rows_read_by(store: Database, company: int, document: Json, *tables: str) -> int:
    """Rows of these tables (of all, where none is named) that a worker which knows nothing yet reads to post one document."""
    publish(store, [document])
    with store.transaction() as connection:
        lane = take_lane(connection, company)
        assert lane is not None
        memory = LaneMemory(lane.company, company)
        memory.begin(connection, lane)
        before = rows_so_far(connection, tables)
        decided = Batch(connection, lane, memory).run(1)
        assert decided is not None
        assert [outcome["status"] for outcome in decided.outcomes] == ["posted"]
        return rows_so_far(connection, tables) - before


def rows_so_far(connection: Rows, tables: tuple[str, ...]) -> int:
    """Rows of these tables (of all, where none is named) that this transaction has read."""
    row = connection.execute(
        "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables "
        "WHERE %s::text[] = '{}' OR relname = ANY(%s)",
        [list(tables), list(tables)],
    ).fetchone()
    assert row is not None
    return int(row[0])
