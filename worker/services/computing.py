"""Compute what a document adds up to, without accepting or posting it."""

from __future__ import annotations

from domain.documents import AnyDocument
from domain.errors import Unavailable
from worker.services.deciding import Batch
from worker.services.lane_memory import LaneMemory
from worker.store.database import Database
from worker.store.posting.lanes import take_lane


def figures_of(database: Database, company_id: int, document: AnyDocument) -> dict[str, object]:
    """A document's figures as the books stand now; nothing is written.

    Errors: DocumentRejected, DocumentParked; Unavailable where a writer has the lane.
    """
    with database.transaction() as connection:
        lane = take_lane(connection, company_id)
        if lane is None:
            raise Unavailable("LaneBusy", "The company's lane is being written just now. Try again in a moment.")
        # A memory of its own: what is computed here must not be taken for what was posted.
        memory = LaneMemory(lane.company, company_id)
        memory.begin(connection, lane)
        return Batch(connection, lane, memory).compute(document)
