"""What a reader of a difference should know first although it explains none of it: reposts that wait, and sales open at tills."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.stock_ledger import DifferenceKind
from worker.store.books.vouchers import VISIBLE
from worker.store.database import Rows


class Waiting(NamedTuple):
    """Reposts that wait in chains of one account: how many documents asked for them, the first few of these by sequence, and the residue.

    The residue is what posting set aside there until then (minor units).
    """

    account: int
    documents: int
    first: list[int]
    chains: int
    residue: int
    since: datetime


class OpenSales(NamedTuple):
    """Sales at tills that no closing has taken up: how many, since when, and what their goods cost as of now (minor units)."""

    warehouse: str
    sales: int
    quarantined: int
    cost: int
    since: datetime


def waiting_reposts(connection: Rows, company: int) -> list[Waiting]:
    """Requests that no published run has done, by stock account."""
    found = connection.execute(
        "WITH asked AS ("
        "  SELECT document_id, chain_id, min(requested_at) AS since FROM repost_request r "
        "  WHERE r.company_id = %(company)s AND (r.run_id IS NULL OR r.run_id IN ("
        "    SELECT run_id FROM repost_run n WHERE n.company_id = %(company)s AND n.published_at IS NULL)) GROUP BY 1, 2"
        "), stands AS ("
        "  SELECT c.chain_id, last.account_id FROM (SELECT DISTINCT chain_id FROM asked) c CROSS JOIN LATERAL ("
        "    SELECT account_id FROM stock_movement m WHERE m.company_id = %(company)s AND m.chain_id = c.chain_id "
        "    ORDER BY posting_at DESC, voucher_id DESC, movement_id DESC LIMIT 1) last"
        "), residues AS ("
        "  SELECT d.account_id, sum(d.amount)::bigint AS amount FROM (SELECT DISTINCT document_id FROM asked WHERE document_id <> 0) a "
        "  JOIN stock_difference d ON d.company_id = %(company)s AND d.document_id = a.document_id AND d.document_id <> 0 "
        f" WHERE d.kind = {DifferenceKind.RESIDUE:d} AND {VISIBLE.format('d')} GROUP BY d.account_id"
        ") SELECT s.account_id, count(DISTINCT a.document_id), (array_agg(DISTINCT a.document_id ORDER BY a.document_id))[1:3], "
        "  count(DISTINCT a.chain_id), coalesce(min(r.amount), 0), min(a.since) "
        "FROM asked a JOIN stands s USING (chain_id) LEFT JOIN residues r USING (account_id) GROUP BY s.account_id ORDER BY s.account_id",
        {"company": company},
    )
    return [Waiting(*row) for row in found]


def open_sales(connection: Rows, company: int) -> list[OpenSales]:
    """Sales that wait for a closing, by the warehouse that their goods leave."""
    found = connection.execute(
        "WITH waiting AS ("
        "  SELECT profile, count(*) AS sales, count(*) FILTER (WHERE status = 'quarantined') AS quarantined, min(event_at) AS since "
        "  FROM pos_invoice WHERE company_id = %(company)s AND status IN ('open', 'quarantined') GROUP BY profile"
        "), total AS (SELECT sum(sales)::bigint AS sales, sum(quarantined)::bigint AS quarantined, min(since) AS since FROM waiting) "
        "SELECT w.name, t.sales, t.quarantined, floor(sum(CASE WHEN b.qty > 0 THEN r.qty * b.value / b.qty ELSE 0 END) "
        "  / 10::numeric ^ (9 - c.precision) + 0.5)::bigint, t.since "
        "FROM total t JOIN books.company c ON c.company_id = %(company)s "
        "JOIN pos_reserved r ON r.company_id = %(company)s AND r.qty <> 0 "
        "JOIN chain ON chain.company_id = r.company_id AND chain.chain_id = r.chain_id "
        "JOIN term w ON w.company_id = chain.company_id AND w.term_id = chain.warehouse_id "
        "LEFT JOIN balance b ON b.company_id = r.company_id AND b.chain_id = r.chain_id "
        "WHERE t.sales > 0 GROUP BY w.name, t.sales, t.quarantined, c.precision, t.since ORDER BY w.name",
        {"company": company},
    )
    return [OpenSales(*row) for row in found]
