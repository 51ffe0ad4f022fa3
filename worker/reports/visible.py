"""The ledgers as a reader may see them: what was posted, and the differences of published runs.

Each fragment is the body of a common table expression over one company. `%(end)s` and `%(known_at)s` cut it off by posting
date and by recorded time; a cancellation counts as part of the voucher that it takes back.
"""

from __future__ import annotations

from typing import Final

from domain.stock_ledger import Basis

# A repost's rows become visible all at once, when its run is published; run 0 stands for what posting itself wrote.
PUBLISHED: Final = """
    SELECT run_id FROM repost_run
     WHERE company_id = %(company)s AND published_at IS NOT NULL
       AND (%(known_at)s::timestamptz IS NULL OR published_at <= %(known_at)s)
"""

# `own` is the voucher itself or, of a cancellation, the one it takes back.
VOUCHERS: Final = """
    SELECT voucher_id, type, number, posting_at, posted_at, reverses,
           CASE WHEN reverses = 0 THEN voucher_id ELSE reverses END AS own
      FROM voucher
     WHERE company_id = %(company)s AND (%(known_at)s::timestamptz IS NULL OR posted_at <= %(known_at)s)
"""

# A cancellation's movements lie under the voucher that they take back; what they are known by is the cancellation (`x`).
STOCK: Final = f"""
    SELECT v.own, m.voucher_id, m.line_no, m.chain_id, m.batch_id, m.posting_at, m.movement_id, 0::bigint AS difference_id,
           m.qty, m.value, m.account_id, 0 AS kind, coalesce(x.voucher_id, 0) AS caused_by,
           coalesce(x.posted_at, v.posted_at) AS recorded_at
      FROM stock_movement m
      JOIN vouchers v USING (voucher_id)
      LEFT JOIN vouchers x ON m.basis = {Basis.REVERSED:d} AND x.reverses = m.voucher_id
     WHERE m.company_id = %(company)s AND (%(end)s::date IS NULL OR m.posting_date <= %(end)s)
       AND (m.basis <> {Basis.REVERSED:d} OR x.voucher_id IS NOT NULL)
    UNION ALL
    SELECT v.own, m.voucher_id, m.line_no, m.chain_id, m.batch_id, m.posting_at, m.movement_id, d.difference_id,
           d.qty, d.amount, d.account_id, d.kind, d.document_id, d.recorded_at
      FROM stock_difference d
      JOIN stock_movement m USING (company_id, movement_id)
      JOIN vouchers v ON v.voucher_id = m.voucher_id
     WHERE d.company_id = %(company)s AND (%(end)s::date IS NULL OR d.posting_date <= %(end)s)
       AND (%(known_at)s::timestamptz IS NULL OR d.recorded_at <= %(known_at)s)
       AND (d.run_id = 0 OR d.run_id IN (SELECT run_id FROM published))
"""  # noqa: S608 - the only things put in are our own numbers

ENTRIES: Final = """
    SELECT v.own, e.voucher_id, e.entry_id, e.account_id, e.debit, e.credit, e.posting_date, e.party_id, e.cost_center_id,
           e.against_id, e.cause_id, v.posting_at
      FROM gl_entry e JOIN vouchers v USING (voucher_id)
     WHERE e.company_id = %(company)s AND (%(end)s::date IS NULL OR e.posting_date <= %(end)s)
       AND (%(known_at)s::timestamptz IS NULL OR e.cause_id = 0 OR e.cause_id IN (SELECT voucher_id FROM vouchers))
       AND (e.run_id = 0 OR e.run_id IN (SELECT run_id FROM published))
"""

# Names of terms: id 0 is the empty name and needs no row.
TERMS: Final = "SELECT term_id, name FROM term WHERE company_id = %(company)s"


def with_stock(body: str) -> str:
    """A query over `stock`, `vouchers` and `terms`."""
    return (
        f"WITH published AS ({PUBLISHED}), vouchers AS ({VOUCHERS}), terms AS ({TERMS}),"
        f" stock AS NOT MATERIALIZED ({STOCK}) {body}"
    )


def with_entries(body: str) -> str:
    """A query over `entries`, `vouchers` and `terms`."""
    return (
        f"WITH published AS ({PUBLISHED}), vouchers AS ({VOUCHERS}), terms AS ({TERMS}),"
        f" entries AS NOT MATERIALIZED ({ENTRIES}) {body}"
    )
