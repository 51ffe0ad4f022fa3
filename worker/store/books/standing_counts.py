"""Counts that stand, with what was put right about them later; to hold them against what tills had sold by then."""

from __future__ import annotations

from typing import NamedTuple

from domain.posting_time import from_instant
from domain.stock_ledger import Basis, Movement
from worker.store.books.vouchers import MOVEMENT, MOVEMENT_NAMES, movement
from worker.store.database import Rows


class StandingCount(NamedTuple):
    """What a count found of a lot; `number` is the count's, `put_right` by how much its quantity was put right so far (millionths)."""

    number: str
    movement: Movement
    put_right: int


def _stands(row: str) -> str:
    """Whether a movement, by the name that it has in a statement, was not taken back."""
    return (
        f"NOT EXISTS (SELECT FROM stock_movement back WHERE back.company_id = {row}.company_id AND back.source_id = {row}.movement_id "
        f"AND back.source_id <> 0 AND back.basis = {Basis.REVERSED:d})"
    )


_COUNTS = (
    "SELECT v.number, (SELECT coalesce(sum(own.qty), 0) FROM link l JOIN stock_movement own ON own.company_id = l.company_id "
    "  AND own.voucher_id = l.voucher_id AND own.line_no = l.line_no AND own.chain_id = m.chain_id AND own.batch_id = m.batch_id "
    "  WHERE l.company_id = m.company_id AND l.target_id = m.voucher_id AND l.kind = 'recounts' "
    f"  AND own.basis <> {Basis.REVERSED:d} AND {_stands('own')}), {MOVEMENT} "
    f"FROM stock_movement m {MOVEMENT_NAMES} JOIN voucher v ON v.company_id = m.company_id AND v.voucher_id = m.voucher_id "
    f"WHERE m.company_id = %(company)s AND m.basis = {Basis.COUNTED:d} AND m.posting_at >= %(since)s "
    "AND (%(until)s::timestamptz IS NULL OR m.posting_at < %(until)s) "
    f"AND m.counted_qty IS NOT NULL AND warehouse.name = ANY(%(warehouses)s) AND {_stands('m')} "
    "ORDER BY m.posting_at, m.movement_id"
)


def standing_counts(
    connection: Rows, company: int, warehouses: list[str], since: int, until: int | None
) -> list[StandingCount]:
    """Counts of quantities in these warehouses, in order of time: from one instant on and before another, where there is one
    (microseconds since 1970).
    """
    found = connection.execute(
        _COUNTS,
        {
            "company": company, "warehouses": warehouses, "since": from_instant(since),
            "until": None if until is None else from_instant(until),
        },
    )  # fmt: skip
    return [StandingCount(number, movement(row), int(put_right)) for number, put_right, *row in found]
