"""Sales at tills that the books don't have yet: gone from the shelf, though the stock ledger takes them out at their closing only.

A physical count finds the shelf without them, so it is compared with the ledger less what tills had sold by then; their closing then
takes out what the count has left for it.
"""

from __future__ import annotations

from domain.books import Books, Lacking
from domain.exact import NANO, div_mirrored
from domain.masters import Item
from domain.pos_receipt import ReceiptLine
from domain.stock_ledger import Lot


def sold_beside(lot: Lot, at: int, books: Books) -> int:
    """What open sales up to a moment have taken of a lot, less what came back to tills (millionths). Errors: Lacking."""
    if next(iter(books.view.book.all("pos_profile")), None) is None:
        return 0
    if at not in books.open_sales:
        raise Lacking(open_sales=at)
    chain, sold = lot.chain, 0
    for receipt in books.open_sales[at]:
        if not lot.batch:
            sold += sum(qty for own, qty in receipt.goods if own == chain)
            continue
        for line in receipt.lines:
            if (line.key.item, line.key.warehouse, line.key.batch) == (chain.item, chain.warehouse, lot.batch):
                sold += _in_stock_units(line, books.view.kept_item(chain.item))
    return sold


def _in_stock_units(line: ReceiptLine, item: Item) -> int:
    factor = line.key.factor or (item.uoms or {}).get(line.key.uom, NANO)
    return div_mirrored(line.qty * factor, NANO)
