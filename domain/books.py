"""What one decision may look at, and how it says what it still lacks.

The service that posts a batch loads what the documents are known to need, then decides one after the other in memory. Where a
decision meets something that is not loaded it raises `Lacking`; the service loads it and decides that document again. So the
domain stays free of I/O, and the common case is one set-based read per batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import msgspec

from domain.general_ledger import Entry, outstanding
from domain.master_book import MasterBook
from domain.master_view import MasterView
from domain.out_of_sync import Drift, OutOfSync
from domain.pos_receipt import PosReceipt
from domain.stock_ledger import Balance, Chain, Difference, Lot, Movement


@dataclass(eq=False, kw_only=True)
class Lacking(Exception):
    """The decision needs something that is not in memory yet, one of these; it has changed nothing."""

    chains: tuple[Chain, ...] = ()  # balances of these chains
    vouchers: tuple[tuple[str, str], ...] = ()  # (type or "", number) of posted documents
    history: tuple[Lot, int, int] | None = None  # (lot, at, sequence): quantities from that place on
    shortage: tuple[Lot, int, int, int] | None = (
        None  # (lot, at, sequence, needed): the first later moment with less than `needed`
    )
    layers: tuple[Chain, int] | None = None  # (chain, quantity): loaded layers must cover this quantity
    receipt_layer: tuple[Chain, int] | None = None  # (chain, receipt movement): the page that holds this layer
    serials: tuple[str, str] | None = None  # (item, warehouse): balances of every chain with a part there
    serial_count: tuple[str, str, int, int] | None = (
        None  # (item, warehouse, at, sequence): the first count of serial numbers behind it
    )
    between: tuple[date, date] | None = (
        None  # (first, last) posting date: what each account's entries of these days add up to
    )
    standing: bool = False  # what stands in which stock account, of every chain
    reserved: tuple[Chain, ...] = ()  # what open sales at tills reserve of these chains
    open_sales: int | None = None  # a moment: what tills had sold by then that the books don't have yet
    differences: bool = False  # all that is known of accounts that differ from their stock, as of now


@dataclass(slots=True)
class QuantityHistory:
    """Quantities of a lot from one place in time on, as of now.

    `running`: the quantity just after (at, sequence). `lowest`: the least running quantity of all later moments up to the
    next count, or to the end (None where nothing moves later). `next_count`: the first count after it, if any.
    """

    running: int
    lowest: int | None
    next_count: Movement | None


@dataclass(slots=True)
class ShortMoment:
    """The first later moment that a backdated document would leave short."""

    at: int
    voucher_type: str
    voucher_number: str
    running: int


class Link(msgspec.Struct, gc=False):
    """A line of one voucher that refers to a line of another: what cancels, returns and bills are measured by.

    `kind`: bills, debits (of a note that takes off a bill of it), receives, returns, returns_rejected (what a receipt rejected), delivers,
    landed_cost, pays, consolidates, recounts (puts a count right), reverses, amends. `qty` millionths of the item's stock unit, `amount`
    minor units. `type`, `number` and `at` say which document refers and its posting time (microseconds), where the link was read back.
    """

    voucher: int
    line: int
    kind: str
    target: int
    target_line: int
    qty: int = 0
    amount: int = 0
    type: str = ""
    number: str = ""
    at: int = 0

    @property
    def named(self) -> str:
        """Which document refers, in words."""
        return f"{self.type.replace('_', ' ')} {self.number}"


@dataclass(slots=True)
class TillSale:
    """A sale at a till as it stands: open, quarantined, consolidated or cancelled; then with the number of the invoice it went into."""

    receipt: PosReceipt
    status: str = "open"
    consolidated_into: str = ""


class PostedVoucher(msgspec.Struct, gc=False):
    """A posted document as later ones see it.

    `movements` carry their present values and quantities (visible differences included); `links` are those that point at it and
    are not cancelled; `cancelled_by` is the sequence of its cancel, 0 while it stands. `figures` are its totals as stored;
    `entries` its general ledger as of now, netted per account, party, cost center and dimensions; `elsewhere` what it booked under
    the vouchers that it bills, as of now. `caused` are the landed cost and rate differences that this document made on other
    vouchers; `true_ups` what covering receipts added to the cost of this voucher's issues, by movement (minor units, as booked on
    stock); `set_aside` what of its movements' present values is not their own cost: true-ups of issues that they covered, and residues;
    `remapped` what of them was booked on accounts that the warehouse got later. `outstanding` is what it has left open.
    """

    sequence: int
    type: str
    number: str
    at: int
    date: date
    document: object
    movements: list[Movement] = []
    entries: list[Entry] = []
    elsewhere: list[Entry] = []
    links: list[Link] = []
    figures: dict[str, object] = {}
    cancelled_by: int = 0
    caused: list[Difference] = []
    true_ups: dict[int, int] = {}
    set_aside: dict[int, int] = {}
    remapped: dict[int, dict[str, int]] = {}
    outstanding: list[Entry] = []
    sale: TillSale | None = None


class Voucher(msgspec.Struct, gc=False):
    """The head of what was posted: one per posted document, with its computed totals."""

    sequence: int
    type: str
    number: str
    at: int
    date: date
    reverses: int = 0
    figures: dict[str, object] = {}


class OrderLine(NamedTuple):
    """What a line of an order puts on its way: `qty` millionths of what comes in (positive) or is promised (negative).

    `whole` is the line's quantity in the stock unit of its own item, which deliveries are measured by (of a bundle, `qty` counts
    a component). A batch or serial number is not chosen yet, so the chain has none.
    """

    line: int
    chain: Chain
    qty: int
    whole: int


class Unbilled(msgspec.Struct, gc=False, kw_only=True):
    """What a purchase changes about goods received but not billed, of a company without an account for it (periodic inventory).

    `amount` (minor units, debit positive) would stand there from `day` on, against `account`, to which such purchases go; `of` is what it
    clears (a receipt, a bill), or itself. `shared`: it is a share of another document's line, worked out anew by all that change it.
    """

    of: int
    day: date
    account: str
    amount: int
    cost_center: str = ""
    dimensions: str = ""
    shared: bool = False


class StandingStock(NamedTuple):
    """Value (minor units) of a chain that stands in one stock account, and the last movement that booked there."""

    chain: Chain
    account: str
    dimensions: str
    value: int
    movement: int


class RepostRequest(NamedTuple):
    """A place in a chain from which values must be computed again, because something was posted into the past.

    From (at, sequence) on until the recomputed state equals the stored one; and from (tail_at, tail_sequence) on, where the chain
    ended when that was posted: what came after was valued from a state that the past document had touched. `document` is the
    sequence of what was posted into the past.
    """

    chain: Chain
    at: int
    sequence: int
    tail_at: int
    tail_sequence: int
    document: int = 0


class Posting(msgspec.Struct, gc=False):
    """All that one document writes: both ledgers together, or nothing. A sale at a till writes its receipt alone.

    `drift` is by what it leads stock and its accounts apart, or together again; `mends` the proposal that it accepts.
    """

    voucher: Voucher
    movements: list[Movement] = []
    differences: list[Difference] = []
    entries: list[Entry] = []
    links: list[Link] = []
    reposts: list[RepostRequest] = []
    orders: list[OrderLine] = []
    receipt: PosReceipt | None = None
    released: PosReceipt | None = None
    drift: list[Drift] = []
    mends: int = 0


class Books:
    """The books of one company while a batch is decided: what of them is loaded, and in `out_of_sync` each account apart from its stock."""

    def __init__(self, masters: MasterBook, *, next_movement: int) -> None:
        self.masters = masters
        self._view: MasterView | None = None
        self.next_movement = next_movement
        self.balances: dict[Chain, Balance] = {}
        self.vouchers: dict[tuple[str, str], PostedVoucher | None] = {}
        self._recent: dict[tuple[str, str], tuple[Posting, object]] = {}
        self.histories: dict[tuple[Lot, int, int], QuantityHistory] = {}
        self.short_moments: dict[tuple[Lot, int, int, int], ShortMoment | None] = {}
        self.searched_layers: set[tuple[Chain, int]] = set()
        self.serial_places: set[tuple[str, str]] = set()
        self.serial_counts: dict[tuple[str, str, int, int], list[Movement]] = {}
        self.open_sales: dict[int, list[PosReceipt]] = {}
        self.account_balances: dict[tuple[date, date], list[Entry]] = {}
        self.standing: list[StandingStock] | None = None
        self.reserved: dict[Chain, int] = {}
        self.out_of_sync: dict[str, OutOfSync] = {}

    @property
    def view(self) -> MasterView:
        """The masters as the document being decided sees them. Errors: DocumentParked where the company is unknown."""
        if self._view is None or self._view.stamp != self.masters.stamp:
            self._view = MasterView(self.masters)
        return self._view

    def balance(self, chain: Chain) -> Balance:
        """The chain's state. Errors: Lacking."""
        try:
            return self.balances[chain]
        except KeyError:
            raise Lacking(chains=(chain,)) from None

    def voucher(self, type_: str, number: str) -> PostedVoucher | None:
        """A posted document by type and number, None where there is none. Errors: Lacking."""
        key = (type_, number)
        if key not in self.vouchers:
            if key not in self._recent:
                raise Lacking(vouchers=(key,))
            self.vouchers[key] = _posted(*self._recent.pop(key))
        return self.vouchers[key]

    def history(self, lot: Lot, at: int, sequence: int) -> QuantityHistory:
        """Quantities from a place in time on. Errors: Lacking."""
        try:
            return self.histories[lot, at, sequence]
        except KeyError:
            raise Lacking(history=(lot, at, sequence)) from None

    def quantity(self, lot: Lot, at: int, sequence: int) -> int:
        """The quantity of a lot just after a place in time (millionths). Errors: Lacking."""
        balance = self.balance(lot.chain)
        if (at, sequence) >= (balance.last_at, balance.last_sequence):
            return balance.held(lot.batch)
        return self.history(lot, at, sequence).running

    def serial_count(self, item: str, warehouse: str, at: int, sequence: int) -> list[Movement]:
        """What the first standing count of an item's serial numbers in a warehouse behind a place in time wrote there. Errors: Lacking."""
        try:
            return self.serial_counts[item, warehouse, at, sequence]
        except KeyError:
            raise Lacking(serial_count=(item, warehouse, at, sequence)) from None

    def reserve(self, goods: Collection[tuple[Chain, int]], sign: int) -> None:
        """Count what sales reserve (sign 1), or no longer do (-1). Errors: Lacking."""
        self.require_reserved([chain for chain, _ in goods])
        for chain, qty in goods:
            self.reserved[chain] += sign * qty

    def require_reserved(self, chains: Iterable[Chain]) -> None:
        """Make sure that it is known what open sales reserve of these chains. Errors: Lacking."""
        if missing := [chain for chain in chains if chain not in self.reserved]:
            raise Lacking(reserved=tuple(dict.fromkeys(missing)))

    def standing_stock(self) -> list[StandingStock]:
        """What stands in which stock account, of every chain. Errors: Lacking."""
        if self.standing is None:
            raise Lacking(standing=True)
        return self.standing

    def balances_between(self, first: date, last: date) -> list[Entry]:
        """What the entries of these posting dates add up to, per account, cost center and dimensions. Errors: Lacking."""
        try:
            return self.account_balances[first, last]
        except KeyError:
            raise Lacking(between=(first, last)) from None

    def difference_of(self, account: str) -> OutOfSync | None:
        """All that is known of an account that differs from its stock. Errors: Lacking."""
        state = self.out_of_sync.get(account)
        if state is not None and not state.is_known:
            raise Lacking(differences=True)
        return state

    def first_short(self, lot: Lot, at: int, sequence: int, needed: int) -> ShortMoment | None:
        """The first later moment at which the lot holds less than `needed`. Errors: Lacking."""
        try:
            return self.short_moments[lot, at, sequence, needed]
        except KeyError:
            raise Lacking(shortage=(lot, at, sequence, needed)) from None

    def remember(self, posting: Posting, document: object) -> None:
        """Let later documents of the batch see a posting; what it changed elsewhere is read again when needed."""
        voucher, own = posting.voucher, posting.voucher.sequence
        key = (voucher.type, voucher.number)
        if posting.receipt is not None:
            self.reserve(posting.receipt.goods, 1)
        if posting.released is not None:
            self.reserve(posting.released.goods, -1)
        if self.vouchers:
            self.vouchers.pop(("", voucher.number), None)
            self.vouchers.pop(key, None)
        self.open_sales.clear()
        elsewhere = {movement.voucher for movement in posting.movements} - {own} if posting.movements else set[int]()
        if not posting.differences and not elsewhere and voucher.type != "cancel":
            # Few documents are referred to in their own batch, so the voucher is made when one asks for it.
            self._recent[key] = (posting, document)
        if not (posting.movements or posting.entries or posting.links or posting.differences or voucher.reverses):
            return  # a sale at a till, an order: the ledgers are as they were
        self.account_balances.clear()
        self.standing = None
        changed = elsewhere | {entry.against for entry in posting.entries if entry.against and entry.against != own}
        self.serial_counts.clear()
        if changed or posting.links or posting.differences or voucher.reverses:
            changed |= {number for link in posting.links for number in (link.target, link.voucher)}
            changed |= {d.voucher for d in posting.differences}
            self._forget((changed | {voucher.reverses}) - {own})
        if self.histories or self.short_moments:
            moved = {movement.chain for movement in posting.movements} | {d.chain for d in posting.differences}
            self.histories = {key: value for key, value in self.histories.items() if key[0].chain not in moved}
            self.short_moments = {key: value for key, value in self.short_moments.items() if key[0].chain not in moved}

    def end_batch(self) -> None:
        """Forget what was loaded for the documents of a batch; balances stay."""
        self.forget_vouchers()
        self.histories.clear()
        self.short_moments.clear()
        self.serial_counts.clear()
        self.open_sales.clear()
        self.searched_layers.clear()
        self.account_balances.clear()
        self.standing = None

    def forget_vouchers(self) -> None:
        """Forget every loaded voucher, those of this batch too."""
        self.vouchers.clear()
        self._recent.clear()

    def _forget(self, changed: set[int]) -> None:
        for key in [key for key, known in self.vouchers.items() if known is not None and known.sequence in changed]:
            del self.vouchers[key]
        for key in [key for key, (recent, _) in self._recent.items() if recent.voucher.sequence in changed]:
            del self._recent[key]


def _posted(posting: Posting, document: object) -> PostedVoucher:
    voucher = posting.voucher
    return PostedVoucher(
        voucher.sequence, voucher.type, voucher.number, voucher.at, voucher.date, document, movements=posting.movements,
        entries=[entry for entry in posting.entries if entry.voucher == voucher.sequence], figures=voucher.figures,
        outstanding=outstanding(posting.entries, voucher.sequence), sale=None if posting.receipt is None else TillSale(posting.receipt),
    )  # fmt: skip
