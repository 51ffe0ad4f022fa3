"""What is still on its way into a company's books: documents that no lane has posted, chains that wait for a repost."""

from __future__ import annotations

from typing import NamedTuple

from worker.store.copy import stamp_instant
from worker.store.database import Rows


class Undecided(NamedTuple):
    """An accepted document that is not posted; `status` is accepted or parked, `payload` its newest content."""

    type: str
    number: str
    status: str
    payload: bytes


def undecided_documents(connection: Rows, company: int) -> list[Undecided]:
    """Every document of a company that is accepted or parked, in the order of acceptance."""
    found = connection.execute(
        "SELECT d.type, d.number, waiting.status, coalesce(revised.payload, d.payload) FROM ("
        "  SELECT d.sequence, 'accepted' AS status FROM lane l JOIN document d ON d.company_id = l.company_id "
        "    AND d.sequence > l.decided_sequence WHERE l.company_id = %(company)s AND NOT EXISTS ("
        "      SELECT FROM outcome o WHERE o.company_id = d.company_id AND o.sequence = d.sequence) AND NOT EXISTS ("
        "      SELECT FROM voucher v WHERE v.company_id = d.company_id AND v.voucher_id = d.sequence)"
        "  UNION ALL SELECT o.sequence, o.status FROM outcome o WHERE o.company_id = %(company)s AND o.status = 'parked'"
        ") waiting JOIN document d ON d.company_id = %(company)s AND d.sequence = waiting.sequence "
        "LEFT JOIN LATERAL (SELECT payload FROM document_revision r WHERE r.company_id = d.company_id "
        "  AND r.sequence = d.sequence ORDER BY revision DESC LIMIT 1) revised ON true ORDER BY d.sequence",
        {"company": company},
    )
    return [Undecided(type_, number, status, payload.encode()) for type_, number, status, payload in found]


def pending_reposts(connection: Rows, company: int, before: int) -> list[str]:
    """Items and warehouses whose values are still to be computed again from a place before this instant (microseconds)."""
    found = connection.execute(
        "SELECT DISTINCT item.name || ' in ' || warehouse.name FROM repost_request r "
        "JOIN chain c ON c.company_id = r.company_id AND c.chain_id = r.chain_id "
        "JOIN term item ON item.company_id = c.company_id AND item.term_id = c.item_id "
        "JOIN term warehouse ON warehouse.company_id = c.company_id AND warehouse.term_id = c.warehouse_id "
        "WHERE r.company_id = %s AND r.from_at < %s AND (r.run_id IS NULL OR NOT EXISTS ("
        "  SELECT FROM books.published_run p WHERE p.company_id = r.company_id AND p.run_id = r.run_id)) ORDER BY 1",
        [company, before],
    )
    return [name for (name,) in found]


def unfinished_sales(connection: Rows, company: int, before: int, status: str) -> list[str]:
    """Numbers of sales at tills of a status (open, quarantined) that happened before this instant (microseconds)."""
    found = connection.execute(
        "SELECT v.number FROM pos_invoice s JOIN voucher v USING (company_id, voucher_id) "
        "WHERE s.company_id = %s AND s.status = %s AND s.event_at < %s::timestamptz ORDER BY s.voucher_id",
        [company, status, stamp_instant(before)],
    )
    return [number for (number,) in found]


def has_stock_or_purchases(connection: Rows, company: int) -> bool:
    """Whether anything was posted that perpetual inventory books otherwise than periodic inventory does."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM stock_movement WHERE company_id = %(company)s) OR EXISTS ("
        "  SELECT FROM voucher WHERE company_id = %(company)s AND type IN ('purchase_receipt', 'purchase_invoice'))",
        {"company": company},
    ).fetchone()
    return row is not None and row[0]
