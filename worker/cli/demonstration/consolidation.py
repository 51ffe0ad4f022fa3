"""What consolidation spares: the ledger rows that closings wrote, beside those that their sales would have written one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from worker.cli.demonstration.sample import Sample
from worker.cli.output import table_lines
from worker.reports import Column, Kind
from worker.services.pos_verify import verify_closing
from worker.store.pos.closings import standing_closings
from worker.store.pos.sales import consolidated_receipts

if TYPE_CHECKING:
    from worker.reports import Scope
    from worker.store.database import Rows

# What each closing wrote, with the invoices that it made.
_WRITTEN: Final = """
    SELECT coalesce(v.figures ->> 'generated_by', v.number),
           (SELECT count(*) FROM gl_entry e WHERE e.company_id = v.company_id AND e.voucher_id = v.voucher_id),
           (SELECT count(*) FROM stock_movement m WHERE m.company_id = v.company_id AND m.voucher_id = v.voucher_id)
      FROM voucher v WHERE v.company_id = %s AND v.type IN ('sales_invoice', 'pos_closing')
"""
_COLUMNS: Final = (
    Column("tills of"), Column("closings", Kind.COUNT), Column("sales", Kind.COUNT), Column("ledger entries", Kind.COUNT),
    Column("without consolidation", Kind.COUNT), Column("stock movements", Kind.COUNT), Column("without it", Kind.COUNT),
)  # fmt: skip
_ALL: Final = "all stores"


@dataclass(slots=True)
class _Spared:
    """Counts of one store: with consolidation, and without."""

    closings: int = 0
    sales: int = 0
    entries: int = 0
    entries_alone: int = 0
    movements: int = 0
    movements_alone: int = 0


def lines(connection: Rows, scope: Scope, sample: Sample) -> Iterator[str]:
    """The tills' part of the story in plain text, certificates included."""
    spared = _spared(connection, scope, sample)
    yield "The tills: ledger entries with consolidation, and as many as the same sales would have written one by one:"
    yield ""
    yield from table_lines(
        _COLUMNS,
        [
            (store, one.closings, one.sales, one.entries, one.entries_alone, one.movements, one.movements_alone)
            for store, one in spared.items()
        ],
    )
    yield ""
    every = spared[_ALL]
    yield (
        f"{every.sales} sales in {every.closings} closings: {_fewer(every.entries, every.entries_alone)} ledger entries, and no "
        "more of them however many sales a closing has."
    )
    yield "Stock movements are as many as different goods were sold: these tills seldom sell a thing twice between two closings."
    closings = standing_closings(connection, scope.company, 0, 2**62)
    wrong = [
        f"{closing.number}: {found[0]}"
        for closing in closings
        if (found := verify_closing(connection, scope.company, closing.sequence, scope.currency))
    ]
    yield from wrong or [
        f"All {len(closings)} certificates hold: receipts and invoices agree by tax, tender, item and cost center, to the cent."
    ]


def _spared(connection: Rows, scope: Scope, sample: Sample) -> dict[str, _Spared]:
    """The counts of every store, and of all of them together."""
    spared = {store: _Spared() for store in (*sample.stores, _ALL)}
    closings: dict[str, set[str]] = {store: set() for store in spared}
    for closing, entries, movements in connection.execute(_WRITTEN, (scope.company,)):
        for store in (sample.store_of[closing], _ALL):
            closings[store].add(closing)
            spared[store].entries += entries
            spared[store].movements += movements
    for store, found in closings.items():
        spared[store].closings = len(found)
    for receipt in consolidated_receipts(connection, scope.company):
        # Each sale books its own income, taxes, tenders, stock and its cost, and moves its own goods.
        accounts = {line.key.income for line in receipt.lines} | {tax.key.account for tax in receipt.taxes}
        tenders = {payment.tender.account for payment in receipt.payments}
        warehouse = receipt.lines[0].key.warehouse
        for store in (next(name for name in sample.stores if warehouse.startswith(f"{name} - ")), _ALL):
            spared[store].sales += 1
            spared[store].entries_alone += len(accounts) + len(tenders) + 2
            spared[store].movements_alone += len(receipt.goods)
    return spared


def _fewer(with_it: int, without: int) -> str:
    return f"{100 * (without - with_it) // without} % fewer"
