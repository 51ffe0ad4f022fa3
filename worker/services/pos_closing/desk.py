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
from worker.store.lanes import LaneRow


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

        Errors: DocumentRejected from the first; from a later one RuntimeError, since the earlier ones have changed the books in
        memory: the batch is void then, and nothing of it is written.
        """
        try:
            posting = self.answers.answered(decide)
        except DocumentRejected as refused:
            if first:
                raise
            raise RuntimeError(
                f"{document.number} was refused after others had been taken: {refused.message}"
            ) from refused
        self.take(posting, document)
        return posting
