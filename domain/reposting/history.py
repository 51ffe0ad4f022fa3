"""What a repost reads: movements as the books hold them, and the states of chains that were kept on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from types import MappingProxyType
from typing import Protocol

import msgspec

from domain.stock_ledger import Balance, Chain, DifferenceKind, Movement

Place = tuple[int, int]  # posting time, sequence
Dependent = tuple[Chain, int, int]  # a chain and a place in it


class TrueUpRecorded(msgspec.Struct, gc=False):
    """What a receipt's true-up of one issue adds up to so far, and where it was posted."""

    amount: int
    contra: str
    cost_center: str = ""
    dimensions: str = ""


class LeftOver(msgspec.Struct, gc=False):
    """What a run found for a movement that was being cancelled meanwhile: the reversal did not know of it, so it is taken back."""

    kind: DifferenceKind
    amount: int
    qty: int
    cause: int
    contra: str
    cost_center: str
    dimensions: str


NO_TRUE_UPS: Mapping[int, TrueUpRecorded] = MappingProxyType({})


class Recorded(msgspec.Struct, gc=False):
    """A movement as the books hold it, with what was corrected so far (published differences, minor units).

    `plain` says that nothing of the below applies but `revalued`: it is a receipt at a stated value or an issue at cost.
    `revalued`: by earlier reposts and count shifts; `shifted`: quantity of count shifts; `residue`: parked in cost until a
    repost; `laid`: landed costs and rate differences that raise what a receipt brought in; `true_ups`: by the issue covered.
    `source_value`, `source_qty`: the present value (and quantity) of the movement it depends on, without true-ups; `source_true_ups`: what
    receipts before this movement added to that one; `returned_before`: what earlier returns of the same source took back;
    `returned_after`: where later ones do. `left_over`: of a reversed movement, what its reversal left. `dependents`: the
    chains and places of movements that take their value from this one.
    """

    movement: Movement
    dependents: tuple[Dependent, ...] = ()
    plain: bool = False
    revalued: int = 0
    shifted: int = 0
    residue: int = 0
    laid: int = 0
    true_ups: Mapping[int, TrueUpRecorded] = NO_TRUE_UPS
    reversed: bool = False
    source_value: int = 0
    source_qty: int = 0
    source_true_ups: int = 0
    returned_before: int = 0
    returned_after: tuple[Dependent, ...] = ()
    left_over: tuple[LeftOver, ...] = ()


class Checkpoint(msgspec.Struct):
    """The state of a chain just after a place, as the values recorded behind that place take it for granted.

    Without a balance it says that nothing is known there: whatever was stored no longer holds.
    """

    at: int
    sequence: int
    balance: Balance | None


def copied(balance: Balance) -> Balance:
    """A state of a chain that stays as it is now."""
    return Balance(
        qty=balance.qty, value=balance.value, layers=deque(map(copy, (*balance.layers, *balance.newest))),
        shortages=deque(map(copy, balance.shortages)), last_rate=balance.last_rate, last_at=balance.last_at,
        last_sequence=balance.last_sequence, batches=dict(balance.batches),
    )  # fmt: skip


def same(one: Balance, other: Balance) -> bool:
    """Whether two states of a chain value everything to come alike; both have all their layers loaded."""
    return (
        one.qty == other.qty
        and one.value == other.value
        and one.last_rate == other.last_rate
        and len(one.layers) == len(other.layers)
        and one.layers == other.layers
        and one.shortages == other.shortages
        and one.batches == other.batches
    )


class History(Protocol):
    """Where a repost reads: the store, or a company in memory."""

    def open(self, chain: Chain, at: int, sequence: int) -> tuple[Balance, Iterator[Recorded | Checkpoint]]:
        """The chain's state at the nearest checkpoint before a place, and from there on its movements in order.

        The balance says by `last_at` and `last_sequence` where it stands. A checkpoint in between is one that was stored there.
        """

    def resume(self, chain: Chain, at: int, sequence: int, movement: int) -> Iterator[Recorded | Checkpoint]:
        """The chain's movements from one of them on."""

    def dependents(self, movement: int) -> Iterable[Dependent]:
        """The chains and places of movements that take their value from this one."""

    def siblings(self, voucher: int) -> Iterable[Recorded]:
        """All movements of a voucher, for sharing out what a transformation consumed."""
