"""What a migration to perpetual inventory adds up: stock, what was booked on the accounts that it opens, and purchases that are open.

Movements are summed a stretch at a time, so that progress can be told; everything else in one statement each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

from domain.cut_over import CutOver
from domain.migration import BookedSum, ExpensedSum, OpenPurchase, PurchaseShare, StockSum, Sums
from worker.store.books.vouchers import VISIBLE
from worker.store.copy import stamp_instant
from worker.store.database import Rows
from worker.store.names.terms import term_names

STRETCH = 200_000  # movements a statement
_EARLIER, _LATER, _BETWEEN = 1, 2, 0

# Rows fall into three times: earlier years, the rest up to the cut-over, and after it. Only those after it keep their own contra.
_GROUPED = (
    "account_id, item_id, greatest(posting_date, %(day)s::date), "
    f"CASE WHEN posting_at >= %(until)s::timestamptz THEN {_LATER} WHEN posting_at < %(year)s::timestamptz THEN {_EARLIER} "
    f"ELSE {_BETWEEN} END, "
    "CASE WHEN posting_at >= %(until)s::timestamptz THEN contra_id ELSE 0 END, cost_center_id, dimensions_id"
)
_MOVEMENTS = (
    f"SELECT {_GROUPED}, sum(value)::bigint FROM stock_movement JOIN chain USING (company_id, chain_id) "
    "WHERE company_id = %(company)s AND movement_id > %(after)s AND movement_id <= %(upto)s GROUP BY 1, 2, 3, 4, 5, 6, 7"
)
_DIFFERENCES = (
    f"SELECT {_GROUPED}, sum(amount)::bigint FROM stock_difference d JOIN chain USING (company_id, chain_id) "
    f"WHERE d.company_id = %(company)s AND {VISIBLE.format('d')} GROUP BY 1, 2, 3, 4, 5, 6, 7"
)
_BOOKED = (
    "SELECT t.name, greatest(e.posting_date, %(day)s::date), v.posting_at < %(year)s::timestamptz, e.dimensions_id, "
    "  sum(e.debit - e.credit)::bigint "
    "FROM gl_entry e JOIN voucher v ON v.company_id = e.company_id AND v.voucher_id = e.voucher_id "
    "JOIN term t ON t.company_id = e.company_id AND t.term_id = e.account_id AND t.kind = 'account' AND t.name = ANY(%(accounts)s) "
    f"WHERE e.company_id = %(company)s AND {VISIBLE.format('e')} GROUP BY 1, 2, 3, 4 HAVING sum(e.debit - e.credit) <> 0"
)
_PURCHASES = (
    "SELECT GROUPING(of_id), GROUPING(account), of_id, account, cost_center, dimensions, greatest(day, %(day)s::date), "
    "  day < %(year_day)s::date, sum(amount)::bigint FROM books.unbilled WHERE company_id = %(company)s "
    "GROUP BY GROUPING SETS ((of_id, dimensions, greatest(day, %(day)s::date)), (of_id, account, day < %(year_day)s::date), "
    "  (account, cost_center, dimensions, greatest(day, %(day)s::date), day < %(year_day)s::date)) HAVING sum(amount) <> 0"
)

Tell = Callable[[int], None]
_Key = tuple[int, int, date, int, int, int, int]


class PurchaseName(NamedTuple):
    """How a reader knows a purchase that is open: its type and number, whose it is, and when it was posted."""

    type: str
    number: str
    party: str
    day: date


def stock_sums(connection: Rows, company: int, cut_over: CutOver, tell: Tell) -> list[StockSum]:
    """The stock ledger as an opening entry needs it; `tell` is told the number of each movement that a stretch ended with."""
    totals: dict[_Key, int] = defaultdict(int)
    parameters = _parameters(company, cut_over)
    last = movements_of(connection, company)
    for after in range(0, last, STRETCH):
        upto = min(after + STRETCH, last)
        for *key, value in connection.execute(_MOVEMENTS, {**parameters, "after": after, "upto": upto}):
            totals[tuple(key)] += value
        tell(upto)
    for *key, value in connection.execute(_DIFFERENCES, parameters):
        totals[tuple(key)] += value
    names = term_names(
        connection,
        company,
        (number for key, value in totals.items() if value for number in (key[0], key[1], *key[4:])),
    )
    return [
        StockSum(
            names[account], names[item], day, _instant(time, cut_over), value, names[contra], names[center], names[axes]
        )
        for (account, item, day, time, contra, center, axes), value in sorted(totals.items())
        if value
    ]


def movements_of(connection: Rows, company: int) -> int:
    """The number of a company's last movement, which is how many there are."""
    row = connection.execute("SELECT last_movement FROM lane WHERE company_id = %s", [company]).fetchone()
    return 0 if row is None else row[0]


def booked_sums(connection: Rows, company: int, cut_over: CutOver, accounts: Iterable[str]) -> list[BookedSum]:
    """What stands on these accounts."""
    found = connection.execute(_BOOKED, {**_parameters(company, cut_over), "accounts": list(accounts)}).fetchall()
    names = term_names(connection, company, (row[3] for row in found))
    return [
        BookedSum(account, day, _instant(_EARLIER if earlier else _BETWEEN, cut_over), amount, names[axes])
        for account, day, earlier, axes, amount in sorted(found)
    ]


def purchase_sums(connection: Rows, company: int, cut_over: CutOver, year_day: date, sums: Sums) -> None:
    """Add what is received but not billed, or billed but not received."""
    found = connection.execute(_PURCHASES, {**_parameters(company, cut_over), "year_day": year_day}).fetchall()
    for whole, all_accounts, of, account, center, axes, day, earlier, amount in found:
        at = _instant(_EARLIER if earlier else _BETWEEN, cut_over)
        if whole:
            sums.expensed.append(ExpensedSum(account, day, at, amount, center, axes))
        elif all_accounts:
            sums.purchases.append(OpenPurchase(of, day, amount, axes))
        else:
            sums.shares.append(PurchaseShare(of, account, at, amount))
    sums.purchases.sort()
    sums.expensed.sort()


def purchase_names(connection: Rows, company: int, vouchers: Iterable[int]) -> dict[int, PurchaseName]:
    """How readers know these vouchers."""
    found = connection.execute(
        "SELECT v.voucher_id, v.type, v.number, coalesce(d.payload::json ->> 'supplier', ''), v.posting_date FROM voucher v "
        "JOIN document d ON d.company_id = v.company_id AND d.sequence = v.voucher_id "
        "WHERE v.company_id = %s AND v.voucher_id = ANY(%s)",
        [company, list(vouchers)],
    )
    return {row[0]: PurchaseName(*row[1:]) for row in found}


def account_totals(connection: Rows, company: int, upto: date | None) -> dict[str, int]:
    """The balance of every account (minor units) at the end of a day, or by now."""
    found = connection.execute(
        "SELECT t.name, e.amount FROM (SELECT account_id, sum(debit - credit)::bigint AS amount FROM gl_entry e "
        f"  WHERE company_id = %(company)s AND (%(upto)s::date IS NULL OR posting_date <= %(upto)s) AND {VISIBLE.format('e')} "
        "  GROUP BY account_id) e JOIN term t ON t.company_id = %(company)s AND t.term_id = e.account_id",
        {"company": company, "upto": upto},
    )
    return dict(found.fetchall())


def negative_stock(connection: Rows, company: int) -> list[str]:
    """Items and warehouses of which less than nothing is there."""
    found = connection.execute(
        "SELECT item.name || ' in ' || warehouse.name FROM balance b JOIN chain c USING (company_id, chain_id) "
        "JOIN term item ON item.company_id = c.company_id AND item.term_id = c.item_id "
        "JOIN term warehouse ON warehouse.company_id = c.company_id AND warehouse.term_id = c.warehouse_id "
        "WHERE b.company_id = %s AND b.qty < 0 ORDER BY 1",
        [company],
    )
    return [name for (name,) in found]


def _parameters(company: int, cut_over: CutOver) -> dict[str, object]:
    return {
        "company": company,
        "day": cut_over.day,
        "until": stamp_instant(cut_over.until),
        "year": stamp_instant(cut_over.year_from),
    }


def _instant(time: int, cut_over: CutOver) -> int:
    """An instant of the time that a row was summed in."""
    if time == _EARLIER:
        return cut_over.year_from - 1
    return cut_over.until if time == _LATER else cut_over.until - 1
