"""Counts of serial numbers: what comes in before a count that did not find it is counted as gone there.

A count lists the units that were found; it wrote a line for each of those, and for each that the books had there. Of a unit that
turns up in its past later it knows nothing yet, so whatever brings that in gives the count its line. Then the books don't depend on
which of the two came first.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.books import Books, Lacking
from domain.stock_ledger import Lot, Movement


def serials_there(item: str, warehouse: str, place: tuple[int, int], books: Books) -> set[str]:
    """Serial numbers of an item that lie in a warehouse just after a place in time. Errors: Lacking."""
    if (item, warehouse) not in books.serial_places:
        raise Lacking(serials=(item, warehouse))
    there = [chain for chain in books.balances if chain.item == item and chain.warehouse == warehouse]
    return {chain.part for chain in there if chain.part and books.quantity(Lot(chain), *place) > 0}


def counted_as_gone(lot: Lot, change: int, place: tuple[int, int], books: Books) -> Movement | None:
    """The line that the first count behind a place gets of a serial number of which `change` came in there; None where it needs none.

    Errors: Lacking.
    """
    chain, view = lot.chain, books.view
    if not (chain.part and view.item(chain.item).has_serial):
        return None
    count = books.serial_count(chain.item, chain.warehouse, *place)
    if not count or any(line.chain == chain for line in count):
        return None
    first = count[0]
    left = books.quantity(lot, first.at, first.voucher) + change
    if left <= 0:
        return None
    return replace(
        first, id=0, chain=chain, qty=-left, value=0, counted_qty=0, counted_rate=None, provisional=False,
        account=view.stock_account(chain.warehouse, ""),
    )  # fmt: skip
