"""Receipts of a bill that came before its goods: each takes its share of the bill, and its goods what that says of their price."""

from __future__ import annotations

from domain.books import Books
from domain.documents.amounts import Amounts
from domain.documents.clearing import Clearing
from domain.documents.gaps import Gap
from domain.documents.plan import Plan
from domain.documents.purchase_costs import accepted_goods
from domain.documents.shares import Sharer
from domain.exact import allocate
from domain.stock_ledger import Difference, DifferenceKind


class ReceiptsOfBill(Clearing):
    """Receipts of goods that were billed before they came."""

    kind, sign = "receives", 1

    def receive(self, planned: Plan, own: Sharer, amounts: Amounts, net: int, books: Books) -> int:
        """A receipt's line clears its share with `net`; gives the price gap that its goods don't carry.

        Errors: DocumentRejected, Lacking.
        """
        cleared, gap = self.enter(planned, own, amounts, net, books)
        self._keep(planned, own, cleared)
        return gap

    def _receipts(self, amounts: Amounts) -> Amounts:
        return amounts

    def _cleared(self, gap: Gap, policy: str) -> int:
        return gap.exchange + (0 if policy == "leave" else gap.price)

    def _revalue(self, planned: Plan, other: Sharer, had: int, has: int) -> None:
        """The other receipt's own goods take what has changed about their price; nothing of it is this document's."""
        assert other.voucher is not None  # noqa: S101 - only posted documents are corrected
        movements = accepted_goods(other.voucher, other.place + 1)
        weights = [movement.qty for movement in movements]
        for movement, now, before in zip(movements, allocate(-has, weights), allocate(-had, weights), strict=True):
            if now != before:
                planned.differences.append(
                    Difference(
                        movement=movement.id, voucher=movement.voucher, chain=movement.chain, at=movement.at, date=movement.date,
                        amount=now - before, kind=DifferenceKind.RATE_DIFFERENCE, account=movement.account,
                        contra=movement.contra, document=self.head.sequence, cost_center=movement.cost_center,
                        dimensions=movement.dimensions,
                    )
                )  # fmt: skip

    def _give_up(self, planned: Plan, own: Sharer, gap: int) -> None:
        """Its own goods bore it, and are taken back with it."""
