"""From a line to stock: units of measure, batches, serial numbers, bundles."""

from __future__ import annotations

from typing import Protocol

import msgspec

from domain.errors import DocumentRejected
from domain.exact import MICRO, NANO, div_mirrored
from domain.master_view import MasterView
from domain.masters import Item
from domain.quantity import show_quantity
from domain.stock_ledger import Chain


class Part(msgspec.Struct, gc=False, frozen=True):
    """A share of a line that moves in one chain: `qty` millionths of the stock unit, signed as the line is."""

    chain: Chain
    batch: str
    qty: int


class StockLine(Protocol):
    """What a line must carry to move stock."""

    @property
    def uom(self) -> str | None:
        """Unit of measure, the stock unit where left out."""

    @property
    def conversion_factor(self) -> int | None:
        """Stock units per unit, nine decimals."""

    @property
    def batch(self) -> str | None:
        """Batch name."""

    @property
    def serials(self) -> list[str] | None:
        """Serial numbers, one a unit."""


class RejectingLine(Protocol):
    """What a line says about goods that were not accepted."""

    @property
    def rejected_warehouse(self) -> str | None:
        """Where rejected goods lie."""

    @property
    def batch(self) -> str | None:
        """Batch name."""


def conversion(line: StockLine, item: Item, field: str) -> int:
    """Stock units per unit of a line, nine decimals. Errors: DocumentRejected for an unknown unit."""
    if line.conversion_factor is not None:
        return int(line.conversion_factor)
    if line.uom is None or line.uom == item.stock_uom or (item.stock_uom is None and not item.uoms):
        return NANO
    factor = (item.uoms or {}).get(line.uom)
    if factor is None:
        raise DocumentRejected(
            "UnknownUnit",
            f"{field}.uom: {item.code} has no conversion from {line.uom} to {item.stock_uom or 'its stock unit'}. "
            "Add it to the item's uoms or state a conversion_factor.",
            f"{field}.uom",
        )
    return int(factor)


def stock_qty(line: StockLine, item: Item, qty: int, field: str) -> int:
    """A line's quantity in the item's stock unit, to the nearest millionth of it.

    Errors: DocumentRejected for an unknown unit, or a quantity of which nothing would be left.
    """
    if line.uom is None and line.conversion_factor is None:
        return int(qty)
    factor = conversion(line, item, field)
    if factor == NANO:
        return int(qty)
    converted = div_mirrored(qty * factor, NANO)
    if qty and not converted:
        raise DocumentRejected(
            "TooManyDecimals",
            f"{field}.qty: {show_quantity(qty)} x the conversion factor is less than a millionth of the stock unit.",
            f"{field}.qty",
        )
    return converted


def is_exact(line: StockLine, item: Item, qty: int, field: str = "") -> bool:
    """Whether a line's quantity is a whole number of millionths of the stock unit. Errors: DocumentRejected for an unknown unit."""
    return qty * conversion(line, item, field) % NANO == 0


def parts(view: MasterView, line: StockLine, item: Item, warehouse: str, qty: int, field: str) -> list[Part]:
    """The chains that a line moves: one, or one per serial number.

    Errors: DocumentRejected where a batch or serial numbers are missing, not wanted, or don't match the quantity.
    """
    if not (item.has_batch or item.has_serial or line.batch or line.serials):
        return [Part(Chain(item.code, warehouse), "", qty)]
    if item.has_serial:
        serials = line.serials or []
        if len(serials) * MICRO != abs(qty) or len(set(serials)) != len(serials):
            raise DocumentRejected(
                "SerialsDoNotMatch",
                f"{field}.serials: {item.code} needs one serial number a unit: {show_quantity(abs(qty))} units, "
                f"{len(set(serials))} different serial numbers.",
                f"{field}.serials",
            )
        one = MICRO if qty > 0 else -MICRO
        return [Part(view.chain(item, warehouse, serial=serial), line.batch or "", one) for serial in serials]
    if line.serials:
        raise DocumentRejected(
            "SerialsNotWanted", f"{field}.serials: {item.code} has no serial numbers.", f"{field}.serials"
        )
    batch = _batch(line, item, field)
    return [Part(view.chain(item, warehouse, batch), batch, qty)]


def _batch(line: StockLine | RejectingLine, item: Item, field: str) -> str:
    """The line's batch, empty where the item has none. Errors: DocumentRejected where one is missing, or not wanted."""
    batch = line.batch or ""
    if item.has_batch and not batch:
        raise DocumentRejected(
            "BatchMissing", f"{field}.batch: {item.code} is kept in batches; name the batch.", f"{field}.batch"
        )
    if batch and not item.has_batch:
        raise DocumentRejected("BatchNotWanted", f"{field}.batch: {item.code} has no batches.", f"{field}.batch")
    return batch


def rejected_part(
    view: MasterView, line: RejectingLine, item: Item, qty: int, accepted_in: str | None, field: str
) -> Part:
    """Rejected goods of a line, in a warehouse of their own. Errors: DocumentRejected where they have none, or no batch."""
    if line.rejected_warehouse is None or line.rejected_warehouse == accepted_in:
        raise DocumentRejected(
            "RejectedWarehouseMissing",
            f"{field}.rejected_warehouse: say where rejected goods lie, apart from the accepted ones.",
            f"{field}.rejected_warehouse",
        )
    batch = (line.batch or "") if item.has_serial else _batch(line, item, field)
    return Part(view.chain(item, line.rejected_warehouse, batch), batch, qty)


def require_warehouse(warehouse: str | None, item: Item, view: MasterView, field: str) -> str:
    """The line's warehouse, else the item's default. Errors: DocumentRejected where neither is stated."""
    if warehouse is None and item.defaults:
        own = item.defaults.get(view.company.name) or item.defaults.get("*")
        warehouse = own.warehouse if own else None
    if warehouse is None:
        raise DocumentRejected(
            "WarehouseMissing",
            f"{field}.warehouse: say where {item.code} lies: on the line, or as the item's default warehouse.",
            f"{field}.warehouse",
        )
    return warehouse
