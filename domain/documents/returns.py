"""Returns: the original that one names, and how much of which of its lines each line takes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.books import Books, Link, PostedVoucher
from domain.documents.plan import Head, Plan
from domain.documents.references import REJECTED, linked, linked_qty, rejected_qty, require_posted, taken_qty, whole_qty
from domain.documents.shape import ItemLine, TradeDocument
from domain.errors import DocumentRejected
from domain.master_view import MasterView
from domain.quantity import show_quantity


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


class Returned(NamedTuple):
    """What a return's line takes back: of which line of the original (from 0), how much, and after how much had come back before.

    Quantities are millionths of the item's stock unit; `whole` is all of the original's line. `rejected` is what goes back of goods that
    the original rejected, `rejected_left` how much of them is still there.
    """

    original: PostedVoucher
    place: int
    qty: int
    before: int
    whole: int
    rejected: int = 0
    rejected_left: int = 0

    @property
    def left(self) -> int:
        """How much of the original's accepted goods is left to come back."""
        return self.whole - self.before

    @property
    def accepted_fit(self) -> bool:
        """Whether the original's line has enough accepted goods left."""
        return self.qty <= self.left

    @property
    def fits(self) -> bool:
        """Whether the original's line has enough left of all that comes back."""
        return self.accepted_fit and self.rejected <= self.rejected_left

    def link(self, planned: Plan, head: Head, index: int, amount: int = 0) -> None:
        """Keep that the line (from 0) takes it back, and what it clears by that (minor units)."""
        line, of, of_line = index + 1, self.original.sequence, self.place + 1
        planned.links.append(Link(head.sequence, line, "returns", of, of_line, self.qty, amount))
        if self.rejected:
            planned.links.append(Link(head.sequence, line, REJECTED, of, of_line, self.rejected))


def returned(
    original: PostedVoucher, place: int, line: ItemLine, view: MasterView, field: str, planned: Plan | None = None
) -> Returned:
    """What a return's line takes back of this line of the original (from 0). Errors: DocumentRejected for an unknown unit."""
    qty = taken_qty(line, -line.qty, original, place, "returns", view, field, planned)
    before = linked_qty(original, place + 1, "returns", planned)
    found = Returned(original, place, qty, before, whole_qty(original, place, view))
    rejected = getattr(line, "rejected_qty", None)
    if not rejected:
        return found
    left = rejected_qty(original, place, view) - linked_qty(original, place + 1, REJECTED, planned)
    back = taken_qty(line, -rejected, original, place, REJECTED, view, field, planned)
    return found._replace(rejected=back, rejected_left=left)


def take_back(planned: Plan, head: Head, original: PostedVoucher, line: ItemLine, index: int, books: Books) -> Returned:
    """What a return's line (from 0) takes back, planned as a link. Errors: as `original_line`."""
    found = original_line(original, line, index, head.view, books, planned)
    found.link(planned, head, index)
    return found


def original_line(
    original: PostedVoucher, line: ItemLine, index: int, view: MasterView, books: Books, planned: Plan | None = None
) -> Returned:
    """What a return's line takes back of the original: of the line as stated, else of the first of that item with enough left.

    A line that says its batch or its serial numbers fits only where the original has them. `planned` holds what earlier lines of the
    same return take back. Errors: DocumentRejected where there is none, or more comes back than is left; Lacking.
    """
    field = f"lines[{index}]"
    lines: Sequence[ItemLine] = original.document.lines  # type: ignore[attr-defined]
    candidates = [c for c in _candidates(lines, line) if lines[c].item == line.item]
    if not candidates:
        raise DocumentRejected(
            "NotOnOriginal",
            f"{field}: {original.number} has no such line of {line.item}. Name the line with return_of.",
            f"{field}.return_of" if line.return_of else f"{field}.item",
        )
    candidates = _of_the_same_goods(original, lines, line, candidates, field)
    found = [returned(original, candidate, line, view, field, planned) for candidate in candidates]
    for one in found:
        if one.fits:
            _require_not_back_yet(original, one.place, line, books, field)
            return one
    raise _over_returned(found, line, view, field)


def _over_returned(found: Sequence[Returned], line: ItemLine, view: MasterView, field: str) -> DocumentRejected:
    """None of these lines of the original has enough left: told of the one that comes nearest."""
    most = max(found, key=lambda one: (one.accepted_fit, one.rejected_left if one.accepted_fit else one.left))
    unit, number = view.kept_item(line.item).stock_uom, most.original.number
    of_item = f"{unit} of {line.item}" if unit else f"of {line.item}"
    if most.accepted_fit:
        name, back, left = "rejected_qty", show_quantity(most.rejected), show_quantity(most.rejected_left)
        what = f"that {number} rejected are left to return"
    else:
        name, back, left = "qty", show_quantity(most.qty), show_quantity(most.left)
        what = f"of {number} are left to return"
    message = f"{field}.{name}: {back} {of_item} come back, but only {left} {what}."
    return DocumentRejected("OverReturned", message, f"{field}.{name}", {"left": left})


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
