"""Chains added up from the rows of the stock ledger, and held against what their balances say."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.stock_ledger import Basis
from worker.store.database import Rows
from worker.store.ledger_sums import STOCK_ROWS, Mark, between

_NEVER = 2**62


class Mismatch(NamedTuple):
    """A chain whose balance is not what its rows come to: quantities in millionths, amounts in minor units."""

    chain: int
    qty: int
    rows_qty: int
    amount: int
    rows_amount: int


class Running(NamedTuple):
    """A movement after which a chain's quantity (millionths) is not as it must be; `counted` where a count is why."""

    chain: int
    voucher: int
    running: int
    counted: int | None


def add_chains(connection: Rows, company: int, after: Mark, upto: Mark) -> dict[int, datetime]:
    """Add the rows after one mark and up to another to the kept totals; gives the chains that moved, and from when on."""
    found = connection.execute(
        "WITH fresh AS ("
        "  SELECT chain_id, sum(qty)::bigint AS qty, sum(amount)::bigint AS amount, min(posting_at) AS since "
        f" FROM ({STOCK_ROWS}) rows GROUP BY chain_id"
        "), kept AS ("
        "  INSERT INTO chain_total (company_id, chain_id, qty, amount) SELECT %(company)s, chain_id, qty, amount FROM fresh "
        "  ON CONFLICT (company_id, chain_id) DO UPDATE SET qty = chain_total.qty + excluded.qty, "
        "  amount = chain_total.amount + excluded.amount"
        ") SELECT chain_id, since FROM fresh",
        between(company, after, upto),
    )
    return dict(found.fetchall())


def mismatches(connection: Rows, company: int, mark: Mark, chains: list[int] | None = None) -> list[Mismatch]:
    """Chains (all of them where none are named) whose balances are not what their rows add up to.

    One statement sees the balances and the rows that were posted behind the mark at one and the same moment. Values of periodic
    companies are compared alike. Errors: those of PostgreSQL.
    """
    found = connection.execute(
        f"WITH later AS (SELECT chain_id, sum(qty) AS qty, sum(amount) AS amount FROM ({STOCK_ROWS}) rows GROUP BY chain_id), "
        "moved AS ("
        "  SELECT coalesce(t.chain_id, l.chain_id) AS chain_id, coalesce(t.qty, 0) + coalesce(l.qty, 0) AS qty, "
        "    coalesce(t.amount, 0) + coalesce(l.amount, 0) AS amount "
        "  FROM (SELECT chain_id, qty, amount FROM chain_total WHERE company_id = %(company)s "
        "    AND (%(chains)s::int[] IS NULL OR chain_id = ANY(%(chains)s::int[]))) t "
        "  FULL JOIN (SELECT * FROM later WHERE %(chains)s::int[] IS NULL OR chain_id = ANY(%(chains)s::int[])) l USING (chain_id)"
        "), held AS ("
        "  SELECT b.chain_id, b.qty, floor(b.value / 10::numeric ^ (9 - c.precision) + 0.5) AS amount "
        "  FROM balance b JOIN books.company c USING (company_id) WHERE b.company_id = %(company)s "
        "    AND (%(chains)s::int[] IS NULL OR b.chain_id = ANY(%(chains)s::int[]))"
        ") SELECT chain_id, coalesce(h.qty, 0), coalesce(m.qty, 0)::bigint, coalesce(h.amount, 0)::bigint, coalesce(m.amount, 0)::bigint "
        "FROM held h FULL JOIN moved m USING (chain_id) "
        "WHERE coalesce(h.qty, 0) <> coalesce(m.qty, 0) OR coalesce(h.amount, 0) <> coalesce(m.amount, 0) ORDER BY chain_id",
        {**between(company, mark, Mark(_NEVER, _NEVER, 10**15, _NEVER, _NEVER)), "chains": chains},
    )
    return [Mismatch(*row) for row in found]


def wrong_quantities(connection: Rows, company: int, mark: Mark, moved: dict[int, datetime]) -> list[Running]:
    """Movements of these chains, each from a moment on, that leave less than nothing, or another quantity than was counted.

    What lay there before the moment is the kept total less what came after, so nothing earlier is read. Errors: those of PostgreSQL.
    """
    if not moved:
        return []
    found = connection.execute(
        "WITH touched AS (SELECT * FROM unnest(%(chains)s::int[], %(since)s::timestamptz[]) AS t (chain_id, since)), "
        "shifted AS ("
        "  SELECT d.movement_id, sum(d.qty) AS qty FROM touched t JOIN stock_difference d ON d.company_id = %(company)s "
        "    AND d.chain_id = t.chain_id AND d.posting_at >= t.since AND d.qty <> 0 "
        "  WHERE d.difference_id <= %(upto_difference)s OR EXISTS (SELECT FROM repost_run r WHERE r.company_id = %(company)s "
        "    AND r.run_id = d.run_id AND r.run_id <> 0 AND r.run_id <= %(upto_run)s AND r.published_at IS NOT NULL) GROUP BY 1"
        "), rows AS ("
        "  SELECT m.chain_id, m.posting_at, m.voucher_id, m.movement_id, m.basis, m.batch_id, m.counted_qty, m.provisional, "
        "    m.qty + coalesce(s.qty, 0) AS qty "
        "  FROM touched t JOIN stock_movement m ON m.company_id = %(company)s AND m.chain_id = t.chain_id AND m.posting_at >= t.since "
        "    AND m.movement_id <= %(upto_movement)s LEFT JOIN shifted s USING (movement_id)"
        "), begun AS ("
        "  SELECT chain_id, c.qty - sum(rows.qty) AS qty FROM rows JOIN chain_total c USING (chain_id) "
        "  WHERE c.company_id = %(company)s GROUP BY chain_id, c.qty"
        "), running AS ("
        "  SELECT rows.*, b.qty + sum(rows.qty) OVER (PARTITION BY chain_id ORDER BY posting_at, voucher_id, movement_id) AS after "
        "  FROM rows JOIN begun b USING (chain_id)"
        ") SELECT chain_id, voucher_id, after::bigint, CASE WHEN after < 0 THEN NULL ELSE counted_qty END FROM running r "
        "WHERE (after < 0 AND NOT provisional AND qty < 0) OR ("
        f"  basis = {Basis.COUNTED:d} AND batch_id = 0 AND counted_qty <> after AND NOT EXISTS ("
        "    SELECT FROM stock_movement back WHERE back.company_id = %(company)s AND back.source_id = r.movement_id "
        f"   AND back.source_id <> 0 AND back.basis = {Basis.REVERSED:d})) "
        "ORDER BY posting_at, voucher_id, movement_id",
        {
            "company": company,
            "chains": list(moved),
            "since": list(moved.values()),
            "upto_movement": mark.movement,
            "upto_difference": mark.difference,
            "upto_run": mark.run,
        },
    )
    return [Running(*row) for row in found]
