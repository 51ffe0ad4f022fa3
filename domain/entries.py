"""General ledger entries of the stock ledger: every amount that stock books has its other side in the same breath.

Posting and reposting write their entries here, so the two ledgers can't learn different rules.
"""

from __future__ import annotations

from domain.general_ledger import Entry
from domain.master_view import MasterView
from domain.stock_ledger import Difference, Movement


def entries_of(
    row: Movement | Difference, amount: int, contra: str, view: MasterView, *, cause: int = 0
) -> list[Entry]:
    """The stock account debited with `amount` (minor units) and `contra` credited; no contra where it lies inside the voucher.

    A cost center goes only with a profit-and-loss account, as the field has it.
    """
    stock = Entry(
        voucher=row.voucher, account=row.account, amount=amount, date=row.date, dimensions=row.dimensions, cause=cause
    )
    if not contra:
        return [stock]
    center = row.cost_center if view.is_profit_and_loss(contra) else ""
    return [
        stock,
        Entry(
            voucher=row.voucher, account=contra, amount=-amount, date=row.date, cost_center=center,
            dimensions=row.dimensions, cause=cause,
        ),
    ]  # fmt: skip
