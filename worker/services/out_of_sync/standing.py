"""What posting knows of accounts that differ from their stock: read with the lane, changed by journals by hand and what mends them."""

from __future__ import annotations

from collections.abc import Callable

from domain.books import Books, Posting
from domain.out_of_sync import OutOfSync
from domain.posting_time import instant
from domain.reconciliation import CauseKind
from worker.services.lane_memory import LaneMemory
from worker.services.out_of_sync.settling import Settlement, settle
from worker.store.database import Rows
from worker.store.posting.lanes import LaneRow
from worker.store.posting.outcomes import release_waiting
from worker.store.reconciliation.causes import note_drift
from worker.store.reconciliation.ledger_sums import Mark, present_balances
from worker.store.reconciliation.out_of_sync import known_to_posting, states
from worker.store.reconciliation.proposals import note_settled


class Standing:
    """Accounts that differ, within one batch of a lane. Nearly always there are none, and nothing is read or written."""

    def __init__(self, connection: Rows, lane: LaneRow, memory: LaneMemory, flush: Callable[[], None]) -> None:
        self._connection, self._lane, self._memory, self._flush = connection, lane, memory, flush
        self._books: Books = memory.books
        self._pending: list[Posting] = []
        self._cured: set[str] = set()

    def begin(self, *, has_differences: bool) -> None:
        """Read the accounts that differ, where there are any."""
        company = self._lane.company_id
        self._books.out_of_sync = known_to_posting(self._connection, company) if has_differences else {}

    def take(self, posting: Posting) -> None:
        """Let later documents of the batch see by what a posting leads accounts apart, or together."""
        if not posting.drift:
            return
        self._pending.append(posting)
        now = instant(self._lane.now)
        for drift in posting.drift:
            state = self._books.out_of_sync.setdefault(
                drift.account, OutOfSync(account=drift.account, difference=0, since=now)
            )
            if not state.difference:
                state.since = now
            state.difference += drift.amount
            state.causes.add(drift.voucher)
            state.has_changed = True

    def know(self) -> None:
        """Find out all about the accounts that differ: a document is going to wait, or mends one."""
        self._flush()
        self._write()
        company = self._lane.company_id
        accounts = list(states(self._connection, company))
        counters = self._lane.counters
        mark = Mark(self._lane.batch_no, counters.movement, counters.difference, counters.entry)
        self._settle(accounts, present_balances(self._connection, company, accounts, mark))
        self._books.out_of_sync = known_to_posting(self._connection, company)

    def save(self) -> None:
        """Write what this batch has changed; all postings are flushed."""
        self._write()

    def release(self) -> None:
        """Let documents go on that waited for an account which agrees now; this batch's own decisions are written."""
        if self._cured:
            release_waiting(
                self._connection, self._lane.company_id, sorted(f"in_sync:{account}" for account in self._cured)
            )

    def _write(self) -> None:
        """Keep the drift of postings that are flushed, so that their accounts have numbers."""
        if not self._pending:
            return
        numbers = self._memory.names.by_kind["account"]
        accounts = set()
        for posting in self._pending:
            drift = [(numbers[d.account], d.voucher, d.date, d.amount) for d in posting.drift]
            accounts |= {account for account, *_ in drift}
            note_drift(
                self._connection, self._lane.company_id, drift, CauseKind.JOURNAL_BY_HAND, posting.mends, self._lane.now
            )
            if posting.mends:
                note_settled(
                    self._connection, self._lane.company_id, posting.mends, posting.voucher.number, self._lane.now
                )
        self._pending = []
        self._settle(sorted(accounts), {})

    def _settle(self, accounts: list[int], balances: dict[int, tuple[int, int]]) -> None:
        settlement = Settlement(now=self._lane.now, balances=balances, since={})
        settled = settle(self._connection, self._lane.company_id, self._books.view, settlement, accounts)
        self._cured = self._cured - settled.apart | settled.in_sync
