"""Manufacture and repack: what goes in becomes what comes out.

Outputs are worth what was booked out plus additional costs. Scrap takes its stated value, at most what went in; the rest is shared
over the finished lines by the amounts given for them, else by quantity.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from domain.documents.item_lines import stock_qty
from domain.errors import DocumentRejected
from domain.master_view import MasterView

if TYPE_CHECKING:
    from domain.documents.stock_entry import StockEntry, StockEntryLine


def given_amount(line: StockEntryLine, view: MasterView) -> int | None:
    """The amount stated for a line (minor units): its basic amount, else quantity x rate; None where neither is stated."""
    if line.basic_amount is not None:
        return view.currency.exact(line.basic_amount, "basic_amount")
    if line.amount is not None:
        return view.currency.exact(line.amount, "amount")
    if line.rate is not None and line.qty is not None:
        return view.currency.times(line.qty, line.rate)
    return None


def is_finished(document: StockEntry, line: StockEntryLine) -> bool:
    """Whether a line is what is made: as it says or, in a repack, whatever only comes in and is no scrap."""
    if line.finished is None:
        return document.purpose == "repack" and line.source is None and not line.scrap
    return line.finished


def finished_lines(document: StockEntry) -> list[int]:
    """The places of the lines that bring in what is made."""
    return [i for i, line in enumerate(document.lines) if line.target and is_finished(document, line)]


def require_finished(document: StockEntry) -> None:
    """Refuse a transformation that makes nothing, or a manufacture that makes several items."""
    finished = {line.item for line in document.lines if is_finished(document, line)}
    if not finished_lines(document):
        raise DocumentRejected(
            "FinishedItemMissing",
            f"lines: a {document.purpose} makes something: mark the finished line with finished: true.",
            "lines",
        )
    if document.purpose == "manufacture" and len(finished) > 1:
        raise DocumentRejected(
            "SeveralFinishedItems",
            f"lines: a manufacture makes one item, not {', '.join(sorted(finished))}. Mark by-products as scrap, or repack.",
            "lines",
        )
    if not any(line.source for line in document.lines):
        raise DocumentRejected("NothingConsumed", "lines: nothing goes in: name what is consumed, with from.", "lines")


def weights(document: StockEntry, view: MasterView) -> dict[int, int]:
    """The weight of one millionth of a stock unit of each finished line: by given amount where all have one, else by quantity.

    Amounts are spread per unit at a common scale, so that serial numbers of one line share equally.
    """
    finished = finished_lines(document)
    amounts = {i: given_amount(document.lines[i], view) for i in finished}
    if len(finished) > 1 and all(amounts.values()):
        made = {i: _made_by(document.lines[i], i, view) for i in finished}
        scale = prod(made.values())
        return {i: (amounts[i] or 0) * scale // made[i] for i in finished}
    return dict.fromkeys(finished, 1)


def _made_by(line: StockEntryLine, index: int, view: MasterView) -> int:
    field = f"lines[{index}]"
    return stock_qty(line, view.item(line.item, f"{field}.item"), line.qty or 0, field) or 1
