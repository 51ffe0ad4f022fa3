"""Clearing: bills of a receipt, and receipts of a bill, and what is done where the two say different amounts.

Each takes its share of the other's line, in order of posting times. Of the gap between the two, the exchange part (the same price at
another exchange rate) always goes to exchange gain or loss, never to stock; the price part, at the receipt's exchange rate, follows
the company's policy: revalued into the receipt's stock, taken as variance, left standing, or refused. What rounding alone leaves
between parts of the same price is no other price: under `refuse` it is variance. The links keep what each line clears.

Here stands what both sides have in common: `bills_of_receipt` and `receipts_of_bill` say what is done with a gap. A document of periodic
inventory has its share as well, and so the same gap, though no entries for it: it keeps what it clears (`unbilled`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

from domain.books import Books, Link, PostedVoucher
from domain.documents.allowance import require_left
from domain.documents.amounts import Amounts, compute
from domain.documents.billed_again import Part
from domain.documents.gaps import Gap, part_gap
from domain.documents.item_lines import conversion
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.references import taken_qty, whole_qty
from domain.documents.shape import ItemLine, TradeDocument
from domain.documents.shares import Place, Sharer, Taker, place_of, sharer, takers
from domain.documents.unbilled import line_of
from domain.errors import DocumentRejected
from domain.exact import cumulative_share

Parts = dict[Place, Part]


class Clearance(NamedTuple):
    """What of a line stands between receipt and bill, and what in exchange gain or loss (minor units of the company's currency)."""

    cleared: int
    exchange: int


class Reshared(NamedTuple):
    """A line that clears another part of its target than it did."""

    line: Sharer
    had: Clearance
    has: Clearance


class Clearing(ABC):
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
        self._deciding: Sharer | None = None  # the line of the deciding document that clears it

    def enter(self, planned: Plan, own: Sharer, amounts: Amounts, net: int, books: Books) -> tuple[int, int]:
        """The document clears its share with `net`; gives what of that is cleared, and the price gap of its own that belongs into stock.

        Errors: DocumentRejected, Lacking.
        """
        head, field = self.head, f"lines[{own.place}]"
        self._deciding = own
        qty = taken_qty(own.line, own.line.qty, self.target, self.place, self.kind, self.view, field, planned)
        require_left(self.target, self.place, self.kind, qty, self.view, field, planned)
        others = takers(self.target, self.place + 1, self.kind, head, planned)
        place = place_of(head, own.place + 1)
        had, has = self._parts(others), self._parts(sorted([*others, Taker(place, head.type, "", qty, 0)]))
        gap, policy = self._gap(amounts, own, has[place]), self._policy(own, amounts)
        if policy == "refuse" and gap.price:
            self._refuse(own)
        cleared = net - self._cleared(gap, policy)
        planned.links.append(
            Link(head.sequence, own.place + 1, self.kind, self.target.sequence, self.place + 1, qty, cleared)
        )
        self._book(planned, own, gap, policy)
        self._correct(planned, others, had, has, books)
        return cleared, gap.price if policy == "revalue" else 0

    def leave(self, planned: Plan, voucher: PostedVoucher, books: Books) -> None:
        """A document that cleared is cancelled: what it clears by now is taken back, and those behind it clear other parts.

        Its entries are not taken back here (`cancel`). Errors: Lacking.
        """
        everyone = takers(self.target, self.place + 1, self.kind, self.head)
        others = [taker for taker in everyone if taker.place[1] != voucher.sequence]
        had, has = self._parts(everyone), self._parts(others)
        for taker in everyone:
            if taker.place[1] == voucher.sequence:
                own = sharer(taker, self.head, books)
                self._keep(planned, own, -taker.amount)
                if self._policy_then(voucher.sequence) == "revalue":
                    self._give_up(planned, own, self._gap(self._amounts_of(own), own, had[taker.place]).price)
        self._correct(planned, others, had, has, books)

    def clearance(self, own: Sharer, planned: Plan) -> Clearance:
        """What a posted document's line clears, as of now."""
        amounts = self._amounts_of(own)
        everyone = takers(self.target, self.place + 1, self.kind, self.head, planned)
        for place, part in self._parts(everyone).items():
            if own.voucher is not None and place[1:] == (own.voucher.sequence, own.place + 1):
                gap = self._gap(amounts, own, part)
                cleared = self._cleared(gap, self._policy_then(own.voucher.sequence))
                return Clearance(amounts.nets_base[own.place] - cleared, gap.exchange)
        return Clearance(amounts.nets_base[own.place], 0)

    def _correct(self, planned: Plan, others: Iterable[Taker], had: Parts, has: Parts, books: Books) -> None:
        """Give those that clear another part than they did the difference between their gaps. Errors: Lacking."""
        for taker in others:
            then, now = had[taker.place], has[taker.place]
            if then != now:
                other = self._sharer(taker, books)
                amounts = self._amounts_of(other)
                self._change(planned, other, amounts, self._gap(amounts, other, then), self._gap(amounts, other, now))

    def _sharer(self, taker: Taker, books: Books) -> Sharer:
        """One who clears the line: the deciding document itself, or a posted one. Errors: Lacking."""
        if self._deciding is not None and taker.place[1] == self.head.sequence:
            return self._deciding._replace(place=taker.place[2] - 1)
        return sharer(taker, self.head, books)

    def _change(self, planned: Plan, other: Sharer, amounts: Amounts, had: Gap, has: Gap) -> None:
        """A posted document's line has another gap."""
        gap = Gap(has.exchange - had.exchange, has.price - had.price)
        policy = self._policy_then(other.head.sequence)
        other.link(planned, self.kind, self.target, self.place + 1, -self._cleared(gap, policy))
        self._keep(planned, other, -self._cleared(gap, policy))
        net = amounts.nets_base[other.place]
        then, now = (Clearance(net - self._cleared(one, policy), one.exchange) for one in (had, has))
        self.reshared.append(Reshared(other, then, now))
        self._book(planned, other, gap, policy)
        if policy == "revalue":
            self._revalue(planned, other, had.price, has.price)

    def _keep(self, planned: Plan, other: Sharer, cleared: int) -> None:
        """A posted document of periodic inventory clears so much more than it did."""
        if not other.head.perpetual:
            line_of(planned, other, self.head).share(-self.sign * cleared, self.target.sequence)

    def _amounts_of(self, other: Sharer) -> Amounts:
        return compute(other.document, other.lines, self.view, buying=True)

    def _parts(self, everyone: Sequence[Taker]) -> Parts:
        """What each of those who clear the line, in order of time, clears of it."""
        before = accumulate((taker.qty for taker in everyone), initial=0)
        return {taker.place: Part(first, taker.qty) for taker, first in zip(everyone, before, strict=False)}

    def _gap(self, amounts: Amounts, own: Sharer, part: Part) -> Gap:
        """Of a line that clears such a part."""
        place = self.place
        gap = amounts.nets_base[own.place] - self._share(part)
        if amounts.currency is self.view.currency or amounts.currency.code != self.amounts.currency.code:
            return Gap(0, gap)
        dearer = amounts.nets[own.place] - cumulative_share(self.amounts.nets[place], part.before, part.qty, self.whole)
        parts = part_gap(gap + part.again, dearer, amounts, self.amounts, self._receipts(amounts), self.view.currency)
        return Gap(parts.exchange, parts.price - part.again)

    def _share(self, part: Part) -> int:
        """What a part came to, at the target's own price and at that of put-backs."""
        return cumulative_share(self.amounts.nets_base[self.place], part.before, part.qty, self.whole) + part.again

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
    def _revalue(self, planned: Plan, other: Sharer, had: int, has: int) -> None:
        """Another document's price gap has changed, and stock bears it."""

    @abstractmethod
    def _give_up(self, planned: Plan, own: Sharer, gap: int) -> None:
        """A cancelled document's price gap, which stock bore, goes with it."""

    def _refuse(self, own: Sharer) -> None:
        raise DocumentRejected(
            "RateDiffers",
            f"lines[{own.place}].rate: {self.target.number} says another rate, and {self.view.company.name} refuses rate differences. "
            f"Correct the {own.head.type.replace('_', ' ')}, or change the company's rate_difference.",
            f"lines[{own.place}].rate",
        )
