"""Cancel: takes a posted document back, at that document's own posting time."""

from __future__ import annotations

import msgspec

from domain.documents.shape import Document, DocumentRef
from domain.posting_time import PostingTime
from domain.shape import Prose


class Cancel(Document, tag="cancel", kw_only=True):
    """A reversal of another document; its own time is when it was asked for."""

    target: DocumentRef
    reason: Prose | None = None
    posting_datetime: PostingTime | msgspec.UnsetType = msgspec.UNSET  # type: ignore[assignment]
