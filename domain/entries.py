"""General ledger entries of the stock ledger: every amount that stock books has its other side in the same breath.

Posting and reposting write their entries here, so the two ledgers can't learn different rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from domain.general_ledger import Entry
from domain.master_view import MasterView
from domain.stock_ledger import Difference, Movement

Booked = tuple[
    Movement | Difference, int, int
]  # a row, the amount (minor units) it books on stock, and the document that caused it


def entries_of(rows: Iterable[Booked], view: MasterView) -> list[Entry]:
    """The stock accounts debited with what the rows booked and their contra accounts credited; no contra where it lies inside the voucher.

    Entries that differ in amount only are one, in the order in which they first come up; zeros are left out. A cost center
    goes only with a profit-and-loss account, as the field has it.
    """
    sums: dict[tuple[int, str, str, str, int, date], int] = {}
    for row, amount, cause in rows:
        stock = (row.voucher, row.account, "", row.dimensions, cause, row.date)
        sums[stock] = sums.get(stock, 0) + amount
        contra = row.contra
        if contra:
            center = row.cost_center if view.is_profit_and_loss(contra) else ""
            other = (row.voucher, contra, center, row.dimensions, cause, row.date)
            sums[other] = sums.get(other, 0) - amount
    return [
        Entry(
            voucher=voucher, account=account, amount=amount, date=day, cost_center=center, dimensions=dimensions,
            cause=cause,
        )
        for (voucher, account, center, dimensions, cause, day), amount in sums.items()
        if amount
    ]  # fmt: skip
