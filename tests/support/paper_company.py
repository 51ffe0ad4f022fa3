"""A company on paper: the books of one company kept in plain lists, for tests of the domain.

It answers every `Lacking` from the facts it keeps, by scanning them; nothing is indexed, cached or checkpointed, so that what it says
is evident. Reposts run to completion after each document unless asked to wait.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import msgspec

from domain.books import (
    Books,
    Lacking,
    Link,
    PostedVoucher,
    Posting,
    QuantityHistory,
    RepostRequest,
    ShortMoment,
    StandingStock,
)
from domain.documents import AnyDocument
from domain.entries import entries_of
from domain.errors import DocumentParked, DocumentRejected
from domain.general_ledger import Entry, outstanding, require_balanced
from domain.master_view import MasterView
from domain.masters import Item
from domain.pos_receipt import PosReceipt
from domain.posting import apply, post
from domain.reposting import Checkpoint, Recorded, Replay, TrueUpRecorded
from domain.stock_ledger import Balance, Basis, Chain, Difference, DifferenceKind, Lot, Movement
from worker.messages import decode

NOW = 1_800_000_000_000_000


class Row(NamedTuple):
    """A row of the stock ledger: millionths and minor units."""

    voucher: int
    chain: Chain
    date: date
    account: str
    qty: int
    amount: int


class PaperMasters:
    """Masters in a dictionary; the newest version of each holds."""

    def __init__(self, company: str) -> None:
        self.company = company
        self.stamp: object = 0
        self._known: dict[tuple[str, str], object] = {}
        self._versions: dict[tuple[str, str], list[tuple[int, object]]] = defaultdict(list)

    def add(self, master: Any, first: int) -> None:
        """Take in a master that holds from the document of this sequence on."""
        key = type(master).__struct_config__.tag, master.code if isinstance(master, Item) else master.name
        self._known[key] = master
        self._versions[key].append((first if self._versions[key] else 0, master))
        self.stamp = len(self._known), id(master)

    def get(self, kind: str, name: str) -> object | None:
        return self._known.get((kind, name))

    def all(self, kind: str) -> Iterable[object]:
        return [master for (own, _), master in self._known.items() if own == kind]

    def changes(self, kind: str, name: str, of: Callable[[object], object]) -> list[tuple[int, object]]:
        return [(first, of(master)) for first, master in self._versions[kind, name]]


def named(link: Link, posting: Posting) -> Link:
    """A link that says which document refers."""
    voucher = posting.voucher
    return msgspec.structs.replace(link, type=voucher.type, number=voucher.number, at=voucher.at)


class PaperCompany:
    """Posts documents one by one; `movements`, `differences`, `entries` are both ledgers as facts in order of recording."""

    def __init__(self, name: str = "Paper") -> None:
        self.masters = PaperMasters(name)
        self.documents: dict[int, AnyDocument] = {}
        self.postings: dict[int, Posting] = {}
        self.movements: list[Movement] = []
        self.differences: list[Difference] = []
        self.entries: list[Entry] = []
        self.balances: dict[Chain, Balance] = {}
        self.pending: list[RepostRequest] = []
        self.outcomes: dict[str, Any] = {}
        self.sequence = 0

    # -- documents in -------------------------------------------------------------------------------------------------

    def master(self, raw: bytes) -> None:
        """Take in a master."""
        self.masters.add(decode(raw), self.sequence + 1)

    def submit(self, raw: bytes, *, repost: bool = True) -> Posting | DocumentRejected | DocumentParked:
        """Post one document, or give the error that refused it."""
        document: Any = decode(raw)
        self.sequence += 1
        try:
            posting = self._decide(self.sequence, document)
        except (DocumentRejected, DocumentParked) as error:
            self.outcomes[document.number] = error
            return error
        self._record(posting, document)
        if repost:
            self.repost()
        return posting

    def _decide(self, sequence: int, document: Any) -> Posting:
        books = Books(self.masters, next_movement=len(self.movements) + 1)
        while True:
            try:
                posting = post(sequence, document, books, now=NOW)
            except Lacking as lacking:
                self._load(lacking, books)
            else:
                apply(posting, document, books)
                self.balances |= books.balances
                return posting

    def _load(self, lacking: Lacking, books: Books) -> None:
        for chain in lacking.chains:
            books.balances[chain] = copy.deepcopy(self.balances.get(chain, Balance()))
        for type_, number in lacking.vouchers:
            books.vouchers[type_, number] = self.voucher(type_, number)
        if lacking.history:
            books.histories[lacking.history] = self._history(*lacking.history)
        if lacking.shortage:
            books.short_moments[lacking.shortage] = self._first_short(*lacking.shortage)
        if lacking.standing:
            books.standing = self._standing()
        if lacking.between:
            books.account_balances[lacking.between] = self._between(*lacking.between)
        if lacking.serials:
            item, warehouse = lacking.serials
            books.serial_places.add(lacking.serials)
            for chain in self.balances:
                if chain.item == item and chain.warehouse == warehouse:
                    books.balances.setdefault(chain, copy.deepcopy(self.balances[chain]))

        if lacking.open_sales is not None:
            books.open_sales[lacking.open_sales] = self._open_sales(lacking.open_sales)
        if lacking.serial_count:
            books.serial_counts[lacking.serial_count] = self._serial_count(*lacking.serial_count)

    def _record(self, posting: Posting, document: Any) -> None:
        self.documents[posting.voucher.sequence] = document
        self.postings[posting.voucher.sequence] = posting
        self.outcomes[posting.voucher.number] = posting
        self.movements += posting.movements
        self.differences += posting.differences
        self.entries += posting.entries
        self.pending += posting.reposts

    # -- reposting ----------------------------------------------------------------------------------------------------

    def repost(self) -> int:
        """Run every pending repost to its end; gives the number of differences written."""
        if not self.pending:
            return 0
        view = MasterView(self.masters)
        cause_days = {}
        for sequence, posting in self.postings.items():
            counts_from = self.postings[posting.voucher.reverses].voucher.date if posting.voucher.reverses else None
            day = posting.voucher.date
            cause_days[sequence] = view.effective_date(counts_from or day, day)
        replay = Replay(self.pending, self, view, cause_days=cause_days)
        replay.run()
        self.pending = []
        differences = replay.take().differences
        for chain, (balance, _) in replay.balances.items():
            known = self.balances[chain]
            balance.last_at, balance.last_sequence = known.last_at, known.last_sequence
            self.balances[chain] = balance
        self.differences += differences
        if view.perpetual:
            entries = entries_of([(d, d.amount, d.document) for d in differences], view)
            require_balanced(entries)
            self.entries += entries
        return len(differences)

    def open(self, chain: Chain, at: int, sequence: int) -> tuple[Balance, Iterator[Recorded | Checkpoint]]:
        """The whole chain from its first movement on: paper keeps no checkpoints."""
        return Balance(), iter([self.recorded(m) for m in self.in_order() if m.chain == chain])

    def resume(self, chain: Chain, at: int, sequence: int, movement: int) -> Iterator[Recorded | Checkpoint]:
        """The chain from one of its movements on."""
        place = (at, sequence, movement)
        return iter(
            [self.recorded(m) for m in self.in_order() if m.chain == chain and (m.at, m.voucher, m.id) >= place]
        )

    def siblings(self, voucher: int) -> Iterable[Recorded]:
        return [self.recorded(m) for m in self.movements if m.voucher == voucher and m.basis != Basis.REVERSED]

    def dependents(self, movement: int) -> Iterable[tuple[Chain, int, int]]:
        sources = [m for m in self.movements if m.id == movement]
        found = [(m.chain, m.at, m.voucher) for m in self.movements if m.source == movement]
        for source in sources:
            found += [
                (m.chain, m.at, m.voucher)
                for m in self.movements
                if m.voucher == source.voucher and m.basis == Basis.PRODUCED and source.basis != Basis.PRODUCED
            ]
        return found

    def recorded(self, movement: Movement) -> Recorded:
        """A movement with everything that was corrected about it so far."""
        own = [d for d in self.differences if d.movement == movement.id]
        true_ups: dict[int, TrueUpRecorded] = {}
        for d in own:
            if d.kind == DifferenceKind.TRUE_UP:
                known = true_ups.setdefault(d.cause, TrueUpRecorded(0, d.contra, d.cost_center, d.dimensions))
                known.amount += d.amount
        source = next((m for m in self.movements if m.id == movement.source), None)
        reversals = self._reversed()
        place = (movement.at, movement.voucher, movement.id)
        return Recorded(
            movement,
            revalued=_sum(own, DifferenceKind.REVALUED, DifferenceKind.COUNT_SHIFTED),
            shifted=sum(d.qty for d in own),
            residue=_sum(own, DifferenceKind.RESIDUE),
            laid=_sum(own, DifferenceKind.LANDED_COST, DifferenceKind.RATE_DIFFERENCE),
            true_ups=true_ups,
            reversed=movement.id in reversals,
            source_value=self._value(source) if source else 0,
            source_qty=source.qty if source else 0,
            source_true_ups=self._true_ups(source.id, before=place) if source else 0,
            returned_before=sum(
                m.qty
                for m in self.movements
                if m.basis in _IN_SHARES and m.source == movement.source and m.id not in reversals
                and (m.at, m.voucher, m.id) < place
            ),
            returned_after=tuple(
                (m.chain, m.at, m.voucher)
                for m in self.movements
                if m.basis in _IN_SHARES and m.source == movement.source and (m.at, m.voucher, m.id) > place
                and movement.source
            ),
            dependents=tuple(self.dependents(movement.id)),
        )  # fmt: skip

    def in_order(self) -> list[Movement]:
        """Movements in the total order: posting time, sequence, place in the voucher."""
        return sorted(self.movements, key=lambda m: (m.at, m.voucher, m.id))

    def _value(self, movement: Movement) -> int:
        """A movement's present value without true-ups and residues."""
        return movement.value + sum(
            d.amount for d in self.differences if d.movement == movement.id and d.kind not in _NOT_ITS_COST
        )

    def _true_ups(self, issue: int, before: tuple[int, int, int] | None = None) -> int:
        """What receipts that still stand added to the cost of an issue."""
        places = {m.id: (m.at, m.voucher, m.id) for m in self.movements}
        reversed_ = self._reversed()
        return sum(
            d.amount
            for d in self.differences
            if d.kind == DifferenceKind.TRUE_UP and d.cause == issue and d.movement not in reversed_
            and (before is None or places[d.movement] < before)
        )  # fmt: skip

    def _reversed(self) -> set[int]:
        return {m.source for m in self.movements if m.basis == Basis.REVERSED}

    # -- what documents ask for ---------------------------------------------------------------------------------------

    def voucher(self, type_: str, number: str) -> PostedVoucher | None:
        """A posted document as later ones see it."""
        for sequence, posting in self.postings.items():
            head = posting.voucher
            if head.number == number and type_ in ("", head.type) and head.type != "cancel":
                cancelled = {p.voucher.reverses: s for s, p in self.postings.items() if p.voucher.reverses}
                movements = [
                    copy.copy(m) for m in self.movements if m.voucher == sequence and m.basis != Basis.REVERSED
                ]
                for m in movements:
                    own = [d for d in self.differences if d.movement == m.id]
                    m.value += sum(d.amount for d in own)
                    m.qty += sum(d.qty for d in own)
                remapped: dict[int, dict[str, int]] = {}
                for d in self.differences:
                    if d.voucher == sequence and d.account != self.movements[d.movement - 1].account:
                        later = remapped.setdefault(d.movement, defaultdict(int))
                        later[d.account] += d.amount
                caused = [
                    d for d in self.differences
                    if d.document == sequence and d.kind in (DifferenceKind.LANDED_COST, DifferenceKind.RATE_DIFFERENCE)
                ]  # fmt: skip
                links: list[Link] = [
                    named(link, self.postings[link.voucher])
                    for p in self.postings.values()
                    for link in p.links
                    if link.target == sequence and link.voucher not in cancelled and link.kind != "reverses"
                ]
                return PostedVoucher(
                    sequence, head.type, number, head.at, head.date, self.documents[sequence], movements=movements,
                    entries=[copy.copy(e) for e in self.entries if e.voucher == sequence],
                    elsewhere=[
                        copy.copy(e) for e in self.entries
                        if e.against == sequence and e.voucher != sequence and not e.party
                    ], links=links, figures=head.figures,
                    cancelled_by=cancelled.get(sequence, 0), caused=caused,
                    true_ups={m.id: self._true_ups(m.id) for m in movements},
                    set_aside={
                        m.id: _sum([d for d in self.differences if d.movement == m.id], *_NOT_ITS_COST) for m in movements
                    },
                    remapped=remapped, outstanding=outstanding(self.entries, sequence),
                )  # fmt: skip
        return None

    def _standing(self) -> list[StandingStock]:
        places: dict[tuple[Chain, str, str], list[int]] = {}
        rows: list[Movement | Difference] = [*self.movements, *self.differences]
        for row in rows:
            movement, value = (row.id, row.value) if isinstance(row, Movement) else (row.movement, row.amount)
            known = places.setdefault((row.chain, row.account, row.dimensions), [0, 0])
            known[0], known[1] = known[0] + value, max(known[1], movement)
        return [StandingStock(*place, value, movement) for place, (value, movement) in places.items() if value]

    def _between(self, first: date, last: date) -> list[Entry]:
        balances: dict[tuple[str, str, str], Entry] = {}
        for e in self.entries:
            if first <= e.date <= last:
                key = e.account, e.cost_center, e.dimensions
                known = balances.setdefault(
                    key, Entry(voucher=0, account=key[0], amount=0, date=last, cost_center=key[1], dimensions=key[2])
                )
                known.amount += e.amount
        return [balance for balance in balances.values() if balance.amount]

    def _quantities(self, lot: Lot) -> list[tuple[Movement, int]]:
        running, found = 0, []
        undone = self._reversed()
        for m in self.in_order():
            # What was taken back at its own moment never left stock short in between.
            stands = m.id not in undone and m.basis != Basis.REVERSED
            if stands and m.chain == lot.chain and lot.batch in ("", m.batch):
                running += m.qty + sum(d.qty for d in self.differences if d.movement == m.id)
                found.append((m, running))
        return found

    def _history(self, lot: Lot, at: int, sequence: int) -> QuantityHistory:
        running, lowest, count = 0, None, None
        reversals = self._reversed()
        for m, quantity in self._quantities(lot):
            if (m.at, m.voucher) <= (at, sequence):
                running = quantity
                continue
            if m.basis == Basis.COUNTED and m.counted_qty is not None and m.id not in reversals:
                count = m
                break
            lowest = quantity if lowest is None else min(lowest, quantity)
        return QuantityHistory(running, lowest, count)

    def _serial_count(self, item: str, warehouse: str, at: int, sequence: int) -> list[Movement]:
        reversals = self._reversed()
        later = [
            m
            for m in self.in_order()
            if (m.chain.item, m.chain.warehouse) == (item, warehouse) and m.chain.part
            and m.basis == Basis.COUNTED and m.id not in reversals and (m.at, m.voucher) > (at, sequence)
        ]  # fmt: skip
        return [m for m in later if m.voucher == later[0].voucher]

    def _open_sales(self, at: int) -> list[PosReceipt]:
        """On paper no till is ever closed."""
        undone = {posting.voucher.reverses for posting in self.postings.values()}
        receipts = [p.receipt for sequence, p in self.postings.items() if sequence not in undone]
        return [receipt for receipt in receipts if receipt is not None and receipt.at <= at]

    def _first_short(self, lot: Lot, at: int, sequence: int, needed: int) -> ShortMoment | None:
        for m, quantity in self._quantities(lot):
            if (m.at, m.voucher) > (at, sequence) and quantity < needed:
                head = self.postings[m.voucher].voucher
                return ShortMoment(m.at, head.type, head.number, quantity)
        return None

    # -- what tests ask for -------------------------------------------------------------------------------------------

    def rows(self) -> Iterator[Row]:
        """Every row of the stock ledger, movements and what corrects them alike."""
        for m in self.movements:
            yield Row(m.voucher, m.chain, m.date, m.account, m.qty, m.value)
        for d in self.differences:
            yield Row(d.voucher, d.chain, d.date, d.account, d.qty, d.amount)

    def number_of(self, sequence: int) -> str:
        """The number of a posted document."""
        return self.postings[sequence].voucher.number

    def stock(self) -> dict[str, int]:
        """Value of stock per stock account, from the stock ledger (minor units)."""
        totals: dict[str, int] = defaultdict(int)
        for row in self.rows():
            totals[row.account] += row.amount
        return {account: amount for account, amount in totals.items() if amount}

    def accounts(self) -> dict[str, int]:
        """Balance per account, from the general ledger (minor units)."""
        totals: dict[str, int] = defaultdict(int)
        for entry in self.entries:
            totals[entry.account] += entry.amount
        return {account: amount for account, amount in totals.items() if amount}


_IN_SHARES = (Basis.RETURNED, Basis.SENT_BACK)
_NOT_ITS_COST = (DifferenceKind.TRUE_UP, DifferenceKind.RESIDUE)


def _sum(differences: list[Difference], *kinds: DifferenceKind) -> int:
    return sum(d.amount for d in differences if d.kind in kinds)
