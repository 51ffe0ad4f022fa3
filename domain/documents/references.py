"""References between documents: what a line names, and how much of it is taken by now.

Quantities are compared in the item's stock unit: what came in boxes may go back, or be billed, by the piece.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.books import Books, Link, PostedVoucher
from domain.documents.item_lines import is_exact, stock_qty
from domain.documents.plan import Plan
from domain.documents.shape import ItemLine, LineRef
from domain.errors import DocumentParked, DocumentRejected
from domain.master_view import MasterView

REJECTED = "returns_rejected"  # the kind of a link that takes rejected goods back


def require_posted(books: Books, type_: str, number: str, field: str) -> PostedVoucher:
    """A posted, uncancelled document. Errors: parked while it is not posted yet, rejected where it is cancelled."""
    found = books.voucher(type_, number)
    if found is None:
        raise DocumentParked(
            "UnknownDocument",
            f"{field}: {type_.replace('_', ' ')} {number} is not posted. This document posts by itself once it is.",
            (f"voucher:{type_}:{number}",),
            field,
            {"type": type_, "number": number},
        )
    if found.cancelled_by:
        raise DocumentRejected(
            "ReferenceCancelled",
            f"{field}: {type_.replace('_', ' ')} {number} is cancelled.",
            field,
            {"number": number},
        )
    return found


def linked(voucher: PostedVoucher, line: int, kind: str, planned: Plan | None = None) -> list[Link]:
    """What refers to a voucher's line (counted from 1) already: posted documents, and earlier lines of the one being planned."""
    own = [link for link in planned.links if link.target == voucher.sequence] if planned else []
    return [link for link in (*voucher.links, *own) if link.kind == kind and link.target_line == line]


def linked_qty(voucher: PostedVoucher, line: int, kind: str, planned: Plan | None = None) -> int:
    """How much of a voucher's line (counted from 1) is referred to already, millionths of the item's stock unit."""
    return sum(link.qty for link in linked(voucher, line, kind, planned))


def whole_qty(voucher: PostedVoucher, place: int, view: MasterView) -> int:
    """All of a posted line (counted from 0) in the item's stock unit (millionths), by the unit's factor as the voucher found it."""
    line = _line(voucher, place)
    return stock_qty(line, view.item_then(line.item, voucher.sequence), line.qty, f"lines[{place}]")


def rejected_qty(voucher: PostedVoucher, place: int, view: MasterView) -> int:
    """What was rejected of a posted line (counted from 0), likewise."""
    line = _line(voucher, place)
    item = view.item_then(line.item, voucher.sequence)
    return stock_qty(line, item, _stated(line, REJECTED), f"lines[{place}]")


def taken_qty(
    line: ItemLine,
    qty: int,
    voucher: PostedVoucher,
    place: int,
    kind: str,
    view: MasterView,
    field: str,
    planned: Plan | None = None,
) -> int:
    """How much a line's `qty` takes of a posted line (from 0), in the item's stock unit (millionths), in whatever unit either is stated.

    Conversions are rounded, each by half a millionth at the most; so what takes the rest as exactly as they can tell takes all of it,
    and all parts add up to the whole. Errors: DocumentRejected for an unknown unit.
    """
    item, theirs = view.kept_item(line.item), _line(voucher, place)
    taken = stock_qty(line, item, qty, field)
    then = view.item_then(theirs.item, voucher.sequence)
    if is_exact(line, item, qty) and is_exact(theirs, then, _stated(theirs, kind)):
        return taken
    before = linked(voucher, place + 1, kind, planned)
    left = stock_qty(theirs, then, _stated(theirs, kind), f"lines[{place}]") - sum(link.qty for link in before)
    return left if left > 0 and abs(left - taken) <= (len(before) + 2) // 2 else taken


def _stated(line: ItemLine, kind: str) -> int:
    """The quantity of a line that links of a kind take from, in the line's own unit."""
    return int(getattr(line, "rejected_qty", None) or 0) if kind == REJECTED else int(line.qty)


def _line(voucher: PostedVoucher, place: int) -> ItemLine:
    lines: Sequence[ItemLine] = voucher.document.lines  # type: ignore[attr-defined]
    return lines[place]


def reference(stated: LineRef | str | None) -> LineRef | None:
    """A reference as a number with a line, whichever way it was stated."""
    return LineRef(number=stated) if isinstance(stated, str) else stated


def referred_line(lines: Sequence[ItemLine], ref: LineRef, item: str, field: str) -> int:
    """The line (counted from 0) that a reference names, else the first of that item. Errors: DocumentRejected where there is none."""
    if ref.line is not None and 1 <= ref.line <= len(lines) and lines[ref.line - 1].item == item:
        return ref.line - 1
    if ref.line is None:
        for index, line in enumerate(lines):
            if line.item == item:
                return index
    raise DocumentRejected(
        "NotOnReference",
        f"{field}: {ref.number} has no {'line ' + str(ref.line) if ref.line else 'line'} of {item}.",
        field,
    )
