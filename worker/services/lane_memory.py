"""What one process remembers of a company between two batches, so that the next one need not read it again."""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

from domain.books import Books
from worker.services.master_book import MasterBook
from worker.store.books.balances import Balances
from worker.store.database import Database, Rows
from worker.store.names.terms import Names
from worker.store.pos.reserved import Reserved
from worker.store.pos.sessions import Session
from worker.store.posting.lanes import LaneRow
from worker.store.posting.series import Series

REMEMBERED_BALANCES = 50_000


class LaneMemory:
    """Names, masters, balances, voucher series, and tills of one company.

    Names and masters never go stale. Balances, series, reservations and the open `sessions` of tills (by profile and user, None until
    they are asked for) are as the batch that this process left last made them: they are used again where that batch is still the
    lane's last one, and forgotten otherwise.
    """

    def __init__(self, company: str, company_id: int) -> None:
        self.names = Names(company_id)
        self.masters = MasterBook(company, company_id)
        self._batch_no = -1
        self._fresh_books(0)
        self.series = Series(company_id, {})

    def begin(self, connection: Rows, lane: LaneRow) -> None:
        """Make sure that what is remembered is how the lane stands; the caller holds the lane."""
        self.names.last_term, self.names.last_chain = lane.last_term, lane.last_chain
        if lane.batch_no != self._batch_no or len(self.balances.loaded) > REMEMBERED_BALANCES:
            self.names.forget_if_many()
            self._fresh_books(lane.counters.movement + 1)
            self.series = Series.load(connection, lane.company_id)

    def keep(self, batch_no: int) -> None:
        """The batch is committed: what is in memory is how the lane stands after it, and what only its own documents needed may go."""
        self._batch_no = batch_no
        self.books.end_batch()
        self.masters.end_batch()

    def _fresh_books(self, next_movement: int) -> None:
        self.balances = Balances(self.names)
        self.books = Books(self.masters, next_movement=next_movement)
        self.books.balances = self.balances.loaded
        self.reserved = Reserved(self.names)
        self.books.reserved = self.reserved.loaded
        self.sessions: dict[tuple[str, str], Session] | None = None


class Memories:
    """The lane memories of one process, by company; each is used by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_rest: dict[int, LaneMemory] = {}

    def take(self, lane: LaneRow) -> LaneMemory:
        """Take a company's memory out, or begin one; nobody else has it until it is put back."""
        with self._lock:
            return self._at_rest.pop(lane.company_id, None) or LaneMemory(lane.company, lane.company_id)

    def put_back(self, company_id: int, memory: LaneMemory) -> None:
        """Keep a memory whose batch is committed. One whose batch failed is not put back: it is as if it had never been."""
        with self._lock:
            self._at_rest[company_id] = memory


_memories: WeakKeyDictionary[Database, Memories] = WeakKeyDictionary()


def memories_of(database: Database) -> Memories:
    """The lane memories that belong to a database; they vanish with it."""
    return _memories.setdefault(database, Memories())
