"""Quantities of a lot from a place in time on: what a document posted into the past has to respect."""

from __future__ import annotations

from domain.books import QuantityHistory, ShortMoment
from domain.posting_time import from_instant, instant
from domain.stock_ledger import Basis, Lot
from worker.store.database import Rows
from worker.store.names import Names
from worker.store.vouchers import MOVEMENT, MOVEMENT_NAMES, VISIBLE, movement

_OF_BATCH = (
    "(%(batch)s = '' OR {0}.batch_id = "
    "(SELECT term_id FROM term WHERE company_id = %(company)s AND kind = 'part' AND name = %(batch)s))"
)
# A count of the rate alone holds no quantity, and one that is reversed holds nothing.
_HOLDS = (
    f"m.basis = {Basis.COUNTED:d} AND m.counted_qty IS NOT NULL AND NOT EXISTS (SELECT FROM stock_movement back "
    f"WHERE back.company_id = m.company_id AND back.source_id = m.movement_id AND back.source_id <> 0 AND back.basis = {Basis.REVERSED:d})"
)
# What moves the lot after a place, movement by movement: a voucher takes out before it brings in. Corrections of counts included. What was
# taken back at its own moment never left stock short in between, so a reversal counts with its movement.
_LATER = (
    "later AS ("
    "  SELECT posting_at, voucher_id, movement_id, sum(qty) AS qty, bool_or(is_count) AS is_count FROM ("
    f"    SELECT posting_at, voucher_id, CASE basis WHEN {Basis.REVERSED:d} THEN source_id ELSE movement_id END AS movement_id, qty, "
    f"      {_HOLDS} AS is_count FROM stock_movement m "
    f"    WHERE {_OF_BATCH.format('m')} AND company_id = %(company)s AND chain_id = %(chain)s AND posting_at >= %(at)s "
    "      AND (posting_at, voucher_id) > (%(at)s, %(sequence)s)"
    "    UNION ALL"
    "    SELECT posting_at, voucher_id, movement_id, qty, false FROM stock_difference d "
    "    WHERE company_id = %(company)s AND chain_id = %(chain)s AND posting_at >= %(at)s AND qty <> 0 "
    f"     AND (posting_at, voucher_id) > (%(at)s, %(sequence)s) AND {VISIBLE.format('d')} "
    "      AND (%(batch)s = '' OR EXISTS (SELECT FROM stock_movement m WHERE m.company_id = d.company_id "
    f"       AND m.movement_id = d.movement_id AND {_OF_BATCH.format('m')}))"
    "  ) moved GROUP BY posting_at, voucher_id, movement_id"
    "), running AS ("
    "  SELECT posting_at, voucher_id, movement_id, is_count, %(now)s - sum(qty) OVER () + sum(qty) OVER place AS quantity, "
    "    count(*) FILTER (WHERE is_count) OVER place AS counts, sum(qty) OVER () AS moved FROM later "
    "  WINDOW place AS (ORDER BY posting_at, voucher_id, movement_id)"
    ") "
)


def quantity_history(connection: Rows, names: Names, lot: Lot, at: int, sequence: int, now: int) -> QuantityHistory:
    """Running quantity just after a place, the lowest later one up to the next count, and that count; `now` is the present quantity."""
    parameters = _parameters(names, lot, at, sequence, now)
    row = connection.execute(
        f"WITH {_LATER} SELECT coalesce(max(moved), 0), min(quantity) FILTER (WHERE counts = 0), max(counts) FROM running",
        parameters,
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    moved, lowest, counts = row
    counted = None
    if counts:
        found = connection.execute(
            f"SELECT {MOVEMENT} FROM stock_movement m {MOVEMENT_NAMES} WHERE m.company_id = %(company)s AND m.chain_id = %(chain)s "
            f"AND {_HOLDS} AND {_OF_BATCH.format('m')} AND (m.posting_at, m.voucher_id) > (%(at)s, %(sequence)s) "
            "ORDER BY m.posting_at, m.voucher_id, m.movement_id LIMIT 1",
            parameters,
        ).fetchone()
        counted = None if found is None else movement(found)
    return QuantityHistory(now - int(moved), None if lowest is None else int(lowest), counted)


def first_short_moment(
    connection: Rows, names: Names, lot: Lot, at: int, sequence: int, needed: int, now: int
) -> ShortMoment | None:
    """The first later moment, up to the next count, at which the lot holds less than `needed`."""
    row = connection.execute(
        f"WITH {_LATER} SELECT r.posting_at, v.type, v.number, r.quantity FROM running r "
        "JOIN voucher v ON v.company_id = %(company)s AND v.voucher_id = r.voucher_id "
        "WHERE r.counts = 0 AND r.quantity < %(needed)s ORDER BY r.posting_at, r.voucher_id, r.movement_id LIMIT 1",
        {**_parameters(names, lot, at, sequence, now), "needed": needed},
    ).fetchone()
    return None if row is None else ShortMoment(instant(row[0]), row[1], row[2], int(row[3]))


def _parameters(names: Names, lot: Lot, at: int, sequence: int, now: int) -> dict[str, object]:
    return {
        "company": names.company,
        "chain": names.chains[lot.chain],
        "batch": lot.batch,
        "at": from_instant(at),
        "sequence": sequence,
        "now": now,
    }
