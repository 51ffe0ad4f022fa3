"""What stands in which stock account, chain by chain: what an account transfer moves."""

from __future__ import annotations

from domain.books import StandingStock
from domain.stock_ledger import Chain
from worker.store.books.vouchers import VISIBLE
from worker.store.database import Rows


def standing_stock(connection: Rows, company: int) -> list[StandingStock]:
    """Every (chain, account, dimensions) of a company in which value stands, by its movements and their visible differences."""
    found = connection.execute(
        "SELECT item.name, warehouse.name, coalesce(part.name, ''), account.name, coalesce(dimensions.name, ''), s.value, s.movement_id "
        "FROM ("
        "  SELECT chain_id, account_id, dimensions_id, sum(value)::bigint AS value, max(movement_id) AS movement_id FROM ("
        "    SELECT chain_id, account_id, dimensions_id, value, movement_id FROM stock_movement WHERE company_id = %(company)s"
        "    UNION ALL"
        "    SELECT chain_id, account_id, dimensions_id, amount, movement_id FROM stock_difference d "
        f"   WHERE company_id = %(company)s AND {VISIBLE.format('d')}"
        "  ) row_of GROUP BY chain_id, account_id, dimensions_id HAVING sum(value) <> 0"
        ") s JOIN chain c ON c.company_id = %(company)s AND c.chain_id = s.chain_id "
        "JOIN term item ON item.company_id = %(company)s AND item.term_id = c.item_id "
        "JOIN term warehouse ON warehouse.company_id = %(company)s AND warehouse.term_id = c.warehouse_id "
        "JOIN term account ON account.company_id = %(company)s AND account.term_id = s.account_id "
        "LEFT JOIN term part ON part.company_id = %(company)s AND part.term_id = c.part_id "
        "LEFT JOIN term dimensions ON dimensions.company_id = %(company)s AND dimensions.term_id = s.dimensions_id "
        "ORDER BY s.chain_id, s.account_id, s.dimensions_id",
        {"company": company},
    )
    return [
        StandingStock(Chain(item, warehouse, part), account, dimensions, value, movement)
        for item, warehouse, part, account, dimensions, value, movement in found
    ]
