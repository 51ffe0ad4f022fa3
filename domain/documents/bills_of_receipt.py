"""Bills of a receipt: what another price than the receipt's is worth to its goods, and what is billed again.

Debit notes put back what they take off a bill, at what that cleared: units that can be billed again (`billed_again`). So a receipt that is
billed once more than it was debited leaves nothing, and what goes back unbilled takes what is not billed: own units and put-backs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from domain.books import Books, PostedVoucher
from domain.documents.amounts import Amounts
from domain.documents.billed_again import Matching, Part, PutBack
from domain.documents.clearing import Clearance, Clearing, Parts
from domain.documents.gaps import Gap
from domain.documents.plan import Head, Plan
from domain.documents.purchase_costs import accepted_goods, cost_of
from domain.documents.shares import Sharer, Taker, takers
from domain.documents.stock_rules import cost_below_zero
from domain.documents.unbilled import line_of
from domain.exact import allocate
from domain.stock_ledger import Difference, DifferenceKind


class Added(NamedTuple):
    """What bills and notes have made of a receipt's line: `amount` is what bills add to its goods, `again` by how much put-backs that
    nobody billed again are dearer than the receipt (minor units), `billed` how much is billed by now (millionths, all of it at the most).
    """

    amount: int
    again: int
    billed: int


class BillsOfReceipt(Clearing):
    """Bills for goods that were received."""

    kind, sign = "bills", -1

    def __init__(self, target: PostedVoucher, place: int, head: Head) -> None:
        super().__init__(target, place, head)
        self._debits = self._put_back(None)
        self._goods = accepted_goods(target, place + 1)
        self._to_lay = {True: 0, False: 0}  # on the goods, for bills with entries and for those without

    def bill(self, planned: Plan, own: Sharer, amounts: Amounts, books: Books) -> None:
        """A bill's line clears its share; what belongs into stock is laid on the receipt. Errors: DocumentRejected, Lacking.

        Under periodic inventory goods cost the same, and the bill as a whole is an expense.
        """
        net, perpetual = amounts.nets_base[own.place], own.head.perpetual
        self._debits = self._put_back(planned)
        known = self._added(planned)
        cleared, price = self.enter(planned, own, amounts, net, books)
        line_of(planned, own, self.head).share(net if perpetual else cleared, self.target.sequence)
        self._into_stock(planned, own, price)
        self._lay(planned, known)
        self._require_cost(planned, own)

    def _require_cost(self, planned: Plan, own: Sharer) -> None:
        """Goods that several bills name, though each brought its own price, can't cost less than nothing. Errors: DocumentRejected."""
        laid = {movement.id: cost_of(self.target, movement) for movement in self._goods}
        cost = sum(laid.values()) + sum(one.amount for one in planned.differences if one.movement in laid)
        if cost < 0:
            goods = f"line {self.place + 1} of {self.target.number}"
            raise cost_below_zero(f"lines[{own.place}].against_receipt", goods, cost, self.view.currency)

    def withdraw(self, planned: Plan, voucher: PostedVoucher, books: Books) -> None:
        """A bill is cancelled, and what it added to the receipt's stock goes with it. Errors: Lacking."""
        known = self._added(planned)
        self.leave(planned, voucher, books)
        self._lay(planned, known)

    def revalued_by(self, planned: Plan, without: int = 0) -> Added:
        """What bills add to the receipt's stock by the company's policy of their time, but for one that is cancelled.

        Under the policy that leaves gaps between receipt and bill, what notes put back is no price of goods that go back.
        """
        bills = [taker for taker in self._bills(planned) if taker.place[1] != without]
        matching = Matching(bills, self._put_back(planned, without), self.whole)
        parts = matching.parts()
        added = sum(
            taker.amount - self._share(parts[taker.place])
            for taker in bills
            if self._policy_then(taker.place[1]) == "revalue"
        )
        waiting = [note for note in matching.put_back if note.policy != "leave"]
        qty = sum(note.left for note in waiting)
        again = sum(note.worth for note in waiting) - self._share(Part(matching.own - qty, qty))
        billed = sum(taker.qty for taker in bills) - sum(note.qty for note in matching.put_back)
        if not self._goods:
            added = again = 0
        return Added(added, again, max(0, min(billed, self.whole)))

    def reprice(self, planned: Plan, books: Books, without: int = 0) -> bool:
        """Notes put back something else than before: what bills it again has another gap; says whether anything did. Errors: Lacking.

        `without` is a document that is cancelled.
        """
        before, now = self._debits, self._put_back(planned, without)
        if before == now:
            return False
        known = self._added(planned)
        bills = [taker for taker in self._bills(planned) if taker.place[1] != without]
        had = self._parts(bills)
        self._debits = now
        own = (
            self.head.sequence if self._deciding is None else 0
        )  # a note's document changes nothing that it bills itself
        others = [taker for taker in bills if taker.place[1] != own]
        self._correct(planned, others, had, self._parts(bills), books)
        self._lay(planned, known)
        return True

    def clearance(self, own: Sharer, planned: Plan) -> Clearance:
        """As the base class has it."""
        self._debits = self._put_back(planned)
        return super().clearance(own, planned)

    def _put_back(self, planned: Plan | None, without: int = 0) -> list[PutBack]:
        """What debit notes put back, in order of time. Where price gaps are variance a note's own amount hangs on what bills clear."""
        found = []
        notes = takers(self.target, self.place + 1, "debits", self.head, planned) if self.whole > 0 else []
        for note in notes:
            if note.place[1] != without:
                policy = self._policy_then(note.place[1])
                found.append(PutBack(note.place, note.qty, -note.amount, policy, policy in ("revalue", "leave")))
        return found

    def _bills(self, planned: Plan) -> list[Taker]:
        return takers(self.target, self.place + 1, self.kind, self.head, planned)

    def _parts(self, everyone: Sequence[Taker]) -> Parts:
        """As the base class has it."""
        return Matching(everyone, map(replace, self._debits), self.whole).parts()

    def _added(self, planned: Plan) -> int:
        """What all bills so far have added to the receipt's line."""
        bills = self._bills(planned)
        parts = self._parts(bills)
        return sum(taker.amount - self._share(parts[taker.place]) for taker in bills)

    def _into_stock(self, planned: Plan, own: Sharer, price: int) -> None:
        """A bill's price gap is the goods' cost, and so is what the receipt stands for. Where all of it was rejected nothing bears it:
        what is billed for it stands until the supplier credits it.
        """
        if not (price and self._goods):
            return
        perpetual, receipt = own.head.perpetual, self.target
        if (
            not perpetual
        ):  # its expense has it; what a later document changes about it shows no earlier than the goods' cost does
            day = receipt.date
            if self.head.perpetual:
                day = self.view.effective_date(day, self.head.date, receipt.type)
            line_of(planned, own, self.head).share(-price, receipt.sequence, day)
        self._to_lay[perpetual] += price

    def _lay(self, planned: Plan, known: int) -> None:
        """Each movement gets its share of what all bills together add, so that the order in which they come changes no unit's cost."""
        weights = [movement.qty for movement in self._goods]
        for perpetual, price in self._to_lay.items():
            if not price:
                continue
            contra = self.view.role("stock_received_not_billed") if perpetual else ""
            shares = zip(allocate(known + price, weights), allocate(known, weights), strict=True)
            for movement, share in zip(self._goods, (upto - before for upto, before in shares), strict=True):
                planned.differences.append(
                    Difference(
                        movement=movement.id, voucher=self.target.sequence, chain=movement.chain, at=movement.at, date=movement.date,
                        amount=share, kind=DifferenceKind.RATE_DIFFERENCE, account=movement.account, contra=contra,
                        document=self.head.sequence, cost_center=movement.cost_center, dimensions=movement.dimensions,
                    )
                )  # fmt: skip
            known += price
        self._to_lay = {True: 0, False: 0}

    def _receipts(self, amounts: Amounts) -> Amounts:  # noqa: ARG002 - the bill's own amounts are not the receipt's
        return self.amounts

    def _cleared(self, gap: Gap, policy: str) -> int:
        return gap.exchange + (gap.price if policy in ("variance", "refuse") else 0)

    def _revalue(self, planned: Plan, other: Sharer, had: int, has: int) -> None:
        self._into_stock(planned, other, has - had)

    def _give_up(self, planned: Plan, own: Sharer, gap: int) -> None:
        self._into_stock(planned, own, -gap)
