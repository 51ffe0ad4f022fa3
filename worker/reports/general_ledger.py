"""General ledger: entries by posting date, each voucher netted per account, with a running balance per account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount, stream
from worker.reports.visible import with_entries

_COLUMNS: Final = (
    Column("posting_date", Kind.DATE),
    Column("voucher"),
    Column("type"),
    Column("account"),
    Column("debit", Kind.AMOUNT, summed=True),
    Column("credit", Kind.AMOUNT, summed=True),
    Column("balance", Kind.AMOUNT),
    Column("party"),
    Column("cost_center"),
    Column("caused_by"),
)

# Where the entries of a voucher differ in party, cost center or cause, the netted row names all of them.
_NETTED: Final = """
    , shown AS (
        SELECT own, own AS voucher_id, account_id, min(posting_at) AS posting_at, min(entry_id) AS entry_id,
               min(posting_date) AS posting_date, sum(debit - credit) AS net,
               array_agg(DISTINCT party_id) FILTER (WHERE party_id <> 0) AS parties,
               array_agg(DISTINCT cost_center_id) FILTER (WHERE cost_center_id <> 0) AS cost_centers,
               array_agg(DISTINCT cause_id) FILTER (WHERE cause_id <> 0) AS causes
          FROM entries GROUP BY own, account_id HAVING sum(debit - credit) <> 0
    )
"""
_STORED: Final = """
    , shown AS (
        SELECT own, voucher_id, account_id, posting_at, entry_id, posting_date, debit - credit AS net,
               array[party_id] AS parties, array[cost_center_id] AS cost_centers, array[cause_id] AS causes
          FROM entries
    )
"""
_REST: Final = """
    , running AS (
        SELECT shown.*, sum(net) OVER (PARTITION BY account_id ORDER BY posting_date, posting_at, own, entry_id) AS balance
          FROM shown
    )
    SELECT r.posting_date, v.number, v.type, a.name, r.net, r.balance,
           (SELECT string_agg(name, ', ' ORDER BY name) FROM terms WHERE term_id = ANY (r.parties)),
           (SELECT string_agg(name, ', ' ORDER BY name) FROM terms WHERE term_id = ANY (r.cost_centers)),
           (SELECT string_agg(number, ', ' ORDER BY voucher_id) FROM vouchers x WHERE x.voucher_id = ANY (r.causes))
      FROM running r
      JOIN vouchers v ON v.voucher_id = r.voucher_id
      JOIN terms a ON a.term_id = r.account_id
     WHERE (%(account)s::text IS NULL OR a.name = %(account)s) AND (%(voucher)s::text IS NULL OR v.number = %(voucher)s)
       AND (%(start)s::date IS NULL OR r.posting_date >= %(start)s)
     ORDER BY r.posting_date, r.posting_at, r.own, r.entry_id
"""


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    currency = scope.currency
    sql = with_entries((_STORED if scope.entries else _NETTED) + _REST)
    for posted_on, voucher, kind, account, net, balance, party, cost_center, caused_by in stream(
        connection, sql, scope.parameters()
    ):
        yield (
            posted_on, voucher, kind, account,
            amount(max(int(net), 0), currency), amount(max(-int(net), 0), currency), amount(int(balance), currency),
            party or "", cost_center or "", caused_by or "",
        )  # fmt: skip


REPORT: Final = Report(
    name="general-ledger",
    title="General ledger",
    options=frozenset({"start", "end", "known_at", "account", "voucher", "entries"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
