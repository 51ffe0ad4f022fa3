"""Plans of migrations as they are kept, what a plan looked at, and what changed about that since."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any, NamedTuple

import msgspec

from worker.store.database import Rows

PLANNED, APPLIED, ROLLED_BACK = "planned", "applied", "rolled back"

# Masters that decide which accounts stock is booked to.
_MASTERS = (
    "company", "account", "warehouse", "item", "item_group", "cost_center", "accounting_period", "cut_over",
)  # fmt: skip
_encode = msgspec.json.Encoder().encode


class Sight(NamedTuple):
    """What a plan looked at: a hash that anything posted, reposted or published about accounts changes, and how far each had come."""

    fingerprint: bytes
    batch_no: int
    runs: int
    acceptance: int


class StoredPlan(NamedTuple):
    """One plan of a company; `opening` is the sequence of its opening entry once it was applied."""

    number: int
    status: str
    as_of: date
    fingerprint: bytes
    content: dict[str, Any]
    opening: int | None


def sight(connection: Rows, company: int) -> Sight:
    """What there is to look at by now."""
    row = connection.execute(
        "SELECT l.batch_no, encode(l.head_hash, 'hex'), "
        "  (SELECT encode(hash, 'hex') FROM repost_chunk r WHERE r.company_id = l.company_id ORDER BY chunk_no DESC LIMIT 1), "
        "  (SELECT count(*) FROM books.published_run p WHERE p.company_id = l.company_id), "
        "  (SELECT max(acceptance) FROM master m WHERE m.company_id IN (0, l.company_id) AND m.kind = ANY(%s)) "
        "FROM lane l WHERE l.company_id = %s",
        [list(_MASTERS), company],
    ).fetchone()
    assert row is not None  # noqa: S101 - a company is opened with its lane
    return Sight(hashlib.sha256(_encode(row)).digest(), row[0], row[3], row[4] or 0)


def changes_since(connection: Rows, company: int, stored: StoredPlan) -> list[str]:
    """What was posted, published or reposted since a plan was made, in words; of each kind the first three."""
    batch_no, runs, acceptance = stored.content["seen"]
    posted = connection.execute(
        "SELECT replace(type, '_', ' ') || ' ' || number || ' was posted' FROM voucher WHERE company_id = %s AND batch_no > %s "
        "ORDER BY voucher_id LIMIT 3",
        [company, batch_no],
    ).fetchall()
    published = connection.execute(
        "SELECT replace(kind, '_', ' ') || ' ' || name || ' was published' FROM master WHERE company_id IN (0, %s) "
        "AND kind = ANY(%s) AND acceptance > %s ORDER BY acceptance LIMIT 3",
        [company, list(_MASTERS), acceptance],
    ).fetchall()
    reposted = ["stock was valued anew by a repost"] if sight(connection, company).runs != runs else []
    return [words for (words,) in [*posted, *published]] + reposted


def keep_plan(connection: Rows, company: int, as_of: date, seen: Sight, content: dict[str, Any]) -> int:
    """Keep a plan, and how far it saw, under the company's next number."""
    content = {**content, "seen": seen[1:]}
    row = connection.execute(
        "INSERT INTO inventory_migration (company_id, plan_id, status, as_of, fingerprint, content, planned_at) "
        "SELECT %(company)s, coalesce(max(plan_id), 0) + 1, %(status)s, %(as_of)s, %(seen)s, %(content)s, clock_timestamp() "
        "FROM inventory_migration WHERE company_id = %(company)s RETURNING plan_id",
        {
            "company": company,
            "status": PLANNED,
            "as_of": as_of,
            "seen": seen.fingerprint,
            "content": _encode(content).decode(),
        },
    ).fetchone()
    assert row is not None  # noqa: S101 - one row is inserted
    number: int = row[0]
    return number


def load_plan(connection: Rows, company: int, number: int) -> StoredPlan | None:
    """One plan by its number, None where there is none."""
    return _one(connection, "plan_id = %s", [company, number])


def applied_plan(connection: Rows, company: int) -> StoredPlan | None:
    """The plan that is in force, None where the company has not migrated (or went back)."""
    return _one(connection, "status = %s", [company, APPLIED])


def _one(connection: Rows, condition: str, parameters: list[object]) -> StoredPlan | None:
    row = connection.execute(
        "SELECT plan_id, status, as_of, fingerprint, content, opening_id FROM inventory_migration "
        f"WHERE company_id = %s AND {condition} ORDER BY plan_id DESC LIMIT 1",
        parameters,
    ).fetchone()
    return None if row is None else StoredPlan(*row)


def note_applied(connection: Rows, company: int, number: int, opening: int) -> None:
    """Note which voucher a plan was applied as."""
    connection.execute(
        "UPDATE inventory_migration SET status = %s, opening_id = %s, applied_at = clock_timestamp() "
        "WHERE company_id = %s AND plan_id = %s",
        [APPLIED, opening, company, number],
    )


def note_rolled_back(connection: Rows, company: int, number: int) -> None:
    """Note that a plan's opening entry was taken back."""
    connection.execute(
        "UPDATE inventory_migration SET status = %s, rolled_back_at = clock_timestamp() WHERE company_id = %s AND plan_id = %s",
        [ROLLED_BACK, company, number],
    )


def opening_rows(connection: Rows, company: int, opening: int) -> list[tuple[str, int, date, str, str, int]]:
    """The opening entry's own entries: account, amount (minor units), day, cost center, dimensions, and what each belongs to."""
    return connection.execute(
        "SELECT account.name, e.debit - e.credit, e.posting_date, coalesce(center.name, ''), coalesce(axes.name, ''), e.against_id "
        "FROM gl_entry e JOIN term account ON account.company_id = e.company_id AND account.term_id = e.account_id "
        "LEFT JOIN term center ON center.company_id = e.company_id AND center.term_id = e.cost_center_id "
        "LEFT JOIN term axes ON axes.company_id = e.company_id AND axes.term_id = e.dimensions_id "
        "WHERE e.company_id = %s AND e.voucher_id = %s ORDER BY e.entry_id",
        [company, opening],
    ).fetchall()


def posted_after(connection: Rows, company: int, opening: int) -> list[str]:
    """The first documents that were posted after the opening entry, in words."""
    found = connection.execute(
        "SELECT replace(type, '_', ' ') || ' ' || number FROM voucher WHERE company_id = %s AND voucher_id > %s "
        "ORDER BY voucher_id LIMIT 5",
        [company, opening],
    )
    return [name for (name,) in found]


def accounts_out_of_step(connection: Rows, company: int, start: date) -> list[tuple[str, date, int, int]]:
    """Stock accounts that differ from stock at the end of a day from `start` on: account, day, stock value, balance (minor units)."""
    visible = "(run_id = 0 OR run_id IN (SELECT run_id FROM books.published_run p WHERE p.company_id = %(company)s))"
    return connection.execute(
        "WITH stock AS ("
        "  SELECT account_id, greatest(posting_date, %(start)s::date) AS day, sum(value) AS value FROM ("
        "    SELECT account_id, posting_date, value FROM stock_movement WHERE company_id = %(company)s "
        f"   UNION ALL SELECT account_id, posting_date, amount FROM stock_difference WHERE company_id = %(company)s AND {visible}"
        "  ) own GROUP BY 1, 2"
        "), accounts AS ("
        "  SELECT account_id, greatest(posting_date, %(start)s::date) AS day, sum(debit - credit) AS balance FROM gl_entry "
        f" WHERE company_id = %(company)s AND account_id IN (SELECT account_id FROM stock) AND {visible} GROUP BY 1, 2"
        "), days AS ("
        "  SELECT account_id, day, sum(coalesce(value, 0)) OVER upto AS value, sum(coalesce(balance, 0)) OVER upto AS balance "
        "  FROM stock FULL JOIN accounts USING (account_id, day) WINDOW upto AS (PARTITION BY account_id ORDER BY day)"
        ") SELECT t.name, day, value::bigint, balance::bigint FROM days "
        "JOIN term t ON t.company_id = %(company)s AND t.term_id = account_id WHERE value <> balance ORDER BY 1, 2",
        {"company": company, "start": start},
    ).fetchall()
