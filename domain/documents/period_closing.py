"""Period closing: the year's result moves to retained earnings."""

from __future__ import annotations

from domain.documents.shape import Document
from domain.shape import Name


class PeriodClosing(Document, tag="period_closing", kw_only=True):
    """Closes the profit-and-loss accounts of an accounting period."""

    period: Name
