"""What a repost reads: a chain's movements in order, each with what was corrected about it, a block at a time.

Every question is asked once per block, set-based: the movements, their visible differences, where their value comes from, and who
takes a value from them. So a block costs a handful of statements however many rows it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from domain.reposting import Checkpoint, LeftOver, Recorded, TrueUpRecorded
from domain.stock_ledger import NEVER, Balance, Basis, Chain, DifferenceKind, Movement
from worker.store.books.chain_states import nearest_state, states_between
from worker.store.books.vouchers import STANDING, STANDING_THEN
from worker.store.database import Rows
from worker.store.names.spelling import Spelling
from worker.store.names.terms import Names
from worker.store.reposts.movement_blocks import Place, movements_after, movements_of_voucher
from worker.store.reposts.rows import FIRST_NUMBER

FIRST_BLOCK = 256  # movements; blocks grow, so that a short pass reads little and a long one asks seldom
LARGEST_BLOCK = 16_384
DENSE = 8  # numbers spread over at most so many times their count are asked for as a range

_T = TypeVar("_T")
_MICROSECONDS = "(extract(epoch FROM {0}.posting_at) * 1000000)::bigint"
_VISIBLE = (
    "run_id <> ALL (%(hidden)s) AND difference_id <= "
    "CASE WHEN difference_id < %(runs)s THEN %(difference)s::bigint ELSE %(written)s::bigint END"
)
_PLAIN = {Basis.STATED, Basis.COST}
_IN_SHARES = (Basis.RETURNED, Basis.SENT_BACK)  # take shares of what their source booked, in order of time


@dataclass(frozen=True, slots=True)
class Known:
    """How much of the books a run looks at: movements and differences up to a number, and nothing of the `hidden` runs.

    `written`: up to which number it looks at differences of runs. Hidden are those that are not published; a run that goes on from what
    it wrote itself leaves itself out of them. With an `end`, nothing counts that is dated later: neither what came then, nor what was
    corrected or taken back then of what had come before.
    """

    movement: int = 2**62
    difference: int = 2**62
    written: int = 2**62
    hidden: list[int] = field(default_factory=list)
    end: date | None = None


class StoredHistory:
    """The history of one company as its ledgers hold it, for `domain.reposting.Replay`."""

    def __init__(self, connection: Rows, names: Names, known: Known) -> None:
        self._connection = connection
        self._company = names.company
        self._names = names
        self._known = known
        self._spelling = Spelling(connection, names)
        self._scope = {
            "company": names.company,
            "movement": known.movement,
            "difference": known.difference,
            "written": known.written,
            "runs": FIRST_NUMBER,
            "hidden": known.hidden,
            "end": known.end,
        }
        then = known.end is not None
        self._visible = f"{_VISIBLE} AND d.posting_date <= %(end)s" if then else _VISIBLE
        self._standing = STANDING_THEN if then else STANDING
        self._by_then = "AND m.posting_date <= %(end)s " if then else ""

    def open(self, chain: Chain, at: int, sequence: int) -> tuple[Balance, Iterator[Recorded | Checkpoint]]:
        """The chain's state at the nearest place before this one that it was kept for, and the movements from there on."""
        number = self._names.chains[chain]
        balance = nearest_state(self._connection, self._company, number, at, sequence, self._known.hidden)
        if balance is None:
            return Balance(), self._stream(chain, (NEVER, 0, 0))
        return balance, self._stream(chain, (balance.last_at, balance.last_sequence, 2**62))

    def resume(self, chain: Chain, at: int, sequence: int, movement: int) -> Iterator[Recorded | Checkpoint]:
        """The chain's movements from one of them on."""
        return self._stream(chain, (at, sequence, movement - 1), kept_from=(at, sequence - 1))

    def dependents(self, movement: int) -> list[tuple[Chain, int, int]]:
        """The chains and places of movements that take their value from this one."""
        found, _ = self._depending([movement])
        return [*found.get(movement, []), *self._products([movement]).get(movement, [])]

    def siblings(self, voucher: int) -> list[Recorded]:
        """All movements of a voucher, as they stand."""
        return self.recorded(movements_of_voucher(self._connection, self._spelling, voucher, self._known.movement))

    def _stream(
        self, chain: Chain, after: Place, kept_from: tuple[int, int] | None = None
    ) -> Iterator[Recorded | Checkpoint]:
        number, limit = self._names.chains[chain], FIRST_BLOCK
        kept_from = kept_from or after[:2]
        while True:
            block = movements_after(self._connection, self._spelling, chain, number, after, limit, self._known.movement)
            ends = len(block) < limit
            if block:
                after = (block[-1].at, block[-1].voucher, block[-1].id)
            # A voucher may go on in the next block, and with it the place that a state was kept for.
            kept_upto = None if ends else (after[0], after[1] - 1)
            states = states_between(self._connection, self._company, number, kept_from, kept_upto, self._known.hidden)
            yield from _merged(self.recorded(block), states)
            if ends:
                return
            kept_from = kept_upto or kept_from
            limit = min(limit * 4, LARGEST_BLOCK)

    # -- what was corrected about movements, and what hangs together ---------------------------------------------------

    def recorded(self, movements: list[Movement]) -> list[Recorded]:
        """Movements with everything that was corrected about them so far."""
        if not movements:
            return []
        rows = {
            m.id: Recorded(m, plain=m.basis in _PLAIN and m.counted_rate is None and not m.weight) for m in movements
        }
        self._add_corrections(rows)
        self._add_sources([row for row in rows.values() if row.movement.source])
        depending, reversed_ = self._depending(list(rows))
        for source, found in depending.items():
            rows[source].dependents = tuple(found)
        for source in reversed_:
            rows[source].reversed, rows[source].plain = True, False
        if reversed_:
            self._add_left_over(rows, reversed_)
        inside = [m.id for m in movements if not m.contra and m.basis == Basis.COST and not rows[m.id].dependents]
        for source, found in self._products(inside).items():
            rows[source].dependents = tuple(found)
        return list(rows.values())

    def _add_corrections(self, rows: dict[int, Recorded]) -> None:
        found = self._connection.execute(
            "SELECT movement_id, kind, cause_id, contra_id, cost_center_id, dimensions_id, sum(qty)::bigint, sum(amount)::bigint "
            "FROM stock_difference d WHERE company_id = %(company)s AND " + _chosen("movement_id", rows) + " "
            "AND " + self._visible + " "
            "GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, min(difference_id)",
            self._scope | _choice(rows),
        ).fetchall()
        self._spelling.know({number for row in found for number in row[3:6]})
        names = self._spelling.names
        for number, kind, cause, contra, center, dimensions, qty, amount in found:
            row = rows.get(number)
            if row is None:
                continue
            row.shifted += qty
            if kind == DifferenceKind.TRUE_UP:
                row.plain = False
                known = row.true_ups.get(cause)
                place = known or TrueUpRecorded(0, names[contra], names[center], names[dimensions])
                place.amount += amount
                row.true_ups = {**row.true_ups, cause: place}
            elif kind == DifferenceKind.RESIDUE:
                row.plain = False
                row.residue += amount
            elif kind in (DifferenceKind.LANDED_COST, DifferenceKind.RATE_DIFFERENCE):
                row.plain = False
                row.laid += amount
            else:
                row.revalued += amount

    def _add_sources(self, rows: list[Recorded]) -> None:
        """The present value of what these movements depend on, and what came of it before each of them."""
        if not rows:
            return
        sources = list({row.movement.source for row in rows})
        values = self._values(sources)
        true_ups, returns = self._covering(sources), self._returning(sources)
        for row in rows:
            m = row.movement
            here = (m.at, m.voucher, m.id)
            row.source_value, row.source_qty = values[m.source]
            row.source_true_ups = sum(amount for place, amount in true_ups.get(m.source, ()) if place < here)
            row.returned_before = sum(qty for place, _, qty in returns.get(m.source, ()) if place < here)
            if m.basis in _IN_SHARES:
                row.returned_after = tuple(
                    (chain, *place[:2]) for place, chain, _ in returns.get(m.source, ()) if place > here
                )

    def _values(self, movements: list[int]) -> dict[int, tuple[int, int]]:
        """Present values, and quantities as posted."""
        found = self._connection.execute(
            "SELECT m.movement_id, m.value + coalesce(d.amount, 0), m.qty FROM stock_movement m LEFT JOIN ("
            "  SELECT movement_id, sum(amount) AS amount FROM stock_difference d WHERE company_id = %(company)s "
            f"  AND movement_id = ANY(%(sources)s) AND kind NOT IN ({DifferenceKind.TRUE_UP:d}, {DifferenceKind.RESIDUE:d}) "
            f"   AND {self._visible} GROUP BY movement_id"
            ") d USING (movement_id) WHERE m.company_id = %(company)s AND m.movement_id = ANY(%(sources)s)",
            self._scope | {"sources": movements},
        )
        return {number: (int(value), qty) for number, value, qty in found}

    def _covering(self, issues: list[int]) -> dict[int, list[tuple[Place, int]]]:
        """What receipts added to the cost of these issues, each at its receipt's place."""
        found = self._connection.execute(
            f"SELECT d.cause_id, {_MICROSECONDS.format('r')}, r.voucher_id, r.movement_id, d.amount FROM stock_difference d "
            "JOIN stock_movement r ON r.company_id = d.company_id AND r.movement_id = d.movement_id "
            "WHERE d.company_id = %(company)s AND d.cause_id <> 0 AND d.cause_id = ANY(%(issues)s) "
            f"AND d.kind = {DifferenceKind.TRUE_UP:d} AND {self._visible} AND {self._standing}",
            self._scope | {"issues": issues},
        )
        return _by_first((issue, ((at, voucher, number), amount)) for issue, at, voucher, number, amount in found)

    def _returning(self, sources: list[int]) -> dict[int, list[tuple[Place, Chain, int]]]:
        """Quantities that came back of these movements, each at its return's place."""
        found = self._connection.execute(
            f"SELECT m.source_id, {_MICROSECONDS.format('m')}, m.voucher_id, m.movement_id, m.chain_id, m.qty FROM stock_movement m "
            "WHERE m.company_id = %(company)s AND m.source_id <> 0 AND m.source_id = ANY(%(sources)s) "
            f"AND m.basis IN ({', '.join(map(str, map(int, _IN_SHARES)))}) AND m.movement_id <= %(movement)s {self._by_then}"
            "AND NOT EXISTS (SELECT FROM stock_movement r WHERE r.company_id = m.company_id AND r.source_id = m.movement_id "
            f"  AND r.source_id <> 0 AND r.basis = {Basis.REVERSED:d} AND r.movement_id <= %(movement)s "
            f"  {self._by_then.replace('m.', 'r.')})",
            self._scope | {"sources": sources},
        ).fetchall()
        self._spelling.know_chains({row[4] for row in found})
        chains = self._spelling.chains
        return _by_first(
            (source, ((at, voucher, number), chains[chain], qty)) for source, at, voucher, number, chain, qty in found
        )

    def _add_left_over(self, rows: dict[int, Recorded], reversed_: list[int]) -> None:
        """What runs that were published after a cancel, or are not yet, have found for what it took back."""
        found = self._connection.execute(
            "SELECT movement_id, kind, cause_id, contra_id, cost_center_id, dimensions_id, sum(amount)::bigint, sum(qty)::bigint "
            "FROM stock_difference d JOIN voucher c ON c.company_id = d.company_id AND c.reverses = d.voucher_id AND c.reverses <> 0 "
            "JOIN repost_run run ON run.company_id = d.company_id AND run.run_id = d.run_id "
            "WHERE d.company_id = %(company)s AND d.movement_id = ANY(%(reversed)s) "
            f"AND d.{self._visible} AND (run.published_at IS NULL OR run.published_at > c.posted_at) "
            "GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(amount) <> 0 OR sum(qty) <> 0 ORDER BY 1, 2, 3",
            self._scope | {"reversed": reversed_},
        ).fetchall()
        self._spelling.know({number for row in found for number in row[3:6]})
        names = self._spelling.names
        for number, kind, cause, contra, center, dimensions, amount, qty in found:
            left = LeftOver(DifferenceKind(kind), amount, qty, cause, names[contra], names[center], names[dimensions])
            rows[number].left_over = (*rows[number].left_over, left)

    def _depending(self, movements: list[int]) -> tuple[dict[int, list[tuple[Chain, int, int]]], list[int]]:
        """Who takes a value from each of these movements, and which of them were taken back."""
        found = self._connection.execute(
            f"SELECT source_id, basis, chain_id, {_MICROSECONDS.format('m')}, voucher_id FROM stock_movement m "
            "WHERE company_id = %(company)s AND source_id <> 0 AND " + _chosen("source_id", movements) + " "
            f"AND movement_id <= %(movement)s {self._by_then}ORDER BY movement_id",
            self._scope | _choice(movements),
        ).fetchall()
        asked = set(movements)
        self._spelling.know_chains({row[2] for row in found})
        chains = self._spelling.chains
        depending = _by_first(
            (source, (chains[chain], at, voucher))
            for source, basis, chain, at, voucher in found
            if basis != Basis.REVERSED and source in asked
        )
        return depending, [row[0] for row in found if row[1] == Basis.REVERSED and row[0] in asked]

    def _products(self, inputs: list[int]) -> dict[int, list[tuple[Chain, int, int]]]:
        """What was made of these movements, by their vouchers."""
        if not inputs:
            return {}
        found = self._connection.execute(
            f"SELECT input.movement_id, made.chain_id, {_MICROSECONDS.format('made')}, made.voucher_id FROM stock_movement input "
            "JOIN stock_movement made ON made.company_id = input.company_id AND made.voucher_id = input.voucher_id "
            f"  AND made.basis = {Basis.PRODUCED:d} "
            "WHERE input.company_id = %(company)s AND input.movement_id = ANY(%(inputs)s) AND input.contra_id = 0 "
            f"AND input.basis <> {Basis.PRODUCED:d} ORDER BY made.movement_id",
            self._scope | {"inputs": inputs},
        ).fetchall()
        self._spelling.know_chains({row[1] for row in found})
        chains = self._spelling.chains
        return _by_first((source, (chains[chain], at, voucher)) for source, chain, at, voucher in found)


def _merged(rows: list[Recorded], states: Iterable[Checkpoint]) -> Iterator[Recorded | Checkpoint]:
    """Movements in order, each state behind the last movement of its place."""
    upcoming = iter(states)
    state = next(upcoming, None)
    if state is None:
        yield from rows
        return
    for row in rows:
        place = row.movement.at, row.movement.voucher
        while state is not None and (state.at, state.sequence) < place:
            yield state
            state = next(upcoming, None)
        yield row
    while state is not None:
        yield state
        state = next(upcoming, None)


def _is_dense(numbers: Iterable[int]) -> bool:
    known = list(numbers)
    return max(known) - min(known) < DENSE * len(known)


def _chosen(column: str, numbers: Iterable[int]) -> str:
    """A condition for a block's numbers: a range where they lie close together, which costs the least."""
    return f"{column} BETWEEN %(first)s AND %(last)s" if _is_dense(numbers) else f"{column} = ANY(%(numbers)s)"


def _choice(numbers: Iterable[int]) -> dict[str, object]:
    known = list(numbers)
    if _is_dense(known):
        return {"first": min(known), "last": max(known)}
    return {"numbers": known}


def _by_first(pairs: Iterable[tuple[int, _T]]) -> dict[int, list[_T]]:
    grouped: dict[int, list[_T]] = {}
    for number, value in pairs:
        grouped.setdefault(number, []).append(value)
    return grouped
