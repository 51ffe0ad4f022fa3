"""Blocks of a chain's movements in order, read in PostgreSQL's binary form: rows of one width, so that a block is unpacked at once."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import date, timedelta

from domain.stock_ledger import NEVER, Basis, Chain, Movement
from worker.store.copy import copy_out, stamp_instant
from worker.store.database import Rows
from worker.store.spelling import Spelling

Place = tuple[int, int, int]  # posting time, voucher, movement

_FIELDS = (
    ("movement_id", "q"),
    ("voucher_id", "q"),
    ("line_no", "i"),
    ("posting_at", "q"),
    ("posting_date", "i"),
    ("qty", "q"),
    ("value", "q"),
    ("basis", "h"),
    ("account_id", "i"),
    ("contra_id", "i"),
    ("cost_center_id", "i"),
    ("dimensions_id", "i"),
    ("batch_id", "i"),
    ("source_id", "q"),
    ("stated", "q"),
    ("provisional", "?"),
    ("weight <> 0 OR counted_qty IS NOT NULL OR counted_rate IS NOT NULL", "?"),
)
COLUMNS = ", ".join(name for name, _ in _FIELDS)
# Two bytes say how many fields follow, four before each how wide it is.
_ROW = struct.Struct(">2x" + "".join("4x" + kind for _, kind in _FIELDS))

_EPOCH_AT = 946_684_800_000_000  # PostgreSQL counts from 2000-01-01
_EPOCH_DAY = date(2000, 1, 1)
_EARLIEST = "-infinity"
_BASES: Mapping[int, Basis] = {basis.value: basis for basis in Basis}

_days: dict[int, date] = {}


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


def _read(connection: Rows, spelling: Spelling, chain: Chain, condition: str) -> list[Movement]:
    """The movements of one chain that meet a condition, which holds nothing but numbers and instants of ours."""
    company = spelling.company
    data = copy_out(connection, f"SELECT {COLUMNS} FROM stock_movement WHERE company_id = {company:d} AND {condition}")
    rows = list(_ROW.iter_unpack(data))
    named: set[int] = set()
    for row in rows:
        named.update(row[8:13])
    spelling.know(named)
    names = spelling.names
    movements = []
    rare = []
    for row in rows:
        (
            number, voucher, line, at, day, qty, value, basis, account, contra, center, dimensions, batch, source, stated, provisional,
            more,
        ) = row  # fmt: skip
        when = _days.get(day)
        if when is None:
            when = _days[day] = _EPOCH_DAY + timedelta(days=day)
        movement = Movement(
            id=number, voucher=voucher, line=line, chain=chain, at=at + _EPOCH_AT, date=when, qty=qty, value=value,
            basis=_BASES[basis], account=names[account], contra=names[contra], cost_center=names[center],
            dimensions=names[dimensions], batch=names[batch], source=source, stated=stated, provisional=provisional,
        )  # fmt: skip
        movements.append(movement)
        if more:
            rare.append(movement)
    if rare:
        _add_rare(connection, company, rare)
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
