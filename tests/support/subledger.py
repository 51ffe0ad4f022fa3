"""The sub-ledger in Redis against PostgreSQL."""

from worker.services.tools import Tools
from worker.store.pos_reserved import reserved_by_receipts


def require_mirrored(tools: Tools, company: int = 1) -> dict[str, int]:
    """What the sub-ledger says is reserved is what the open receipts add up to; gives it by item (millionths)."""
    with tools.database.transaction() as connection:
        reserved = reserved_by_receipts(connection, company)
    assert tools.subledger.reserved(company) == reserved
    return {chain.item: qty for chain, qty in reserved.items()}
