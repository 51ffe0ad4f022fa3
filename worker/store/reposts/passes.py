"""A pass laid down as text, for whichever worker goes on with it; chains by their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.reposting import Known, ReplayState, StreamState, Waiting
from domain.stock_ledger import Balance, Chain
from worker.store.books.chain_states import state_of, state_text
from worker.store.names.spelling import Spelling
from worker.store.names.terms import Names

_Place = tuple[int, int]
_Dependents = list[tuple[int, int, int]]


class _Stream(msgspec.Struct, array_like=True):
    chain: int
    state: str
    upto: _Place
    upcoming: tuple[int, int, int]
    document: int
    disturbed: _Place
    since: int


class _Pass(msgspec.Struct):
    waiting: list[tuple[int, int, int, int]]
    streams: list[_Stream]
    tails: list[tuple[int, _Place]]
    ended: list[tuple[int, str, int, int, int]]
    values: dict[int, tuple[int, int]]
    covered: dict[int, int]
    made: dict[int, dict[int, int]]
    short: dict[int, _Dependents]
    since: dict[int, date]
    rows: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Pass).decode


def pass_text(state: ReplayState, names: Names) -> str:
    """A pass as it is stored."""
    chains, known = names.chains, state.known
    return _encode(
        _Pass(
            waiting=[(w.at, w.sequence, chains[w.chain], w.document) for w in state.waiting],
            streams=[
                _Stream(chains[s.chain], state_text(s.balance), s.upto, s.upcoming, s.document, s.disturbed, s.since)
                for s in state.streams
            ],
            tails=[(chains[chain], tail) for chain, tail in state.tails],
            ended=[
                (chains[chain], state_text(balance), balance.last_at, balance.last_sequence, since)
                for chain, balance, since in state.ended
            ],
            values=known.values,
            covered=known.covered,
            made=known.made,
            short={
                issue: [(chains[chain], at, sequence) for chain, at, sequence in dependents]
                for issue, dependents in known.short.items()
            },
            since=known.since,
            rows=state.rows,
        )
    ).decode()


def pass_of(text: str, spelling: Spelling) -> ReplayState:
    """A stored pass, to be gone on with."""
    laid = _decode(text)
    spelling.know_chains(_chains(laid))
    chains = spelling.chains
    return ReplayState(
        waiting=[Waiting(at, sequence, chains[chain], document) for at, sequence, chain, document in laid.waiting],
        streams=[
            StreamState(
                chains[s.chain], state_of(s.state, *s.upto), s.upto, s.upcoming, s.document, s.disturbed, s.since
            )
            for s in laid.streams
        ],
        tails=[(chains[chain], tail) for chain, tail in laid.tails],
        ended=[_ended(chains[chain], state, at, sequence, since) for chain, state, at, sequence, since in laid.ended],
        known=Known(
            values=laid.values,
            covered=laid.covered,
            made=laid.made,
            short={
                issue: tuple((chains[chain], at, sequence) for chain, at, sequence in dependents)
                for issue, dependents in laid.short.items()
            },
            since=laid.since,
        ),
        rows=laid.rows,
    )


def _ended(chain: Chain, state: str, at: int, sequence: int, since: int) -> tuple[Chain, Balance, int]:
    return chain, state_of(state, at, sequence), since


def _chains(laid: _Pass) -> Iterable[int]:
    yield from (waiting[2] for waiting in laid.waiting)
    yield from (stream.chain for stream in laid.streams)
    yield from (chain for chain, _ in laid.tails)
    yield from (ended[0] for ended in laid.ended)
    yield from (chain for dependents in laid.short.values() for chain, _, _ in dependents)
