"""Shares of one amount that several documents take: in the order of their posting times, in whatever order they arrive.

A receipt is billed and given back in parts, a bill is received in parts. The parts add up to the whole to the minor unit, so each
hangs on how much was taken before it. A document that comes between others, or is cancelled from between them, changes the parts
of those behind it: they get the difference under their own vouchers, caused by it; those of periodic inventory, which have no entries
for it, in what is kept of goods received but not billed (`unbilled`). So the books never depend on who came first, nor on the method.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from domain.books import Books, Link, PostedVoucher
from domain.documents.plan import Head, Plan
from domain.documents.references import linked
from domain.documents.shape import ItemLine, TradeDocument

Place = tuple[int, int, int]  # posting time, sequence, line


class Taker(NamedTuple):
    """A document's line that takes `qty` of another's line (millionths of the stock unit), and what its links say of the amount."""

    place: Place
    type: str
    number: str
    qty: int
    amount: int


class Change(NamedTuple):
    """A taker that is behind what changes: how much was taken before it so far, and how much is now (millionths)."""

    taker: Taker
    before: int
    now: int


def place_of(head: Head, line: int) -> Place:
    """Where a document's line (counted from 1) takes its share."""
    return head.at, head.sequence, line


def takers(target: PostedVoucher, line: int, kind: str, head: Head, planned: Plan | None = None) -> list[Taker]:
    """Who takes of a line (counted from 1), in the order of posting times; `planned` adds what the document of `head` takes so far."""
    found: dict[tuple[int, int], Taker] = {}
    for link in linked(target, line, kind, planned):
        at = head.at if link.voucher == head.sequence else link.at
        known = found.get((link.voucher, link.line)) or Taker(
            (at, link.voucher, link.line), link.type, link.number, 0, 0
        )
        found[link.voucher, link.line] = known._replace(qty=known.qty + link.qty, amount=known.amount + link.amount)
    return sorted(taker for taker in found.values() if taker.qty)


def entering(others: Iterable[Taker], place: Place, qty: int) -> tuple[int, list[Change]]:
    """How much was taken before a place where `qty` more is taken now, and whom that changes."""
    before, running, changes = 0, 0, []
    for taker in others:
        if taker.place < place:
            before += taker.qty
        else:
            changes.append(Change(taker, running, running + qty))
        running += taker.qty
    return before, changes


def leaving(everyone: Iterable[Taker], voucher: int) -> list[Change]:
    """Whom it changes that a document takes nothing any more."""
    running, gone, changes = 0, 0, []
    for taker in everyone:
        if taker.place[1] == voucher:
            gone += taker.qty
        elif gone:
            changes.append(Change(taker, running, running - gone))
        running += taker.qty
    return changes


def cleared_by(voucher: PostedVoucher, target: PostedVoucher | None, kind: str) -> list[int]:
    """The lines (counted from 1) of a target that a posted document takes shares of."""
    links = target.links if target is not None else []
    return sorted({link.target_line for link in links if (link.voucher, link.kind) == (voucher.sequence, kind)})


class Sharer(NamedTuple):
    """A document's line (counted from 0) that takes a share, and the head that its entries get; `voucher` where it is posted already."""

    document: TradeDocument
    place: int
    head: Head
    voucher: PostedVoucher | None = None

    @property
    def lines(self) -> Sequence[ItemLine]:
        """The document's lines."""
        lines: Sequence[ItemLine] = self.document.lines  # type: ignore[attr-defined]
        return lines

    @property
    def line(self) -> ItemLine:
        """The line that takes the share."""
        return self.lines[self.place]

    def link(self, planned: Plan, kind: str, target: PostedVoucher, line: int, amount: int) -> None:
        """Keep that it clears so much more of its target's line (minor units)."""
        if amount:
            planned.links.append(Link(self.head.sequence, self.place + 1, kind, target.sequence, line, 0, amount))


def sharer(taker: Taker, head: Head, books: Books) -> Sharer:
    """A posted document that the one of `head` corrects, on its own day, or where that is closed on the first open one. Errors: Lacking."""
    voucher = books.voucher(taker.type, taker.number)
    assert voucher is not None  # noqa: S101 - its link was read with it
    document: TradeDocument = voucher.document  # type: ignore[assignment]
    day = head.view.effective_date(voucher.date, head.date, voucher.type)
    own = replace(Head.of(voucher.sequence, document, head.view), date=day, cause=head.sequence)
    return Sharer(document, taker.place[2] - 1, own, voucher)
