"""What a decision lacks, read from the store: the answers to the domain's questions while one batch is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from domain.books import Books, Lacking
from domain.masters import Item
from domain.stock_ledger import Chain
from worker.messages import decode_accepted
from worker.services.lane_memory import LaneMemory
from worker.services.open_sales import sold_and_not_booked
from worker.store.books.account_balances import balances_between
from worker.store.books.history import first_short_moment, quantity_history
from worker.store.books.serial_counts import serial_count
from worker.store.books.standing_stock import standing_stock
from worker.store.books.vouchers import load_vouchers
from worker.store.database import Rows

MOST_LOADS = 10_000  # a document that asks more often than this asks in circles

Result = TypeVar("Result")


class Answers:
    """Loads what is asked for into the books of a company whose lane the caller holds.

    `flush` writes what the batch has posted so far, so that reads see it. `wanted` are vouchers that the batch is known to ask for:
    they are read along with the first, so that one read serves many documents. `know_differences` finds out about accounts that differ from
    their stock.
    """

    def __init__(
        self,
        connection: Rows,
        company_id: int,
        memory: LaneMemory,
        flush: Callable[[], None],
        know_differences: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._company_id = company_id
        self._memory = memory
        self._books: Books = memory.books
        self._flush = flush
        self._know_differences = know_differences
        self.wanted: list[tuple[str, str]] = []

    def answered(self, ask: Callable[[], Result]) -> Result:
        """The result of a decision, repeated with what it lacks until it lacks nothing. Errors: those of the decision."""
        for _ in range(MOST_LOADS):
            try:
                return ask()
            except Lacking as lacking:
                self.load(lacking)
        raise RuntimeError(f"a decision still asks for more after {MOST_LOADS} answers")

    def load(self, lacking: Lacking) -> None:
        """Load what one question asks for. Errors: those of PostgreSQL."""
        connection, books, balances = self._connection, self._books, self._memory.balances
        if lacking.chains:
            balances.load(connection, lacking.chains)
        if lacking.reserved:
            self._memory.reserved.load(connection, lacking.reserved)
        if lacking.vouchers:
            self.load_vouchers(lacking.vouchers)
        if lacking.layers:
            self.load_layers(dict([lacking.layers]))
        if lacking.receipt_layer:
            balances.load_receipt(connection, *lacking.receipt_layer)
            books.searched_layers.add(lacking.receipt_layer)
        if lacking.standing:
            self._flush()
            books.standing = standing_stock(connection, self._company_id)
        if lacking.between:
            self._flush()
            books.account_balances[lacking.between] = balances_between(connection, self._company_id, *lacking.between)
        if lacking.differences:
            self._know_differences()
        self._load_for_counts(lacking)
        if lacking.history:
            self._flush()
            lot = lacking.history[0]
            present = books.balances[lot.chain].held(lot.batch)
            books.histories[lacking.history] = quantity_history(
                connection, self._memory.names, *lacking.history, present
            )
        if lacking.shortage:
            self._flush()
            lot = lacking.shortage[0]
            present = books.balances[lot.chain].held(lot.batch)
            books.short_moments[lacking.shortage] = first_short_moment(
                connection, self._memory.names, *lacking.shortage, present
            )

    def _load_for_counts(self, lacking: Lacking) -> None:
        connection, books = self._connection, self._books
        if lacking.serials:
            self._memory.balances.load_parts(connection, *lacking.serials)
            books.serial_places.add(lacking.serials)
        if lacking.open_sales is not None:
            self._flush()
            books.open_sales[lacking.open_sales] = sold_and_not_booked(
                connection, self._company_id, lacking.open_sales, books.view
            )
        if lacking.serial_count:
            self._flush()
            books.serial_counts[lacking.serial_count] = serial_count(
                connection, self._company_id, *lacking.serial_count
            )

    def load_layers(self, leaving: Mapping[Chain, int]) -> None:
        """Bring the layers that goods leave from: so much of each chain, whose balances are loaded."""
        by_end: dict[bool, dict[Chain, int]] = {True: {}, False: {}}
        for chain, qty in leaving.items():
            item = self._memory.masters.get("item", chain.item)
            by_end[isinstance(item, Item) and item.valuation_method == "lifo"][chain] = qty
        for newest, wanted in by_end.items():
            self._memory.balances.load_layers(self._connection, wanted, newest=newest)

    def load_vouchers(self, asked: Iterable[tuple[str, str]]) -> None:
        """Load these vouchers, and with them all that the batch is known to want."""
        loaded = self._books.vouchers
        keys = [key for key in dict.fromkeys((*asked, *self.wanted)) if key not in loaded]
        if keys:
            self._flush()
            loaded.update(load_vouchers(self._connection, self._company_id, keys, decode_accepted))
