"""A company with one long chain: as many movements of one item as a test wants, written by COPY as posting would have left them.

The values are those of the valuation itself, so the books are consistent; only the documents behind the vouchers are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from domain.money import Currency
from domain.stock_ledger import Balance, Chain, Shortage
from domain.valuation import chain as valuation
from domain.valuation.method import method_of
from tests.support.lanes import COMPANY, RICE, STORES, Json, delivery, number_of, post_all, publish, receipt
from worker.store.balances import Balances
from worker.store.copy import copy_in, stamp_instant
from worker.store.database import Database, Rows
from worker.store.names import Names

MINUTE = 60_000_000
BEGIN = 1_704_067_200_000_000  # 2024-01-01 UTC
DAY = 86_400_000_000
CHAIN = Chain("Rice", "Stores")


@dataclass(slots=True)
class LongChain:
    """What was written: the company's number, its movements, and when the last of them was posted."""

    company: int
    movements: int
    ends_at: int


def fill(database: Database, movements: int, *, method: str = "fifo", seed: int = 7) -> LongChain:
    """Post a receipt and a delivery by the service, then write `movements` more behind them."""
    first = receipt("PR-1", 1000, "10", at="2023-12-01T09:00:00")
    masters: list[Json] = [{**COMPANY, "time_zone": "UTC"}, STORES, {**RICE, "valuation_method": method}]
    publish(database, [*masters, first, delivery("DN-1", 10, at="2023-12-02T09:00:00")])
    post_all(database)
    company = number_of(database)
    with database.transaction() as connection:
        balances = Balances(Names(company))
        balances.load(connection, [CHAIN])
        rows = _movements(connection, company, balances.loaded[CHAIN], movements, method, Random(seed))
        copy_in(connection, "stock_movement", _COLUMNS, rows)
        balances.replace(connection, balances.loaded, {CHAIN: 0})
        _settle(connection, company)
    return LongChain(company, movements, BEGIN + movements * MINUTE)


_COLUMNS = (
    "company_id, movement_id, voucher_id, line_no, chain_id, posting_at, posting_date, qty, value, basis, account_id, contra_id, "
    "cost_center_id, dimensions_id, batch_id, source_id, stated, weight, counted_qty, counted_rate, provisional"
)


def _movements(connection: Rows, company: int, balance: Balance, count: int, method: str, random: Random) -> str:
    currency, verbs = Currency("INR"), method_of(CHAIN, method)
    template = {
        basis: rest
        for basis, *rest in connection.execute(
            "SELECT basis, chain_id, account_id, contra_id, cost_center_id FROM stock_movement WHERE company_id = %s",
            [company],
        )
    }
    incoming, outgoing = ("\t".join(map(str, template[basis][1:])) for basis in (1, 2))
    chain = template[1][0]
    rows = []
    for number in range(3, count + 3):
        at = BEGIN + (number - 3) * MINUTE
        place = f"{company}\t{number}\t{number}\t1\t{chain}\t{stamp_instant(at)}\t{_day(at)}"
        qty = random.randint(1, 9) * 1_000_000
        if balance.qty < 500_000_000:
            qty *= 12
            value = currency.times(qty, random.randint(8_000, 12_000) * 1_000_000)
            valuation.receive(balance, verbs, currency, qty, value, number)
            rows.append(f"{place}\t{qty}\t{value}\t1\t{incoming}\t0\t0\t0\t{value}\t0\t\\N\t\\N\tf\n")
        else:
            value = valuation.issue(balance, verbs, currency, qty, Shortage(0, 0, number, ""))
            rows.append(f"{place}\t{-qty}\t{value}\t2\t{outgoing}\t0\t0\t0\t0\t0\t\\N\t\\N\tf\n")
        balance.last_at, balance.last_sequence = at, number
    return "".join(rows)


def _day(at: int) -> str:
    return stamp_instant(at)[:10]


def _settle(connection: Rows, company: int) -> None:
    """Vouchers and entries behind the movements, and counters that stand behind them."""
    connection.execute(
        "INSERT INTO voucher SELECT company_id, voucher_id, 'delivery_note', 'X-' || voucher_id, 2024, voucher_id::int, posting_at, "
        "posting_date, 0, '{}', 1, voucher_id::int, posting_at FROM stock_movement WHERE company_id = %s AND voucher_id > 2",
        [company],
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
        "UPDATE lane SET (decided_sequence, last_movement, last_entry) = (SELECT max(voucher_id), max(movement_id), "
        "2 * max(movement_id) + 1 FROM stock_movement WHERE company_id = %(company)s), batch_no = batch_no + 1 "
        "WHERE company_id = %(company)s",
        {"company": company},
    )
    connection.execute(
        "UPDATE intake_counter SET last_sequence = (SELECT decided_sequence FROM lane WHERE company_id = %(company)s) "
        "WHERE company_id = %(company)s",
        {"company": company},
    )
