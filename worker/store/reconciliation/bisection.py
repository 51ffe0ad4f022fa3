"""Bisection: at which recorded moments an account and its stock came apart, looked for where the last look found them agreeing.

Nights are halved first: sums of every look are kept, so all but the span behind the last agreement is left out. Within it the batches'
ranges of numbers lead to the rows.
"""

from __future__ import annotations

from domain.reconciliation import Step
from worker.store.database import Rows


def last_agreement(connection: Rows, company: int, account: int) -> int:
    """The batch up to which the last look that found an account agreeing had seen the books, 0 where none has."""
    row = connection.execute(
        "SELECT r.batch_no FROM reconciliation r WHERE r.company_id = %(company)s AND r.as_of IS NULL AND NOT EXISTS ("
        "  SELECT FROM reconciliation_account a WHERE a.company_id = r.company_id AND a.reconciliation_id = r.reconciliation_id "
        "  AND a.account_id = %(account)s AND a.stock_value <> a.balance) ORDER BY r.reconciliation_id DESC LIMIT 1",
        {"company": company, "account": account},
    ).fetchone()
    return 0 if row is None else row[0]


def steps(connection: Rows, company: int, account: int, after: int, upto: int) -> list[Step]:
    """Batches after one and up to another, and runs published in that time, that changed an account's difference; in their order."""
    found = connection.execute(
        "WITH span AS ("
        "  SELECT * FROM posted_batch WHERE company_id = %(company)s AND batch_no > %(after)s AND batch_no <= %(upto)s"
        "), changes AS ("
        "  SELECT b.posted_at AS at, b.batch_no, 0 AS run_id, coalesce(("
        "    SELECT sum(value) FROM stock_movement WHERE company_id = %(company)s AND account_id = %(account)s "
        "    AND movement_id BETWEEN b.first_movement AND b.last_movement), 0) + coalesce(("
        "    SELECT sum(amount) FROM stock_difference WHERE company_id = %(company)s AND account_id = %(account)s "
        "    AND difference_id BETWEEN b.first_difference AND b.last_difference), 0) - coalesce(("
        "    SELECT sum(debit - credit) FROM gl_entry WHERE company_id = %(company)s AND account_id = %(account)s "
        "    AND entry_id BETWEEN b.first_entry AND b.last_entry), 0) AS change FROM span b"
        "  UNION ALL"
        "  SELECT r.published_at, 0, r.run_id, coalesce(sum(("
        "    SELECT sum(amount) FROM stock_difference WHERE company_id = %(company)s AND account_id = %(account)s "
        "    AND difference_id BETWEEN k.first_difference AND k.last_difference)), 0) - coalesce(sum(("
        "    SELECT sum(debit - credit) FROM gl_entry WHERE company_id = %(company)s AND account_id = %(account)s "
        "    AND entry_id BETWEEN k.first_entry AND k.last_entry)), 0) "
        "  FROM repost_run r JOIN repost_chunk k USING (company_id, run_id) "
        "  WHERE r.company_id = %(company)s AND r.batch_no > %(after)s AND r.batch_no <= %(upto)s GROUP BY r.published_at, r.run_id"
        ") SELECT at, batch_no, change::bigint FROM changes WHERE change <> 0 ORDER BY at, batch_no, run_id",
        {"company": company, "account": account, "after": after, "upto": upto},
    )
    return [Step(*row) for row in found]
