"""What a repost reads: a chain's movements in order, each with what was corrected about it, a block at a time.

Every question is asked once per block, set-based: the movements, their visible differences, where their value comes from, and who
takes a value from them. So a block costs a handful of statements however many rows it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from domain.posting_time import from_instant, instant
from domain.reposting import Checkpoint, Recorded, TrueUpRecorded
from domain.stock_ledger import NEVER, Balance, Basis, Chain, DifferenceKind, Movement
from worker.store.database import Rows
from worker.store.names import Names
from worker.store.spelling import Spelling
from worker.store.vouchers import MOVEMENT, MOVEMENT_NAMES, STANDING, VISIBLE, movement

FIRST_BLOCK = 256  # movements; blocks grow, so that a short pass reads little and a long one asks seldom
LARGEST_BLOCK = 16_384

_START = (NEVER, 0, 0)
_EARLIEST = from_instant(-62_135_596_800_000_000)

_T = TypeVar("_T")
Place = tuple[int, int, int]  # posting time, voucher, movement


class StoredHistory:
    """The history of one company as its ledgers hold it, for `domain.reposting.Replay`."""

    def __init__(self, connection: Rows, names: Names) -> None:
        self._connection = connection
        self._company = names.company
        self._names = names
        self._spelling = Spelling(connection, names)

    def open(self, chain: Chain, at: int, sequence: int) -> tuple[Balance, Iterator[Recorded | Checkpoint]]:  # noqa: ARG002
        """The chain's state before its first movement, and all of its movements."""
        return Balance(), self._stream(chain, _START)

    def resume(self, chain: Chain, at: int, sequence: int, movement: int) -> Iterator[Recorded | Checkpoint]:
        """The chain's movements from one of them on."""
        return self._stream(chain, (at, sequence, movement - 1))

    def dependents(self, movement: int) -> list[tuple[Chain, int, int]]:
        """The chains and places of movements that take their value from this one."""
        return self._dependents([movement]).get(movement, [])

    def siblings(self, voucher: int) -> list[Recorded]:
        """All movements of a voucher, as they stand."""
        found = self._connection.execute(
            f"SELECT {MOVEMENT} FROM stock_movement m {MOVEMENT_NAMES} WHERE m.company_id = %s AND m.voucher_id = %s "
            f"AND m.basis <> {Basis.REVERSED:d} ORDER BY m.movement_id",
            [self._company, voucher],
        )
        return self._recorded([movement(row) for row in found])

    def _stream(self, chain: Chain, after: Place) -> Iterator[Recorded | Checkpoint]:
        limit = FIRST_BLOCK
        while True:
            block = self._block(chain, after, limit)
            yield from self._recorded(block)
            if len(block) < limit:
                return
            last = block[-1]
            after = (last.at, last.voucher, last.id)
            limit = min(limit * 4, LARGEST_BLOCK)

    def _block(self, chain: Chain, after: Place, limit: int) -> list[Movement]:
        at, voucher, number = after
        found = self._connection.execute(
            f"SELECT {MOVEMENT} FROM stock_movement m {MOVEMENT_NAMES} WHERE m.company_id = %s AND m.chain_id = %s "
            "AND (m.posting_at, m.voucher_id, m.movement_id) > (%s, %s, %s) "
            "ORDER BY m.posting_at, m.voucher_id, m.movement_id LIMIT %s",
            [
                self._company,
                self._names.chains[chain],
                _EARLIEST if at == NEVER else from_instant(at),
                voucher,
                number,
                limit,
            ],
        )
        return [movement(row) for row in found]

    def _recorded(self, movements: list[Movement]) -> list[Recorded]:
        """Movements with everything that was corrected about them so far."""
        if not movements:
            return []
        rows = {m.id: Recorded(m) for m in movements}
        self._add_corrections(rows)
        self._add_sources([row for row in rows.values() if row.movement.source])
        numbers = list(rows)
        for source, found in self._dependents(numbers).items():
            rows[source].dependents = tuple(found)
        reversed_ = self._connection.execute(
            "SELECT source_id FROM stock_movement WHERE company_id = %s AND source_id <> 0 AND source_id = ANY(%s) "
            f"AND basis = {Basis.REVERSED:d}",
            [self._company, numbers],
        )
        for (source,) in reversed_:
            rows[source].reversed = True
        return list(rows.values())

    def _add_corrections(self, rows: dict[int, Recorded]) -> None:
        found = self._connection.execute(
            "SELECT movement_id, kind, cause_id, contra_id, cost_center_id, dimensions_id, sum(qty)::bigint, sum(amount)::bigint "
            "FROM stock_difference d WHERE company_id = %s AND movement_id = ANY(%s) AND " + VISIBLE.format("d") + " "
            "GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, min(difference_id)",
            [self._company, list(rows)],
        ).fetchall()
        self._spelling.know(number for row in found for number in row[3:6])
        names = self._spelling.names
        for number, kind, cause, contra, center, dimensions, qty, amount in found:
            row = rows[number]
            row.shifted += qty
            if kind == DifferenceKind.TRUE_UP:
                known = row.true_ups.get(cause)
                place = known or TrueUpRecorded(0, names[contra], names[center], names[dimensions])
                place.amount += amount
                row.true_ups = {**row.true_ups, cause: place}
            elif kind == DifferenceKind.RESIDUE:
                row.residue += amount
            elif kind in (DifferenceKind.LANDED_COST, DifferenceKind.RATE_DIFFERENCE):
                row.laid += amount
            else:
                row.revalued += amount

    def _add_sources(self, rows: list[Recorded]) -> None:
        """The present value of what these movements depend on, and what came of it before each of them."""
        if not rows:
            return
        sources = list({row.movement.source for row in rows})
        apart = f"({DifferenceKind.TRUE_UP:d}, {DifferenceKind.RESIDUE:d})"
        values = {
            number: (int(value), qty)
            for number, value, qty in self._connection.execute(
                "SELECT m.movement_id, m.value + coalesce(d.amount, 0), m.qty FROM stock_movement m LEFT JOIN ("
                "  SELECT movement_id, sum(amount) AS amount FROM stock_difference d WHERE company_id = %(company)s "
                f"  AND movement_id = ANY(%(sources)s) AND kind NOT IN {apart} AND {VISIBLE.format('d')} GROUP BY movement_id"
                ") d USING (movement_id) WHERE m.company_id = %(company)s AND m.movement_id = ANY(%(sources)s)",
                {"company": self._company, "sources": sources},
            )
        }
        true_ups = self._covering(sources)
        returns = self._returning(sources)
        for row in rows:
            m = row.movement
            here = (m.at, m.voucher, m.id)
            row.source_value, row.source_qty = values[m.source]
            row.source_true_ups = sum(amount for place, amount in true_ups.get(m.source, ()) if place < here)
            row.returned_before = sum(qty for place, _, qty in returns.get(m.source, ()) if place < here)
            if m.basis == Basis.RETURNED:
                row.returned_after = tuple(
                    (chain, *place[:2]) for place, chain, _ in returns.get(m.source, ()) if place > here
                )

    def _covering(self, issues: list[int]) -> dict[int, list[tuple[Place, int]]]:
        """What receipts added to the cost of these issues, each at its receipt's place."""
        found = self._connection.execute(
            "SELECT d.cause_id, r.posting_at, r.voucher_id, r.movement_id, d.amount FROM stock_difference d "
            "JOIN stock_movement r ON r.company_id = d.company_id AND r.movement_id = d.movement_id "
            f"WHERE d.company_id = %s AND d.cause_id <> 0 AND d.cause_id = ANY(%s) AND d.kind = {DifferenceKind.TRUE_UP:d} "
            f"AND {STANDING} AND {VISIBLE.format('d')}",
            [self._company, issues],
        )
        return _by_first(
            (issue, ((instant(at), voucher, number), amount)) for issue, at, voucher, number, amount in found
        )

    def _returning(self, sources: list[int]) -> dict[int, list[tuple[Place, Chain, int]]]:
        """Quantities that came back of these movements, each at its return's place."""
        found = self._connection.execute(
            "SELECT m.source_id, m.posting_at, m.voucher_id, m.movement_id, m.chain_id, m.qty FROM stock_movement m "
            f"WHERE m.company_id = %s AND m.source_id <> 0 AND m.source_id = ANY(%s) AND m.basis = {Basis.RETURNED:d} "
            "AND NOT EXISTS (SELECT FROM stock_movement r WHERE r.company_id = m.company_id AND r.source_id = m.movement_id "
            f"  AND r.source_id <> 0 AND r.basis = {Basis.REVERSED:d})",
            [self._company, sources],
        ).fetchall()
        self._spelling.know_chains(row[4] for row in found)
        chains = self._spelling.chains
        return _by_first(
            (source, ((instant(at), voucher, number), chains[chain], qty))
            for source, at, voucher, number, chain, qty in found
        )

    def _dependents(self, movements: list[int]) -> dict[int, list[tuple[Chain, int, int]]]:
        found = self._connection.execute(
            "SELECT source_id, chain_id, posting_at, voucher_id FROM stock_movement "
            f"WHERE company_id = %(company)s AND source_id <> 0 AND source_id = ANY(%(movements)s) AND basis <> {Basis.REVERSED:d} "
            "UNION ALL "
            "SELECT input.movement_id, made.chain_id, made.posting_at, made.voucher_id FROM stock_movement input "
            "JOIN stock_movement made ON made.company_id = input.company_id AND made.voucher_id = input.voucher_id "
            f"  AND made.basis = {Basis.PRODUCED:d} "
            f"WHERE input.company_id = %(company)s AND input.movement_id = ANY(%(movements)s) AND input.basis <> {Basis.PRODUCED:d} "
            "  AND input.contra_id = 0",
            {"company": self._company, "movements": movements},
        ).fetchall()
        self._spelling.know_chains(row[1] for row in found)
        chains = self._spelling.chains
        return _by_first((source, (chains[chain], instant(at), voucher)) for source, chain, at, voucher in found)


def _by_first(pairs: Iterable[tuple[int, _T]]) -> dict[int, list[_T]]:
    grouped: dict[int, list[_T]] = {}
    for number, value in pairs:
        grouped.setdefault(number, []).append(value)
    return grouped
