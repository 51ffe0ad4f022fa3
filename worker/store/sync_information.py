"""What a reader of a difference should know first although it explains none of it: reposts that wait, and sales open at tills."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.stock_ledger import DifferenceKind
from worker.store.database import Rows
from worker.store.vouchers import VISIBLE


class Waiting(NamedTuple):
    """Reposts that a document asked for in chains of one account; `residue` is what posting set aside there until then (minor units)."""

    account: int
    voucher: int
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
    """Requests that no published run has done, by document and stock account."""
    found = connection.execute(
        "WITH asked AS ("
        "  SELECT document_id, array_agg(DISTINCT chain_id) AS chains, min(requested_at) AS since FROM repost_request r "
        "  WHERE r.company_id = %(company)s AND (r.run_id IS NULL OR r.run_id IN ("
        "    SELECT run_id FROM repost_run n WHERE n.company_id = %(company)s AND n.published_at IS NULL)) GROUP BY document_id"
        ") SELECT coalesce(d.account_id, m.account_id), asked.document_id, cardinality(asked.chains), coalesce(d.amount, 0)::bigint, since "
        "FROM asked LEFT JOIN LATERAL ("
        "  SELECT account_id, sum(amount) AS amount FROM stock_difference d WHERE d.company_id = %(company)s "
        f" AND d.document_id = asked.document_id AND d.document_id <> 0 AND d.kind = {DifferenceKind.RESIDUE:d} "
        f" AND {VISIBLE.format('d')} GROUP BY account_id"
        ") d ON true LEFT JOIN LATERAL ("
        "  SELECT account_id FROM stock_movement m WHERE m.company_id = %(company)s AND m.chain_id = asked.chains[1] "
        "  ORDER BY posting_at DESC, voucher_id DESC, movement_id DESC LIMIT 1"
        ") m ON true WHERE coalesce(d.account_id, m.account_id) IS NOT NULL ORDER BY asked.document_id, 1",
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
