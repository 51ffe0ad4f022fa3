"""Account transfer: stock on hand follows its warehouse to another stock account.

Which account a warehouse has is effective-dated: every movement keeps the account that it booked on. Once the mapping changes, what
still stands in the old account is moved to the new one, value for value and chain for chain, in both ledgers. Quantities, costs and
layers stay. Later corrections of earlier movements book on the account that the warehouse has by then, where the value has gone.
"""

from __future__ import annotations

from domain.books import Books
from domain.documents.plan import Head, Plan
from domain.stock_ledger import Difference, DifferenceKind


def plan(head: Head, books: Books) -> Plan:
    """Credit each account that stock no longer belongs in, debit the one that its warehouse has now. Errors: Lacking."""
    view, planned = head.view, Plan()
    moved = 0
    for standing in books.standing_stock():
        present = view.present_account(standing.chain.warehouse, standing.account)
        if present == standing.account:
            continue
        moved += abs(standing.value)
        for account, amount in ((standing.account, -standing.value), (present, standing.value)):
            planned.moved.append(
                Difference(
                    movement=standing.movement, voucher=head.sequence, chain=standing.chain, at=head.at, date=head.date,
                    amount=amount, kind=DifferenceKind.ACCOUNT_TRANSFERRED, account=account, contra="", document=head.sequence,
                    dimensions=standing.dimensions,
                )
            )  # fmt: skip
    planned.figures = {"transferred": view.currency.show(moved)}
    return planned
