"""Laws of the books that rows can break: asked of everything, of what came in after a mark, or of certain vouchers again."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from worker.store.books.vouchers import VISIBLE
from worker.store.database import Rows
from worker.store.reconciliation.ledger_sums import ENTRY_ROWS, Mark, between


class Unbalanced(NamedTuple):
    """A voucher whose debits are not its credits on a date, for one cause; minor units."""

    voucher: int
    type: str
    number: str
    day: str
    difference: int


class AstrayReceipt(NamedTuple):
    """A sale at a till that is neither open nor where a closing put it."""

    voucher: int
    number: str
    reason: str


_ALL_ENTRIES = "SELECT voucher_id, posting_date, debit - credit AS amount, run_id, cause_id FROM gl_entry e WHERE company_id = %(company)s"

# Each sale is looked up by itself: joined as tables, the planner might go through all sales for each where it knows nothing of them yet.
_OF_COMPANY = "SELECT {} FROM {} WHERE company_id = %(company)s"


def unbalanced(connection: Rows, company: int) -> list[Unbalanced]:
    """Law 1: debits equal credits, per voucher, date and cause; asked of all entries. Errors: those of PostgreSQL."""
    return _unbalanced(connection, _ALL_ENTRIES, {"company": company})


def unbalanced_between(connection: Rows, company: int, after: Mark, upto: Mark) -> list[Unbalanced]:
    """The same of entries after one mark and up to another."""
    return _unbalanced(connection, ENTRY_ROWS, between(company, after, upto))


def unbalanced_among(connection: Rows, company: int, vouchers: Collection[int]) -> list[Unbalanced]:
    """The same of these vouchers, as they are now."""
    rows = f"{_ALL_ENTRIES} AND voucher_id = ANY(%(vouchers)s) AND {VISIBLE.format('e')}"
    return _unbalanced(connection, rows, {"company": company, "vouchers": list(vouchers)})


def _unbalanced(connection: Rows, rows: str, parameters: dict[str, object]) -> list[Unbalanced]:
    found = connection.execute(
        "SELECT e.voucher_id, coalesce(v.type, 'voucher'), coalesce(v.number, e.voucher_id::text), e.posting_date::text, e.difference "
        "FROM ("
        "  SELECT voucher_id, posting_date, sum(amount)::bigint AS difference "
        f" FROM ({rows}) rows GROUP BY run_id, voucher_id, cause_id, posting_date HAVING sum(amount) <> 0"
        ") e LEFT JOIN LATERAL (SELECT type, number FROM voucher WHERE company_id = %(company)s AND voucher_id = e.voucher_id LIMIT 1) v "
        "ON true ORDER BY e.voucher_id, e.posting_date",
        parameters,
    )
    return [Unbalanced(*row) for row in found]


def astray_receipts(
    connection: Rows, company: int, after_batch: int, upto_batch: int, again: Collection[int] = ()
) -> list[AstrayReceipt]:
    """Receipts of tills that no state keeps, or whose closing or invoice does not stand; of sales and closings in a span of batches.

    `again` are vouchers of sales that are asked of as well, whenever they were posted.
    """
    found = connection.execute(
        "WITH fresh AS (SELECT * FROM (SELECT voucher_id, type FROM voucher WHERE company_id = %(company)s "
        "    AND batch_no > %(after)s AND batch_no <= %(upto)s OFFSET 0) came_in WHERE type IN ('pos_invoice', 'pos_closing')), "
        "asked AS ("
        "  SELECT voucher_id FROM fresh WHERE type = 'pos_invoice' UNION SELECT unnest(%(again)s::bigint[]) UNION "
        "  SELECT s.voucher_id FROM fresh f JOIN pos_invoice s ON s.company_id = %(company)s AND s.closing_id = f.voucher_id "
        "    AND s.closing_id <> 0 WHERE f.type = 'pos_closing'"
        ") SELECT voucher_id, number, reason FROM ("
        "  SELECT v.number, r.voucher_id, CASE WHEN s.voucher_id IS NULL THEN 'no till knows it' "
        "    WHEN s.status = 'open' AND s.closing_id <> 0 THEN 'it is open, and a closing has it' "
        "    WHEN s.status = 'consolidated' AND (c.voucher_id IS NULL OR c.cancelled_by <> 0) THEN 'no closing that stands has it' "
        "    WHEN s.status = 'consolidated' AND (i.voucher_id IS NULL OR i.cancelled_by <> 0) THEN 'no invoice that stands has it' "
        "  END AS reason FROM asked "
        f" JOIN LATERAL ({_OF_COMPANY.format('voucher_id', 'pos_receipt')} AND voucher_id = asked.voucher_id LIMIT 1) r ON true "
        f" JOIN LATERAL ({_OF_COMPANY.format('number', 'voucher')} AND voucher_id = asked.voucher_id LIMIT 1) v ON true "
        f" LEFT JOIN LATERAL ({_OF_COMPANY.format('voucher_id, status, closing_id, invoice', 'pos_invoice')} "
        "    AND voucher_id = asked.voucher_id LIMIT 1) s ON true "
        f" LEFT JOIN LATERAL ({_OF_COMPANY.format('voucher_id, cancelled_by', 'books.voucher')} AND voucher_id = s.closing_id "
        "    AND s.closing_id <> 0 LIMIT 1) c ON true "
        f" LEFT JOIN LATERAL ({_OF_COMPANY.format('voucher_id, cancelled_by', 'books.voucher')} AND number = s.invoice "
        "    AND type = 'sales_invoice' LIMIT 1) i ON true"
        ") seen WHERE reason IS NOT NULL ORDER BY voucher_id",
        {"company": company, "after": after_batch, "upto": upto_batch, "again": list(again)},
    )
    return [AstrayReceipt(*row) for row in found]
