"""Bills of a receipt: what another price than the receipt's is worth to its goods, and what is billed again.

Debit notes put back what they take off a bill. What is billed beyond the receipt's line bills that again, in the order of time in which
it was put back and at what it came to; so a receipt that is billed once more than it was debited leaves nothing. Where the policy leaves
no gap between receipt and bill it came to the receipt's own price.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.books import Books, PostedVoucher
from domain.documents.amounts import Amounts
from domain.documents.clearing import Clearance, Clearing
from domain.documents.gaps import Gap
from domain.documents.plan import Head, Plan
from domain.documents.purchase_costs import accepted_goods, cost_of
from domain.documents.shares import Sharer, Taker, sharer, takers
from domain.documents.stock_rules import cost_below_zero
from domain.documents.unbilled import line_of
from domain.exact import allocate, cumulative_share
from domain.stock_ledger import Difference, DifferenceKind


class Added(NamedTuple):
    """What bills add to a receipt's line (minor units), and how much of it they bill (millionths, all of it at the most)."""

    amount: int
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
        """What bills add to the receipt's stock by the company's policy of their time, but for one that is cancelled."""
        before = added = 0
        for taker in takers(self.target, self.place + 1, self.kind, self.head, planned):
            if taker.place[1] == without:
                continue
            if self._policy_then(taker.place[1]) == "revalue":
                added += taker.amount - self._share(before, taker.qty)
            before += taker.qty
        return Added(added if self._goods else 0, min(before, self.whole))

    def reprice(self, planned: Plan, books: Books, without: int = 0) -> bool:
        """Notes put back something else than before: what bills it again has another gap; says whether anything did. Errors: Lacking.

        `without` is a document that is cancelled.
        """
        had, has = self._debits, self._put_back(planned, without)
        if had == has:
            return False
        known, before = self._added(planned), 0
        for taker in takers(self.target, self.place + 1, self.kind, self.head, planned):
            upto = before + taker.qty
            if upto > self.whole and taker.place[1] not in (self.head.sequence, without):
                other = sharer(taker, self.head, books)
                amounts = self._amounts_of(other)
                self._debits = had
                then = self._gap(amounts, other, before, taker.qty)
                self._debits = has
                now = self._gap(amounts, other, before, taker.qty)
                self._change(planned, other, amounts, then, now)
            before = upto
        self._debits = has
        self._lay(planned, known)
        return True

    def clearance(self, own: Sharer, planned: Plan) -> Clearance:
        """As the base class has it."""
        self._debits = self._put_back(planned)
        return super().clearance(own, planned)

    def _put_back(self, planned: Plan | None, without: int = 0) -> list[Taker]:
        """What debit notes put back at another price than the receipt's, in order of time: under the policies that leave gaps there."""
        notes = takers(self.target, self.place + 1, "debits", self.head, planned)
        return [
            note
            for note in notes
            if note.place[1] != without and self._policy_then(note.place[1]) in ("revalue", "leave")
        ]

    def _first(self, total: int, before: int, qty: int) -> int:
        """As the base class has it, of what is not billed again."""
        again = [self._billed_again(upto, in_money=False) for upto in (before, before + qty)]
        return cumulative_share(total, before - again[0], qty - again[1] + again[0], self.whole)

    def _again(self, before: int, qty: int) -> int:
        """As the base class has it."""
        return self._billed_again(before + qty, in_money=True) - self._billed_again(before, in_money=True)

    def _billed_again(self, upto: int, *, in_money: bool) -> int:
        """How much of what notes put back is billed again once so much is billed (millionths), or what that came to."""
        found, beyond = 0, upto - self.whole
        if beyond <= 0 or self.whole <= 0:
            return 0
        for note in self._debits:
            part = max(0, min(beyond, note.qty))
            found += cumulative_share(-note.amount, 0, part, note.qty) if in_money else part
            beyond -= note.qty
        return found

    def _share(self, before: int, qty: int) -> int:
        return self._first(self.amounts.nets_base[self.place], before, qty) + self._again(before, qty)

    def _added(self, planned: Plan) -> int:
        """What all bills so far have added to the receipt's line."""
        before = added = 0
        for taker in takers(self.target, self.place + 1, self.kind, self.head, planned):
            added += taker.amount - self._share(before, taker.qty)
            before += taker.qty
        return added

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
