"""Received and not billed, kept per voucher: what came in since a mark says whose figures can have changed, and only those are added anew.

The rule is that of the report: an entry in the account belongs to its own voucher (a cancellation's to the one that it takes back), and
what a bill, a return or a late receipt cleared is moved to the voucher that it cleared. What periodic books kept instead counts too.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from worker.store.books.vouchers import VISIBLE
from worker.store.database import Rows
from worker.store.reconciliation.ledger_sums import ENTRY_ROWS, Mark, between


class OpenReceipt(NamedTuple):
    """A voucher that bills are awaited for (or a bill that waits for its goods, below zero); minor units."""

    type: str
    number: str
    posting_date: date
    outstanding: int


_AMOUNT = "e.against_id, e.debit - e.credit AS amount"
_IN_ACCOUNT = f"e.company_id = %(company)s AND e.account_id = %(account)s AND {VISIBLE.format('e')}"

_OF_OWN, _OF_TOUCHED, _OF_CANCELS = (
    f"ANY((SELECT vouchers FROM {name})::bigint[])" for name in ("own_ones", "touched", "cancel_ones")
)

# Touched are vouchers with new entries in the account, new purchases, and what either is linked to, or takes back, or is linked to by
# that. How this is worked out leaves the planner no choice that would depend on what it knows of a table, which may be nothing yet: what
# came in is read by its numbers before anything else is asked of it (OFFSET 0), vouchers stand in arrays, so tables are searched along an
# index for them, each one's kept figure is looked up by itself, what is gone is deleted by its place, what changed written by its key.
_OF_PERIODIC = {
    "touched": """
            UNION SELECT u.of_id FROM own JOIN books.unbilled u ON u.company_id = %(company)s AND u.voucher_id = own.voucher_id
            UNION SELECT u.of_id FROM fresh JOIN books.unbilled u ON u.company_id = %(company)s AND u.voucher_id = fresh.voucher_id
    """,
    "is_void": """
                   OR EXISTS (SELECT FROM voucher v JOIN books.periodic p USING (company_id)
                               WHERE v.company_id = l.company_id AND v.voucher_id = l.voucher_id AND v.voucher_id <> p.opening
                                 AND (v.voucher_id < p.opening OR v.posting_at < p.until))
    """,
    "booked": "WHERE against_id = 0 OR own NOT IN (SELECT opening FROM books.cut_over WHERE company_id = %(company)s)",
    "kept": """
            UNION ALL SELECT u.of_id, u.amount, NULL, NULL FROM (
                SELECT unnest(vouchers) AS voucher_id FROM touched UNION SELECT voucher_id FROM cancels
                UNION SELECT voucher_id FROM links
                UNION SELECT c.voucher_id FROM links l
                  JOIN voucher c ON c.company_id = %(company)s AND c.reverses = l.voucher_id AND c.reverses <> 0
            ) related JOIN books.unbilled u ON u.company_id = %(company)s AND u.voucher_id = related.voucher_id
    """,
}


def _work_out(*, was_periodic: bool) -> str:
    """The statement; books that were always perpetual keep no other figures, and planning to look for them takes longer than all else."""
    asks = _OF_PERIODIC if was_periodic else dict.fromkeys(_OF_PERIODIC, "")
    return f"""
        WITH fresh AS MATERIALIZED (
            SELECT voucher_id, reverses FROM (
                SELECT voucher_id, type, reverses FROM voucher
                 WHERE company_id = %(company)s AND batch_no > %(after_batch_no)s AND batch_no <= %(upto_batch_no)s OFFSET 0
            ) came_in WHERE type LIKE 'purchase%%' OR reverses <> 0
        ), own AS MATERIALIZED (
            SELECT voucher_id FROM fresh WHERE reverses = 0
            UNION SELECT reverses FROM fresh WHERE reverses <> 0
            UNION SELECT CASE WHEN v.reverses = 0 THEN v.voucher_id ELSE v.reverses END
              FROM (SELECT voucher_id FROM ({ENTRY_ROWS} OFFSET 0) e WHERE account_id = %(account)s EXCEPT SELECT voucher_id FROM fresh) e
              JOIN voucher v ON v.company_id = %(company)s AND v.voucher_id = e.voucher_id
        ), own_ones AS MATERIALIZED (
            SELECT array_agg(voucher_id) AS vouchers FROM own
        ), touched AS MATERIALIZED (
            SELECT array_agg(voucher_id) AS vouchers FROM (
                SELECT voucher_id FROM own
                UNION SELECT target_id FROM link WHERE company_id = %(company)s AND voucher_id = {_OF_OWN}
                   AND kind IN ('bills', 'debits', 'returns', 'receives')
                {asks["touched"]}
            ) each_once (voucher_id)
        ), cancels AS MATERIALIZED (
            SELECT voucher_id, reverses FROM voucher WHERE company_id = %(company)s AND reverses = {_OF_TOUCHED} AND reverses <> 0
        ), cancel_ones AS MATERIALIZED (
            SELECT array_agg(voucher_id) AS vouchers FROM cancels
        ), links AS MATERIALIZED (
            SELECT l.voucher_id, l.target_id, CASE l.kind WHEN 'receives' THEN -l.amount ELSE l.amount END AS net,
                   EXISTS (SELECT FROM voucher c WHERE c.company_id = l.company_id AND c.reverses = l.voucher_id AND c.reverses <> 0)
                   {asks["is_void"]} AS is_void
              FROM (SELECT * FROM link WHERE company_id = %(company)s AND target_id = {_OF_TOUCHED}
                    UNION SELECT * FROM link WHERE company_id = %(company)s AND voucher_id = {_OF_TOUCHED}) l
             WHERE l.amount <> 0 AND (l.kind = 'receives' OR (l.kind IN ('bills', 'debits', 'returns') AND 'purchase_receipt' = (
                   SELECT t.type FROM voucher t WHERE t.company_id = l.company_id AND t.voucher_id = l.target_id)))
        ), booked AS (
            SELECT voucher_id AS own, {_AMOUNT} FROM gl_entry e WHERE voucher_id = {_OF_TOUCHED} AND {_IN_ACCOUNT}
            UNION ALL
            SELECT (SELECT v.reverses FROM voucher v WHERE v.company_id = e.company_id AND v.voucher_id = e.voucher_id), {_AMOUNT}
              FROM gl_entry e WHERE voucher_id = {_OF_CANCELS} AND {_IN_ACCOUNT}
        ), open AS (
            SELECT own AS voucher_id, -sum(amount)::bigint AS outstanding, max(posting_date) AS posting_date, max(batch_no) AS batch_no
              FROM (
                SELECT voucher_id AS own, 0 AS amount, posting_date, batch_no FROM voucher
                 WHERE company_id = %(company)s AND voucher_id = {_OF_TOUCHED}
                UNION ALL SELECT own, amount, NULL, NULL FROM booked {asks["booked"]}
                {asks["kept"]}
                UNION ALL SELECT target_id, net, NULL, NULL FROM links WHERE NOT is_void
                UNION ALL SELECT voucher_id, -net, NULL, NULL FROM links WHERE NOT is_void
            ) parts GROUP BY own HAVING count(batch_no) > 0
        ), moved AS MATERIALIZED (
            -- What came in after the mark can't be there yet.
            SELECT o.*, coalesce(r.outstanding, 0) AS before, r.place
              FROM open o LEFT JOIN LATERAL (
                SELECT r.outstanding, r.ctid AS place FROM open_receipt r
                 WHERE o.batch_no <= %(after_batch_no)s AND r.company_id = %(company)s AND r.anew = %(anew)s
                   AND r.posting_date = o.posting_date AND r.voucher_id = o.voucher_id LIMIT 1
              ) r ON true WHERE o.outstanding <> coalesce(r.outstanding, 0)
        ), gone AS (
            DELETE FROM open_receipt WHERE ctid = ANY(ARRAY(SELECT place FROM moved WHERE outstanding = 0))
        ), changed AS (
            INSERT INTO open_receipt (company_id, anew, posting_date, voucher_id, outstanding)
            SELECT %(company)s, %(anew)s, posting_date, voucher_id, outstanding FROM moved WHERE outstanding <> 0 AND place IS NOT NULL
            ON CONFLICT (company_id, anew, posting_date, voucher_id) DO UPDATE SET outstanding = excluded.outstanding
        ), opened AS (
            INSERT INTO open_receipt (company_id, anew, posting_date, voucher_id, outstanding)
            SELECT %(company)s, %(anew)s, posting_date, voucher_id, outstanding FROM moved WHERE place IS NULL
        )
        INSERT INTO open_receipt_day (company_id, anew, posting_date, outstanding)
        SELECT %(company)s, %(anew)s, posting_date, sum(outstanding - before)::bigint FROM moved GROUP BY posting_date
        ON CONFLICT (company_id, anew, posting_date) DO UPDATE SET outstanding = open_receipt_day.outstanding + excluded.outstanding
    """


def add_open_receipts(
    connection: Rows,
    company: int,
    account: int,
    after: Mark,
    upto: Mark,
    *,
    was_periodic: bool,
    anew: bool = False,
) -> None:
    """Work the vouchers out that were touched after one mark and up to another, for the figures in use or those that grow beside them.

    `was_periodic`: the company keeps periodic inventory, or did, so purchases may have kept figures. Errors: those of PostgreSQL.
    """
    asked = {**between(company, after, upto), "account": account, "anew": anew}
    connection.execute(_work_out(was_periodic=was_periodic), asked)


def open_by_day(connection: Rows, company: int) -> list[tuple[date, int]]:
    """What is received and not billed, by the posting dates of its vouchers (minor units)."""
    found = connection.execute(
        "SELECT posting_date, outstanding FROM open_receipt_day WHERE company_id = %s AND NOT anew AND outstanding <> 0 "
        "ORDER BY posting_date",
        [company],
    )
    return found.fetchall()


def oldest_open(connection: Rows, company: int, limit: int) -> list[OpenReceipt]:
    """The vouchers that have been open for longest; no more are read than asked for."""
    found = connection.execute(
        "WITH oldest AS MATERIALIZED ("
        "  SELECT posting_date, voucher_id, outstanding FROM open_receipt WHERE company_id = %(company)s AND NOT anew "
        "  ORDER BY posting_date, voucher_id LIMIT %(limit)s"
        ") SELECT v.type, v.number, o.posting_date, o.outstanding FROM oldest o "
        "JOIN voucher v ON v.company_id = %(company)s AND v.voucher_id = o.voucher_id ORDER BY o.posting_date, o.voucher_id",
        {"company": company, "limit": limit},
    )
    return [OpenReceipt(*row) for row in found]
