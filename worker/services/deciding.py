"""One batch of a lane: decide its documents in order, in memory, and write everything at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from heapq import heappop, heappush
from typing import cast

import psycopg

from domain.books import Books, Lacking, Posting
from domain.documents import AnyDocument, Cancel, PosClosing, PosInvoice, PosOpening
from domain.errors import DocumentParked, DocumentRejected, PerpetuaError
from domain.posting import apply, compute, needs, post
from domain.posting_time import instant
from domain.stock_ledger import Chain
from worker.messages import decode_accepted
from worker.services.answers import Answers
from worker.services.lane_memory import LaneMemory
from worker.services.out_of_sync import Standing
from worker.services.pending import Pending
from worker.services.pos_closing import LaneDesk, LaterRefused, changes_tills
from worker.services.pos_sales import Tills
from worker.services.pos_tallying import TallyFirst
from worker.services.results import Decided, Parked, Results
from worker.store.copy import stamp
from worker.store.database import Rows
from worker.store.intake.masters import hold_acceptance
from worker.store.posting.append import Appender, Counters, Numbered
from worker.store.posting.lanes import Due, LaneRow, Place, due_documents, parked_documents, save_lane
from worker.store.posting.outcomes import clear_decisions, write_decisions
from worker.store.posting.series import fiscal_year

BATCH_BYTES = 16_000_000
SLICE = 100  # documents whose rows PostgreSQL takes in while the next ones are decided
LAST = 30  # documents of a batch that are a slice of their own, so that at the end little is left to wait for
MOST_ATTEMPTS = 3
NONE_REFUSED: Mapping[int, DocumentRejected] = {}
_NEWEST = 2**62  # after every place in the order of acceptance


class DecisionFault(Exception):
    """Deciding one document failed for a reason of ours; the batch is void, and the cause is the error itself."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"deciding document {sequence} failed")
        self.sequence = sequence


class RefusedInParts(Exception):
    """A document is refused for what it would make, when part of that was made; the batch is void, and is decided again without it."""

    def __init__(self, sequence: int, refusal: DocumentRejected) -> None:
        super().__init__(refusal.message)
        self.sequence, self.refusal = sequence, refusal


class Batch:
    """Decides the documents that are due in a lane, which the caller holds, and writes what they came to.

    `name` is called with each document's sequence before it is decided, and with 0 once all of them are. Where sales are `tallied`, as far
    as they can be, closings are decided without asking for it. One that is `pausing` ends at the first document that asks for a repost, so
    that what comes after it is decided by the books as reposted. `refused` are documents that were `RefusedInParts` before, and why.
    """

    def __init__(
        self,
        connection: Rows,
        lane: LaneRow,
        memory: LaneMemory,
        name: Callable[[int], None] | None = None,
        *,
        tallied: bool = False,
        pausing: bool = False,
        refused: Mapping[int, DocumentRejected] = NONE_REFUSED,
    ) -> None:
        self._refused = refused
        self._connection = connection
        self._lane = lane
        self._memory = memory
        self._name = name
        self._tallied = tallied
        self._pausing = pausing
        self._last_moment = _NEWEST  # what is due after it is left to another batch
        self._again: dict[int, Parked] = {}  # in the heap a second time
        self._books: Books = memory.books
        self._heap: list[tuple[int, int, Due, AnyDocument]] = []
        self._horizon: Place = (0, 0)
        self._due: dict[int, Due] = {}
        self._results = Results()
        self._waiting: dict[str, list[int]] = {}
        self._first = Counters(**{name: getattr(lane.counters, name) for name in Counters.__slots__})
        self._tills = Tills(connection, lane, memory)
        self._appender = Appender(memory.names, lane.counters, lane.batch_no + 1, stamp(lane.now))
        self._pending = Pending(connection, memory.names, self._appender, self._tills)
        self._standing = Standing(connection, lane, memory, self._pending.flush)
        self._answers = Answers(connection, lane.company_id, memory, self._pending.flush, self._standing.know)
        self._changed: list[int] = []
        self._generated: list[int] = []

    def run(self, limit_documents: int) -> Decided | None:
        """Decide and write up to so many documents; None where nothing is due.

        Errors: DecisionFault, RefusedInParts, TallyFirst; those of PostgreSQL. After any of them the transaction and the memory are void.
        """
        due, has_parked, has_differences = due_documents(self._connection, self._lane, limit_documents, BATCH_BYTES)
        if not due:
            return None
        due = _upto_closing(due)
        self._horizon = due[-1].place
        # Masters after the documents: each that a document was released by, or that was there before it, is seen then.
        self._memory.masters.begin(self._connection, self._masters_ahead)
        self._standing.begin(has_differences=has_differences)
        self._read(due, has_parked=has_parked)
        self._load_ahead()
        while self._heap and self._heap[0][0] <= self._last_moment:
            moment, _, document_due, document = heappop(self._heap)
            if self._name is not None:
                self._name(document_due.sequence)
            self._decide(moment, document_due, document)
            if len(self._pending) >= SLICE or len(self._heap) == LAST:
                self._pending.flush()
        if self._name is not None:
            self._name(0)
        self._settle_parked()
        return self._write(self._leave_the_rest(due) if self._heap else due)

    def compute(self, document: AnyDocument) -> dict[str, object]:
        """The figures of a document that is not to be posted, by the newest masters.

        Errors: DocumentRejected, DocumentParked; those of PostgreSQL.
        """
        self._memory.masters.begin(self._connection, tuple)
        self._memory.masters.at(_NEWEST)
        return self._answers.answered(lambda: compute(document, self._books))

    def post_own(self, work: Callable[[LaneDesk], None]) -> Decided:
        """Write what `work` posts at its desk, by the newest masters: documents of the system's own, and no others.

        Errors: those of the work, and of PostgreSQL. After any of them the transaction and the memory are void.
        """
        self._memory.masters.begin(self._connection, tuple)
        self._memory.masters.at(_NEWEST)
        work(self._desk(_NEWEST))
        return self._write([])

    # -- reading ------------------------------------------------------------------------------------------------------

    def _read(self, due: list[Due], *, has_parked: bool) -> None:
        for document in due:
            if not document.decided:
                self._due[document.sequence] = document
                self._queue(document, document.moment)
        if has_parked:
            causes = [cause for document in due for cause in _causes_cleared(document.type, document.number)]
            for waiting, waits_for, error in parked_documents(self._connection, self._lane.company_id, causes):
                self._remember_parked(waiting, waits_for, error)

    def _queue(self, due: Due, moment: int) -> None:
        try:
            heappush(self._heap, (moment, due.sequence, due, cast("AnyDocument", decode_accepted(due.payload))))
        except DocumentRejected as refused:
            self._results.rejected.append((due, refused))

    def _remember_parked(self, due: Due, waits_for: list[str], error: dict[str, object]) -> None:
        """A document of an earlier batch that waits for one of this batch's."""
        self._due[due.sequence] = due
        document = cast("AnyDocument", decode_accepted(due.payload))
        self._results.parked[due.sequence] = Parked(due, document, due.moment, tuple(waits_for), error, anew=False)
        for cause in waits_for:
            self._waiting.setdefault(cause, []).append(due.sequence)

    def _masters_ahead(self) -> Iterator[tuple[str, str]]:
        for *_, document in self._heap:
            for name in ("customer", "supplier", "pos_profile"):
                if isinstance(value := getattr(document, name, None), str):
                    yield name, value
            for line in getattr(document, "lines", ()):
                for name, kind in _LINE_MASTERS:
                    if isinstance(value := getattr(line, name, None), str):
                        yield kind, value

    def _load_ahead(self) -> None:
        """Read at once what the documents are known to need; what else they need is read as they ask for it."""
        chains, sold = [], []
        leaving: Counter[Chain] = Counter()
        for moment, _, due, document in sorted(self._heap, key=lambda queued: queued[:2]):
            if self._is_given_up(due):
                continue
            self._memory.masters.at(moment)
            try:
                needed = needs(document, self._books)
                for chain, qty in needed.leaving:
                    leaving[chain] += qty
            except (DocumentRejected, DocumentParked, Lacking):
                continue
            except Exception as error:
                raise DecisionFault(due.sequence) from error
            chains += needed.chains
            if isinstance(document, PosInvoice):
                sold += needed.chains
            self._answers.wanted += needed.vouchers
        self._memory.balances.load(self._connection, chains)
        self._answers.load_layers(leaving)
        self._memory.reserved.load(self._connection, sold)
        self._answers.load_vouchers(())

    # -- deciding -----------------------------------------------------------------------------------------------------

    def _leave_the_rest(self, due: list[Due]) -> list[Due]:
        """What was due up to the last moment of this batch; the rest stays due, and what was released for later is due again then."""
        self._results.postponed += [
            (self._again[sequence], moment) for moment, sequence, *_ in self._heap if sequence in self._again
        ]
        self._results.rejected = [one for one in self._results.rejected if one[0].moment <= self._last_moment]
        return [document for document in due if document.moment <= self._last_moment]

    def _is_given_up(self, due: Due) -> bool:
        """Whether a document has failed so often that it is set aside."""
        return due.sequence == self._lane.fault_sequence and self._lane.fault_attempts >= MOST_ATTEMPTS

    def _decide(self, moment: int, due: Due, document: AnyDocument) -> None:
        if self._is_given_up(due):
            self._results.rejected.append((due, _internal_fault(due)))
            return
        if due.sequence in self._refused:
            self._results.rejected.append((due, self._refused[due.sequence]))
            return
        self._memory.masters.at(moment)
        try:
            self._post(moment, due, document)
        except DocumentRejected as refused:
            self._results.rejected.append((due, refused))
        except DocumentParked as parked:
            self._park(Parked(due, document, moment, parked.waits_for, parked.as_outcome()))
        except LaterRefused as later:
            raise RefusedInParts(due.sequence, later.refusal) from later
        except (psycopg.Error, TallyFirst):
            raise
        except Exception as error:
            # Whatever it is, it must not stand in the way of the lane's other documents for ever.
            raise DecisionFault(due.sequence) from error

    def _post(self, moment: int, due: Due, document: AnyDocument) -> None:
        # A cancel that states no time takes effect when it was received, however late it is decided.
        now = instant(due.received_at)
        if isinstance(document, (PosClosing, Cancel)) and (
            work := self._answers.answered(lambda: changes_tills(document, self._books))
        ):
            self._changed += work(self._desk(moment), due.sequence, now)
            return
        if isinstance(document, PosOpening):
            self._tills.require_closed(document)
        self._take(moment, self._answers.answered(lambda: post(due.sequence, document, self._books, now=now)), document)

    def _desk(self, moment: int) -> LaneDesk:
        return LaneDesk(
            self._connection, self._lane, self._books, self._answers, self._tills, self._pending.flush,
            lambda posting, made: self._take_made(moment, posting, made), self._tallied,
        )  # fmt: skip

    def _take_made(self, moment: int, posting: Posting, document: AnyDocument) -> None:
        """Take a posting of a closing, or of its cancellation; what it generated was received just now."""
        voucher = posting.voucher
        if voucher.sequence not in self._due:
            self._due[voucher.sequence] = Due(
                voucher.sequence,
                moment,
                b"",
                self._lane.now,
                voucher.type,
                voucher.number,
                0,
                released=False,
                decided=True,
            )
            self._generated.append(voucher.sequence)
        self._take(moment, posting, document)

    def _take(self, moment: int, posting: Posting, document: AnyDocument) -> None:
        voucher = posting.voucher
        apply(posting, document, self._books)
        self._tills.take(posting, document)
        self._standing.take(posting)
        if posting.differences or voucher.reverses:
            # Corrections reach further than the vouchers they name: what else is loaded is read again when needed.
            self._books.forget_vouchers()
        year = fiscal_year(voucher.date, self._books.view.company.fiscal_year_start)
        numbered = Numbered(posting, year, self._memory.series.next(voucher.type, year))
        self._pending.add(numbered)
        self._results.posted.append(numbered)
        if self._pausing and posting.reposts:
            self._last_moment = min(self._last_moment, moment)
        if self._waiting:
            for cause in _causes_cleared(voucher.type, voucher.number):
                for sequence in self._waiting.pop(cause, ()):
                    released = self._results.parked.pop(sequence, None)
                    if released is not None:
                        self._queue_again(released, moment)

    def _park(self, parked: Parked) -> None:
        due = self._memory.masters.next_version(parked.waits_for, parked.moment)
        if due is None:
            self._results.parked[parked.due.sequence] = parked
            for cause in parked.waits_for:
                self._waiting.setdefault(cause, []).append(parked.due.sequence)
        else:
            self._queue_again(parked, due)

    def _queue_again(self, parked: Parked, moment: int) -> None:
        """Decide a document anew at a later place: in this batch, or in another where this one may lack something that comes before it."""
        place = (moment, parked.due.sequence)
        if place <= self._horizon:
            self._again[parked.due.sequence] = parked
            heappush(self._heap, (*place, parked.due, parked.document))
        else:
            self._results.postponed.append((parked, moment))

    # -- writing ------------------------------------------------------------------------------------------------------

    def _settle_parked(self) -> None:
        """See whether what a document waits for has come while this batch was decided.

        Acceptance is held up for the rest of the transaction: a master that comes later finds the parked document and releases
        it, one that came earlier is found here. None slips through between.
        """
        fresh = [parked for parked in self._results.parked.values() if parked.anew]
        if not fresh:
            return
        hold_acceptance(self._connection)
        self._memory.masters.refresh()
        for parked in fresh:
            due = self._memory.masters.next_version(parked.waits_for, parked.moment)
            if due is not None:
                del self._results.parked[parked.due.sequence]
                self._results.postponed.append((parked, due))

    def _write(self, due: list[Due]) -> Decided:
        connection, lane, memory = self._connection, self._lane, self._memory
        self._pending.flush()
        self._tills.give_numbers()
        memory.balances.save(connection, self._results.moved())
        self._standing.save()
        lane.batch_no += 1
        fresh = [document.sequence for document in due if not document.released]
        lane.decided_sequence = max(fresh, default=lane.decided_sequence)
        for sequence in self._generated:
            # What was generated is posted already; the lane is past it unless something was accepted in between.
            if sequence == lane.decided_sequence + 1:
                lane.decided_sequence = sequence
        lane.last_term, lane.last_chain = memory.names.last_term, memory.names.last_chain
        decisions = self._results.decisions()
        decided_anew = {d.sequence for d in decisions} | {n.posting.voucher.sequence for n in self._results.posted}
        released = [sequence for sequence in sorted(decided_anew) if self._due[sequence].released]
        parked = -clear_decisions(connection, lane.company_id, released)
        parked += sum(decision.status == "parked" for decision in decisions)
        write_decisions(connection, lane.company_id, lane.batch_no, lane.now, decisions)
        self._standing.release()
        # Nobody waits for an answer of these, so they are one round trip.
        with connection.pipeline():
            memory.series.save(connection)
            self._tills.save()
            save_lane(connection, lane, self._appender, self._first, parked=parked)
        decided = self._results.told(connection, lane, self._due, decisions)
        decided.changed, decided.sold = self._changed, self._tills.left_open(self._changed)
        return decided


def _upto_closing(due: list[Due]) -> list[Due]:
    """A closing ends its batch: it holds up acceptance while it files what it generates, which must be short."""
    for place, document in enumerate(due, 1):
        if document.type == "pos_closing" and not document.decided:
            return due[:place]
    return due


_LINE_MASTERS = (
    ("item", "item"),
    ("warehouse", "warehouse"),
    ("source", "warehouse"),
    ("target", "warehouse"),
    ("batch", "batch"),
    ("rejected_warehouse", "warehouse"),
)


def _causes_cleared(type_: str, number: str) -> tuple[str, str]:
    """What a parked document may name to wait for this one; its type may be left out where the number says enough."""
    return f"voucher:{type_}:{number}", f"voucher::{number}"


def _internal_fault(due: Due) -> PerpetuaError:
    return PerpetuaError(
        "InternalFault",
        f"{due.type} {due.number} could not be decided in {MOST_ATTEMPTS} attempts, for a reason of ours. The log of the worker says "
        "which. Release it for another attempt once that is cured.",
        "",
        {"attempts": MOST_ATTEMPTS},
    )
