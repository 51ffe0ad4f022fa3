"""Reposting: posting again, in the order of posting times, and writing only the difference.

The same valuation that posts values the movements again, through every affected chain in one pass in time order. A movement whose
value changes carries the change onward: to what was transferred, produced or returned from it, and to the chain behind it. Nothing is
rewritten: for each movement the difference between what it should have booked and what the books hold is appended. A repost
never rejects; where stock turns out short the issue becomes provisional.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from domain.books import RepostRequest
from domain.exact import cumulative_share, div_half_up
from domain.master_view import MasterView, fallback_rate
from domain.stock_ledger import ZERO_RATE, Balance, Basis, Chain, Difference, DifferenceKind, Movement, Shortage
from domain.valuation import chain as valuation
from domain.valuation.method import Method, method_of
from domain.valuation.products import share_out

Place = tuple[int, int]


@dataclass(slots=True)
class TrueUpRecorded:
    """What a receipt's true-up of one issue adds up to so far, and where it was posted."""

    amount: int
    contra: str
    cost_center: str = ""
    dimensions: str = ""


@dataclass(slots=True)
class Recorded:
    """A movement as the books hold it, with what was corrected so far (published differences, minor units).

    `revalued`: by earlier reposts and count shifts; `shifted`: quantity of count shifts; `residue`: parked in cost until a
    repost; `laid`: landed costs and rate differences that raise what a receipt brought in; `true_ups`: by the issue covered.
    `source_value`, `source_qty`: the present value (and quantity) of the movement it depends on, without true-ups; `source_true_ups`: what
    receipts before this movement added to that one; `returned_before`: what earlier returns of the same source took back.
    `dependents`: the chains and places of movements that take their value from this one.
    """

    movement: Movement
    revalued: int = 0
    shifted: int = 0
    residue: int = 0
    laid: int = 0
    true_ups: dict[int, TrueUpRecorded] = field(default_factory=dict)
    reversed: bool = False
    source_value: int = 0
    source_qty: int = 0
    source_true_ups: int = 0
    returned_before: int = 0
    dependents: tuple[tuple[Chain, int, int], ...] = ()


class History(Protocol):
    """Where a repost reads: the store, or a company in memory."""

    def open(self, chain: Chain, at: int, sequence: int) -> tuple[Balance, Iterator[Recorded | Balance]]:
        """The chain's state at the nearest checkpoint before a place, and from there on its movements in order.

        A `Balance` in between is the state that a checkpoint stored at that point, for comparison.
        """

    def dependents(self, movement: int) -> Iterable[tuple[Chain, int, int]]:
        """The chains and places of movements that take their value from this one."""

    def siblings(self, voucher: int) -> Iterable[Recorded]:
        """All movements of a voucher, for sharing out what a transformation consumed."""


@dataclass(slots=True)
class _Stream:
    chain: Chain
    balance: Balance
    method: Method
    rows: Iterator[Recorded | Balance]
    tail: Place
    next: Recorded | None = None


class Replay:
    """One pass over all requests of a company; what changes in a closed period takes effect on the first open day not before `cause_day`.

    `differences` collects what to append, `balances` the new state of every chain that was followed to its end. `value_of` names the
    document that a run is caused by, for each chain.
    """

    def __init__(
        self,
        requests: Iterable[RepostRequest],
        history: History,
        view: MasterView,
        *,
        cause: int = 0,
        cause_day: date = date.min,
    ) -> None:
        self.history, self.view, self.cause, self.cause_day = history, view, cause, cause_day
        self.balances: dict[Chain, Balance] = {}
        self.differences: list[Difference] = []
        self.rows = 0
        self._waiting: list[tuple[int, int, Chain]] = []
        self._tails: dict[Chain, Place] = {}
        self._places: dict[Chain, list[Place]] = {}
        self._active: dict[Chain, _Stream] = {}
        self._values: dict[int, int] = {}
        self._covered: dict[int, int] = {}
        self._made: dict[int, dict[int, int]] = {}
        for request in requests:
            heapq.heappush(self._waiting, (request.at, request.sequence, request.chain))
            tail = (request.tail_at, request.tail_sequence)
            self._tails[request.chain] = min(tail, self._tails.get(request.chain, tail))

    def run(self) -> None:
        """Replay everything to its end; afterwards `differences` and `balances` are complete."""
        order: list[tuple[int, int, int, Chain]] = []
        while order or self._waiting:
            while self._waiting and (not order or self._waiting[0][:2] <= order[0][:2]):
                at, sequence, chain = heapq.heappop(self._waiting)
                if chain not in self._active:
                    stream = self._open(chain, at, sequence)
                    if stream is not None:
                        heapq.heappush(order, (*_key(stream), chain))
            if not order:
                continue
            *_, chain = heapq.heappop(order)
            stream = self._active[chain]
            recorded = stream.next
            if recorded is None:
                raise AssertionError("a stream in order has a movement ahead")
            self._again(recorded, stream)
            if self._advance(stream):
                heapq.heappush(order, (*_key(stream), chain))

    def _open(self, chain: Chain, at: int, sequence: int) -> _Stream | None:
        balance, rows = self.history.open(chain, at, sequence)
        method = method_of(chain, self.view.item(chain.item).valuation_method)
        stream = _Stream(chain, balance, method, rows, self._tails.get(chain, (at, sequence)))
        self._active[chain] = stream
        return stream if self._advance(stream) else None

    def _advance(self, stream: _Stream) -> bool:
        """Read the next movement; at the end of the chain keep its new state."""
        for row in stream.rows:
            if isinstance(row, Recorded):
                stream.next = row
                return True
        stream.next = None
        self.balances[stream.chain] = stream.balance
        return False

    # -- one movement -------------------------------------------------------------------------------------------------

    def _again(self, recorded: Recorded, stream: _Stream) -> None:
        """Value a movement again and note the difference to what the books hold."""
        self.rows += 1
        movement = recorded.movement
        covered: dict[int, int] = {}
        value, qty = movement.value + recorded.revalued, movement.qty + recorded.shifted
        contras: dict[int, Shortage] = {}
        if movement.basis == Basis.RETURNED and movement.source:
            # Returns of one sale share its cost in order of time: each changes the shares of those behind it.
            self._wake(self.history.dependents(movement.source), after=(movement.at, movement.voucher))
        if recorded.reversed:
            # Its reversal took back all that was booked here, corrections included; what returned at a cost that it trued up has
            # another cost now.
            for issue in recorded.true_ups:
                self._wake(self.history.dependents(issue), after=(movement.at, movement.voucher))
            return
        if movement.basis != Basis.REVERSED:
            value, qty = self._value(recorded, stream, covered, contras)
            stream.balance.last_at, stream.balance.last_sequence = movement.at, movement.voucher
        self._note(recorded, value, qty, covered, contras)

    def _value(
        self, recorded: Recorded, stream: _Stream, covered: dict[int, int], contras: dict[int, Shortage]
    ) -> tuple[int, int]:
        movement, balance, method, currency = recorded.movement, stream.balance, stream.method, self.view.currency
        basis = movement.basis
        if basis == Basis.COUNTED:
            qty, value = valuation.count(
                balance,
                method,
                currency,
                movement.counted_qty,
                movement.counted_rate,
                movement.id,
                self._fallback(movement),
            )
            return value, qty
        if movement.qty > 0:
            value = self._incoming(recorded, balance)
            true_ups = valuation.receive(balance, method, currency, movement.qty, value + recorded.laid, movement.id)
            for true_up in true_ups:
                issue = true_up.shortage.issue
                covered[issue] = covered.get(issue, 0) + true_up.amount
                contras[issue] = true_up.shortage
            return value, movement.qty
        if movement.qty == 0:
            return 0, 0
        shortage = Shortage(
            0, 0, movement.id, movement.contra or self.view.role("stock_adjustment"), movement.cost_center,
            movement.dimensions,
        )  # fmt: skip
        if basis == Basis.SENT_BACK:
            source = self._source_value(recorded)
            rate = (
                div_half_up(source * currency.unit * 1_000_000, recorded.source_qty) or None
                if recorded.source_qty
                else None
            )
            value = valuation.send_back(balance, method, currency, -movement.qty, movement.source, shortage, rate)
        else:
            value = valuation.issue(
                balance, method, currency, -movement.qty, shortage, self._fallback(movement), movement.counted_rate
            )
        return value, movement.qty

    def _incoming(self, recorded: Recorded, balance: Balance) -> int:
        movement = recorded.movement
        if movement.basis == Basis.MOVED:
            return movement.stated - self._source_value(recorded)
        if movement.basis == Basis.RETURNED:
            if not movement.source:
                rate = self._fallback(movement)
                return movement.stated + valuation.at_rate_in_force(balance, self.view.currency, movement.qty, rate)
            true_ups = recorded.source_true_ups + self._covered.get(movement.source, 0)
            cost = -self._source_value(recorded) - true_ups
            return cumulative_share(cost, recorded.returned_before, movement.qty, -recorded.source_qty)
        if movement.basis == Basis.PRODUCED:
            return self._product(movement)
        return movement.stated

    def _source_value(self, recorded: Recorded) -> int:
        return self._values.get(recorded.movement.source, recorded.source_value)

    def _product(self, movement: Movement) -> int:
        made = self._made.get(movement.voucher)
        if made is None:
            siblings = list(self.history.siblings(movement.voucher))
            inputs = -sum(
                self._values.get(s.movement.id, s.movement.value + s.revalued)
                for s in siblings
                if s.movement.basis != Basis.PRODUCED
            )
            outputs = [s.movement for s in siblings if s.movement.basis == Basis.PRODUCED]
            made = dict(zip((m.id for m in outputs), share_out(inputs, outputs), strict=True))
            self._made[movement.voucher] = made
        return made[movement.id]

    def _fallback(self, movement: Movement) -> int | None:
        return 0 if movement.weight == ZERO_RATE else fallback_rate(self.view.item(movement.chain.item))

    # -- what changes -------------------------------------------------------------------------------------------------

    def _note(
        self, recorded: Recorded, value: int, qty: int, covered: dict[int, int], contras: dict[int, Shortage]
    ) -> None:
        movement = recorded.movement
        change = value - movement.value - recorded.revalued
        moved = qty - movement.qty - recorded.shifted
        if change or moved:
            self._append(movement, change, DifferenceKind.REVALUED, qty=moved)
        if recorded.residue:
            self._append(
                movement, -recorded.residue, DifferenceKind.RESIDUE, contra=self.view.role("cost_of_goods_sold")
            )
        for issue in covered.keys() | recorded.true_ups.keys():
            known = recorded.true_ups.get(issue)
            difference = covered.get(issue, 0) - (known.amount if known else 0)
            if difference:
                self._covered[issue] = self._covered.get(issue, 0) + difference
                place = contras.get(issue) or known
                self._append(movement, difference, DifferenceKind.TRUE_UP, cause=issue, place=place)
                self._wake(self.history.dependents(issue), after=(movement.at, movement.voucher))
        if change:
            self._values[movement.id] = value
            self._wake(recorded.dependents, after=(movement.at, movement.voucher))

    def _wake(self, dependents: Iterable[tuple[Chain, int, int]], *, after: Place) -> None:
        """Let the pass come to the chains that a change is carried on to, where they are not followed already."""
        for chain, at, sequence in dependents:
            if chain not in self._active and (at, sequence) >= after:
                heapq.heappush(self._waiting, (at, sequence, chain))

    def _append(
        self,
        movement: Movement,
        amount: int,
        kind: DifferenceKind,
        *,
        qty: int = 0,
        cause: int = 0,
        contra: str | None = None,
        place: Shortage | TrueUpRecorded | None = None,
    ) -> None:
        self.differences.append(
            Difference(
                movement=movement.id, voucher=movement.voucher, chain=movement.chain, at=movement.at,
                date=self.view.effective_date(movement.date, self.cause_day), amount=amount, qty=qty, kind=kind, account=movement.account,
                contra=place.contra if place else movement.contra if contra is None else contra,
                cause=cause, document=self.cause,
                cost_center=place.cost_center if place else movement.cost_center,
                dimensions=place.dimensions if place else movement.dimensions,
            )
        )  # fmt: skip


def _key(stream: _Stream) -> tuple[int, int, int]:
    if stream.next is None:
        raise AssertionError("a stream without a movement ahead has no place")
    movement = stream.next.movement
    return movement.at, movement.voucher, movement.id
