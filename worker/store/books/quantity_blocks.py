"""Sums over a chain's movements, block by block, so that a document posted into the past need not look at all that came later.

A block covers the vouchers behind the place where the one before it ends, up to its own: what they move together, and the least that the
running quantity comes to within it, both counted from zero at its beginning. So whatever is posted before a block leaves it as it is.
Blocks of level 0 cover some hundred movements, those of level 1 some dozens of blocks. Behind the last block movements are looked at one
by one; every so often they are sealed into blocks. All of it can be made again from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.stock_ledger import Basis
from worker.store.books.vouchers import VISIBLE
from worker.store.database import Rows

SEALED = 256  # movements in a block when it is made; one that has grown to twice as many is split
SEAL_EVERY = (
    4 * SEALED
)  # movements of a chain between two times that posting seals some: so it costs little per movement
FAN = 64  # blocks in a block of level 1, likewise

Spot = tuple[datetime, int]  # posting time and sequence: where a block ends, or a voucher stands

# A count of the rate alone holds no quantity, and one that is reversed holds nothing.
HOLDS = (
    f"m.basis = {Basis.COUNTED:d} AND m.counted_qty IS NOT NULL AND NOT EXISTS (SELECT FROM stock_movement back "
    f"WHERE back.company_id = m.company_id AND back.source_id = m.movement_id AND back.source_id <> 0 AND back.basis = {Basis.REVERSED:d})"
)


def entries(after: str, upto: str) -> str:
    """What moves a chain behind one place and up to another (`null` for no end), movement by movement, corrections of counts included.

    A voucher takes out before it brings in. What was taken back at its own moment never left stock short in between, so a reversal
    counts with its movement. The places are names of parameters: `{after}_at`, `{after}_sequence`.
    """
    place = "({0}.posting_at, {0}.voucher_id)"
    between = (
        "{0}.company_id = %(company)s AND {0}.chain_id = %(chain)s "
        f"AND {{0}}.posting_at >= %({after}_at)s AND {place} > (%({after}_at)s, %({after}_sequence)s)"
    )
    if upto:
        between += f" AND {{0}}.posting_at <= %({upto}_at)s AND {place} <= (%({upto}_at)s, %({upto}_sequence)s)"
    return (
        "SELECT posting_at, voucher_id, movement_id, batch_id, sum(qty) AS qty, bool_or(is_count) AS is_count FROM ("
        "  SELECT m.posting_at, m.voucher_id, "
        f"   CASE m.basis WHEN {Basis.REVERSED:d} THEN m.source_id ELSE m.movement_id END AS movement_id, m.batch_id, m.qty, "
        f"   {HOLDS} AS is_count FROM stock_movement m WHERE {between.format('m')}"
        "  UNION ALL"
        "  SELECT d.posting_at, d.voucher_id, d.movement_id, (SELECT m.batch_id FROM stock_movement m "
        "    WHERE m.company_id = d.company_id AND m.movement_id = d.movement_id), d.qty, false FROM stock_difference d "
        f" WHERE {between.format('d')} AND d.qty <> 0 AND {VISIBLE.format('d')}"
        ") moved GROUP BY posting_at, voucher_id, movement_id, batch_id HAVING sum(qty) <> 0 OR bool_or(is_count)"
    )


def seal(connection: Rows, company: int, chain: int) -> None:
    """Sum up what a chain moved behind its last block, as far as it fills blocks; the caller holds the lane."""
    _make(connection, company, chain, _last(connection, company, chain, 0), None, full=True)
    _gather(connection, company, chain, _last(connection, company, chain, 1), None, full=True)


def disturb(connection: Rows, company: int, places: Iterable[tuple[int, Spot]]) -> None:
    """Sum up anew the blocks of chains in which something was posted into the past, or a count's adjustment has moved."""
    made: dict[int, Spot] = {}
    for chain, spot in sorted(set(places)):
        if chain in made and spot <= made[chain]:
            continue
        after, upto = _around(connection, company, chain, 0, spot)
        if upto is None:
            continue
        _forget(connection, company, chain, 0, upto)
        _make(connection, company, chain, after, upto, full=False)
        made[chain] = upto
        after, above = _around(connection, company, chain, 1, spot)
        if above is not None:
            _forget(connection, company, chain, 1, above)
            _gather(connection, company, chain, after, above, full=False)


def _last(connection: Rows, company: int, chain: int, level: int) -> Spot | None:
    return connection.execute(
        "SELECT posting_at, sequence FROM quantity_block WHERE company_id = %s AND chain_id = %s AND level = %s AND batch_id = 0 "
        "ORDER BY posting_at DESC, sequence DESC LIMIT 1",
        [company, chain, level],
    ).fetchone()


def _around(connection: Rows, company: int, chain: int, level: int, spot: Spot) -> tuple[Spot | None, Spot | None]:
    """Where the block that a place lies in begins and ends; no end where it lies behind the last block."""
    found = [company, chain, level, *spot]
    upto = connection.execute(
        "SELECT posting_at, sequence FROM quantity_block WHERE company_id = %s AND chain_id = %s AND level = %s AND batch_id = 0 "
        "AND (posting_at, sequence) >= (%s, %s) ORDER BY posting_at, sequence LIMIT 1",
        found,
    ).fetchone()
    after = connection.execute(
        "SELECT posting_at, sequence FROM quantity_block WHERE company_id = %s AND chain_id = %s AND level = %s AND batch_id = 0 "
        "AND (posting_at, sequence) < (%s, %s) ORDER BY posting_at DESC, sequence DESC LIMIT 1",
        found,
    ).fetchone()
    return after, upto


def _forget(connection: Rows, company: int, chain: int, level: int, upto: Spot) -> None:
    connection.execute(
        "DELETE FROM quantity_block WHERE company_id = %s AND chain_id = %s AND level = %s AND posting_at = %s AND sequence = %s",
        [company, chain, level, *upto],
    )


_BEGINNING: Spot = (datetime.fromisoformat("0001-01-02T00:00:00+00:00"), 0)


def _between(
    company: int, chain: int, after: Spot | None, upto: Spot | None, most: int, full: bool
) -> dict[str, object]:
    first, last = after or _BEGINNING, upto or _BEGINNING
    return {
        "company": company, "chain": chain, "after_at": first[0], "after_sequence": first[1], "upto_at": last[0],
        "upto_sequence": last[1], "most": most, "full": full,
    }  # fmt: skip


def _make(connection: Rows, company: int, chain: int, after: Spot | None, upto: Spot | None, *, full: bool) -> None:
    """Blocks of level 0 from the ledger: a row for the whole chain and one for each batch that moved."""
    connection.execute(
        f"WITH entry AS ({entries('after', 'upto' if upto else '')}), "
        "placed AS (SELECT *, row_number() OVER (ORDER BY posting_at, voucher_id, movement_id) AS place, "
        "  count(*) OVER () AS whole FROM entry), "
        "grouped AS (SELECT *, CASE WHEN %(full)s OR whole > 2 * %(most)s "
        "  THEN (min(place) OVER (PARTITION BY posting_at, voucher_id) - 1) / %(most)s ELSE 0 END AS block FROM placed), "
        "ends AS (SELECT DISTINCT ON (block) block, posting_at, voucher_id, count(*) OVER (PARTITION BY block) AS size FROM grouped "
        "  ORDER BY block, posting_at DESC, voucher_id DESC), "
        "lots AS (SELECT 0 AS lot, * FROM grouped UNION ALL SELECT batch_id, * FROM grouped WHERE batch_id <> 0 "
        "  AND EXISTS (SELECT FROM chain c WHERE c.company_id = %(company)s AND c.chain_id = %(chain)s AND c.part_id = 0)), "
        "running AS (SELECT lot, block, qty, is_count, "
        "  sum(qty) OVER (PARTITION BY block, lot ORDER BY posting_at, voucher_id, movement_id) AS quantity FROM lots) "
        "INSERT INTO quantity_block (company_id, chain_id, level, batch_id, posting_at, sequence, net, lowest, counts) "
        "SELECT %(company)s, %(chain)s, 0, lot, e.posting_at, e.voucher_id, sum(qty), min(quantity), count(*) FILTER (WHERE is_count) "
        "FROM running JOIN ends e USING (block) WHERE NOT %(full)s OR e.size >= %(most)s GROUP BY lot, e.posting_at, e.voucher_id",
        _between(company, chain, after, upto, SEALED, full),
    )


def _gather(connection: Rows, company: int, chain: int, after: Spot | None, upto: Spot | None, *, full: bool) -> None:
    """Blocks of level 1 from those of level 0."""
    connection.execute(
        "WITH below AS (SELECT posting_at, sequence, batch_id, net, lowest, counts, "
        "  dense_rank() OVER (ORDER BY posting_at, sequence) AS place "
        "  FROM quantity_block WHERE company_id = %(company)s AND chain_id = %(chain)s AND level = 0 "
        "  AND (posting_at, sequence) > (%(after_at)s, %(after_sequence)s)"
        + (" AND (posting_at, sequence) <= (%(upto_at)s, %(upto_sequence)s)" if upto else "")
        + "), grouped AS (SELECT *, "
        "  CASE WHEN %(full)s OR max(place) OVER () > 2 * %(most)s THEN (place - 1) / %(most)s ELSE 0 END AS above FROM below), "
        "running AS (SELECT *, last_value(posting_at) OVER whole AS ends_at, last_value(sequence) OVER whole AS ends_with, "
        "  max(place) OVER whole - min(place) OVER whole + 1 AS size, "
        "  sum(net) OVER (PARTITION BY above, batch_id ORDER BY posting_at, sequence) - net + lowest AS reach FROM grouped "
        "  WINDOW whole AS (PARTITION BY above ORDER BY posting_at, sequence ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) "
        "INSERT INTO quantity_block (company_id, chain_id, level, batch_id, posting_at, sequence, net, lowest, counts) "
        "SELECT %(company)s, %(chain)s, 1, batch_id, ends_at, ends_with, sum(net), min(reach), sum(counts) "
        "FROM running WHERE NOT %(full)s OR size >= %(most)s GROUP BY batch_id, ends_at, ends_with",
        _between(company, chain, after, upto, FAN, full),
    )
