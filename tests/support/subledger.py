"""The sub-ledger in Redis against PostgreSQL."""

from domain.pos_receipt import read
from domain.stock_ledger import Chain
from worker.services.tools import Tools
from worker.store.database import Rows


def require_mirrored(tools: Tools, company: int = 1) -> dict[str, int]:
    """What the sub-ledger says is reserved is what the open receipts add up to; gives it by item (millionths)."""
    with tools.database.transaction() as connection:
        reserved = reserved_by_receipts(connection, company)
    assert tools.subledger.reserved(company) == reserved
    return {chain.item: qty for chain, qty in reserved.items()}


def reserved_by_receipts(connection: Rows, company: int) -> dict[Chain, int]:
    """What the receipts of all open and quarantined sales add up to, chain by chain."""
    sums: dict[Chain, int] = {}
    found = connection.execute(
        "SELECT r.receipt FROM pos_invoice s JOIN pos_receipt r USING (company_id, voucher_id) "
        "WHERE s.company_id = %s AND s.status IN ('open', 'quarantined')",
        [company],
    )
    for (text,) in found:
        for chain, qty in read(text).goods:
            sums[chain] = sums.get(chain, 0) + qty
    return {chain: qty for chain, qty in sums.items() if qty}
