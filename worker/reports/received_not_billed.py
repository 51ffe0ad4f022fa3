"""Received but not billed: which receipts the account still waits for bills of, and which bills for goods.

The rows add up to the balance of stock received but not billed, to the cent and by construction: every entry in the account belongs
to its own voucher, and what a bill, a return or a late receipt cleared is moved to the voucher that it cleared. Purchases of a company
with periodic inventory have no such entries: they keep what they would have booked, which stays so for those of before a cut-over, and
the opening entry's part of it is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from domain.chart_of_accounts import DEFAULT_ACCOUNTS
from worker.reports.ageing import AGE_COLUMNS, TODAY, age
from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount, stream
from worker.reports.visible import with_entries

_COLUMNS: Final = (
    Column("voucher"),
    Column("type"),
    Column("party"),
    Column("posting_date", Kind.DATE),
    *AGE_COLUMNS,
    Column("booked", Kind.AMOUNT, summed=True),
    Column("cleared", Kind.AMOUNT, summed=True),
    Column("outstanding", Kind.AMOUNT, summed=True),
)

# Received goods stand on the credit side, so credits are shown as positive. `cleared` carries the sign of a debit: links keep what a
# line debits for its target; a receipt that comes after its bill credits for it.
_SQL: Final = f"""
    , account AS (
        SELECT t.term_id FROM term t
         WHERE t.company_id = %(company)s AND t.kind = 'account' AND t.name = coalesce(
               (SELECT m.payload::json ->> 'stock_received_not_billed' FROM master m JOIN company c ON c.name = m.name
                 WHERE c.company_id = %(company)s AND m.kind = 'company' AND m.company_id IN (0, %(company)s)
                 ORDER BY m.company_id DESC, m.version DESC LIMIT 1), '{DEFAULT_ACCOUNTS["stock_received_not_billed"]}')
    )
    , periodic AS MATERIALIZED (
        SELECT opening, until FROM books.periodic WHERE company_id = %(company)s
    )
    , kept AS (
        SELECT v.voucher_id, v.own, u.of_id, u.amount FROM books.unbilled u JOIN vouchers v USING (voucher_id)
         WHERE u.company_id = %(company)s AND (%(end)s::date IS NULL OR u.day <= %(end)s)
    )
    , booked AS (
        SELECT own AS voucher_id, debit - credit AS net FROM entries
         WHERE account_id IN (SELECT term_id FROM account) AND (against_id = 0 OR own NOT IN (
               SELECT opening FROM books.cut_over c WHERE c.company_id = %(company)s))
        UNION ALL
        SELECT of_id, amount FROM kept WHERE of_id = own
    )
    , cleared AS (
        SELECT l.voucher_id, l.target_id, CASE l.kind WHEN 'receives' THEN -l.amount ELSE l.amount END AS net
          FROM link l
          JOIN voucher v ON v.company_id = l.company_id AND v.voucher_id = l.voucher_id
          JOIN voucher t ON t.company_id = l.company_id AND t.voucher_id = l.target_id
         WHERE l.company_id = %(company)s AND l.amount <> 0 AND (%(end)s::date IS NULL OR v.posting_date <= %(end)s)
           AND (l.kind = 'receives' OR (l.kind IN ('bills', 'debits', 'returns') AND t.type = 'purchase_receipt'))
           AND l.voucher_id IN (SELECT voucher_id FROM vouchers)
           AND l.voucher_id NOT IN (SELECT reverses FROM vouchers) AND NOT EXISTS (
               SELECT FROM periodic p WHERE v.voucher_id <> p.opening AND (v.voucher_id < p.opening OR v.posting_at < p.until))
    )
    , moved AS (
        SELECT target_id AS voucher_id, net FROM cleared
        UNION ALL
        SELECT voucher_id, -net FROM cleared
        UNION ALL
        SELECT of_id, amount FROM kept WHERE of_id <> own
    )
    , open AS (
        SELECT voucher_id, sum(booked) AS booked, sum(cleared) AS cleared
          FROM (SELECT voucher_id, net AS booked, 0 AS cleared FROM booked UNION ALL SELECT voucher_id, 0, net FROM moved) x
         GROUP BY voucher_id HAVING sum(booked) + sum(cleared) <> 0
    )
    SELECT v.number, v.type, coalesce(d.payload::json ->> 'supplier', d.payload::json ->> 'party', ''), w.posting_date,
           {TODAY}, o.booked, o.cleared
      FROM open o
      JOIN vouchers v USING (voucher_id)
      JOIN voucher w ON w.company_id = %(company)s AND w.voucher_id = o.voucher_id
      JOIN document d ON d.company_id = %(company)s AND d.sequence = o.voucher_id
     WHERE %(voucher)s::text IS NULL OR v.number = %(voucher)s
     ORDER BY w.posting_date, o.voucher_id
"""  # noqa: S608 - fragments and names of our own


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    currency = scope.currency
    for number, kind, party, posted_on, today, booked, cleared in stream(
        connection, with_entries(_SQL), scope.parameters()
    ):
        yield (
            number, kind, party, posted_on, *age(today, posted_on),
            amount(-int(booked), currency), amount(int(cleared), currency), amount(-int(booked + cleared), currency),
        )  # fmt: skip


REPORT: Final = Report(
    name="received-not-billed",
    title="Received but not billed",
    options=frozenset({"end", "known_at", "voucher"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
