"""Documents whose rows in the two ledgers differ: kept as they are found, classified by their rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

from domain.reconciliation import Legs
from domain.stock_ledger import Basis
from worker.store.books.vouchers import VISIBLE
from worker.store.database import Rows
from worker.store.reconciliation.ledger_sums import AccountSum


class CauseRow(NamedTuple):
    """A cause as it is kept: numbers for names, minor units; `kind` is empty until its rows have been looked at."""

    account: int
    voucher: int
    day: date
    amount: int
    kind: str
    proposal: int
    first_night: date | None
    recorded_at: datetime


class LegsOf(NamedTuple):
    """A document's rows in a stock account, and the document itself where there is one."""

    account: int
    voucher: int
    legs: Legs
    account_name: str
    payload: bytes | None


def causes(connection: Rows, company: int, accounts: Collection[int] | None = None) -> list[CauseRow]:
    """What is kept of these accounts, or of all; oldest document first."""
    found = connection.execute(
        "SELECT account_id, voucher_id, posting_date, amount, kind, proposal_id, first_night, recorded_at FROM sync_cause "
        "WHERE company_id = %s AND amount <> 0 AND (%s::int[] IS NULL OR account_id = ANY(%s::int[])) "
        "ORDER BY account_id, voucher_id, posting_date",
        [company, None if accounts is None else list(accounts), list(accounts or ())],
    )
    return [CauseRow(*row) for row in found]


def note_drift(
    connection: Rows, company: int, drift: Iterable[tuple[int, int, date, int]], kind: str, proposal: int, now: datetime
) -> None:
    """Keep what posting itself has noted: account, voucher, date and amount; the next run finds the same in the rows."""
    for account, voucher, day, amount in drift:
        connection.execute(
            "INSERT INTO sync_cause (company_id, account_id, voucher_id, posting_date, amount, unproved, kind, proposal_id, recorded_at) "
            "VALUES (%(company)s, %(account)s, %(voucher)s, %(day)s, %(amount)s, %(amount)s, %(kind)s, %(proposal)s, %(now)s) "
            "ON CONFLICT (company_id, account_id, voucher_id, posting_date) DO UPDATE SET "
            "amount = sync_cause.amount + excluded.amount, unproved = sync_cause.unproved + excluded.unproved, "
            "proposal_id = CASE excluded.proposal_id WHEN 0 THEN sync_cause.proposal_id ELSE excluded.proposal_id END",
            {
                "company": company, "account": account, "voucher": voucher, "day": day, "amount": amount, "kind": kind,
                "proposal": proposal, "now": now,
            },
        )  # fmt: skip


def prove(connection: Rows, company: int, found: Collection[AccountSum], night: date, *, is_full: bool) -> None:
    """Put what the rows say in the place of what posting noted: all of it, or what came in since the mark; the caller has the lane."""
    connection.execute(
        "UPDATE sync_cause SET amount = CASE WHEN %s THEN 0 ELSE amount - unproved END, unproved = 0 "
        "WHERE company_id = %s AND (%s OR unproved <> 0)",
        [is_full, company, is_full],
    )
    if found:
        columns = zip(*((s.account, s.voucher, s.day, s.difference) for s in found), strict=True)
        connection.execute(
            "INSERT INTO sync_cause (company_id, account_id, voucher_id, posting_date, amount, unproved, kind, proposal_id, recorded_at) "
            "SELECT %(company)s, f.account, f.voucher, f.day, sum(f.amount)::bigint, 0, '', 0, coalesce("
            "  (SELECT max(v.posted_at) FROM voucher v WHERE v.company_id = %(company)s AND f.voucher IN (v.voucher_id, v.reverses)),"
            "  clock_timestamp()) "
            "FROM unnest(%(accounts)s::int[], %(vouchers)s::bigint[], %(days)s::date[], %(amounts)s::bigint[]) "
            "  AS f (account, voucher, day, amount) GROUP BY f.account, f.voucher, f.day "
            "ON CONFLICT (company_id, account_id, voucher_id, posting_date) DO UPDATE SET amount = sync_cause.amount + excluded.amount",
            {
                "company": company,
                **dict(zip(("accounts", "vouchers", "days", "amounts"), map(list, columns), strict=True)),
            },
        )
    connection.execute("DELETE FROM sync_cause WHERE company_id = %s AND amount = 0", [company])
    connection.execute(
        "UPDATE sync_cause SET first_night = %s WHERE company_id = %s AND first_night IS NULL", [night, company]
    )


def name_kinds(connection: Rows, company: int, kinds: Collection[tuple[int, int, str]]) -> None:
    """Note why documents' rows differ: account, voucher, kind."""
    if kinds:
        connection.execute(
            "UPDATE sync_cause c SET kind = k.kind FROM unnest(%s::int[], %s::bigint[], %s::text[]) AS k (account_id, voucher_id, kind) "
            "WHERE c.company_id = %s AND c.account_id = k.account_id AND c.voucher_id = k.voucher_id",
            [*(list(column) for column in zip(*kinds, strict=True)), company],
        )


def assign(connection: Rows, company: int, accounts: Collection[int], vouchers: Collection[int], proposal: int) -> None:
    """Note which proposal mends these documents' part of these accounts' differences."""
    connection.execute(
        "UPDATE sync_cause SET proposal_id = %s WHERE company_id = %s AND account_id = ANY(%s) AND voucher_id = ANY(%s)",
        [proposal, company, list(accounts), list(vouchers)],
    )


def legs_of(connection: Rows, company: int, keys: Collection[tuple[int, int]]) -> list[LegsOf]:
    """The rows of documents in stock accounts (account, voucher), as they are now, with everything that tells why they differ."""
    if not keys:
        return []
    found = connection.execute(
        "WITH asked AS (SELECT * FROM unnest(%(accounts)s::int[], %(vouchers)s::bigint[]) AS a (account_id, voucher_id)), "
        "stock AS ("
        "  SELECT a.account_id, a.voucher_id, count(*) AS row_count, sum(m.amount) AS amount, bool_or(m.is_reversal) AS reversed, "
        "    array_agg(DISTINCT m.chain_id) AS chains FROM asked a JOIN LATERAL ("
        f"    SELECT chain_id, account_id, value AS amount, basis = {Basis.REVERSED:d} AS is_reversal FROM stock_movement m "
        "      WHERE m.company_id = %(company)s AND m.voucher_id = a.voucher_id "
        "    UNION ALL SELECT chain_id, account_id, amount, false FROM stock_difference d "
        f"     WHERE d.company_id = %(company)s AND d.voucher_id = a.voucher_id AND {VISIBLE.format('d')}"
        "  ) m ON m.account_id = a.account_id GROUP BY 1, 2"
        "), ledger AS ("
        "  SELECT a.account_id, a.voucher_id, count(*) FILTER (WHERE e.account_id = a.account_id) AS row_count, "
        "    sum(e.debit - e.credit) FILTER (WHERE e.account_id = a.account_id) AS amount, sum(e.debit - e.credit) AS total, "
        "    bool_or(e.account_id = a.account_id AND e.cause_id = coalesce(x.voucher_id, -1)) AS reversed "
        "  FROM asked a JOIN gl_entry e ON e.company_id = %(company)s AND e.voucher_id = a.voucher_id "
        f"   AND {VISIBLE.format('e')} "
        "  LEFT JOIN voucher x ON x.company_id = %(company)s AND x.reverses = a.voucher_id AND x.reverses <> 0 GROUP BY 1, 2"
        ") SELECT a.account_id, a.voucher_id, coalesce(s.row_count, 0), coalesce(l.row_count, 0), coalesce(s.amount, 0)::bigint, "
        "  coalesce(l.amount, 0)::bigint, false, x.voucher_id IS NOT NULL, coalesce(s.reversed, false), coalesce(l.reversed, false), "
        "  coalesce(l.total, 0) = 0, NOT EXISTS (SELECT FROM balance b JOIN chain_total t USING (company_id, chain_id) "
        "    JOIN books.company c USING (company_id) WHERE b.company_id = %(company)s AND b.chain_id = ANY(s.chains) "
        "    AND t.amount <> floor(b.value / 10::numeric ^ (9 - c.precision) + 0.5)), t.name, d.payload "
        "FROM asked a LEFT JOIN stock s USING (account_id, voucher_id) LEFT JOIN ledger l USING (account_id, voucher_id) "
        "LEFT JOIN voucher x ON x.company_id = %(company)s AND x.reverses = a.voucher_id AND x.reverses <> 0 "
        "JOIN term t ON t.company_id = %(company)s AND t.term_id = a.account_id "
        "LEFT JOIN document d ON d.company_id = %(company)s AND d.sequence = a.voucher_id",
        {
            "company": company,
            "accounts": [account for account, _ in keys],
            "vouchers": [voucher for _, voucher in keys],
        },
    )
    return [
        LegsOf(row[0], row[1], Legs(*row[2:12]), row[12], None if row[13] is None else row[13].encode())
        for row in found
    ]
