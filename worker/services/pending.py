"""Postings of a batch that are decided and not written yet."""

from __future__ import annotations

from domain.posting_time import from_instant
from worker.services.pos_sales import Tills
from worker.store.books.quantity_blocks import Spot, disturb
from worker.store.database import Rows
from worker.store.names.terms import Names
from worker.store.posting.append import Appender, Numbered


class Pending:
    """Postings on their way into the store, many at once.

    It does not know the batch that they are of. Whoever has to flush holds on to this alone, so a batch that is done is gone at once,
    with all of its documents, and leaves no circle of thousands of objects to be found as garbage.
    """

    def __init__(self, connection: Rows, names: Names, appender: Appender, tills: Tills) -> None:
        self._connection = connection
        self._names = names
        self._appender = appender
        self._tills = tills
        self._postings: list[Numbered] = []

    def __len__(self) -> int:
        """How many postings wait."""
        return len(self._postings)

    def add(self, numbered: Numbered) -> None:
        """Take a posting that has its number."""
        self._postings.append(numbered)

    def flush(self) -> None:
        """Write what waits, so that reads within this transaction see it. Errors: those of PostgreSQL."""
        self._appender.append(self._connection, self._postings)
        if places := self._disturbed():
            disturb(self._connection, self._names.company, places)
        self._postings = []
        self._tills.flush()

    def _disturbed(self) -> list[tuple[int, Spot]]:
        """Where postings moved goods in the past of a chain, or shifted a count."""
        chains = self._names.chains
        places = []
        for posting in (numbered.posting for numbered in self._postings):
            if posting.reposts:
                moved = {movement.chain for movement in posting.movements}
                places += [(r.chain, r.at, r.sequence) for r in posting.reposts if r.chain in moved]
                places += [(d.chain, d.at, d.voucher) for d in posting.differences if d.qty]
        return [(chains[chain], (from_instant(at), sequence)) for chain, at, sequence in places]
