"""The demo's story: what both ledgers say, store by store, against what the shop's own figures say must come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from worker.cli.demonstration import consolidation
from worker.cli.demonstration.sample import Sample
from worker.cli.output import show, table_lines
from worker.reports import REPORTS, Column, Kind

if TYPE_CHECKING:
    from worker.reports import Scope
    from worker.store.database import Rows

# What came in by receipts, and what each chain is worth now, unrounded: the sample's closing values carry six decimals.
_BY_WAREHOUSE: Final = """
    SELECT w.name,
           coalesce(sum(m.value) FILTER (WHERE v.type = 'purchase_receipt'), 0),
           (SELECT sum(b.value) FROM balance b JOIN chain k USING (company_id, chain_id)
             WHERE b.company_id = %(company)s AND k.warehouse_id = c.warehouse_id)
      FROM stock_movement m
      JOIN voucher v USING (company_id, voucher_id)
      JOIN chain c USING (company_id, chain_id)
      JOIN term w ON w.company_id = m.company_id AND w.term_id = c.warehouse_id
     WHERE m.company_id = %(company)s
     GROUP BY w.name, c.warehouse_id
"""
_SALES: Final = """
    SELECT figures ->> 'generated_by', (figures ->> 'grand_total')::numeric
      FROM voucher WHERE company_id = %s AND type = 'sales_invoice'
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One figure of the books beside the one that must come out."""

    store: str
    what: str
    books: Decimal
    shop: Decimal

    @property
    def agrees(self) -> bool:
        """Whether both are the same, to the last digit stated."""
        return self.books == self.shop


def checks(connection: Rows, scope: Scope, sample: Sample) -> list[Check]:
    """Purchases, sales and closing stock of every store, from the books and from the shop's totals."""
    purchases: dict[str, Decimal] = dict.fromkeys(sample.stores, Decimal(0))
    closing = dict(purchases)
    sales = dict(purchases)
    for warehouse, received, worth in connection.execute(_BY_WAREHOUSE, {"company": scope.company}):
        store = next(name for name in sample.stores if warehouse.startswith(f"{name} - "))
        purchases[store] += Decimal(int(received)).scaleb(-scope.currency.precision)
        closing[store] += Decimal(int(worth)).scaleb(-9)
    for closing_number, total in connection.execute(_SALES, (scope.company,)):
        sales[sample.store_of[closing_number]] += total
    result = []
    for store, shop in sample.stores.items():
        stated = Decimal(shop["closing"]["fifo_value"])
        places = Decimal(1).scaleb(int(stated.as_tuple().exponent))
        result += [
            Check(store, "purchases", purchases[store], Decimal(shop["purchase_total"])),
            Check(store, "sales", sales[store], Decimal(shop["sales_total"])),
            Check(store, "closing stock, FIFO", closing[store].quantize(places, ROUND_HALF_UP), stated),
        ]
    return [*result, *(_all_stores(result, what) for what in ("purchases", "sales"))]


def _all_stores(found: list[Check], what: str) -> Check:
    same = [one for one in found if one.what == what]
    return Check(
        "all stores", what, sum((one.books for one in same), Decimal(0)), sum((one.shop for one in same), Decimal(0))
    )


def lines(connection: Rows, scope: Scope, sample: Sample, found: list[Check]) -> Iterator[str]:
    """The story in plain text."""
    yield "The books, store by store, and what the shop's own figures say:"
    yield ""
    columns = (
        Column("store"), Column("figure"), Column("books", Kind.AMOUNT), Column("shop", Kind.AMOUNT), Column("agrees"),
    )  # fmt: skip
    yield from table_lines(
        columns, [(one.store, one.what, one.books, one.shop, "yes" if one.agrees else "NO") for one in found]
    )
    yield ""
    yield from consolidation.lines(connection, scope, sample)
    yield ""
    yield "Trial balance:"
    yield ""
    trial = REPORTS["trial-balance"]
    wanted = ("account", "closing_debit", "closing_credit")
    closing = [tuple(row[name] for name in wanted) for row in trial.dicts(connection, scope)]
    yield from table_lines(
        (Column("account"), Column("debit", Kind.AMOUNT, summed=True), Column("credit", Kind.AMOUNT, summed=True)),
        closing,
    )
    yield ""
    for row in comparison(connection, scope):
        yield (
            f"{row['account']}: stock ledger {show(row['stock_value'])}, general ledger {show(row['account_balance'])}, "
            f"difference {show(row['difference'])}"
        )


def comparison(connection: Rows, scope: Scope) -> list[dict[str, Any]]:
    """Stock against accounts."""
    return list(REPORTS["stock-account-comparison"].dicts(connection, scope))
