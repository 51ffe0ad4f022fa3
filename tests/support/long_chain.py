"""A company with one long chain: as many movements of one item as a test wants, written by COPY as posting would have left them.

The values are those of the valuation itself, so the books are consistent; only the documents behind the vouchers are left out, and the
hashes of their batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from domain.money import Currency
from domain.stock_ledger import Balance, Chain, Shortage
from domain.valuation import chain as valuation
from domain.valuation.method import method_of
from tests.support.lanes import COMPANY, RICE, STORES, Json, delivery, number_of, post_all, publish, receipt
from worker.store.books.balances import Balances
from worker.store.books.chain_states import KEEP_EVERY, POSTING, keep_states, state_text
from worker.store.books.quantity_blocks import seal
from worker.store.copy import copy_in, stamp_instant
from worker.store.database import Database, Rows
from worker.store.names.terms import Names

MINUTE = 60_000_000
BEGIN = 1_704_067_200_000_000  # 2024-01-01 UTC
CHAIN = Chain("Rice", "Stores")


@dataclass(slots=True)
class LongChain:
    """What was written: the company's number, its movements, and when the last of them was posted."""

    company: int
    movements: int
    ends_at: int


def fill(database: Database, movements: int, *, method: str = "fifo", seed: int = 7) -> LongChain:
    """Post a receipt and a delivery by the service, then write `movements` more behind them, with the states and sums kept on the way."""
    first = receipt("PR-1", 500, "10", at="2023-12-01T09:00:00")
    masters: list[Json] = [{**COMPANY, "time_zone": "UTC"}, STORES, {**RICE, "valuation_method": method}]
    publish(database, [*masters, first, delivery("DN-1", 10, at="2023-12-02T09:00:00")])
    post_all(database)
    company = number_of(database)
    with database.transaction() as connection:
        connection.execute("SET LOCAL statement_timeout = '20min'")
        balances = Balances(Names(company))
        balances.load(connection, [CHAIN])
        written = _Writer(connection, company, balances.loaded[CHAIN], method, Random(seed))
        for begin in range(0, movements, _SLICE):
            copy_in(connection, "stock_movement", _COLUMNS, written.rows(begin, min(begin + _SLICE, movements)))
        keep_states(connection, company, POSTING, written.kept)
        balances.replace(connection, balances.loaded, {CHAIN: 0})
        seal(connection, company, written.chain)
        _settle(connection, company)
    with database.transaction() as connection:
        connection.execute("ANALYZE")
    return LongChain(company, movements, BEGIN + movements * MINUTE)


_SLICE = 50_000
_BATCH = 500  # vouchers
_COLUMNS = (
    "company_id, movement_id, voucher_id, line_no, chain_id, posting_at, posting_date, qty, value, basis, account_id, contra_id, "
    "cost_center_id, dimensions_id, batch_id, source_id, stated, weight, counted_qty, counted_rate, provisional"
)


class _Writer:
    """Writes movements as COPY text: deliveries while there is stock, receipts where it gets low."""

    def __init__(self, connection: Rows, company: int, balance: Balance, method: str, random: Random) -> None:
        self._company, self._balance, self._random = company, balance, random
        self._currency, self._verbs = Currency("INR"), method_of(CHAIN, method)
        known = {
            basis: (chain, "\t".join(map(str, accounts)))
            for basis, chain, *accounts in connection.execute(
                "SELECT basis, chain_id, account_id, contra_id, cost_center_id FROM stock_movement WHERE company_id = %s",
                [company],
            )
        }
        self.chain, self._incoming = known[1]
        self._outgoing = known[2][1]
        self.kept: list[tuple[int, int, int, str | None]] = []

    def rows(self, begin: int, end: int) -> str:
        """The movements of these places, one a minute."""
        balance, currency, verbs = self._balance, self._currency, self._verbs
        rows = []
        for place in range(begin, end):
            number, at = place + 3, BEGIN + place * MINUTE
            head = (
                f"{self._company}\t{number}\t{number}\t1\t{self.chain}\t{stamp_instant(at)}\t{stamp_instant(at)[:10]}"
            )
            qty = self._random.randint(1, 9) * 1_000_000
            if balance.qty < 500_000_000:
                qty *= 12
                value = currency.times(qty, self._random.randint(8_000, 12_000) * 1_000_000)
                valuation.receive(balance, verbs, currency, qty, value, number)
                rows.append(f"{head}\t{qty}\t{value}\t1\t{self._incoming}\t0\t0\t0\t{value}\t0\t\\N\t\\N\tf\n")
            else:
                value = valuation.issue(balance, verbs, currency, qty, Shortage(0, 0, number, ""))
                rows.append(f"{head}\t{-qty}\t{value}\t2\t{self._outgoing}\t0\t0\t0\t0\t0\t\\N\t\\N\tf\n")
            balance.last_at, balance.last_sequence = at, number
            if place % KEEP_EVERY == KEEP_EVERY - 1:
                self.kept.append((self.chain, at, number, state_text(balance)))
        return "".join(rows)


def _settle(connection: Rows, company: int) -> None:
    """Vouchers and entries behind the movements, and counters that stand behind them."""
    connection.execute(
        "INSERT INTO voucher SELECT company_id, voucher_id, 'delivery_note', 'X-' || voucher_id, 2024, voucher_id::int, posting_at, "
        "posting_date, 0, '{}', batch_no + (voucher_id - 3) / %s + 1, voucher_id::int, posting_at "
        "FROM stock_movement JOIN lane USING (company_id) WHERE company_id = %s AND voucher_id > 2",
        [_BATCH, company],
    )
    connection.execute(
        "INSERT INTO gl_entry SELECT company_id, 2 * movement_id + side, 0, voucher_id, "
        "CASE side WHEN 0 THEN account_id ELSE contra_id END, "
        "greatest(CASE side WHEN 0 THEN value ELSE -value END, 0), greatest(CASE side WHEN 0 THEN -value ELSE value END, 0), "
        "posting_date, 0, CASE side WHEN 0 THEN 0 ELSE cost_center_id END, 0, 0, 0, 0, 0, false "
        "FROM stock_movement CROSS JOIN generate_series(0, 1) side WHERE company_id = %s AND voucher_id > 2",
        [company],
    )
    connection.execute(
        "INSERT INTO document SELECT voucher.company_id, voucher_id, acceptance.last_number, type, number, 2, '{}', '', '', '', posted_at "
        "FROM voucher, acceptance WHERE voucher.company_id = %(company)s "
        "AND voucher_id = (SELECT max(voucher_id) FROM voucher WHERE company_id = %(company)s)",
        {"company": company},
    )
    connection.execute(
        "INSERT INTO posted_batch SELECT company_id, v.batch_no, count(*), min(voucher_id), max(voucher_id), last_difference + 1, "
        "last_difference, 2 * min(voucher_id), 2 * max(voucher_id) + 1, last_link + 1, last_link, '', '', max(posted_at) "
        "FROM voucher v JOIN lane USING (company_id) WHERE company_id = %s AND voucher_id > 2 "
        "GROUP BY company_id, v.batch_no, last_difference, last_link",
        [company],
    )
    connection.execute(
        "UPDATE lane SET (decided_sequence, last_movement, last_entry) = (SELECT max(voucher_id), max(movement_id), "
        "2 * max(movement_id) + 1 FROM stock_movement WHERE company_id = %(company)s), (batch_no, published_batch) = "
        "(SELECT max(batch_no), max(batch_no) FROM posted_batch WHERE company_id = %(company)s), "
        "vouchers = (SELECT count(*) FROM voucher WHERE company_id = %(company)s) WHERE company_id = %(company)s",
        {"company": company},
    )
    connection.execute(
        "UPDATE intake_counter SET last_sequence = (SELECT decided_sequence FROM lane WHERE company_id = %(company)s) "
        "WHERE company_id = %(company)s",
        {"company": company},
    )


def multiply(database: Database, long: LongChain, times: int) -> None:
    """Repeat a long chain as the chains of so many more items, rows and all, by statements over sets."""
    with database.transaction() as connection:
        connection.execute("SET LOCAL statement_timeout = '20min'")
        row = connection.execute(
            "SELECT last_movement, last_entry, last_term, last_chain, decided_sequence, batch_no FROM lane WHERE company_id = %s",
            [long.company],
        ).fetchone()
        assert row is not None
        movements, entries, terms, chains, vouchers, batches = row
        scope = {
            "company": long.company,
            "m": movements,
            "e": entries,
            "t": terms,
            "c": chains,
            "v": vouchers,
            "b": batches,
            "times": times,
        }
        for statement in _COPIES:
            connection.execute(statement, scope)
    with database.transaction() as connection:
        connection.execute("ANALYZE")


_TIMES = "CROSS JOIN generate_series(1, %(times)s) AS k WHERE company_id = %(company)s"
_M, _V, _E, _B = (f"%({what})s::bigint * k" for what in "mveb")
_ALL_V, _CHAIN = "%(v)s::bigint * %(times)s", "chain_id + %(c)s::int * k"
_COPIES = (
    "INSERT INTO term SELECT %(company)s, %(t)s + k, 'item', 'Rice ' || k FROM generate_series(1, %(times)s) AS k",
    f"INSERT INTO chain SELECT company_id, {_CHAIN}, %(t)s + k, warehouse_id, part_id FROM chain {_TIMES}",
    f"INSERT INTO balance SELECT company_id, {_CHAIN}, qty, value, state, last_at, last_sequence, unkept FROM balance {_TIMES}",
    f"INSERT INTO layer_page SELECT company_id, {_CHAIN}, page_no, layers_held, qty, layers FROM layer_page {_TIMES}",
    (
        f"INSERT INTO stock_movement ({_COLUMNS}) SELECT company_id, movement_id + {_M}, voucher_id + {_V}, line_no, {_CHAIN}, posting_at, "
        "posting_date, qty, value, basis, account_id, contra_id, cost_center_id, dimensions_id, batch_id, source_id, stated, weight, "
        f"counted_qty, counted_rate, provisional FROM stock_movement {_TIMES}"
    ),
    (
        f"INSERT INTO gl_entry SELECT company_id, entry_id + {_E}, run_id, voucher_id + {_V}, account_id, debit, credit, posting_date, "
        "party_id, cost_center_id, dimensions_id, against_id, cause_id, currency_id, currency_amount, is_opening "
        f"FROM gl_entry {_TIMES}"
    ),
    (
        f"INSERT INTO voucher SELECT company_id, voucher_id + {_V}, type, number || ' ' || k, series_year, series_no + ({_V})::int, "
        f"posting_at, posting_date, reverses, figures, batch_no + {_B}, batch_line + ({_V})::int, posted_at FROM voucher {_TIMES}"
    ),
    (
        f"INSERT INTO posted_batch SELECT company_id, batch_no + {_B}, vouchers, first_movement + {_M}, last_movement + {_M}, "
        f"first_difference, last_difference, first_entry + {_E}, last_entry + {_E}, first_link, last_link, '', '', posted_at "
        f"FROM posted_batch {_TIMES}"
    ),
    (
        f"INSERT INTO document SELECT d.company_id, d.sequence + {_ALL_V}, a.last_number, type, number || ' last', size, payload, "
        "content_hash, publisher, message_id, received_at FROM document d, acceptance a "
        "WHERE d.company_id = %(company)s AND d.sequence = %(v)s"
    ),
    (
        "UPDATE lane SET last_movement = last_movement + %(m)s::bigint * %(times)s, last_entry = last_entry + %(e)s::bigint * %(times)s, "
        "last_term = last_term + %(times)s, last_chain = last_chain + %(c)s::int * %(times)s, "
        "(batch_no, published_batch) = (%(b)s::bigint * (1 + %(times)s), %(b)s::bigint * (1 + %(times)s)), "
        f"decided_sequence = decided_sequence + {_ALL_V}, vouchers = vouchers + {_ALL_V} WHERE company_id = %(company)s"
    ),
    f"UPDATE intake_counter SET last_sequence = last_sequence + {_ALL_V} WHERE company_id = %(company)s",
)
