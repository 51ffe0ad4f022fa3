"""What a run works with in one transaction: names, masters, the books as it knows them, and what it writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from domain.books import RepostRequest
from domain.reposting import Checkpoint, Findings, Replay, ReplayState
from domain.stock_ledger import Chain
from worker.services.present_view import present_view
from worker.store.books.chain_states import keep_states, state_text
from worker.store.database import Rows
from worker.store.names.spelling import Spelling
from worker.store.names.terms import Names
from worker.store.posting.lanes import LaneRow
from worker.store.reposts.history import Known, StoredHistory
from worker.store.reposts.passes import pass_text
from worker.store.reposts.requests import Run, causes, unpublished_runs
from worker.store.reposts.rows import RunWriter, settle_roles

ROLES = ("cost_of_goods_sold", "stock_adjustment")  # where differences may go that no movement names
_ALL = 2**62


class Work:
    """One transaction of a run; `lane` where it holds the company's lane.

    Where it is worked at beside the lane it reads by a connection of its own, so that what is found is copied while more is read.
    """

    def __init__(
        self, connection: Rows, company: int, now: datetime, lane: LaneRow | None = None, reading: Rows | None = None
    ) -> None:
        self.connection, self.company, self.now, self.lane = connection, company, now, lane
        self.names = Names(company)
        self._reading = reading or connection
        self.spelling = Spelling(self._reading, self.names)
        self._writer: RunWriter | None = None
        self._kept: list[tuple[int, int, int, str | None]] = []
        self.view = present_view(connection, company)

    def settle_roles(self, lane: LaneRow) -> None:
        """Give the accounts that differences may go to their numbers: only the lane does, and chunks beside it must find them."""
        self.names.last_term, self.names.last_chain = lane.last_term, lane.last_chain
        settle_roles(self.connection, self.names, self.view, ROLES)
        lane.last_term, lane.last_chain = self.names.last_term, self.names.last_chain

    def replay(self, run: Run, requests: Iterable[RepostRequest] = (), state: ReplayState | None = None) -> Replay:
        """A pass over the books as far as the run knows them."""
        hidden = unpublished_runs(self.connection, self.company)
        written = run.progress.get("written")
        if written is not None:
            hidden.remove(run.number)
        known = Known(run.upto_movement, run.upto_difference, _ALL if written is None else written, hidden)
        history = StoredHistory(self._reading, self.names, known)
        return Replay(requests, history, self.view, cause_days=self.cause_days(run), state=state)

    def cause_days(self, run: Run) -> dict[int, date]:
        """From which day on the documents count that a run is about, a cancel from its target's; not asked while no period is closed."""
        if not self.view.has_closed:
            return {}
        found = causes(self.connection, self.company, run.number)
        return {document: self.view.effective_date(counts_from, day) for document, day, counts_from in found}

    def add(self, run: Run, found: Findings) -> None:
        """Append what a pass has found: differences with their entries are copied behind, the states kept on the way wait for the end."""
        if self._writer is None:
            self._writer = RunWriter(self.connection, self.names, self.view, run.number, self.now)
        self._writer.add(found.differences)
        self._kept += map(self._row, found.checkpoints)
        sums = run.progress.setdefault("sums", {})
        shifted = run.progress.setdefault("shifted", [])
        for difference in found.differences:
            if difference.qty:
                shifted.append((self.names.chains[difference.chain], difference.at, difference.voucher))
            number = str(self.names.chains[difference.chain])
            sums[number] = sums.get(number, 0) + difference.amount

    def finish(self, run: Run) -> int:
        """End the chunk that `add` has begun; gives how many differences it has. Errors: those of PostgreSQL."""
        keep_states(self.connection, self.company, run.number, self._kept)
        written = self._writer.finish() if self._writer is not None else 0
        self._kept, self._writer = [], None
        run.progress["differences"] = run.progress.get("differences", 0) + written
        return written

    def laid(self, state: ReplayState) -> str:
        """A pass as text, for whoever goes on with it."""
        return pass_text(state, self.names)

    def _row(self, kept: tuple[Chain, Checkpoint]) -> tuple[int, int, int, str | None]:
        chain, state = kept
        text = None if state.balance is None else state_text(state.balance)
        return self.names.chains[chain], state.at, state.sequence, text
