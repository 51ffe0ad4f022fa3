"""Adding both ledgers up, from one mark to the next: facts only grow, so what came in since is all that can have changed a sum.

A mark is where posting's own numbers stood. Rows of runs are numbered by themselves and become visible all at once, so they are found by
the chunks of the runs that were published since: each publication is a batch of its own, whichever run was begun first.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from worker.store.database import Rows

_BEFORE_ALL = -(2**62)


class Mark(NamedTuple):
    """How far both ledgers are added up."""

    batch_no: int
    movement: int
    difference: int
    entry: int


BEGINNING = Mark(0, _BEFORE_ALL, _BEFORE_ALL, _BEFORE_ALL)


class AccountSum(NamedTuple):
    """What rows come to in a stock account on a posting date, in minor units; `voucher` 0 where all vouchers' are summed."""

    account: int
    voucher: int
    day: date
    stock_value: int
    balance: int

    @property
    def difference(self) -> int:
        """Stock value less balance."""
        return self.stock_value - self.balance


class Sums(NamedTuple):
    """Rows read, what they come to by account and day, and the vouchers whose rows in the two ledgers differ."""

    rows: int
    days: list[AccountSum]
    apart: list[AccountSum]


_LOT = (
    "CASE WHEN {0}.qty = 0 THEN 0 ELSE (SELECT m.batch_id FROM stock_movement m "
    "WHERE m.company_id = {0}.company_id AND m.movement_id = {0}.movement_id) END"
)

# Rows of the stock ledger after one mark and up to another, as `chain_id, account_id, voucher_id, posting_date, posting_at, qty, amount,
# batch_id`. Differences that leave quantities alone name no lot: nobody asks for it, and there are a million of them after a repost.
STOCK_ROWS = f"""
    SELECT chain_id, account_id, voucher_id, posting_date, posting_at, qty, value AS amount, batch_id FROM stock_movement
     WHERE company_id = %(company)s AND movement_id > %(after_movement)s AND movement_id <= %(upto_movement)s
    UNION ALL
    SELECT chain_id, account_id, voucher_id, posting_date, posting_at, qty, amount, {_LOT.format("stock_difference")} FROM stock_difference
     WHERE company_id = %(company)s AND difference_id > %(after_difference)s AND difference_id <= %(upto_difference)s
    UNION ALL
    SELECT d.chain_id, d.account_id, d.voucher_id, d.posting_date, d.posting_at, d.qty, d.amount, {_LOT.format("d")}
      FROM repost_run r
      JOIN repost_chunk k ON k.company_id = r.company_id AND k.run_id = r.run_id
      JOIN stock_difference d ON d.company_id = k.company_id AND d.difference_id BETWEEN k.first_difference AND k.last_difference
     WHERE r.company_id = %(company)s AND r.batch_no > %(after_batch_no)s AND r.batch_no <= %(upto_batch_no)s
"""

# Likewise of the general ledger, as `account_id, voucher_id, posting_date, amount, run_id, cause_id`.
ENTRY_ROWS = """
    SELECT account_id, voucher_id, posting_date, debit - credit AS amount, run_id, cause_id FROM gl_entry
     WHERE company_id = %(company)s AND entry_id > %(after_entry)s AND entry_id <= %(upto_entry)s
    UNION ALL
    SELECT e.account_id, e.voucher_id, e.posting_date, e.debit - e.credit, e.run_id, e.cause_id
      FROM repost_run r
      JOIN repost_chunk k ON k.company_id = r.company_id AND k.run_id = r.run_id
      JOIN gl_entry e ON e.company_id = k.company_id AND e.entry_id BETWEEN k.first_entry AND k.last_entry
     WHERE r.company_id = %(company)s AND r.batch_no > %(after_batch_no)s AND r.batch_no <= %(upto_batch_no)s
"""

# Of a company that went over to perpetual inventory the opening entry answers for every voucher that it stands for, from its day on. The
# accounts are joined: a list that PostgreSQL thinks too long to hash it would go through for every row.
_BY_VOUCHER = f"""
    WITH cut AS (
        SELECT day, until, opening FROM books.cut_over WHERE company_id = %(company)s
    ), stock AS MATERIALIZED (
        SELECT account_id, voucher_id, posting_date, posting_at, amount FROM ({STOCK_ROWS}) s WHERE account_id <> 0
    ), asked AS MATERIALIZED (
        SELECT account_id FROM stock UNION SELECT unnest(%(accounts)s::int[])
    ), both_sides AS MATERIALIZED (
        SELECT account_id, voucher_id, posting_date, sum(stock_value)::bigint AS stock_value, sum(balance)::bigint AS balance,
               count(*) AS row_count
          FROM (
            SELECT account_id, coalesce(opening, voucher_id) AS voucher_id, greatest(posting_date, day) AS posting_date,
                   amount AS stock_value, 0::bigint AS balance
              FROM stock LEFT JOIN cut ON voucher_id < opening OR posting_at < until
            UNION ALL
            SELECT account_id, coalesce(opening, voucher_id), greatest(posting_date, day), 0, amount
              FROM ({ENTRY_ROWS}) e JOIN asked USING (account_id) LEFT JOIN cut ON voucher_id <= opening OR (
                   SELECT v.posting_at FROM voucher v WHERE v.company_id = %(company)s AND v.voucher_id = e.voucher_id) < until
          ) rows GROUP BY 1, 2, 3
    )
    SELECT account_id, NULL, posting_date, sum(stock_value)::bigint, sum(balance)::bigint, sum(row_count)::bigint
      FROM both_sides GROUP BY account_id, posting_date
    UNION ALL
    SELECT account_id, voucher_id, posting_date, stock_value, balance, 0 FROM both_sides WHERE stock_value <> balance
"""


def present_mark(connection: Rows, company: int) -> Mark:
    """Where a company's ledgers stand now."""
    row = connection.execute(
        "SELECT batch_no, last_movement, last_difference, last_entry FROM lane WHERE company_id = %s", [company]
    ).fetchone()
    assert row is not None  # noqa: S101 - every company has its lane
    return Mark(*row)


def between(company: int, after: Mark, upto: Mark) -> dict[str, object]:
    """The parameters of rows after one mark and up to another."""
    return {
        "company": company,
        **{f"after_{name}": value for name, value in after._asdict().items()},
        **{f"upto_{name}": value for name, value in upto._asdict().items()},
    }


def sums_between(connection: Rows, company: int, accounts: Collection[int], after: Mark, upto: Mark) -> Sums:
    """Add up stock accounts after one mark and up to another: `accounts`, and all that stock stands in. Errors: those of PostgreSQL."""
    found = connection.execute(_BY_VOUCHER, {**between(company, after, upto), "accounts": list(accounts)})
    sums = Sums(0, [], [])
    rows = 0
    for account, voucher, day, stock_value, balance, row_count in found:
        rows += row_count
        (sums.days if voucher is None else sums.apart).append(
            AccountSum(account, voucher or 0, day, stock_value, balance)
        )
    return sums._replace(rows=rows)


def present_balances(
    connection: Rows, company: int, accounts: Collection[int], now: Mark
) -> dict[int, tuple[int, int]]:
    """Stock value and balance of accounts at a mark: what is kept of them, and what came in since. Errors: those of PostgreSQL."""
    row = connection.execute(
        "SELECT batch_no, movement, difference, entry FROM sync_mark WHERE company_id = %s", [company]
    ).fetchone()
    known = balances_as_of(connection, company, None)
    for one in sums_between(connection, company, accounts, Mark(*row) if row else BEGINNING, now).days:
        stock_value, balance = known.get(one.account, (0, 0))
        known[one.account] = stock_value + one.stock_value, balance + one.balance
    return {account: known.get(account, (0, 0)) for account in accounts}


def entries_of_newcomers(connection: Rows, company: int, accounts: Collection[int], upto: Mark) -> list[AccountSum]:
    """What entries there are up to a mark in accounts that stock has never stood in before, by voucher and day."""
    if not accounts:
        return []
    found = connection.execute(
        f"SELECT account_id, voucher_id, posting_date, sum(amount)::bigint FROM ({ENTRY_ROWS}) e "
        "WHERE account_id = ANY(%(accounts)s) GROUP BY 1, 2, 3",
        {**between(company, BEGINNING, upto), "accounts": list(accounts)},
    )
    return [AccountSum(account, voucher, day, 0, balance) for account, voucher, day, balance in found]


# ------------------------------------------------------------------------------------------------------- the sums as kept


def take_mark(connection: Rows, company: int) -> Mark:
    """The mark up to which sums are in use, until the transaction ends nobody else's."""
    taken = "SELECT batch_no, movement, difference, entry FROM sync_mark WHERE company_id = %s FOR UPDATE"
    row = connection.execute(taken, [company]).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO sync_mark (company_id, batch_no, movement, difference, entry, full_at) "
            "VALUES (%s, %s, %s, %s, %s, '-infinity') ON CONFLICT DO NOTHING",
            [company, *BEGINNING],
        )
        row = connection.execute(taken, [company]).fetchone()
    assert row is not None  # noqa: S101 - it was written a moment ago
    return Mark(*row)


def full_look_is_due(connection: Rows, company: int) -> bool:
    """Whether everything is to be added up anew: at first, and a week after the last time, whatever nights were missed."""
    row = connection.execute(
        "SELECT FROM sync_mark WHERE company_id = %s AND full_at >= clock_timestamp() - interval '7 days'", [company]
    ).fetchone()
    return row is None


def set_mark(connection: Rows, company: int, mark: Mark, *, is_full: bool) -> None:
    """Note how far the kept sums reach."""
    connection.execute(
        "UPDATE sync_mark SET batch_no = %s, movement = %s, difference = %s, entry = %s, "
        "full_at = CASE WHEN %s THEN clock_timestamp() ELSE full_at END WHERE company_id = %s",
        [*mark, is_full, company],
    )


def begin_anew(connection: Rows, company: int) -> None:
    """Have the next look add everything up: by which rule stock has entries is another one now. The caller holds the lane."""
    forget_sums(connection, company)
    connection.execute(
        "UPDATE sync_mark SET batch_no = %s, movement = %s, difference = %s, entry = %s, full_at = '-infinity' "
        "WHERE company_id = %s",
        [*BEGINNING, company],
    )


def forget_sums(connection: Rows, company: int) -> None:
    """Drop what is kept of a company, that of a full look under way included."""
    for table in ("stock_account_day", "chain_total", "open_receipt", "open_receipt_day", "sync_apart", "sync_pass"):
        connection.execute(f"DELETE FROM {table} WHERE company_id = %s", [company])


def add_days(connection: Rows, company: int, days: Collection[AccountSum], *, anew: bool = False) -> None:
    """Add sums by account and day to those that are in use, or to those that grow beside them."""
    if days:
        connection.execute(
            "INSERT INTO stock_account_day (company_id, anew, account_id, posting_date, stock_value, balance) "
            "SELECT %s, %s, a, d, sum(s)::bigint, sum(b)::bigint "
            "FROM unnest(%s::int[], %s::date[], %s::bigint[], %s::bigint[]) AS t (a, d, s, b) "
            "GROUP BY a, d ON CONFLICT (company_id, anew, account_id, posting_date) DO UPDATE SET "
            "stock_value = stock_account_day.stock_value + excluded.stock_value, balance = stock_account_day.balance + excluded.balance",
            [company, anew, *(list(column) for column in zip(*((s.account, s.day, s.stock_value, s.balance) for s in days), strict=True))],
        )  # fmt: skip


def known_accounts(connection: Rows, company: int, *, anew: bool = False) -> set[int]:
    """The accounts that sums are kept of."""
    found = connection.execute(
        "SELECT DISTINCT account_id FROM stock_account_day WHERE company_id = %s AND anew = %s", [company, anew]
    )
    return {account for (account,) in found}


def balances_as_of(connection: Rows, company: int, as_of: date | None) -> dict[int, tuple[int, int]]:
    """Stock value and balance of each account by the kept sums, of all posting dates or up to one."""
    found = connection.execute(
        "SELECT account_id, sum(stock_value)::bigint, sum(balance)::bigint FROM stock_account_day "
        "WHERE company_id = %s AND NOT anew AND (%s::date IS NULL OR posting_date <= %s) GROUP BY account_id",
        [company, as_of, as_of],
    )
    return {account: (stock_value, balance) for account, stock_value, balance in found}
