"""Adding everything up anew, beside the sums that are in use: where such a pass stands, what it has found, and how it takes their place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec

from worker.store.database import Rows
from worker.store.reconciliation.ledger_sums import BEGINNING, AccountSum, Mark
from worker.store.reconciliation.verdicts import FindingToKeep

_json = msgspec.json.Encoder().encode
_SUMS = ("stock_account_day", "chain_total", "open_receipt", "open_receipt_day")


@dataclass(slots=True)
class Pass:
    """A pass through all rows up to `mark`, then through all chains up to the number `chain` (None while rows are left).

    `rows` counts what was added, `milliseconds` what that took; `findings` are laws that do not hold.
    """

    mark: Mark = BEGINNING
    chain: int | None = None
    is_complete: bool = False
    rows: int = 0
    milliseconds: int = 0
    findings: list[FindingToKeep] = field(default_factory=list)


def take_pass(connection: Rows, company: int) -> Pass | None:
    """The company's pass, under way or complete, until the transaction ends nobody else's; None where there is none."""
    row = connection.execute(
        "SELECT batch_no, movement, difference, entry, chain_id, is_complete, rows, milliseconds, findings FROM sync_pass "
        "WHERE company_id = %s FOR UPDATE",
        [company],
    ).fetchone()
    if row is None:
        return None
    return Pass(Mark(*row[:4]), row[4], row[5], row[6], row[7], [FindingToKeep(*one) for one in row[8]])


def begin_pass(connection: Rows, company: int) -> Pass:
    """The company's pass, begun where there is none; until the transaction ends nobody else's, the very first chunk included."""
    connection.execute(
        "INSERT INTO sync_pass (company_id, batch_no, movement, difference, entry, chain_id, is_complete, rows, milliseconds, findings) "
        "VALUES (%s, %s, %s, %s, %s, NULL, false, 0, 0, '[]') ON CONFLICT DO NOTHING",
        [company, *BEGINNING],
    )
    at = take_pass(connection, company)
    assert at is not None  # noqa: S101 - it was written a moment ago
    return at


def lay_down_pass(connection: Rows, company: int, at: Pass) -> None:
    """Write where a pass stands, for whoever goes on with it."""
    connection.execute(
        "UPDATE sync_pass SET batch_no = %s, movement = %s, difference = %s, entry = %s, chain_id = %s, is_complete = %s, rows = %s, "
        "milliseconds = %s, findings = %s WHERE company_id = %s",
        [*at.mark, at.chain, at.is_complete, at.rows, at.milliseconds, _json(at.findings).decode(), company],
    )


def forget_pass(connection: Rows, company: int) -> None:
    """Drop a pass and what it has added."""
    for table in _SUMS:
        connection.execute(f"DELETE FROM {table} WHERE company_id = %s AND anew", [company])
    connection.execute("DELETE FROM sync_apart WHERE company_id = %s", [company])
    connection.execute("DELETE FROM sync_pass WHERE company_id = %s", [company])


def take_place(connection: Rows, company: int) -> list[AccountSum]:
    """Put what a complete pass has added in the place of the sums in use; gives the documents whose rows differ."""
    found = connection.execute(
        "SELECT account_id, voucher_id, posting_date, stock_value, balance FROM sync_apart "
        "WHERE company_id = %s AND stock_value <> balance",
        [company],
    )
    apart = [AccountSum(*row) for row in found]
    for table in _SUMS:
        connection.execute(f"DELETE FROM {table} WHERE company_id = %s AND NOT anew", [company])
        connection.execute(f"UPDATE {table} SET anew = false WHERE company_id = %s", [company])
    forget_pass(connection, company)
    return apart


def add_apart(connection: Rows, company: int, found: Collection[AccountSum]) -> None:
    """Add documents whose rows differ to those that the pass has found: rows of one document may lie in several chunks."""
    if found:
        columns = zip(*((s.account, s.voucher, s.day, s.stock_value, s.balance) for s in found), strict=True)
        connection.execute(
            "INSERT INTO sync_apart (company_id, account_id, voucher_id, posting_date, stock_value, balance) "
            "SELECT %s, a, v, d, sum(s)::bigint, sum(b)::bigint "
            "FROM unnest(%s::int[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[]) AS t (a, v, d, s, b) GROUP BY a, v, d "
            "ON CONFLICT (company_id, account_id, voucher_id, posting_date) DO UPDATE SET "
            "stock_value = sync_apart.stock_value + excluded.stock_value, balance = sync_apart.balance + excluded.balance",
            [company, *map(list, columns)],
        )


def mark_ahead(connection: Rows, company: int, after: Mark, rows: int) -> Mark:
    """The mark behind about so many rows more, at the end of a batch, and at least one batch on; `after` itself at the end."""
    row = connection.execute(
        "WITH ahead AS ("
        "  SELECT batch_no, last_movement, last_difference, last_entry, row_number() OVER w AS place, sum("
        "    last_movement - first_movement + last_difference - first_difference + last_entry - first_entry + 3 + coalesce(("
        "      SELECT sum(k.last_difference - k.first_difference + k.last_entry - k.first_entry + 2) FROM repost_run r "
        "      JOIN repost_chunk k USING (company_id, run_id) WHERE r.company_id = b.company_id AND r.batch_no = b.batch_no "
        "      AND b.vouchers = 0), 0)) OVER w AS upto "
        "  FROM posted_batch b WHERE company_id = %s AND batch_no > %s WINDOW w AS (ORDER BY batch_no)"
        ") SELECT batch_no, last_movement, last_difference, last_entry FROM ahead WHERE place = 1 OR upto <= %s "
        "ORDER BY batch_no DESC LIMIT 1",
        [company, after.batch_no, rows],
    ).fetchone()
    return after if row is None else Mark(*row)


def chains_ahead(connection: Rows, company: int, after: int, count: int) -> list[int]:
    """The next chains by their numbers that the pass has added up."""
    found = connection.execute(
        "SELECT chain_id FROM chain_total WHERE company_id = %s AND anew AND batch_id = 0 AND chain_id > %s ORDER BY chain_id LIMIT %s",
        [company, after, count],
    )
    return [chain for (chain,) in found]


def chains_between(connection: Rows, company: int, after: int) -> tuple[int, int]:
    """How many chains the pass has added up, and how many of them come after a number."""
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE chain_id > %s) FROM chain_total WHERE company_id = %s AND anew AND batch_id = 0",
        [after, company],
    ).fetchone()
    return (0, 0) if row is None else (row[0], row[1])
