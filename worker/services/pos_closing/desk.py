"""What a closing works with: the lane that its company's writer holds, and how a posting is handed to the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from domain.books import Books, Posting
from domain.documents import AnyDocument
from domain.errors import DocumentRejected
from worker.services.answers import Answers
from worker.services.pos_sales import Tills
from worker.store.database import Rows
from worker.store.posting.lanes import LaneRow


class LaterRefused(Exception):
    """A document of several that stand or fall together is refused after others have changed the books in memory.

    The batch is void then, and nothing of it is written. `refusal` is what to tell of the document that wanted all of them.
    """

    def __init__(self, document: AnyDocument, refused: DocumentRejected) -> None:
        super().__init__(f"{document.number}: {refused.message}")
        customer = getattr(document, "customer", None)
        which = f"{document.number}{f' of {customer}' if customer else ''}"
        self.refusal = DocumentRejected(
            refused.code, f"{which}, which is a part of it, can't be posted: {refused.message}", "", refused.details
        )


@dataclass(slots=True)
class LaneDesk:
    """One transaction under a lane. `take` hands a posting to the batch, which lets later ones see it.

    `tallied`: whatever could be summed ahead was, so a closing reads the rest however much it is.
    """

    connection: Rows
    lane: LaneRow
    books: Books
    answers: Answers
    tills: Tills
    flush: Callable[[], None]
    take: Callable[[Posting, AnyDocument], None]
    tallied: bool

    @property
    def company(self) -> int:
        """The company's number."""
        return self.lane.company_id

    def post(self, decide: Callable[[], Posting], document: AnyDocument, *, first: bool) -> Posting:
        """Decide a document of several that stand or fall together, and hand it to the batch.

        Errors: DocumentRejected from the first, LaterRefused from others.
        """
        try:
            posting = self.answers.answered(decide)
        except DocumentRejected as refused:
            if first:
                raise
            raise LaterRefused(document, refused) from refused
        self.take(posting, document)
        return posting
