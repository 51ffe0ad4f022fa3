"""References between documents: the original of a return, the receipt of a bill, and what is left of them."""

from __future__ import annotations

from collections.abc import Sequence

from domain.books import Books, Link, PostedVoucher
from domain.documents.plan import Head, Plan
from domain.documents.shape import ItemLine, LineRef, TradeDocument
from domain.errors import DocumentParked, DocumentRejected
from domain.quantity import show_quantity


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


def original_of(document: TradeDocument, head: Head, books: Books) -> PostedVoucher | None:
    """The original that a return names, None for a stand-alone one. Errors: as `require_posted`; a return before its original."""
    if document.return_against is None:
        return None
    original = require_posted(books, head.type, document.return_against, "return_against")
    if original.at > head.at:
        raise DocumentRejected(
            "ReturnBeforeOriginal",
            f"posting_datetime: {original.number} was posted for a later time than this return. Date the return after it.",
            "posting_datetime",
        )
    return original


def original_line(
    original: PostedVoucher, lines: Sequence[ItemLine], line: ItemLine, index: int, planned: Plan | None = None
) -> int:
    """The original's line (counted from 0) that a return's line takes back: as stated, else the first of that item with enough left.

    `planned` holds what earlier lines of the same return take back. Errors: DocumentRejected where there is none, or more comes
    back than is left.
    """
    field = f"lines[{index}]"
    wanted = -line.qty
    if line.return_of is not None:
        candidates = [line.return_of - 1] if 1 <= line.return_of <= len(lines) else []
    else:
        same = [i for i, own in enumerate(lines) if own.item == line.item and own.batch == line.batch]
        same = same or [i for i, own in enumerate(lines) if own.item == line.item]
        here = [i for i in same if lines[i].warehouse == line.warehouse and lines[i].rate == line.rate]
        candidates = here + [i for i in same if i not in here]
    candidates = [i for i in candidates if lines[i].item == line.item]
    if not candidates:
        raise DocumentRejected(
            "NotOnOriginal",
            f"{field}: {original.number} has no such line of {line.item}. Name the line with return_of.",
            f"{field}.return_of" if line.return_of else f"{field}.item",
        )
    left = [lines[c].qty - linked_qty(original, c + 1, "returns", planned) for c in candidates]
    for candidate, qty in zip(candidates, left, strict=True):
        if wanted <= qty:
            return candidate
    raise DocumentRejected(
        "OverReturned",
        f"{field}.qty: {show_quantity(wanted)} of {line.item} come back, but only {show_quantity(max(left))} of "
        f"{original.number} are left to return.",
        f"{field}.qty",
        {"left": show_quantity(max(left))},
    )


def linked(voucher: PostedVoucher, line: int, kind: str, planned: Plan | None = None) -> list[Link]:
    """What refers to a voucher's line (counted from 1) already: posted documents, and earlier lines of the one being planned."""
    own = [link for link in planned.links if link.target == voucher.sequence] if planned else []
    return [link for link in (*voucher.links, *own) if link.kind == kind and link.target_line == line]


def linked_qty(voucher: PostedVoucher, line: int, kind: str, planned: Plan | None = None) -> int:
    """How much of a voucher's line (counted from 1) is referred to already, millionths."""
    return sum(link.qty for link in linked(voucher, line, kind, planned))


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
