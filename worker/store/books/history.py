"""Quantities of a lot from a place in time on: what a document posted into the past has to respect.

However much came later, few rows are read: the movements up to the end of the block that the place lies in, the blocks behind it, and
the movements that no block covers yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.books import QuantityHistory, ShortMoment
from domain.posting_time import from_instant, instant
from domain.stock_ledger import Lot, Movement
from worker.store.books.quantity_blocks import SEAL_EVERY, Spot, entries, seal
from worker.store.books.vouchers import MOVEMENT, MOVEMENT_NAMES, movement
from worker.store.database import Rows
from worker.store.names.terms import Names

LONGEST_TAIL = 2 * SEAL_EVERY  # movements behind the last block; more than that are sealed by whoever has read them


class Piece(NamedTuple):
    """Some of what moved the lot, up to a place: a block of a level, or one movement (level -1).

    `net` is what it moves, `lowest` the least that it comes to on the way (millionths); `counts` how many counts it holds.
    """

    level: int
    upto: Spot
    net: int
    lowest: int
    counts: int
    movement: int = 0


def quantity_history(connection: Rows, names: Names, lot: Lot, at: int, sequence: int, now: int) -> QuantityHistory:
    """Running quantity just after a place, the lowest later one up to the next count, and that count; `now` is the present quantity."""
    later = _Later(connection, names, lot, (from_instant(at), sequence))
    running = start = now - sum(piece.net for piece in later.pieces)
    lowest = None
    for piece in later.walk(lambda piece, _: piece.counts > 0, start):
        if piece.counts:
            return QuantityHistory(start, lowest, later.count(piece.movement))
        lowest = running + piece.lowest if lowest is None else min(lowest, running + piece.lowest)
        running += piece.net
    return QuantityHistory(start, lowest, None)


def first_short_moment(
    connection: Rows, names: Names, lot: Lot, at: int, sequence: int, needed: int, now: int
) -> ShortMoment | None:
    """The first later moment, up to the next count, at which the lot holds less than `needed`."""
    later = _Later(connection, names, lot, (from_instant(at), sequence))
    running = now - sum(piece.net for piece in later.pieces)
    for piece in later.walk(lambda piece, before: piece.counts > 0 or before + piece.lowest < needed, running):
        if piece.counts:
            return None
        if running + piece.lowest < needed:
            return later.moment(piece, running + piece.net)
        running += piece.net
    return None


class _Later:
    """What moved a lot behind a place, in order and in as few pieces as there are."""

    def __init__(self, connection: Rows, names: Names, lot: Lot, after: Spot) -> None:
        self._connection, self._after = connection, after
        self._blocks_begin = after
        self._lot: dict[str, int] = {"company": names.company, "chain": names.chains[lot.chain], "batch": 0}
        if lot.batch:
            row = connection.execute(
                "SELECT term_id FROM term WHERE company_id = %s AND kind = 'part' AND name = %s",
                [names.company, lot.batch],
            ).fetchone()
            self._lot["batch"] = -1 if row is None else row[0]
        self.pieces = self._read()

    def walk(self, closer: Callable[[Piece, int], bool], running: int) -> Iterator[Piece]:
        """The pieces in order; those that are to be looked at closer (given the quantity before them) in their own pieces."""
        yield from self._walk(self.pieces, self._after, closer, running)

    def count(self, number: int) -> Movement:
        """The count of this number."""
        row = self._connection.execute(
            f"SELECT {MOVEMENT} FROM stock_movement m {MOVEMENT_NAMES} WHERE m.company_id = %s AND m.movement_id = %s",
            [self._lot["company"], number],
        ).fetchone()
        assert row is not None  # noqa: S101 - it has just been read
        return movement(row)

    def moment(self, piece: Piece, running: int) -> ShortMoment:
        """The moment of a movement, by its voucher."""
        row = self._connection.execute(
            "SELECT type, number FROM voucher WHERE company_id = %s AND voucher_id = %s",
            [self._lot["company"], piece.upto[1]],
        ).fetchone()
        assert row is not None  # noqa: S101 - every movement has its voucher
        return ShortMoment(instant(piece.upto[0]), row[0], row[1], running)

    def _walk(
        self, pieces: list[Piece], after: Spot, closer: Callable[[Piece, int], bool], running: int
    ) -> Iterator[Piece]:
        for piece in pieces:
            if piece.level >= 0 and closer(piece, running):
                begins = max(after, self._blocks_begin)
                yield from self._walk(self._within(piece, begins), begins, closer, running)
            else:
                yield piece
            running += piece.net
            after = piece.upto

    def _read(self) -> list[Piece]:
        ends = self._ends()
        if "first" not in ends:
            return self._movements(self._after, None)
        self._blocks_begin = ends["first"]
        tail = self._movements(ends["last"], None)
        if len(tail) > LONGEST_TAIL:
            seal(self._connection, self._lot["company"], self._lot["chain"])
        head = self._movements(self._after, ends["first"])
        if "above" not in ends:
            return [*head, *self._blocks(0, ends["first"], None), *tail]
        return [
            *head,
            *self._blocks(0, ends["first"], ends["above"]),
            *self._blocks(1, ends["above"], None),
            *self._blocks(0, ends["last_above"], None),
            *tail,
        ]

    def _ends(self) -> dict[str, Spot]:
        """Where the blocks of both levels end that the place lies in (`first`, `above`), and the last of each; none where there is none."""
        found = self._connection.execute(
            " UNION ALL ".join(
                f"(SELECT '{name}', posting_at, sequence FROM quantity_block WHERE company_id = %(company)s AND chain_id = %(chain)s "
                f"AND level = {level} AND batch_id = 0 {condition} ORDER BY posting_at {order}, sequence {order} LIMIT 1)"
                for name, level, condition, order in (
                    ("first", 0, _FROM_PLACE, "ASC"),
                    ("above", 1, _FROM_PLACE, "ASC"),
                    ("last_above", 1, "", "DESC"),
                    ("last", 0, "", "DESC"),
                )
            ),
            {**self._lot, "at": self._after[0], "sequence": self._after[1]},
        )
        return {name: (at, sequence) for name, at, sequence in found}

    def _within(self, piece: Piece, after: Spot) -> list[Piece]:
        """A block in its own pieces; `after` is where the piece before it ends."""
        return self._blocks(0, after, piece.upto) if piece.level == 1 else self._movements(after, piece.upto)

    def _blocks(self, level: int, after: Spot, upto: Spot | None) -> list[Piece]:
        """The blocks of a level that end behind a place and, where that is said, up to another."""
        found = self._connection.execute(
            "SELECT posting_at, sequence, net, lowest, counts FROM quantity_block WHERE company_id = %(company)s AND chain_id = %(chain)s "
            "AND level = %(level)s AND batch_id = %(batch)s AND (posting_at, sequence) > (%(after_at)s, %(after_sequence)s) "
            + ("AND (posting_at, sequence) <= (%(upto_at)s, %(upto_sequence)s) " if upto else "")
            + "ORDER BY posting_at, sequence",
            {**self._lot, **_spots(after, upto), "level": level},
        )
        return [Piece(level, (at, sequence), net, lowest, counts) for at, sequence, net, lowest, counts in found]

    def _movements(self, after: Spot, upto: Spot | None) -> list[Piece]:
        """Every movement behind a place and, where that is said, up to another."""
        found = self._connection.execute(
            f"SELECT posting_at, voucher_id, qty, is_count, movement_id FROM ({entries('after', 'upto' if upto else '')}) entry "
            "WHERE %(batch)s = 0 OR batch_id = %(batch)s ORDER BY posting_at, voucher_id, movement_id",
            {**self._lot, **_spots(after, upto)},
        )
        return [
            Piece(-1, (at, voucher), int(qty), int(qty), int(is_count), number)
            for at, voucher, qty, is_count, number in found
        ]


_FROM_PLACE = "AND (posting_at, sequence) >= (%(at)s, %(sequence)s)"


def _spots(after: Spot, upto: Spot | None) -> dict[str, object]:
    last = upto or after
    return {"after_at": after[0], "after_sequence": after[1], "upto_at": last[0], "upto_sequence": last[1]}
