"""Stock reconciliation: a physical count, absolute at its moment."""

from __future__ import annotations

from typing import Literal

from domain.books import Books
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.shape import Document, Line
from domain.documents.stock_rules import opening_account
from domain.errors import DocumentRejected
from domain.exact import MICRO
from domain.master_view import MasterView
from domain.masters import Item
from domain.money import Rate
from domain.quantity import Quantity
from domain.serial_counts import serials_there
from domain.shape import Name
from domain.stock_ledger import NEVER, Basis, Chain, Lot
from domain.till_sales import sold_beside


class StockReconciliationLine(Line, kw_only=True):
    """A counted item; a blank quantity or rate keeps what the books have."""

    item: Name
    warehouse: Name
    qty: Quantity | None = None
    rate: Rate | None = None
    batch: Name | None = None
    serials: list[Name] | None = None


class StockReconciliation(Document, tag="stock_reconciliation", kw_only=True):
    """A count of stock, or the opening stock of a new company."""

    lines: list[StockReconciliationLine]
    purpose: Literal["opening_stock", "stock_reconciliation"] = "stock_reconciliation"
    difference_account: Name | None = None


def plan(document: StockReconciliation, head: Head, books: Books) -> Plan:
    """Each counted chain set to its count; the difference to stock adjustment, of opening stock to a balance sheet account.

    A line that the books agree with is kept as well: the count holds whatever is posted before it later.
    Errors: DocumentRejected (also where nothing would change), DocumentParked, Lacking.
    """
    view, planned = head.view, Plan()
    seen: set[tuple[str, str, str]] = set()
    changed = False
    for index, line in enumerate(document.lines):
        field = f"lines[{index}]"
        item = view.item(line.item, f"{field}.item")
        _require_sound(line, item, field, seen)
        account = view.stock_account(line.warehouse, f"{field}.warehouse")
        for chain, batch, qty in _counted(line, item, head, field, books):
            # What is gone is asked for no rate: the one that is stated is that of the units found.
            rate = line.rate if qty != 0 or not item.has_serial else None
            changed = changed or not _unchanged(Lot(chain, "" if chain.part else batch), qty, rate, head, books)
            balance = books.balance(chain)
            planned.move(
                head, index + 1, chain, 0, Basis.COUNTED, account=account,
                contra=_difference_account(document, view, first=balance.last_at == NEVER),
                cost_center=cost_center_of(head, line.cost_center, item),
                dimensions=dimensions_of(head, line.dimensions, document.dimensions, item),
                batch=batch, counted_qty=qty, counted_rate=rate,
            )  # fmt: skip
    if not changed:
        raise DocumentRejected(
            "NothingToReconcile",
            "lines: the books already hold every counted quantity and rate; nothing to post.",
            "lines",
        )
    return planned


def _require_sound(line: StockReconciliationLine, item: Item, field: str, seen: set[tuple[str, str, str]]) -> None:
    key = (line.item, line.warehouse, line.batch or "")
    if key in seen:
        raise DocumentRejected(
            "CountedTwice", f"{field}: {line.item} in {line.warehouse} is counted twice in this document.", field
        )
    seen.add(key)
    if line.qty is None and line.rate is None and line.serials is None:
        raise DocumentRejected("NothingCounted", f"{field}: state a quantity, a rate, or both.", field)
    if not item.is_stock_item:
        raise DocumentRejected("NotAStockItem", f"{field}.item: {item.code} is not kept in stock.", f"{field}.item")


def _counted(
    line: StockReconciliationLine, item: Item, head: Head, field: str, books: Books
) -> list[tuple[Chain, str, int | None]]:
    """The chains that a line counts, with the quantity found in each; serial numbers there that are not listed are counted as gone.

    Goods that tills have sold are off the shelf and still in the books until their closing, so they are no part of what is missing.
    What comes in before the count later is counted as gone when it does (`serial_counts`).
    """
    view = head.view
    if not item.has_serial:
        if item.has_batch and not line.batch:
            raise DocumentRejected(
                "BatchMissing", f"{field}.batch: {item.code} is kept in batches; name the batch.", f"{field}.batch"
            )
        chain, batch = view.chain(item, line.warehouse, line.batch or ""), line.batch or ""
        if line.qty is None:
            return [(chain, batch, None)]
        return [(chain, batch, line.qty + sold_beside(Lot(chain, "" if chain.part else batch), head.at, books))]
    serials = line.serials or []
    if line.qty is not None and len(set(serials)) * MICRO != line.qty:
        raise DocumentRejected(
            "SerialsDoNotMatch", f"{field}.serials: list one serial number for each counted unit.", f"{field}.serials"
        )
    here = serials_there(line.item, line.warehouse, (head.at, head.sequence), books)
    counted = [(view.chain(item, line.warehouse, serial=serial), line.batch or "", MICRO) for serial in serials]
    missed = [view.chain(item, line.warehouse, serial=serial) for serial in sorted(here - set(serials))]
    gone = [(chain, "", 0) for chain in missed if sold_beside(Lot(chain), head.at, books) <= 0]
    return [*counted, *gone]


def _unchanged(lot: Lot, qty: int | None, rate: int | None, head: Head, books: Books) -> bool:
    """Whether the books hold this count already (at the count's own place in time)."""
    balance = books.balance(lot.chain)
    if (head.at, head.sequence) < (balance.last_at, balance.last_sequence):
        return rate is None and qty == books.history(lot, head.at, head.sequence).running
    if qty is not None and qty != balance.held(lot.batch):
        return False
    if rate is None or lot.batch:
        # What a batch is worth by itself is not known where several are valued together.
        return rate is None
    currency = head.view.currency
    return currency.times(balance.qty, rate) * currency.unit == balance.value


def _difference_account(document: StockReconciliation, view: MasterView, *, first: bool) -> str:
    if document.purpose == "opening_stock":
        return opening_account(document.difference_account, view)
    if document.difference_account is not None:
        return view.account(document.difference_account, "difference_account")
    return view.role("temporary_opening" if first else "stock_adjustment")
