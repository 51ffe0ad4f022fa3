"""Chains and the batches in them added up from the rows of the stock ledger, and held against what their balances say."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.stock_ledger import Basis
from worker.store.database import Rows
from worker.store.reconciliation.ledger_sums import STOCK_ROWS, Mark, between

_NEVER = 2**62


class Mismatch(NamedTuple):
    """A chain whose balance is not what its rows come to: quantities in millionths, amounts in minor units."""

    chain: int
    qty: int
    rows_qty: int
    amount: int
    rows_amount: int


class Running(NamedTuple):
    """A movement after which the quantity (millionths) of a lot is not as it must be; `counted` where a count is why.

    The lot is the chain, or one `batch` (a term's number, else 0) of a chain that values several together.
    """

    chain: int
    batch: int
    voucher: int
    running: int
    counted: int | None


def add_chains(connection: Rows, company: int, after: Mark, upto: Mark, *, anew: bool = False) -> dict[int, datetime]:
    """Add the rows after one mark and up to another to the totals in use, or to those that grow beside them.

    Gives the chains that moved, and from when on.
    """
    found = connection.execute(
        "WITH fresh AS ("
        "  SELECT chain_id, batch_id, sum(qty)::bigint AS qty, sum(amount)::bigint AS amount, min(posting_at) AS since "
        f" FROM ({STOCK_ROWS}) rows GROUP BY chain_id, batch_id"
        "), lots AS ("
        "  SELECT chain_id, 0 AS batch_id, sum(qty)::bigint AS qty, sum(amount)::bigint AS amount FROM fresh GROUP BY chain_id "
        "  UNION ALL SELECT chain_id, batch_id, qty, amount FROM fresh WHERE batch_id <> 0"
        "), kept AS ("
        "  INSERT INTO chain_total (company_id, anew, chain_id, batch_id, qty, amount) "
        "  SELECT %(company)s, %(anew)s, chain_id, batch_id, qty, amount FROM lots "
        "  ON CONFLICT (company_id, anew, chain_id, batch_id) DO UPDATE SET qty = chain_total.qty + excluded.qty, "
        "  amount = chain_total.amount + excluded.amount"
        ") SELECT chain_id, min(since) FROM fresh GROUP BY chain_id",
        {**between(company, after, upto), "anew": anew},
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
        "  FROM (SELECT chain_id, qty, amount FROM chain_total WHERE company_id = %(company)s AND NOT anew AND batch_id = 0 "
        "    AND (%(chains)s::int[] IS NULL OR chain_id = ANY(%(chains)s::int[]))) t "
        "  FULL JOIN (SELECT * FROM later WHERE %(chains)s::int[] IS NULL OR chain_id = ANY(%(chains)s::int[])) l USING (chain_id)"
        "), held AS ("
        "  SELECT b.chain_id, b.qty, floor(b.value / 10::numeric ^ (9 - c.precision) + 0.5) AS amount "
        "  FROM balance b JOIN books.company c USING (company_id) WHERE b.company_id = %(company)s "
        "    AND (%(chains)s::int[] IS NULL OR b.chain_id = ANY(%(chains)s::int[]))"
        ") SELECT chain_id, coalesce(h.qty, 0), coalesce(m.qty, 0)::bigint, coalesce(h.amount, 0)::bigint, coalesce(m.amount, 0)::bigint "
        "FROM held h FULL JOIN moved m USING (chain_id) "
        "WHERE coalesce(h.qty, 0) <> coalesce(m.qty, 0) OR coalesce(h.amount, 0) <> coalesce(m.amount, 0) ORDER BY chain_id",
        {**between(company, mark, Mark(_NEVER, _NEVER, 10**15, _NEVER)), "chains": chains},
    )
    return [Mismatch(*row) for row in found]


def wrong_quantities(
    connection: Rows, company: int, mark: Mark, moved: dict[int, datetime], *, anew: bool = False
) -> list[Running]:
    """Movements of these chains, each from a moment on, that leave less than nothing of a lot, or another quantity than was counted.

    What lay there before the moment is the kept total less what came after, so nothing earlier is read. Errors: those of PostgreSQL.
    """
    if not moved:
        return []
    found = connection.execute(
        # Each chain is read along its own index, whatever the planner makes of how many there are: that is what OFFSET 0 says.
        "WITH touched AS (SELECT * FROM unnest(%(chains)s::int[], %(since)s::timestamptz[]) AS t (chain_id, since)), "
        "shifted AS ("
        "  SELECT d.movement_id, sum(d.qty)::bigint AS qty FROM touched t CROSS JOIN LATERAL ("
        "    SELECT movement_id, qty, difference_id, run_id FROM stock_difference "
        "    WHERE company_id = %(company)s AND chain_id = t.chain_id AND posting_at >= t.since AND qty <> 0 OFFSET 0) d "
        "  WHERE d.difference_id <= %(upto_difference)s OR EXISTS (SELECT FROM repost_run r WHERE r.company_id = %(company)s "
        "    AND r.run_id = d.run_id AND r.batch_no > 0 AND r.batch_no <= %(upto_batch)s) GROUP BY 1"
        "), rows AS ("
        "  SELECT m.*, m.qty + coalesce(s.qty, 0) AS now FROM touched t CROSS JOIN LATERAL ("
        "    SELECT chain_id, posting_at, voucher_id, movement_id, basis, batch_id, counted_qty, provisional, qty FROM stock_movement "
        "    WHERE company_id = %(company)s AND chain_id = t.chain_id AND posting_at >= t.since AND movement_id <= %(upto_movement)s "
        "    OFFSET 0) m LEFT JOIN shifted s USING (movement_id)"
        "), running AS ("
        "  SELECT *, coalesce(sum(now) OVER (PARTITION BY chain_id, lot ORDER BY posting_at DESC, voucher_id DESC, movement_id DESC "
        "    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS later "
        "  FROM (SELECT 0 AS lot, * FROM rows UNION ALL SELECT batch_id, * FROM rows WHERE batch_id <> 0) each_lot"
        "), held AS ("
        "  SELECT r.*, c.qty - later AS after FROM running r JOIN chain_total c "
        "    ON c.company_id = %(company)s AND c.anew = %(anew)s AND c.chain_id = r.chain_id AND c.batch_id = r.lot"
        ") SELECT chain_id, lot, voucher_id, after, CASE WHEN after < 0 THEN NULL ELSE counted_qty END FROM held r "
        "WHERE (after < 0 AND NOT provisional AND now < 0) OR ("
        f"  basis = {Basis.COUNTED:d} AND batch_id = lot AND counted_qty <> after AND NOT EXISTS ("
        "    SELECT FROM stock_movement back WHERE back.company_id = %(company)s AND back.source_id = r.movement_id "
        f"   AND back.source_id <> 0 AND back.basis = {Basis.REVERSED:d})) "
        "ORDER BY posting_at, voucher_id, movement_id, lot",
        {
            "company": company,
            "anew": anew,
            "chains": list(moved),
            "since": list(moved.values()),
            "upto_movement": mark.movement,
            "upto_difference": mark.difference,
            "upto_batch": mark.batch_no,
        },
    )
    return [Running(*row) for row in found]
