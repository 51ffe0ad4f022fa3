"""Which documents change tills as a whole: closings, and cancels of closings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from domain.books import Books
from domain.documents import AnyDocument, Cancel, PosClosing
from domain.documents.cancel import target_of
from worker.services.pos_closing.cancelling import cancel_closing
from worker.services.pos_closing.closing import close
from worker.services.pos_closing.desk import LaneDesk

# Does the work in the lane, for a sequence and an instant; gives the sales whose status it changed.
Work = Callable[[LaneDesk, int, int], list[int]]


def changes_tills(document: AnyDocument, books: Books) -> Work | None:
    """What to do where a document is a closing or cancels one; None for every other. Errors: Lacking; as `target_of`."""
    if isinstance(document, PosClosing):
        return partial(_close, document)
    if isinstance(document, Cancel) and (document.target.type or "pos_closing") == "pos_closing":
        target = books.voucher(document.target.type or "", document.target.number)
        if target is not None and target.type == "pos_closing":
            target_of(document, books)
            return partial(_cancel, document)
    return None


def _close(document: PosClosing, desk: LaneDesk, sequence: int, _: int) -> list[int]:
    return close(desk, sequence, document)


def _cancel(document: Cancel, desk: LaneDesk, sequence: int, now: int) -> list[int]:
    return cancel_closing(desk, sequence, document, now)
