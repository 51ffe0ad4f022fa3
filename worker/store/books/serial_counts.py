"""Counts of serial numbers behind a place in time: what comes in before one has to be counted there."""

from __future__ import annotations

from domain.posting_time import from_instant
from domain.stock_ledger import Basis, Movement
from worker.store.books.vouchers import MOVEMENT, MOVEMENT_NAMES, movement
from worker.store.database import Rows


def serial_count(connection: Rows, company: int, item: str, warehouse: str, at: int, sequence: int) -> list[Movement]:
    """What the first standing count of an item's serial numbers in a warehouse behind a place wrote there; empty where there is none."""
    found = connection.execute(
        "WITH counted AS MATERIALIZED ("
        "  SELECT m.* FROM stock_movement m "
        "  JOIN chain c ON c.company_id = m.company_id AND c.chain_id = m.chain_id AND c.part_id <> 0 "
        "  JOIN term i ON i.company_id = c.company_id AND i.term_id = c.item_id AND i.kind = 'item' AND i.name = %(item)s "
        "  JOIN term w ON w.company_id = c.company_id AND w.term_id = c.warehouse_id AND w.kind = 'warehouse' AND w.name = %(warehouse)s "
        f" WHERE m.company_id = %(company)s AND m.basis = {Basis.COUNTED:d} AND (m.posting_at, m.voucher_id) > (%(at)s, %(sequence)s) "
        "  AND NOT EXISTS (SELECT FROM stock_movement back WHERE back.company_id = m.company_id AND back.source_id = m.movement_id "
        f"   AND back.source_id <> 0 AND back.basis = {Basis.REVERSED:d})"
        f") SELECT {MOVEMENT} FROM counted m {MOVEMENT_NAMES} WHERE m.voucher_id = ("
        "  SELECT voucher_id FROM counted ORDER BY posting_at, voucher_id LIMIT 1) ORDER BY m.movement_id",
        {"company": company, "item": item, "warehouse": warehouse, "at": from_instant(at), "sequence": sequence},
    )
    return [movement(row) for row in found]
