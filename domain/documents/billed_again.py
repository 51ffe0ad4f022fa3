"""Billed again: which units of a receipt's line each bill clears, its own ones or those that debit notes put back.

In order of time a bill clears what notes put back before it, the earliest first, and then the receipt's own units. A bill that is ahead
of the note which makes room for it (told later, or allowed) clears what that puts back. What a bill takes off by itself is what was
billed last. So put-backs and own units are each billed once, and what is left of both is what is not billed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from domain.documents.shares import Place, Taker
from domain.exact import cumulative_share


class Part(NamedTuple):
    """What a line clears: after how many of the target's own units how many more (millionths), and its share of put-backs (minor units)."""

    before: int
    qty: int
    again: int = 0


@dataclass(slots=True)
class PutBack:
    """What a note put back (millionths, minor units), and how much of it is billed again.

    `fills` says whether bills that were ahead of it clear it: not where its own amount would hang on what these clear.
    """

    place: Place
    qty: int
    amount: int
    policy: str
    fills: bool
    taken: int = 0

    @property
    def left(self) -> int:
        """How much of it is not billed again."""
        return self.qty - self.taken

    @property
    def worth(self) -> int:
        """What that comes to."""
        return self._share(self.left)

    def take(self, part: int) -> int:
        """Bill so much more of it (or less, below zero), and say what that comes to."""
        amount = self._share(part)
        self.taken += part
        return amount

    def _share(self, part: int) -> int:
        return cumulative_share(self.amount, self.taken, part, self.qty)


class _Piece(NamedTuple):
    """Units that a bill's line clears: of a put-back, or else of the receipt itself."""

    bill: Place
    qty: int
    of: PutBack | None


class Matching:
    """The bills of a line of `whole` units, matched with what notes put back."""

    def __init__(self, bills: Iterable[Taker], put_back: Iterable[PutBack], whole: int) -> None:
        self.put_back, self._whole = list(put_back), whole
        self._bills = list(bills)
        self._pieces: list[_Piece] = []  # in the order in which they were billed
        self._open: deque[PutBack] = deque()
        self._own, self._again = Counter[Place](), Counter[Place]()
        events: list[Taker | PutBack] = [*self._bills, *self.put_back]
        for event in sorted(events, key=attrgetter("place")):
            if isinstance(event, PutBack):
                self._note(event)
            elif event.qty > 0:
                self._bill(event.place, event.qty)
            else:
                self._take_off(event.place, -event.qty)

    @property
    def own(self) -> int:
        """How many of the receipt's own units are billed."""
        return self._own.total()

    def parts(self) -> dict[Place, Part]:
        """What every bill's line clears."""
        found, before = {}, 0
        for bill in self._bills:
            own = self._own[bill.place]
            found[bill.place] = Part(before, own, self._again[bill.place])
            before += own
        return found

    def _bill(self, place: Place, left: int) -> None:
        while left and self._open:
            of = self._open[0]
            part = min(left, of.left)
            self._clear(_Piece(place, part, of))
            left -= part
            if not of.left:
                self._open.popleft()
        if left:
            self._clear(_Piece(place, left, None))

    def _clear(self, piece: _Piece) -> None:
        self._pieces.append(piece)
        self._count(piece.bill, piece.qty, piece.of)

    def _count(self, bill: Place, qty: int, of: PutBack | None) -> None:
        if of is None:
            self._own[bill] += qty
        else:
            self._again[bill] += of.take(qty)

    def _take_off(self, place: Place, left: int) -> None:
        while left and self._pieces:
            last = self._pieces.pop()
            part = min(left, last.qty)
            self._count(place, -part, last.of)
            if last.of is not None and last.of not in self._open:
                self._open.appendleft(last.of)
            if part < last.qty:
                self._pieces.append(last._replace(qty=last.qty - part))
            left -= part
        self._own[place] -= left

    def _note(self, note: PutBack) -> None:
        if note.fills:
            self._fill(note)
        if note.left:
            self._open.append(note)

    def _fill(self, note: PutBack) -> None:
        """What is billed beyond the receipt's own units takes it, the earliest first: so no bill changes what those before it clear."""
        pieces, before = list[_Piece](), 0
        for piece in self._pieces:
            part = 0
            if piece.of is None:
                part = max(0, min(piece.qty, before + piece.qty - self._whole, note.left))
                before += piece.qty - part
            if part:
                self._count(piece.bill, -part, None)
                self._count(piece.bill, part, note)
            filled = piece._replace(qty=piece.qty - part), _Piece(piece.bill, part, note)
            pieces += [one for one in filled if one.qty]
        self._pieces = pieces
