"""The order of a repost: all affected chains in one pass through time, each from where it changes to where it is as it was."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from domain.books import RepostRequest
from domain.master_view import MasterView
from domain.reposting.history import Checkpoint, Dependent, History, Place, Recorded, copied, same
from domain.reposting.state import ReplayState, StreamState, Waiting
from domain.reposting.valuing import Findings, Known, Revaluation
from domain.stock_ledger import Balance, Basis, Chain, Movement
from domain.valuation.method import Method, method_of

SPACING = 256  # movements between two kept states, or more where a state has many layers: so keeping them costs the same per movement

_Key = tuple[
    int, int, bool, int
]  # posting time, voucher, whether it is a product (those come after what went into them), number
_EVER: Place = (-(2**63), 0)  # before all places
_NEVER: Place = (2**63, 0)  # behind all places


class RepostFault(Exception):
    """A movement could not be valued again; its cause says why. `document` is the one on account of which it was tried."""

    def __init__(self, movement: Movement, document: int) -> None:
        super().__init__(f"movement {movement.id} of voucher {movement.voucher} could not be valued again")
        self.movement, self.document = movement, document


@dataclass(slots=True)
class _Stream:
    """One chain that is being followed: `balance` is its state before the movement `next`, `since` counts movements behind a stored state.

    `followed` is the place of the last movement valued, `skipped` that up to which those behind it stay as they are; `disturbed` the last
    one where something was posted into the past. `tail`: from there on its stored states are those of a chain that the past document
    has touched; None where none has.
    """

    chain: Chain
    balance: Balance
    method: Method
    rows: Iterator[Recorded | Checkpoint]
    tail: Place | None
    document: int
    next: Recorded | None = None
    since: int = 0
    followed: Place = _EVER
    skipped: Place = _EVER
    disturbed: Place = _EVER
    tried: bool = False
    methods: tuple[tuple[int, Method], ...] = ()

    def method_for(self, document: int) -> Method:
        """The method that held for a document: an item that went over to another keeps what left before as it was."""
        return next(method for since, method in reversed(self.methods) if since <= document)


class Replay:
    """One pass over all requests of a company; `cause_days` says from when the documents count that made them.

    `run()` goes to the end, `advance()` in steps; `take()` gives what was found meanwhile. Afterwards `balances` holds the new state of
    every chain that was followed to its end, with the number of movements behind the last state kept of it.
    """

    def __init__(
        self,
        requests: Iterable[RepostRequest],
        history: History,
        view: MasterView,
        *,
        cause_days: Mapping[int, date] | None = None,
        state: ReplayState | None = None,
    ) -> None:
        self._history, self.view = history, view
        known = Known() if state is None else state.known
        self._revaluation = Revaluation(history, view, cause_days or {}, self._wake, known)
        self.balances: dict[Chain, tuple[Balance, int]] = {}
        self.rows = 0
        self._reached = _EVER
        self._woken = False
        self._waiting: list[tuple[int, int, Chain, int]] = []
        self._tails: dict[Chain, Place] = {}
        self._streams: dict[Chain, _Stream] = {}
        self._order: list[tuple[_Key, Chain]] = []
        for request in requests:
            heapq.heappush(self._waiting, (request.at, request.sequence, request.chain, request.document))
            tail = (request.tail_at, request.tail_sequence)
            self._tails[request.chain] = min(tail, self._tails.get(request.chain, tail))
        if state is not None:
            self._go_on(state)

    def run(self) -> None:
        """Replay everything to its end."""
        while self.advance(2**62):
            pass

    def items(self) -> set[str]:
        """The items at whose chains the pass was, or has yet to come to."""
        chains = (*self._streams, *self.balances, *self._tails, *(chain for _, _, chain, _ in self._waiting))
        return {chain.item for chain in chains}

    def take(self) -> Findings:
        """What was found since the last call."""
        return self._revaluation.take()

    def advance(self, rows: int) -> bool:
        """Value about so many movements again, to the end of a voucher; False once nothing is left."""
        until = self.rows + rows
        order, streams = self._order, self._streams
        while True:
            self._arrive()
            if not order:
                return False
            key, chain = order[0]
            stream = streams[chain]
            if stream.next is None or _key(stream.next) != key:
                heapq.heappop(order)  # the chain was entered anew elsewhere
                continue
            if self.rows >= until and key[:2] > self._reached:
                return True
            heapq.heappop(order)
            if self._follow(stream, until) and stream.next is not None:
                heapq.heappush(order, (_key(stream.next), chain))

    def _follow(self, stream: _Stream, until: int) -> bool:
        """Go on in one chain while it is ahead of the others; False at its end."""
        again, balance, method = self._revaluation.again, stream.balance, stream.method
        limit = min(self._order[0][0][:2] if self._order else _NEVER, self._waiting[0][:2] if self._waiting else _NEVER)
        self._woken = False
        recorded = stream.next
        while recorded is not None:
            movement = recorded.movement
            place = movement.at, movement.voucher
            if stream.methods:
                method = stream.method_for(movement.voucher)
            try:
                again(recorded, balance, method, stream.document, disturbed=stream.disturbed == place)
            except Exception as error:
                raise RepostFault(movement, stream.document) from error
            self.rows += 1
            stream.followed = place
            if place > self._reached:
                self._reached = place
            stream.since += 1
            recorded = self._advance(stream)
            if recorded is not None:
                movement = recorded.movement
                following = movement.at, movement.voucher
                balance = stream.balance
                if self._woken or following >= limit or (self.rows >= until and following != place):
                    return True
        return False

    # -- entering and leaving chains ----------------------------------------------------------------------------------

    def _arrive(self) -> None:
        """Enter the chains whose place has come."""
        waiting, order = self._waiting, self._order
        while waiting and (not order or waiting[0][:2] <= order[0][0][:2]):
            at, sequence, chain, document = heapq.heappop(waiting)
            stream = self._streams.get(chain)
            if stream is None or stream.followed < (at, sequence) <= stream.skipped:
                stream = self._enter(chain, at, sequence)
            self._revaluation.days.begin(at, document, after=stream.document)
            stream.document, stream.disturbed = document, (at, sequence)

    def _enter(self, chain: Chain, at: int, sequence: int) -> _Stream:
        balance, rows = self._history.open(chain, at, sequence)
        stream = self._stream(chain, balance, rows)
        self.balances.pop(chain, None)
        return stream

    def _stream(self, chain: Chain, balance: Balance, rows: Iterator[Recorded | Checkpoint]) -> _Stream:
        methods = tuple((since, method_of(chain, name)) for since, name in self.view.valuation_methods(chain.item))
        stream = _Stream(chain, balance, methods[-1][1], rows, self._tails.get(chain), 0)
        if len(methods) > 1:
            stream.methods = methods
        self._streams[chain] = stream
        upcoming = self._advance(stream)
        if upcoming is not None:
            heapq.heappush(self._order, (_key(upcoming), chain))
        return stream

    def _advance(self, stream: _Stream) -> Recorded | None:
        """Read the next movement; None where the chain ends, or goes on as it was."""
        while True:
            row = next(stream.rows, None)
            if isinstance(row, Recorded):
                stream.next = row
                if stream.since >= SPACING:
                    self._keep(stream, row.movement)
                return row
            if row is None:
                stream.balance.last_at, stream.balance.last_sequence = _stands(stream)
                self.balances[stream.chain] = stream.balance, stream.since
            elif not self._compare(stream, row):
                continue
            stream.next = None
            return None

    def _keep(self, stream: _Stream, following: Movement) -> None:
        """Keep the chain's state between two vouchers, so that the next repost need not begin far back."""
        if (following.at, following.voucher) != stream.followed and stream.since >= 4 * len(stream.balance.layers):
            self._found(stream, Checkpoint(*stream.followed, copied(stream.balance)))

    def _compare(self, stream: _Stream, stored: Checkpoint) -> bool:
        """Where the state is the stored one, everything up to the chain's tail is as it was; True where that is all that is left."""
        if stored.balance is None or not same(stream.balance, stored.balance):
            # A state with far more layers than movements since the last one is not worth keeping.
            worth = stream.since >= len(stream.balance.layers)
            self._found(stream, Checkpoint(stored.at, stored.sequence, copied(stream.balance) if worth else None))
            return False
        stream.since = 0
        if stream.tail is None:
            stream.skipped = _NEVER
            return True
        if not stream.tried and (stored.at, stored.sequence) < stream.tail:
            stream.tried = True
            balance, rows = self._history.open(stream.chain, stream.tail[0], stream.tail[1] + 1)
            if (balance.last_at, balance.last_sequence) > (stored.at, stored.sequence):
                stream.balance, stream.rows = balance, rows
                stream.skipped = balance.last_at, balance.last_sequence
        return False

    def _found(self, stream: _Stream, kept: Checkpoint) -> None:
        if kept.balance is not None:
            stream.since = 0
        self._revaluation.findings.checkpoints.append((stream.chain, kept))

    def _wake(self, dependents: Iterable[Dependent], at: int, sequence: int, document: int) -> None:
        """Let the pass come to the places that a change is carried on to."""
        for chain, dependent_at, dependent_sequence in dependents:
            if (dependent_at, dependent_sequence) >= (at, sequence):
                heapq.heappush(self._waiting, (dependent_at, dependent_sequence, chain, document))
                self._woken = True

    # -- laying it down and going on ----------------------------------------------------------------------------------

    def state(self) -> ReplayState:
        """All that is needed to go on from here, with what was found so far taken care of."""
        streams = []
        for stream in self._streams.values():
            if stream.next is not None:
                m = stream.next.movement
                upcoming = m.at, m.voucher, m.id
                streams.append(
                    StreamState(
                        stream.chain,
                        stream.balance,
                        _stands(stream),
                        upcoming,
                        stream.document,
                        stream.disturbed,
                        stream.since,
                    )
                )
        return ReplayState(
            waiting=[Waiting(*waiting) for waiting in self._waiting],
            streams=streams,
            tails=list(self._tails.items()),
            ended=[(chain, balance, since) for chain, (balance, since) in self.balances.items()],
            known=self._revaluation.known,
            rows=self.rows,
        )

    def _go_on(self, state: ReplayState) -> None:
        self.rows = state.rows
        self._waiting = [(w.at, w.sequence, w.chain, w.document) for w in state.waiting]
        self._tails = dict(state.tails)
        self.balances = {chain: (balance, since) for chain, balance, since in state.ended}
        for kept in state.streams:
            stream = self._stream(kept.chain, kept.balance, self._history.resume(kept.chain, *kept.upcoming))
            stream.document, stream.disturbed, stream.since = kept.document, kept.disturbed, kept.since


def _stands(stream: _Stream) -> Place:
    """The place behind which the stream's state stands: where it was opened, or the last movement since."""
    return max((stream.balance.last_at, stream.balance.last_sequence), stream.followed)


def _key(recorded: Recorded) -> _Key:
    movement = recorded.movement
    return movement.at, movement.voucher, movement.basis == Basis.PRODUCED, movement.id
