"""Laws of the books that rows can break: asked of everything, or of what came in after a mark."""

from __future__ import annotations

from typing import NamedTuple

from worker.store.database import Rows
from worker.store.ledger_sums import ENTRY_ROWS, Mark, between


class Unbalanced(NamedTuple):
    """A voucher whose debits are not its credits on a date, for one cause; minor units."""

    type: str
    number: str
    day: str
    difference: int


class AstrayReceipt(NamedTuple):
    """A sale at a till that is neither open nor where a closing put it."""

    number: str
    reason: str


def unbalanced(connection: Rows, company: int, after: Mark | None = None, upto: Mark | None = None) -> list[Unbalanced]:
    """Law 1: debits equal credits, per voucher, date and cause; of all entries, or of those after one mark and up to another."""
    parameters: dict[str, object] = {"company": company}
    rows = "SELECT voucher_id, posting_date, debit - credit AS amount, run_id, cause_id FROM gl_entry WHERE company_id = %(company)s"
    if after is not None and upto is not None:
        rows, parameters = ENTRY_ROWS, between(company, after, upto)
    found = connection.execute(
        "SELECT coalesce(v.type, 'voucher'), coalesce(v.number, e.voucher_id::text), e.posting_date::text, e.difference FROM ("
        "  SELECT voucher_id, posting_date, sum(amount)::bigint AS difference "
        f" FROM ({rows}) rows GROUP BY run_id, voucher_id, cause_id, posting_date HAVING sum(amount) <> 0"
        ") e LEFT JOIN voucher v ON v.company_id = %(company)s AND v.voucher_id = e.voucher_id ORDER BY e.voucher_id, e.posting_date",
        parameters,
    )
    return [Unbalanced(*row) for row in found]


def astray_receipts(connection: Rows, company: int, after_batch: int, upto_batch: int) -> list[AstrayReceipt]:
    """Receipts of tills that no state keeps, or whose closing or invoice does not stand; of sales and closings in a span of batches."""
    found = connection.execute(
        "WITH fresh AS (SELECT voucher_id, type FROM voucher WHERE company_id = %(company)s "
        "    AND batch_no > %(after)s AND batch_no <= %(upto)s AND type IN ('pos_invoice', 'pos_closing')), "
        "asked AS ("
        "  SELECT voucher_id FROM fresh WHERE type = 'pos_invoice' UNION "
        "  SELECT s.voucher_id FROM fresh f JOIN pos_invoice s ON s.company_id = %(company)s AND s.closing_id = f.voucher_id "
        "    AND s.closing_id <> 0 WHERE f.type = 'pos_closing'"
        ") SELECT number, reason FROM ("
        "  SELECT v.number, r.voucher_id, CASE WHEN s.voucher_id IS NULL THEN 'no till knows it' "
        "    WHEN s.status = 'open' AND s.closing_id <> 0 THEN 'it is open, and a closing has it' "
        "    WHEN s.status = 'consolidated' AND (c.voucher_id IS NULL OR c.cancelled_by <> 0) THEN 'no closing that stands has it' "
        "    WHEN s.status = 'consolidated' AND (i.voucher_id IS NULL OR i.cancelled_by <> 0) THEN 'no invoice that stands has it' "
        "  END AS reason FROM asked JOIN pos_receipt r ON r.company_id = %(company)s AND r.voucher_id = asked.voucher_id "
        "  JOIN voucher v ON v.company_id = %(company)s AND v.voucher_id = r.voucher_id "
        "  LEFT JOIN pos_invoice s ON s.company_id = %(company)s AND s.voucher_id = r.voucher_id "
        "  LEFT JOIN books.voucher c ON c.company_id = %(company)s AND c.voucher_id = s.closing_id AND s.closing_id <> 0 "
        "  LEFT JOIN books.voucher i ON i.company_id = %(company)s AND i.voucher_id = s.invoice_id AND s.invoice_id <> 0"
        ") seen WHERE reason IS NOT NULL ORDER BY voucher_id",
        {"company": company, "after": after_batch, "upto": upto_batch},
    )
    return [AstrayReceipt(*row) for row in found]
