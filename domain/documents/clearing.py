"""Clearing: bills of a receipt, and receipts of a bill, and what is done where the two say different amounts.

Each takes its share of the other's line, in order of posting times. Of the gap between the two, the exchange part (the same price at
another exchange rate) always goes to exchange gain or loss, never to stock; the price part, at the receipt's exchange rate, follows
the company's policy: revalued into the receipt's stock, taken as variance, left standing, or refused. What rounding alone leaves
between parts of the same price is no other price: under `refuse` it is variance. The links keep what each line clears.

Debit notes put back what they take off a bill. What is billed beyond the receipt's line bills that again, in the order in which it was put
back and at what it came to; so a receipt that is billed once more than it was debited leaves nothing. Where the policy leaves no gap
between receipt and bill it came to the receipt's own price.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from domain.books import Books, Link, PostedVoucher
from domain.documents.allowance import require_left
from domain.documents.amounts import Amounts, compute
from domain.documents.gaps import Gap, part_gap
from domain.documents.item_lines import conversion
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.purchase_costs import accepted_goods
from domain.documents.references import taken_qty, whole_qty
from domain.documents.shape import ItemLine, TradeDocument
from domain.documents.shares import Change, Sharer, Taker, entering, leaving, place_of, sharer, takers
from domain.documents.unbilled import UnbilledLine
from domain.errors import DocumentRejected
from domain.exact import allocate, cumulative_share
from domain.stock_ledger import NEVER, Difference, DifferenceKind


class Clearance(NamedTuple):
    """What of a line stands between receipt and bill, and what in exchange gain or loss (minor units of the company's currency)."""

    cleared: int
    exchange: int


class Reshared(NamedTuple):
    """A line that clears another part of its target than it did."""

    line: Sharer
    had: Clearance
    has: Clearance


class _Clearing(ABC):
    """A line (counted from 0) of a receipt or bill that documents of the other kind clear; `head` is the deciding document's."""

    kind = ""
    sign = 0  # of the gap in stock received but not billed

    def __init__(self, target: PostedVoucher, place: int, head: Head) -> None:
        document: TradeDocument = target.document  # type: ignore[assignment]
        self.target, self.place, self.head, self.view = target, place, head, head.view
        self.lines: Sequence[ItemLine] = target.document.lines  # type: ignore[attr-defined]
        self.amounts = compute(document, self.lines, head.view, buying=True)
        self.whole = whole_qty(target, place, head.view)
        self.reshared: list[Reshared] = []

    def enter(self, planned: Plan, own: Sharer, amounts: Amounts, net: int, books: Books) -> tuple[int, int]:
        """The document clears its share with `net`; gives what of that is cleared, and the price gap that belongs into stock.

        Errors: DocumentRejected, Lacking.
        """
        head, field = self.head, f"lines[{own.place}]"
        qty = taken_qty(own.line, own.line.qty, self.target, self.place, self.kind, self.view, field, planned)
        require_left(self.target, self.place, self.kind, qty, self.view, field, planned)
        others = takers(self.target, self.place + 1, self.kind, head, planned)
        before, changes = entering(others, place_of(head, own.place + 1), qty)
        gap, policy = self._gap(amounts, own, before, qty), self._policy(own, amounts)
        if policy == "refuse" and gap.price:
            self._refuse(own)
        cleared = net - self._cleared(gap, policy)
        planned.links.append(
            Link(head.sequence, own.place + 1, self.kind, self.target.sequence, self.place + 1, qty, cleared)
        )
        self._book(planned, own, gap, policy)
        into_stock = gap.price if policy == "revalue" else 0
        return cleared, into_stock + self._correct(planned, changes, books)

    def leave(self, planned: Plan, voucher: PostedVoucher, books: Books) -> int:
        """A document that cleared is cancelled; gives the price gap that its going leaves for stock. Errors: Lacking.

        What it laid itself under periodic inventory is taken back as it was, not here.
        """
        everyone = takers(self.target, self.place + 1, self.kind, self.head)
        into_stock, before = 0, 0
        perpetual = self.view.follows_perpetual(voucher.sequence, voucher.at)
        for taker in everyone:
            if taker.place[1] == voucher.sequence and perpetual:
                own = Sharer(voucher.document, taker.place[2] - 1, self.head)  # type: ignore[arg-type]
                if self._policy_then(voucher.sequence) == "revalue":
                    into_stock -= self._gap(self._amounts_of(own), own, before, taker.qty).price
            before += taker.qty
        return into_stock + self._correct(planned, leaving(everyone, voucher.sequence), books)

    def clearance(self, own: Sharer, planned: Plan) -> Clearance:
        """What a posted document's line clears, as of now."""
        amounts, before = self._amounts_of(own), 0
        for taker in takers(self.target, self.place + 1, self.kind, self.head, planned):
            if own.voucher is not None and taker.place[1:] == (own.voucher.sequence, own.place + 1):
                gap = self._gap(amounts, own, before, taker.qty)
                if taker.place[0] == NEVER:  # what has no entries to correct keeps what it cleared
                    return Clearance(taker.amount, gap.exchange)
                cleared = self._cleared(gap, self._policy_then(own.voucher.sequence))
                return Clearance(amounts.nets_base[own.place] - cleared, gap.exchange)
            before += taker.qty
        return Clearance(amounts.nets_base[own.place], 0)

    def _correct(self, planned: Plan, changes: Sequence[Change], books: Books) -> int:
        """Give those behind it the difference between the gap that they had and the one that is theirs now."""
        into_stock = 0
        for change in changes:
            other = sharer(change.taker, self.head, books)
            amounts, taker = self._amounts_of(other), change.taker
            had, has = (self._gap(amounts, other, before, taker.qty) for before in (change.before, change.now))
            into_stock += self._change(planned, other, amounts, had, has)
        return into_stock

    def _change(self, planned: Plan, other: Sharer, amounts: Amounts, had: Gap, has: Gap) -> int:
        """A posted document's line has another gap; gives what of the difference belongs into the target's stock."""
        gap = Gap(has.exchange - had.exchange, has.price - had.price)
        policy = self._policy_then(other.head.sequence)
        other.link(planned, self.kind, self.target, self.place + 1, -self._cleared(gap, policy))
        net = amounts.nets_base[other.place]
        then, now = (Clearance(net - self._cleared(one, policy), one.exchange) for one in (had, has))
        self.reshared.append(Reshared(other, then, now))
        self._book(planned, other, gap, policy)
        return self._revalue(planned, other, had.price, has.price) if policy == "revalue" else 0

    def _amounts_of(self, other: Sharer) -> Amounts:
        return compute(other.document, other.lines, self.view, buying=True)

    def _gap(self, amounts: Amounts, own: Sharer, before: int, qty: int) -> Gap:
        """Of a line that clears so much after so much was cleared (millionths of the stock unit)."""
        place, again = self.place, self._again(before, qty)
        gap = amounts.nets_base[own.place] - self._first(self.amounts.nets_base[place], before, qty) - again
        if amounts.currency is self.view.currency or amounts.currency.code != self.amounts.currency.code:
            return Gap(0, gap)
        dearer = amounts.nets[own.place] - self._first(self.amounts.nets[place], before, qty)
        parts = part_gap(gap + again, dearer, amounts, self.amounts, self._receipts(amounts), self.view.currency)
        return Gap(parts.exchange, parts.price - again)

    def _first(self, total: int, before: int, qty: int) -> int:
        """The share of `qty` in what the target's line came to, after so much was taken of it."""
        return cumulative_share(total, before, qty, self.whole)

    def _again(self, before: int, qty: int) -> int:  # noqa: ARG002 - what was billed is received once
        """What `qty` clears of what was put back, after so much was taken."""
        return 0

    def _policy(self, own: Sharer, amounts: Amounts) -> str:
        policy = self.view.company.rate_difference
        if policy == "refuse" and amounts.currency.code == self.amounts.currency.code and self._same_price(own):
            return "variance"
        return policy

    def _same_price(self, own: Sharer) -> bool:
        """Whether both state one price for a stock unit; prices for different units agree as nearly as nine decimals can say."""
        line, other = own.line, self.lines[self.place]
        item = self.view.kept_item(line.item)
        factor = conversion(line, item, f"lines[{own.place}]")
        theirs = conversion(other, self.view.item_then(other.item, self.target.sequence), f"lines[{self.place}]")
        return 2 * abs(line.rate * theirs - other.rate * factor) < factor + theirs

    def _policy_then(self, document: int) -> str:
        """The company's policy as an earlier document (its sequence) found it."""
        changes = self.view.book.changes("company", self.view.company.name, attrgetter("rate_difference"))
        return next(str(policy) for since, policy in reversed(changes) if since <= document)

    def _book(self, planned: Plan, own: Sharer, gap: Gap, policy: str) -> None:
        item, head = self.view.kept_item(own.line.item), own.head
        if not head.perpetual:
            return
        center = cost_center_of(head, own.line.cost_center, item)
        dimensions = dimensions_of(head, own.line.dimensions, own.document.dimensions, item)
        price = gap.price if policy in ("variance", "refuse") else 0
        for role, amount in (("exchange_gain_loss", gap.exchange), ("purchase_price_variance", price)):
            if amount:
                srbnb = self.view.role("stock_received_not_billed")
                planned.entry(head, srbnb, self.sign * amount, cost_center=center, dimensions=dimensions)
                planned.entry(
                    head, self.view.role(role), -self.sign * amount, cost_center=center, dimensions=dimensions
                )

    @abstractmethod
    def _receipts(self, amounts: Amounts) -> Amounts:
        """Which of the two sides is the receipt: its exchange rate values the price part."""

    @abstractmethod
    def _cleared(self, gap: Gap, policy: str) -> int:
        """The part of a gap that does not stay between receipt and bill."""

    @abstractmethod
    def _revalue(self, planned: Plan, other: Sharer, had: int, has: int) -> int:
        """Another document's price gap has changed; gives what of it belongs into the target's stock."""

    def _refuse(self, own: Sharer) -> None:
        raise DocumentRejected(
            "RateDiffers",
            f"lines[{own.place}].rate: {self.target.number} says another rate, and {self.view.company.name} refuses rate differences. "
            f"Correct the {own.head.type.replace('_', ' ')}, or change the company's rate_difference.",
            f"lines[{own.place}].rate",
        )


class BillsOfReceipt(_Clearing):
    """Bills for goods that were received."""

    kind, sign = "bills", -1

    def __init__(self, target: PostedVoucher, place: int, head: Head) -> None:
        super().__init__(target, place, head)
        self._debits = self._put_back(None)

    def bill(self, unbilled: UnbilledLine, own: Sharer, amounts: Amounts, books: Books) -> None:
        """A bill's line clears its share; what belongs into stock is laid on the receipt. Errors: DocumentRejected, Lacking.

        Under periodic inventory goods cost the same, and the bill as a whole is an expense.
        """
        planned, net, receipt = unbilled.planned, amounts.nets_base[own.place], self.target
        self._debits = self._put_back(planned)
        known, perpetual = self._added(planned), own.head.perpetual
        cleared, into_stock = self.enter(planned, own, amounts, net, books)
        unbilled.book(net if perpetual else cleared, receipt.sequence)
        if self._lay(planned, known, into_stock, perpetual=perpetual) and not perpetual:
            unbilled.book(-into_stock, receipt.sequence, receipt.date)

    def withdraw(self, planned: Plan, voucher: PostedVoucher, books: Books) -> None:
        """A bill is cancelled, and what it added to the receipt's stock goes with it. Errors: Lacking."""
        perpetual = self.view.follows_perpetual(voucher.sequence, voucher.at)
        self._lay(planned, self._added(planned), self.leave(planned, voucher, books), perpetual=perpetual)

    def revalued_by(self, planned: Plan, without: int = 0) -> int:
        """What bills add to the receipt's stock by the company's policy of their time, but for one that is cancelled."""
        before = added = 0
        for taker in takers(self.target, self.place + 1, self.kind, self.head, planned):
            if taker.place[1] == without:
                continue
            if self._policy_then(taker.place[1]) == "revalue":
                added += taker.amount - self._share(before, taker.qty)
            before += taker.qty
        return added if added and accepted_goods(self.target, self.place + 1) else 0

    def reprice(self, planned: Plan, books: Books, without: int = 0) -> bool:
        """Notes put back something else than before: what bills it again has another gap; says whether anything did. Errors: Lacking.

        `without` is a document that is cancelled.
        """
        had, has = self._debits, self._put_back(planned, without)
        if had == has:
            return False
        known, into_stock, before = self._added(planned), 0, 0
        for taker in takers(self.target, self.place + 1, self.kind, self.head, planned):
            upto = before + taker.qty
            if upto > self.whole and taker.place[0] != NEVER and taker.place[1] not in (self.head.sequence, without):
                other = sharer(taker, self.head, books)
                amounts = self._amounts_of(other)
                self._debits = had
                then = self._gap(amounts, other, before, taker.qty)
                self._debits = has
                now = self._gap(amounts, other, before, taker.qty)
                into_stock += self._change(planned, other, amounts, then, now)
            before = upto
        self._debits = has
        self._lay(planned, known, into_stock, perpetual=True)
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

    def _lay(self, planned: Plan, known: int, price: int, *, perpetual: bool) -> bool:
        """Each movement gets its share of what all bills together add, so that the order in which they come changes no unit's cost.

        Nothing is laid where all of it was rejected: what is billed for it stands until the supplier credits it.
        """
        movements = accepted_goods(self.target, self.place + 1)
        if not (price and movements):
            return False
        contra = self.view.role("stock_received_not_billed") if perpetual else ""
        weights = [movement.qty for movement in movements]
        shares = zip(allocate(known + price, weights), allocate(known, weights), strict=True)
        for movement, share in zip(movements, (upto - before for upto, before in shares), strict=True):
            planned.differences.append(
                Difference(
                    movement=movement.id, voucher=self.target.sequence, chain=movement.chain, at=movement.at, date=movement.date,
                    amount=share, kind=DifferenceKind.RATE_DIFFERENCE, account=movement.account,
                    contra=contra, document=self.head.sequence, cost_center=movement.cost_center, dimensions=movement.dimensions,
                )
            )  # fmt: skip
        return True

    def _receipts(self, amounts: Amounts) -> Amounts:  # noqa: ARG002 - the bill's own amounts are not the receipt's
        return self.amounts

    def _cleared(self, gap: Gap, policy: str) -> int:
        return gap.exchange + (gap.price if policy in ("variance", "refuse") else 0)

    def _revalue(self, planned: Plan, other: Sharer, had: int, has: int) -> int:  # noqa: ARG002 - laid as a whole by `_lay`
        return has - had


class ReceiptsOfBill(_Clearing):
    """Receipts of goods that were billed before they came."""

    kind, sign = "receives", 1

    def receive(self, unbilled: UnbilledLine, own: Sharer, amounts: Amounts, net: int, books: Books) -> int:
        """A receipt's line clears its share with `net`; gives the price gap that its goods don't carry.

        Errors: DocumentRejected, Lacking.
        """
        cleared, gap = self.enter(unbilled.planned, own, amounts, net, books)
        if not own.head.perpetual:
            unbilled.book(-cleared, self.target.sequence)
        return gap

    def _receipts(self, amounts: Amounts) -> Amounts:
        return amounts

    def _cleared(self, gap: Gap, policy: str) -> int:
        return gap.exchange + (0 if policy == "leave" else gap.price)

    def _revalue(self, planned: Plan, other: Sharer, had: int, has: int) -> int:
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
        return 0
