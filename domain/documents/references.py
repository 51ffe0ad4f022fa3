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
    original: PostedVoucher,
    lines: Sequence[ItemLine],
    line: ItemLine,
    index: int,
    books: Books,
    planned: Plan | None = None,
) -> int:
    """The original's line (counted from 0) that a return's line takes back: as stated, else the first of that item with enough left.

    A line that says its batch or its serial numbers fits only where the original has them. `planned` holds what earlier lines of the
    same return take back. Errors: DocumentRejected where there is none, or more comes back than is left; Lacking.
    """
    field = f"lines[{index}]"
    wanted = -line.qty
    candidates = [c for c in _candidates(lines, line) if lines[c].item == line.item]
    if not candidates:
        raise DocumentRejected(
            "NotOnOriginal",
            f"{field}: {original.number} has no such line of {line.item}. Name the line with return_of.",
            f"{field}.return_of" if line.return_of else f"{field}.item",
        )
    candidates = _of_the_same_goods(original, lines, line, candidates, field)
    left = [lines[c].qty - linked_qty(original, c + 1, "returns", planned) for c in candidates]
    for candidate, qty in zip(candidates, left, strict=True):
        if wanted <= qty:
            _require_not_back_yet(original, candidate, line, books, field)
            return candidate
    raise DocumentRejected(
        "OverReturned",
        f"{field}.qty: {show_quantity(wanted)} of {line.item} come back, but only {show_quantity(max(left))} of "
        f"{original.number} are left to return.",
        f"{field}.qty",
        {"left": show_quantity(max(left))},
    )


def _candidates(lines: Sequence[ItemLine], line: ItemLine) -> list[int]:
    """Lines of the original in the order in which a return's line would take from them."""
    if line.return_of is not None:
        return [line.return_of - 1] if 1 <= line.return_of <= len(lines) else []
    same = [i for i, own in enumerate(lines) if own.item == line.item]
    here = [i for i in same if lines[i].warehouse == line.warehouse and lines[i].rate == line.rate]
    return here + [i for i in same if i not in here]


def _of_the_same_goods(
    original: PostedVoucher, lines: Sequence[ItemLine], line: ItemLine, candidates: list[int], field: str
) -> list[int]:
    """The candidates that had the batch, or all of the serial numbers, that come back. Errors: DocumentRejected naming what none had."""
    serials = set(line.serials or ())
    strangers = serials.difference(*(lines[c].serials or () for c in candidates))
    if strangers:
        raise DocumentRejected(
            "NotOnOriginal",
            f"{field}.serials: {', '.join(sorted(strangers))} of {line.item} is not on {original.number}. Name the units that it has.",
            f"{field}.serials",
            {"serials": sorted(strangers)},
        )
    fitting = [
        c
        for c in candidates
        if serials <= set(lines[c].serials or ()) and (not line.batch or line.batch == (lines[c].batch or line.batch))
    ]
    if not fitting:
        which = "serials" if serials else "batch"
        lacks = (
            f"no single line of {original.number} has all of these units of {line.item}. Return each of its lines by one of your own."
            if serials
            else f"{original.number} has no batch {line.batch} of {line.item}. Name the batch that it has."
        )
        raise DocumentRejected("NotOnOriginal", f"{field}.{which}: {lacks}", f"{field}.{which}")
    return fitting


def _require_not_back_yet(original: PostedVoucher, place: int, line: ItemLine, books: Books, field: str) -> None:
    """A serial number comes back once. Errors: DocumentRejected naming those that have come back before; Lacking."""
    if not line.serials:
        return
    for link in linked(original, place + 1, "returns"):
        earlier = books.voucher(link.type, link.number)
        lines: Sequence[ItemLine] = earlier.document.lines if earlier is not None else []  # type: ignore[attr-defined]
        again = set(line.serials) & set(lines[link.line - 1].serials or ()) if lines else set()
        if again:
            raise DocumentRejected(
                "OverReturned",
                f"{field}.serials: {', '.join(sorted(again))} of {original.number} came back with {link.number} already.",
                f"{field}.serials",
                {"serials": sorted(again)},
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
