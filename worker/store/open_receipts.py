"""Received and not billed, kept per voucher: what came in since a mark says whose figures can have changed, and only those are added anew.

The rule is that of the report: an entry in the account belongs to its own voucher (a cancellation's to the one that it takes back), and
what a bill, a return or a late receipt cleared is moved to the voucher that it cleared. What periodic books kept instead counts too.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from worker.store.database import Rows
from worker.store.ledger_sums import ENTRY_ROWS, Mark, between
from worker.store.vouchers import VISIBLE


class OpenReceipt(NamedTuple):
    """A voucher that bills are awaited for (or a bill that waits for its goods, below zero); minor units."""

    type: str
    number: str
    posting_date: date
    outstanding: int


# Vouchers with new entries in the account, new purchases, and what either is linked to, or takes back, or is linked to by that.
_TOUCHED = f"""
    WITH fresh AS MATERIALIZED (
        SELECT voucher_id, reverses FROM voucher
         WHERE company_id = %(company)s AND batch_no > %(after_batch_no)s AND batch_no <= %(upto_batch_no)s
           AND (type LIKE 'purchase%%' OR reverses <> 0)
    ), own AS MATERIALIZED (
        SELECT voucher_id FROM fresh WHERE reverses = 0
        UNION SELECT reverses FROM fresh WHERE reverses <> 0
        UNION SELECT CASE WHEN v.reverses = 0 THEN v.voucher_id ELSE v.reverses END
          FROM (SELECT voucher_id FROM ({ENTRY_ROWS}) e WHERE account_id = %(account)s EXCEPT SELECT voucher_id FROM fresh) e
          JOIN voucher v ON v.company_id = %(company)s AND v.voucher_id = e.voucher_id
    )
    SELECT voucher_id FROM own
    UNION SELECT l.target_id FROM own JOIN link l ON l.company_id = %(company)s AND l.voucher_id = own.voucher_id
     WHERE l.kind IN ('bills', 'debits', 'returns', 'receives')
    UNION SELECT u.of_id FROM own JOIN books.unbilled u ON u.company_id = %(company)s AND u.voucher_id = own.voucher_id
     WHERE %(was_periodic)s
    UNION SELECT u.of_id FROM fresh JOIN books.unbilled u ON u.company_id = %(company)s AND u.voucher_id = fresh.voucher_id
     WHERE %(was_periodic)s
"""

# The touched vouchers come as numbers, so that the planner knows how many there are.
_WORK_OUT = f"""
    WITH touched AS MATERIALIZED (
        SELECT unnest(%(touched)s::bigint[]) AS voucher_id
    ), members AS (
        SELECT voucher_id AS own, voucher_id FROM touched
        UNION ALL
        SELECT t.voucher_id, v.voucher_id FROM touched t
          JOIN voucher v ON v.company_id = %(company)s AND v.reverses = t.voucher_id AND v.reverses <> 0
    ), links AS MATERIALIZED (
        SELECT l.voucher_id, l.target_id, CASE l.kind WHEN 'receives' THEN -l.amount ELSE l.amount END AS net,
               EXISTS (SELECT FROM voucher c WHERE c.company_id = l.company_id AND c.reverses = l.voucher_id AND c.reverses <> 0)
               OR %(was_periodic)s AND EXISTS (
                   SELECT FROM books.unbilled u WHERE u.company_id = l.company_id AND u.voucher_id = l.voucher_id) AS is_void
          FROM (SELECT l.* FROM touched t JOIN link l ON l.company_id = %(company)s AND l.target_id = t.voucher_id
                UNION SELECT l.* FROM touched t JOIN link l ON l.company_id = %(company)s AND l.voucher_id = t.voucher_id) l
          JOIN voucher t ON t.company_id = l.company_id AND t.voucher_id = l.target_id
         WHERE l.amount <> 0 AND (l.kind = 'receives' OR (l.kind IN ('bills', 'debits', 'returns') AND t.type = 'purchase_receipt'))
    ), kept AS (
        SELECT u.of_id, u.amount FROM (
            SELECT own AS voucher_id FROM members UNION SELECT m.voucher_id FROM members m UNION SELECT l.voucher_id FROM links l
            UNION SELECT c.voucher_id FROM links l
              JOIN voucher c ON c.company_id = %(company)s AND c.reverses = l.voucher_id AND c.reverses <> 0
        ) related JOIN books.unbilled u ON u.company_id = %(company)s AND u.voucher_id = related.voucher_id
         WHERE %(was_periodic)s
    ), net AS (
        SELECT m.own AS voucher_id, e.debit - e.credit AS amount FROM members m
          JOIN gl_entry e ON e.company_id = %(company)s AND e.voucher_id = m.voucher_id AND e.account_id = %(account)s
         WHERE {VISIBLE.format("e")} AND (e.against_id = 0 OR m.own NOT IN (
               SELECT opening FROM books.cut_over c WHERE c.company_id = %(company)s))
        UNION ALL SELECT of_id, amount FROM kept
        UNION ALL SELECT target_id, net FROM links WHERE NOT is_void
        UNION ALL SELECT voucher_id, -net FROM links WHERE NOT is_void
    ), open AS (
        SELECT v.voucher_id, v.posting_date, -coalesce(sum(net.amount), 0)::bigint AS outstanding
          FROM voucher v LEFT JOIN net USING (voucher_id) WHERE v.company_id = %(company)s AND v.voucher_id = ANY(%(touched)s)
         GROUP BY v.voucher_id, v.posting_date
    ), compared AS (
        SELECT o.*, (SELECT r.outstanding FROM open_receipt r WHERE r.company_id = %(company)s AND r.anew = %(anew)s
                        AND r.posting_date = o.posting_date AND r.voucher_id = o.voucher_id) AS before
          FROM open o
    ), moved AS MATERIALIZED (
        SELECT * FROM compared WHERE outstanding <> coalesce(before, 0)
    ), gone AS (
        DELETE FROM open_receipt r USING moved m WHERE m.outstanding = 0 AND r.company_id = %(company)s AND r.anew = %(anew)s
           AND r.posting_date = m.posting_date AND r.voucher_id = m.voucher_id
    ), changed AS (
        UPDATE open_receipt r SET outstanding = m.outstanding FROM moved m
         WHERE m.before <> 0 AND m.outstanding <> 0 AND r.company_id = %(company)s AND r.anew = %(anew)s
           AND r.posting_date = m.posting_date AND r.voucher_id = m.voucher_id
    ), opened AS (
        INSERT INTO open_receipt (company_id, anew, posting_date, voucher_id, outstanding)
        SELECT %(company)s, %(anew)s, posting_date, voucher_id, outstanding FROM moved WHERE before IS NULL
    )
    INSERT INTO open_receipt_day (company_id, anew, posting_date, outstanding)
    SELECT %(company)s, %(anew)s, posting_date, sum(outstanding - coalesce(before, 0))::bigint FROM moved GROUP BY posting_date
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
    asked = {**between(company, after, upto), "account": account, "anew": anew, "was_periodic": was_periodic}
    touched = [voucher for (voucher,) in connection.execute(_TOUCHED, asked)]
    if touched:
        connection.execute(_WORK_OUT, {**asked, "touched": touched})


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
