"""A pass laid down between two vouchers, for another worker to go on with."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.reposting.history import Place
from domain.reposting.valuing import Known
from domain.stock_ledger import Balance, Chain


@dataclass(slots=True)
class Waiting:
    """A place in a chain that the pass has yet to come to, and the document on account of which."""

    at: int
    sequence: int
    chain: Chain
    document: int


@dataclass(slots=True)
class StreamState:
    """A chain that is being followed: its state behind the place `upto`, before the movement `upcoming` (posting time, voucher, number)."""

    chain: Chain
    balance: Balance
    upto: Place
    upcoming: tuple[int, int, int]
    document: int
    disturbed: Place
    since: int


@dataclass(slots=True)
class ReplayState:
    """Everything that a pass knows beside the books: where it stands in each chain, and what those ahead depend on.

    `tails`: from where on each requested chain was touched; `ended`: new states of chains that were followed to their end, with
    how many movements lie behind the last state kept; `rows`: movements valued so far.
    """

    waiting: list[Waiting] = field(default_factory=list)
    streams: list[StreamState] = field(default_factory=list)
    tails: list[tuple[Chain, Place]] = field(default_factory=list)
    ended: list[tuple[Chain, Balance, int]] = field(default_factory=list)
    known: Known = field(default_factory=Known)
    rows: int = 0
