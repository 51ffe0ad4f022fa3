"""What a batch came to: the decisions that are kept, and the outcomes that are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple, cast

from domain.documents import AnyDocument
from domain.errors import PerpetuaError
from domain.stock_ledger import Chain
from worker.pos_subledger import Entry
from worker.store.database import Rows
from worker.store.posting.append import Numbered
from worker.store.posting.lanes import Due, LaneRow
from worker.store.posting.outcomes import Decision, fetch_outcomes, outcome
from worker.store.posting.series import voucher_no

Outcome = dict[str, Any]

_CHAIN = attrgetter("chain")


@dataclass(slots=True)
class Parked:
    """A document that waits, and why, as an outcome words it; `anew` where this batch has decided so, not an earlier one."""

    due: Due
    document: AnyDocument
    moment: int
    waits_for: tuple[str, ...]
    error: dict[str, object]
    anew: bool = True


class Sold(NamedTuple):
    """A sale that was just decided, as the sub-ledger takes it up: its session's number, and what it adds there."""

    sequence: int
    session: int
    entry: Entry


@dataclass(slots=True)
class Decided:
    """What a batch came to: outcomes in the order in which they were decided, and how many there are of each status.

    `batch_no` is the lane's, 0 where outcomes of several batches are told. `changed` are sales at tills whose status a closing changed, by
    their sequence; `sold` are the sales that the batch itself decided and left open, so that nobody has to read them back.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    batch_no: int = 0
    posted: int = 0
    rejected: int = 0
    parked: int = 0
    reposts: int = 0
    changed: list[int] = field(default_factory=list)
    sold: list[Sold] = field(default_factory=list)


@dataclass(slots=True)
class Results:
    """What was decided so far. `postponed` are parked documents that are due again, each with the place that released it."""

    posted: list[Numbered] = field(default_factory=list)
    rejected: list[tuple[Due, PerpetuaError]] = field(default_factory=list)
    parked: dict[int, Parked] = field(default_factory=dict)
    postponed: list[tuple[Parked, int]] = field(default_factory=list)

    def moved(self) -> dict[Chain, int | None]:
        """The chains whose balances changed, with how many movements each had; None where something was posted into its past."""
        moved: dict[Chain, int | None] = {}
        moved |= Counter(map(_CHAIN, chain.from_iterable(n.posting.movements for n in self.posted)))
        for numbered in self.posted:
            for difference in numbered.posting.differences:
                moved.setdefault(difference.chain, 0)
            for request in numbered.posting.reposts:
                moved[request.chain] = None
        return moved

    def decisions(self) -> list[Decision]:
        """What is kept of the documents that were not posted."""
        decisions = [
            Decision(sequence=due.sequence, status="rejected", error=error.as_outcome(), attempts=due.attempts + 1)
            for due, error in self.rejected
        ]
        waiting: list[tuple[Parked, int | None]] = [(parked, None) for parked in self.parked.values() if parked.anew]
        decisions += [
            Decision(
                sequence=parked.due.sequence,
                status="parked",
                error=parked.error,
                waits_for=parked.waits_for,
                attempts=parked.due.attempts + 1,
                moment=moment,
            )
            for parked, moment in (*waiting, *self.postponed)
        ]
        return decisions

    def told(self, connection: Rows, lane: LaneRow, all_due: Mapping[int, Due], decisions: list[Decision]) -> Decided:
        """Every outcome, those of what was cancelled included; `all_due` has each document by its sequence."""
        decided = Decided(
            batch_no=lane.batch_no, posted=len(self.posted), reposts=sum(len(n.posting.reposts) for n in self.posted)
        )
        company, now = lane.company, lane.now
        for numbered in self.posted:
            voucher = numbered.posting.voucher
            received = all_due[voucher.sequence].received_at
            number = voucher_no(voucher.type, numbered.year, numbered.number)
            status = "open" if voucher.type == "pos_invoice" else "posted"
            decided.outcomes.append(
                outcome(
                    company,
                    voucher.type,
                    voucher.number,
                    status,
                    voucher.sequence,
                    received,
                    now,
                    number,
                    warning=cast("dict[str, Any] | None", voucher.figures.get("warning")),
                )
            )
        for decision in decisions:
            if decision.moment is not None:
                continue  # It is due again already, so there is nothing to tell yet.
            due = all_due[decision.sequence]
            decided.outcomes.append(
                outcome(
                    company, due.type, due.number, decision.status, due.sequence, due.received_at, error=decision.error
                )
            )
            if decision.status == "rejected":
                decided.rejected += 1
            else:
                decided.parked += 1
        decided.outcomes.sort(key=lambda told: cast("int", told["sequence"]))
        cancelled = [n.posting.voucher.reverses for n in self.posted if n.posting.voucher.reverses]
        if cancelled:
            decided.outcomes += fetch_outcomes(connection, lane.company_id, cancelled)
        return decided
