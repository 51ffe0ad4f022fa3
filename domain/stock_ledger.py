"""The stock ledger: movements, the value differences that correct them, and how each may be valued again.

A *chain* is what is valued together: item x warehouse, and batch or serial number where valued so. A movement keeps, beside
what it booked, the `basis` on which it was valued, so that a repost can value it again by the same rules without its document.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import NamedTuple

import msgspec

NEVER = -(2**62)  # before every posting time
SCRAP = -1  # the weight of scrap, which takes its stated amount before anything is shared by weight
ZERO_RATE = -2  # the weight of a movement that costs nothing where its chain does not know what a unit costs


class Chain(msgspec.Struct, frozen=True, order=True, cache_hash=True, array_like=True, gc=False):
    """What is valued together; `part` is the batch or serial number, empty where the whole item is one chain.

    Receipts of tills keep it as an array, and reports read it there by place.
    """

    item: str
    warehouse: str
    part: str = ""


class Lot(NamedTuple):
    """What is counted together, and may not fall below zero: a chain, or one `batch` of a chain that values several together."""

    chain: Chain
    batch: str = ""


class Basis(IntEnum):
    """How a movement gets its value."""

    STATED = 1  # comes in at `stated`, an amount fixed by its document
    COST = 2  # goes out at what the valuation method takes (`counted_rate` where it asks for a layer by its rate)
    MOVED = 3  # comes in at exactly what `source` booked out, plus `stated` additional costs
    RETURNED = 4  # comes in at its share of what `source` booked out (sales return); without one at the rate in force, plus `stated`
    SENT_BACK = 5  # goes out of the layer that `source` brought in, or of an average at its share of that, `stated` (purchase return)
    COUNTED = 6  # sets the chain to `counted_qty` at `counted_rate`
    PRODUCED = 7  # comes in at `weight`'s share of its voucher's inputs less scrap, plus `stated` additional costs
    REVERSED = 8  # takes `source` back, exactly


class DifferenceKind(IntEnum):
    """Why a movement was corrected after it was posted."""

    TRUE_UP = 1  # a receipt covered a shortage: `cause` is the issue that had gone out at a provisional cost
    LANDED_COST = 2  # a charge that arrived later: `document` is the voucher that brought it
    REVALUED = 3  # a repost found another value; `document` is what was posted into the past
    RATE_DIFFERENCE = 4  # the bill stated another price: `document` is the invoice
    RESIDUE = 5  # what a later event could no longer lay on stock at hand went to cost
    COUNT_SHIFTED = 6  # something was posted before a count: the counted quantity holds, so its adjustment moves
    ACCOUNT_TRANSFERRED = 7  # its warehouse has another stock account now: one out of the old, one into the new


# Rows are made by the hundred thousand: typed structs are made several times faster than dataclasses, and without cycles the
# garbage collector need not look at them.
class Movement(msgspec.Struct, gc=False):
    """One row of the stock ledger: a signed quantity and the amount it booked.

    `qty` in millionths, `value` in minor units (what the stock account is debited with), `at` in microseconds since 1970.
    `contra` is empty where the other side lies inside the voucher (a transfer, a manufacture).
    """

    id: int
    voucher: int
    line: int
    chain: Chain
    at: int
    date: date
    qty: int
    value: int
    basis: Basis
    account: str
    contra: str
    cost_center: str = ""
    dimensions: str = ""
    batch: str = ""
    source: int = 0
    stated: int = 0
    weight: int = 0
    counted_qty: int | None = None
    counted_rate: int | None = None
    provisional: bool = False


class Difference(msgspec.Struct, gc=False, kw_only=True):
    """A correction of `movement` by `amount` minor units (and, of a count, by `qty` millionths), at its place in time.

    `cause` is the movement and `document` the sequence of the document that made it necessary (0 where there is none);
    `contra` is the account that takes the other side.
    """

    movement: int
    voucher: int
    chain: Chain
    at: int
    date: date
    amount: int
    kind: DifferenceKind
    account: str
    contra: str
    qty: int = 0
    cause: int = 0
    document: int = 0
    cost_center: str = ""
    dimensions: str = ""


class Layer(msgspec.Struct, gc=False, array_like=True):
    """Stock still on hand from one receipt: `qty` millionths worth `value` (nine decimals), and the movement that brought it."""

    qty: int
    value: int
    receipt: int


class Shortage(msgspec.Struct, gc=False):
    """Stock that went out before it came in: the issue, what it is short by, and the provisional value it took.

    `contra` (with `cost_center`, `dimensions`) is where a true-up of this issue goes.
    """

    qty: int
    value: int
    issue: int
    contra: str
    cost_center: str = ""
    dimensions: str = ""


@dataclass(slots=True)
class Balance:
    """The state of one chain: quantity, unrounded value, layers or average, shortages, and where it stands in time.

    `qty` millionths; `value` nine decimals; `last_rate` nine decimals, the last known cost of one unit (None before the
    first movement). `layers` holds the oldest loaded layers and `newest` those behind the `stored` ones that the store still
    keeps in pages (`newest` is empty while nothing is stored). `last_at`, `last_sequence`: the greatest (posting time,
    sequence) that moved the chain; a document before it is backdated for this chain. `batches` is the quantity of each batch where
    the chain values several together.
    """

    qty: int = 0
    value: int = 0
    layers: deque[Layer] = field(default_factory=deque)
    newest: deque[Layer] = field(default_factory=deque)
    stored: int = 0
    stored_qty: int = 0
    shortages: deque[Shortage] = field(default_factory=deque)
    last_rate: int | None = None
    last_at: int = NEVER
    last_sequence: int = 0
    batches: dict[str, int] = field(default_factory=dict)

    def held(self, batch: str) -> int:
        """The quantity of one batch, or of the whole chain where none is named."""
        return self.batches.get(batch, 0) if batch else self.qty

    def move(self, batch: str, qty: int) -> None:
        """Keep count of a batch; one that is gone is forgotten."""
        left = self.batches.get(batch, 0) + qty
        if left:
            self.batches[batch] = left
        else:
            self.batches.pop(batch, None)


def lot_of(movement: Movement) -> Lot:
    """The lot that a movement belongs to: its batch where that has no chain of its own."""
    return Lot(movement.chain, "" if movement.chain.part else movement.batch)
