"""Debit note: a supplier takes back what was billed, and so each account gets back its share of what the bill put there.

A bill of received goods stands in stock received but not billed as far as its receipt says, beside that in exchange gain or loss and in
purchase price variance. Notes take their shares of all three, in order of posting times, so that all of them together leave nothing
of the bill, and what they take back of a receipt's goods can be billed again (`billed_again`). What a note states beyond its share of
the bill is priced as a bill's gap is: by the bill's exchange rate it is variance, the rest comes of another exchange rate.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.books import Books, Link, PostedVoucher
from domain.documents.amounts import Amounts, compute
from domain.documents.bills_of_receipt import BillsOfReceipt
from domain.documents.clearing import Clearance
from domain.documents.gaps import part_gap
from domain.documents.plan import Head, Plan
from domain.documents.references import reference, referred_line, whole_qty
from domain.documents.returns import Returned
from domain.documents.shape import ItemLine, TradeDocument
from domain.documents.shares import Change, Sharer, entering, leaving, place_of, sharer, takers
from domain.documents.unbilled import line_of
from domain.entries import purchase_expense
from domain.exact import cumulative_share


class _Parts(NamedTuple):
    """What a note takes back from stock received but not billed, and from exchange gain or loss; the rest of it is variance."""

    unbilled: int
    exchange: int


class DebitNotes:
    """The notes that take back a line (counted from 0) of a bill; `head` is that of the document that changes something about them."""

    def __init__(self, bill: PostedVoucher, place: int, head: Head) -> None:
        document: TradeDocument = bill.document  # type: ignore[assignment]
        self.bill, self.place, self.head, self.view = bill, place, head, head.view
        self.billed = Sharer(document, place, head, bill)
        self.amounts = compute(document, self.billed.lines, head.view, buying=True)
        self.whole = whole_qty(bill, place, head.view)

    def take(self, planned: Plan, own: Sharer, back: Returned, amounts: Amounts, books: Books) -> None:
        """A note's line takes its share; those behind it in time take what is theirs then. Errors: Lacking."""
        clearance = self._clearance(planned, books)
        others = takers(self.bill, self.place + 1, "returns", self.head, planned)
        before, changes = entering(others, place_of(self.head, own.place + 1), back.qty)
        back.link(planned, self.head, own.place)
        self._put_back(planned, own, back.qty, 0, books)  # what its bill clears may hang on that
        parts = self._parts(amounts, own, self._clearance(planned, books), before, back.qty)
        self._book(planned, own, parts, amounts.nets_base[own.place])
        self._put_back(planned, own, 0, parts.unbilled, books)
        self._shift(planned, changes, clearance, books)

    def withdraw(self, planned: Plan, note: PostedVoucher, books: Books) -> None:
        """A note is cancelled: those behind it have other shares now. Its entries are not taken back here. Errors: Lacking."""
        everyone, clearance = takers(self.bill, self.place + 1, "returns", self.head), self._clearance(planned, books)
        before = 0
        for taker in everyone:
            if taker.place[1] == note.sequence:
                own = sharer(taker, self.head, books)
                if not own.head.perpetual:
                    parts = self._parts(self._amounts_of(own), own, clearance, before, taker.qty)
                    line_of(planned, own, self.head).share(parts.unbilled)
            before += taker.qty
        self._shift(planned, leaving(everyone, note.sequence), clearance, books)

    def follow(self, planned: Plan, had: Clearance, has: Clearance, books: Books, without: int = 0) -> None:
        """The bill clears another part of its receipt than it did, and so its notes take back others. Errors: Lacking.

        `without` is a note that is cancelled.
        """
        before = 0
        for taker in takers(self.bill, self.place + 1, "returns", self.head, planned):
            if taker.place[1] == without:
                continue
            if taker.place[1] != self.head.sequence:
                self._correct(planned, Change(taker, before, before), had, has, books)
            before += taker.qty

    def _clearance(self, planned: Plan, books: Books) -> Clearance:
        """What the bill's line clears as of now; all of it waits for a receipt where it names none."""
        clearing = self.clearing(books)
        if clearing is None:
            return Clearance(self.amounts.nets_base[self.place], 0)
        return clearing.clearance(self.billed, planned)

    def clearing(self, books: Books) -> BillsOfReceipt | None:
        """The receipt's line that the bill clears; None where the bill waits for its goods. Errors: Lacking."""
        line = self.billed.line
        ref = reference(getattr(line, "against_receipt", None))
        receipt = books.voucher("purchase_receipt", ref.number) if ref is not None else None
        if ref is None or receipt is None:
            return None
        received: list[ItemLine] = receipt.document.lines  # type: ignore[attr-defined]
        place = referred_line(received, ref, line.item, f"lines[{self.place}].against_receipt")
        return BillsOfReceipt(receipt, place, self.head)

    def _put_back(self, planned: Plan, note: Sharer, qty: int, amount: int, books: Books) -> None:
        """Keep what of a receipt can be billed again (millionths of the stock unit, minor units)."""
        clearing = self.clearing(books)
        if clearing is not None and (qty or amount):
            receipt, line = clearing.target.sequence, clearing.place + 1
            planned.links.append(Link(note.head.sequence, note.place + 1, "debits", receipt, line, qty, -amount))

    def _shift(self, planned: Plan, changes: list[Change], clearance: Clearance, books: Books) -> None:
        for change in changes:
            self._correct(planned, change, clearance, clearance, books)

    def _correct(self, planned: Plan, change: Change, had: Clearance, has: Clearance, books: Books) -> None:
        """Give a note the difference between what it took back and what it takes back now."""
        other, qty = sharer(change.taker, self.head, books), change.taker.qty
        if getattr(other.line, "against_receipt", None) is not None:
            return  # it clears a receipt by itself
        amounts = self._amounts_of(other)
        old = self._parts(amounts, other, had, change.before, qty)
        new = self._parts(amounts, other, has, change.now, qty)
        more = _Parts(new.unbilled - old.unbilled, new.exchange - old.exchange)
        self._book(planned, other, more, 0)
        self._put_back(planned, other, 0, more.unbilled, books)

    def _amounts_of(self, note: Sharer) -> Amounts:
        return compute(note.document, note.lines, self.view, buying=True)

    def _parts(self, amounts: Amounts, own: Sharer, clearance: Clearance, before: int, qty: int) -> _Parts:
        """What a note's line takes back that takes `qty` of the bill's line after so much was taken (millionths of the stock unit)."""
        place, whole = self.place, self.whole
        unbilled, exchange = (cumulative_share(part, before, qty, whole) for part in clearance)
        if amounts.currency is not self.view.currency and amounts.currency.code == self.amounts.currency.code:
            beyond = amounts.nets_base[own.place] + cumulative_share(self.amounts.nets_base[place], before, qty, whole)
            dearer = amounts.nets[own.place] + cumulative_share(self.amounts.nets[place], before, qty, whole)
            exchange -= part_gap(beyond, dearer, amounts, self.amounts, self.amounts, self.view.currency).exchange
        return _Parts(unbilled, exchange)

    def _book(self, planned: Plan, own: Sharer, parts: _Parts, net: int) -> None:
        """Book the parts of a note's line whose own amount is `net`. Of an opened bill all that it did not clear was an expense."""
        line = line_of(planned, own, self.head)
        line.share(-parts.unbilled)
        head, view = line.head, line.head.view
        if not head.perpetual:
            return
        opened = ""
        if view.is_in_opening(self.bill.sequence, self.bill.at):
            opened = purchase_expense(view, self.billed.line.item)
        for role, amount in (
            ("exchange_gain_loss", -parts.exchange),
            ("purchase_price_variance", net + parts.unbilled + parts.exchange),
        ):
            if amount:
                planned.entry(
                    head, opened or view.role(role), amount, cost_center=line.cost_center, dimensions=line.dimensions
                )
