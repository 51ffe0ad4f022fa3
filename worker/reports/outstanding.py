"""What is still to be paid or received on each document: the open part of its own receivable or payable."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from psycopg import Connection

from worker.reports.read_model import Scope, amount
from worker.reports.visible import with_entries

# A debt is what the entries that carry a party say against the voucher that made it. On a purchase it stands on the credit
# side, so its sign is turned: outstanding is positive while somebody owes, and negative for a credit.
_SQL = """
    SELECT e.against_id, v.type, sum(e.debit - e.credit)
      FROM entries e JOIN vouchers v ON v.voucher_id = e.against_id
     WHERE e.against_id <> 0 AND e.party_id <> 0
     GROUP BY e.against_id, v.type
"""


def outstanding_by_voucher(connection: Connection[Any], scope: Scope) -> dict[int, Decimal]:
    """Outstanding amounts by voucher, in the company's currency; settled documents are there with zero."""
    rows = connection.execute(with_entries(_SQL).encode(), scope.parameters()).fetchall()
    return {
        voucher: amount(-int(net) if kind.startswith("purchase") else int(net), scope.currency)
        for voucher, kind, net in rows
    }
