"""Verification: are the books as they were written, and do the laws hold?

The hash chain is computed again from the rows themselves, streamed out in the very form in which they were written; the laws are
checked set by set. Nothing of what posting keeps in memory is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from worker.store.books.vouchers import VISIBLE
from worker.store.database import Rows
from worker.store.posting.append import HASHED, chained
from worker.store.reconciliation.book_laws import unbalanced
from worker.store.reposts.rows import FIRST_NUMBER

BATCHES_AT_ONCE = 200

# Which column of its rows places a table's row in a batch, and by what the rows are ordered as they were written.
_PLACED = {
    "voucher": "batch_no, batch_line",
    "stock_movement": "movement_id",
    "stock_difference": "difference_id",
    "gl_entry": "entry_id",
    "link": "link_id",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold; `code` says which check found it."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class _Range(NamedTuple):
    """Numbers of one table's rows in one batch, the last one included."""

    first: int
    last: int


class _BatchRow(NamedTuple):
    number: int
    vouchers: int
    ranges: dict[str, _Range]
    previous_hash: bytes
    hash: bytes


def verify(connection: Rows, company_id: int) -> list[Problem]:
    """Check the hash chain, law 1 and law 2 of one company; gives what does not hold, nothing where all is well.

    The books do not change meanwhile as far as this transaction sees: it should be a repeatable read.
    """
    return [
        *_check_chain(connection, company_id),
        *_check_chunks(connection, company_id),
        *_check_balanced(connection, company_id),
        *_check_stock_accounts(connection, company_id),
        *_check_balances(connection, company_id),
        *_check_series(connection, company_id),
    ]


# ------------------------------------------------------------------------------------------------------ the hash chain


def _check_chain(connection: Rows, company_id: int) -> Iterator[Problem]:
    head, known, counters = _lane(connection, company_id)
    previous = b""
    batch_no = 0
    ends = dict.fromkeys(_PLACED, 0)
    while batches := _batches(connection, company_id, batch_no):
        digests = _digests(connection, company_id, batches)
        for batch in batches:
            batch_no += 1
            if batch.number != batch_no or batch.previous_hash != previous:
                yield Problem("BrokenChain", f"batch {batch.number} does not follow on batch {batch_no - 1}")
            for table, range_ in batch.ranges.items():
                if table != "voucher" and range_.first != ends[table] + 1:
                    yield Problem(
                        "BrokenChain", f"batch {batch.number}: its {table} rows do not follow on those before it"
                    )
                ends[table] = range_.last
            totals, counts = digests[batch.number]
            yield from _check_counts(batch, counts)
            if chained(batch.previous_hash, totals) != batch.hash:
                yield Problem("ChangedRows", f"batch {batch.number}: its rows are not those that were written")
            previous, batch_no = batch.hash, batch.number
    if (batch_no, previous) != (known, head):
        yield Problem("BrokenChain", f"the last batch is {batch_no}, the lane says {known}, or its hash is another one")
    yield from _check_ends(connection, company_id, batch_no, ends, counters)
    yield from _check_figures(connection, company_id)


def _check_counts(batch: _BatchRow, counts: dict[str, int]) -> Iterator[Problem]:
    for table, range_ in batch.ranges.items():
        expected = batch.vouchers if table == "voucher" else range_.last - range_.first + 1
        if counts[table] != expected:
            yield Problem(
                "MissingRows", f"batch {batch.number} has {counts[table]} {table} rows, and {expected} were written"
            )


def _check_ends(
    connection: Rows, company_id: int, batch_no: int, ends: dict[str, int], counters: dict[str, int]
) -> Iterator[Problem]:
    """Rows that belong to no batch, or to none that is known."""
    for table, column in (*list(_PLACED.items())[1:], ("voucher", "batch_no")):
        last = batch_no if table == "voucher" else ends[table]
        row = connection.execute(
            f"SELECT count(*) FROM {table} WHERE company_id = %s AND ({column} > %s OR {column} < 1) AND {column} <= %s",
            [company_id, last, FIRST_NUMBER],
        ).fetchone()
        if row is not None and row[0]:
            yield Problem("AddedRows", f"{row[0]} {table} rows belong to no batch")
        if table != "voucher" and counters[table] != last:
            yield Problem(
                "BrokenChain", f"the lane has counted {counters[table]} {table} rows, the batches hold {last}"
            )


def _check_figures(connection: Rows, company_id: int) -> Iterator[Problem]:
    """What the lane counts as it goes, from which everybody reads how many documents were posted, refused and parked."""
    found = connection.execute(
        "SELECT 'voucher', vouchers, (SELECT count(*) FROM voucher v WHERE v.company_id = l.company_id) FROM lane l "
        "WHERE company_id = %(company)s UNION ALL SELECT 'parked outcome', parked, (SELECT count(*) FROM outcome o "
        "WHERE o.company_id = l.company_id AND status = 'parked') FROM lane l WHERE company_id = %(company)s",
        {"company": company_id},
    )
    for row, counted, count in found:
        if counted != count:
            yield Problem("BrokenChain", f"the lane has counted {counted} {row} rows, and there are {count}")


def _lane(connection: Rows, company_id: int) -> tuple[bytes, int, dict[str, int]]:
    row = connection.execute(
        "SELECT head_hash, batch_no, last_movement, last_difference, last_entry, last_link FROM lane WHERE company_id = %s",
        [company_id],
    ).fetchone()
    if row is None:
        return b"", 0, dict.fromkeys(_PLACED, 0)
    return row[0], row[1], dict(zip(list(_PLACED)[1:], row[2:], strict=True))


def _batches(connection: Rows, company_id: int, after: int) -> list[_BatchRow]:
    found = connection.execute(
        "SELECT batch_no, vouchers, first_movement, last_movement, first_difference, last_difference, first_entry, last_entry, "
        "first_link, last_link, previous_hash, hash FROM posted_batch WHERE company_id = %s AND batch_no > %s "
        "ORDER BY batch_no LIMIT %s",
        [company_id, after, BATCHES_AT_ONCE],
    )
    return [
        _BatchRow(
            row[0],
            row[1],
            {
                "voucher": _Range(row[0], row[0]),
                "stock_movement": _Range(row[2], row[3]),
                "stock_difference": _Range(row[4], row[5]),
                "gl_entry": _Range(row[6], row[7]),
                "link": _Range(row[8], row[9]),
            },
            row[10],
            row[11],
        )
        for row in found
    ]


def _digests(
    connection: Rows, company_id: int, batches: list[_BatchRow]
) -> dict[int, tuple[list[bytes], dict[str, int]]]:
    """Per batch the digest of each table's rows, and how many there are."""
    result: dict[int, tuple[list[bytes], dict[str, int]]] = {batch.number: ([], {}) for batch in batches}
    for table, columns in HASHED:
        ranges = [batch.ranges[table] for batch in batches]
        rows = _stream(connection, company_id, table, columns, ranges[0].first, max(range_.last for range_ in ranges))
        number, row = next(rows, (None, b""))
        for batch, range_ in zip(batches, ranges, strict=True):
            total, count = hashlib.sha256(), 0
            while number is not None and number <= range_.last:
                total.update(row)
                count += 1
                number, row = next(rows, (None, b""))
            result[batch.number][0].append(total.digest())
            result[batch.number][1][table] = count
    return result


def _check_chunks(connection: Rows, company_id: int) -> Iterator[Problem]:
    """What repost runs wrote, chunk by chunk; nothing may lie behind the last one."""
    previous, ends = b"", {"stock_difference": FIRST_NUMBER, "gl_entry": FIRST_NUMBER}
    chunks = connection.execute(
        "SELECT chunk_no, first_difference, last_difference, first_entry, last_entry, previous_hash, hash FROM repost_chunk "
        "WHERE company_id = %s ORDER BY chunk_no",
        [company_id],
    ).fetchall()
    for place, (number, *numbers, before, hash_) in enumerate(chunks, 1):
        ranges = {"stock_difference": _Range(*numbers[:2]), "gl_entry": _Range(*numbers[2:])}
        if number != place or before != previous or any(r.first != ends[t] + 1 for t, r in ranges.items()):
            yield Problem("BrokenChain", f"chunk {number} of the reposts does not follow on the one before it")
        digests = []
        for table, columns in HASHED:
            if table in ranges:
                total, count = hashlib.sha256(), 0
                for _, row in _stream(connection, company_id, table, columns, *ranges[table]):
                    total.update(row)
                    count += 1
                if count != ranges[table].last - ranges[table].first + 1:
                    yield Problem("MissingRows", f"chunk {number} of the reposts lacks {table} rows")
                digests.append(total.digest())
        if chained(before, digests) != hash_:
            yield Problem("ChangedRows", f"chunk {number} of the reposts: its rows are not those that were written")
        previous, ends = hash_, {table: range_.last for table, range_ in ranges.items()}
    for table, last in ends.items():
        column = _PLACED[table]
        added = connection.execute(
            f"SELECT count(*) FROM {table} WHERE company_id = %s AND {column} > %s", [company_id, last]
        ).fetchone()
        if added is not None and added[0]:
            yield Problem("AddedRows", f"{added[0]} {table} rows belong to no chunk of a repost run")


def _stream(
    connection: Rows, company_id: int, table: str, columns: str, first: int, last: int
) -> Iterator[tuple[int | None, bytes]]:
    """Rows as COPY text, each with the number that places it."""
    order = _PLACED[table]
    place = order.partition(",")[0]
    column = columns.split(", ").index(place)
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY (SELECT {columns} FROM {table} WHERE company_id = {company_id:d} AND {place} BETWEEN {first:d} AND {last:d} "
            f"ORDER BY {order}) TO STDOUT"
        ) as copy,
    ):
        for data in copy:
            row = bytes(data)
            yield int(row.split(b"\t", column + 1)[column]), row


# ------------------------------------------------------------------------------------------------------------ the laws


def _check_balanced(connection: Rows, company_id: int) -> Iterator[Problem]:
    """Law 1: debits equal credits, per voucher, date and cause."""
    for _, type_, number, day, difference in unbalanced(connection, company_id):
        yield Problem(
            "DebitCreditMismatch", f"{type_} {number} on {day}: debits less credits are {difference} minor units"
        )


def _check_stock_accounts(connection: Rows, company_id: int) -> Iterator[Problem]:
    """Law 2: the stock ledger's value equals its account's balance at every date, but for journals made by hand.

    Of a company that went over to perpetual inventory from its cut-over's day on: the opening entry answers for what was before, what
    journals had booked on the accounts included.
    """
    found = connection.execute(
        "WITH cut AS (SELECT day, until, opening FROM books.cut_over WHERE company_id = %(company)s"
        "), stock AS ("
        "  SELECT account_id, greatest(posting_date, (SELECT day FROM cut)) AS day, sum(amount) AS amount FROM ("
        "    SELECT account_id, posting_date, value AS amount FROM stock_movement WHERE company_id = %(company)s"
        "    UNION ALL SELECT account_id, posting_date, amount FROM stock_difference d"
        f"   WHERE company_id = %(company)s AND {VISIBLE.format('d')}) rows GROUP BY 1, 2"
        "), ledger AS ("
        "  SELECT e.account_id, greatest(e.posting_date, (SELECT day FROM cut)) AS day, sum(e.debit - e.credit) AS amount "
        "  FROM gl_entry e JOIN voucher v ON v.company_id = e.company_id AND v.voucher_id = e.voucher_id "
        "    AND (v.type <> 'journal_entry' OR EXISTS (SELECT FROM cut WHERE v.voucher_id <= opening OR v.posting_at < until)) "
        f"  WHERE e.company_id = %(company)s AND {VISIBLE.format('e')} AND e.account_id IN (SELECT account_id FROM stock) "
        "  GROUP BY 1, 2"
        ") SELECT t.name, day, coalesce(s.amount, 0), coalesce(l.amount, 0) "
        "FROM stock s FULL JOIN ledger l USING (account_id, day) "
        "JOIN term t ON t.company_id = %(company)s AND t.term_id = account_id "
        "WHERE coalesce(s.amount, 0) <> coalesce(l.amount, 0) AND EXISTS ("
        "  SELECT FROM books.company c WHERE c.company_id = %(company)s AND c.perpetual) ORDER BY t.name, day",
        {"company": company_id},
    )
    for account, day, stock, ledger in found:
        yield Problem(
            "ValueOutOfSync", f"{account} on {day}: the stock ledger says {stock} minor units, the account {ledger}"
        )


def _check_balances(connection: Rows, company_id: int) -> Iterator[Problem]:
    """Present balances are what the movements and their corrections come to; no value without a quantity."""
    found = connection.execute(
        "WITH moved AS ("
        "  SELECT chain_id, sum(qty) AS qty, sum(amount) AS amount FROM ("
        "    SELECT chain_id, qty, value AS amount FROM stock_movement WHERE company_id = %(company)s"
        "    UNION ALL SELECT chain_id, qty, amount FROM stock_difference d"
        f"   WHERE company_id = %(company)s AND {VISIBLE.format('d')}) rows GROUP BY chain_id"
        "), held AS ("
        "  SELECT b.chain_id, b.qty, floor(b.value / 10::numeric ^ (9 - c.precision) + 0.5) AS amount "
        "  FROM balance b JOIN books.company c USING (company_id) WHERE b.company_id = %(company)s"
        ") SELECT i.name, w.name, h.qty, coalesce(m.qty, 0), h.amount, coalesce(m.amount, 0) "
        "FROM held h FULL JOIN moved m USING (chain_id) JOIN chain ON chain.company_id = %(company)s AND chain.chain_id = "
        "  coalesce(h.chain_id, m.chain_id) "
        "JOIN term i ON i.company_id = %(company)s AND i.term_id = chain.item_id "
        "JOIN term w ON w.company_id = %(company)s AND w.term_id = chain.warehouse_id "
        "WHERE (h.qty, h.amount) IS DISTINCT FROM (m.qty, m.amount) OR (h.qty = 0 AND h.amount <> 0) ORDER BY 1, 2",
        {"company": company_id},
    )
    for item, warehouse, qty, moved_qty, amount, moved_amount in found:
        yield Problem(
            "BalanceMismatch",
            f"{item} in {warehouse}: the balance holds {qty} millionths worth {amount} minor units, "
            f"the ledger comes to {moved_qty} worth {moved_amount}",
        )


def _check_series(connection: Rows, company_id: int) -> Iterator[Problem]:
    """Voucher numbers have no gaps."""
    found = connection.execute(
        "SELECT type, series_year, max(series_no), count(*) FROM voucher WHERE company_id = %s "
        "GROUP BY type, series_year HAVING max(series_no) <> count(*) OR min(series_no) <> 1",
        [company_id],
    )
    for type_, year, last, count in found:
        yield Problem("SeriesGap", f"{type_} {year}: the last number is {last}, and there are {count} vouchers")
