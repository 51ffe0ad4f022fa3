"""Blocks of a chain's movements in order, read column by column.

PostgreSQL answers with one row of arrays: a block then costs one message, not one a row, and no value of it is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format

from domain.stock_ledger import NEVER, Basis, Chain, Movement
from worker.store.copy import stamp_instant
from worker.store.database import Rows
from worker.store.names.spelling import Spelling

Place = tuple[int, int, int]  # posting time, voucher, movement

COLUMNS = (
    "movement_id", "voucher_id", "line_no", "posting_at", "posting_date - DATE '2000-01-01'", "qty", "value", "basis", "account_id",
    "contra_id", "cost_center_id", "dimensions_id", "batch_id", "source_id", "stated", "provisional",
    "weight <> 0 OR counted_qty IS NOT NULL OR counted_rate IS NOT NULL",
)  # fmt: skip
_EPOCH_AT = 946_684_800_000_000  # PostgreSQL counts from 2000-01-01
_EPOCH_DAY = date(2000, 1, 1)
_EARLIEST = "-infinity"
_BASES: Mapping[int, Basis] = {basis.value: basis for basis in Basis}

_days: dict[int, date] = {}


class _Instant(Loader):
    """Instants as the microseconds that the domain counts."""

    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        return int.from_bytes(data, "big", signed=True) + _EPOCH_AT


def movements_after(
    connection: Rows, spelling: Spelling, chain: Chain, number: int, after: Place, limit: int, upto_movement: int
) -> list[Movement]:
    """At most `limit` movements of a chain behind a place, leaving out those numbered above `upto_movement`."""
    at, voucher, movement = after
    since = _EARLIEST if at == NEVER else stamp_instant(at)
    return _read(
        connection,
        spelling,
        chain,
        f"chain_id = {number:d} AND (posting_at, voucher_id, movement_id) > ('{since}', {voucher:d}, {movement:d}) "
        f"AND movement_id <= {upto_movement:d} ORDER BY company_id, chain_id, posting_at, voucher_id, movement_id LIMIT {limit:d}",
    )


def last_movement(
    connection: Rows, spelling: Spelling, chain: Chain, number: int, upto: tuple[int, int], upto_movement: int
) -> Movement:
    """The last movement of a chain up to a place, of those numbered up to `upto_movement`."""
    (movement,) = _read(
        connection,
        spelling,
        chain,
        f"chain_id = {number:d} AND (posting_at, voucher_id) <= ('{stamp_instant(upto[0])}', {upto[1]:d}) "
        f"AND movement_id <= {upto_movement:d} "
        "ORDER BY company_id DESC, chain_id DESC, posting_at DESC, voucher_id DESC, movement_id DESC LIMIT 1",
    )
    return movement


def movements_of_voucher(connection: Rows, spelling: Spelling, voucher: int, upto_movement: int) -> list[Movement]:
    """All movements of a voucher in their order, without those that take others back."""
    numbers = [
        number
        for (number,) in connection.execute(
            "SELECT DISTINCT chain_id FROM stock_movement WHERE company_id = %s AND voucher_id = %s",
            [spelling.company, voucher],
        )
    ]
    spelling.know_chains(numbers)
    movements: list[Movement] = []
    for number in numbers:
        movements += _read(
            connection,
            spelling,
            spelling.chains[number],
            f"chain_id = {number:d} AND voucher_id = {voucher:d} AND movement_id <= {upto_movement:d} AND basis <> {Basis.REVERSED:d}",
        )
    return sorted(movements, key=lambda movement: movement.id)


def read_columns(connection: Rows, company: int, condition: str) -> tuple[list[int], ...]:
    """The columns of the movements that meet a condition; none where there are no movements."""
    inner = ", ".join(f"{column} AS c{place}" for place, column in enumerate(COLUMNS))
    outer = ", ".join(f"array_agg(c{place})" for place in range(len(COLUMNS)))
    with connection.cursor(binary=True) as cursor:
        cursor.adapters.register_loader("timestamptz", _Instant)
        cursor.execute(
            f"SELECT {outer} FROM (SELECT {inner} FROM stock_movement WHERE company_id = {company:d} AND {condition}) block"
        )
        row = cursor.fetchone()
    return () if row is None or row[0] is None else row


def _read(connection: Rows, spelling: Spelling, chain: Chain, condition: str) -> list[Movement]:
    """The movements of one chain that meet a condition, which holds nothing but numbers and instants of ours."""
    columns = read_columns(connection, spelling.company, condition)
    if not columns:
        return []
    for column in columns[8:13]:
        spelling.know(set(column))
    names = spelling.names
    days = {day: _days.get(day) or _days.setdefault(day, _EPOCH_DAY + timedelta(days=day)) for day in set(columns[4])}
    movements = [
        Movement(
            id=number, voucher=voucher, line=line, chain=chain, at=at, date=days[day], qty=qty, value=value, basis=_BASES[basis],
            account=names[account], contra=names[contra], cost_center=names[center], dimensions=names[dimensions],
            batch=names[batch], source=source, stated=stated, provisional=bool(provisional),
        )
        for (
            number, voucher, line, at, day, qty, value, basis, account, contra, center, dimensions, batch, source, stated, provisional,
        ) in zip(*columns[:-1], strict=True)
    ]  # fmt: skip
    rare = [movement for movement, more in zip(movements, columns[-1], strict=True) if more]
    if rare:
        _add_rare(connection, spelling.company, rare)
    return movements


def _add_rare(connection: Rows, company: int, movements: list[Movement]) -> None:
    """Weights of products and what was counted: few movements have them, and they are as wide as they like."""
    by_id = {movement.id: movement for movement in movements}
    found = connection.execute(
        "SELECT movement_id, weight, counted_qty, counted_rate FROM stock_movement "
        "WHERE company_id = %s AND movement_id = ANY(%s)",
        [company, list(by_id)],
    )
    for number, weight, counted_qty, counted_rate in found:
        movement = by_id[number]
        movement.weight = int(weight)
        movement.counted_qty = counted_qty
        movement.counted_rate = None if counted_rate is None else int(counted_rate)
