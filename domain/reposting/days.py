"""On which day a difference takes effect: where its movement lies, unless a closed period has to stay as it is (law 7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from domain.master_view import MasterView
from domain.posting_time import from_instant


class EffectiveDays:
    """The days of one pass. `cause_days`: from when the documents that asked for it count.

    What would change in a closed period changes on the first open day not before its cause's own. What follows from that in an open
    one can't show earlier: until then both ledgers stand as they were, so no day shows goods leave at a cost that has yet to come in.
    `since` remembers that day per document; a pass that is laid down takes it along. Where a chain is changed on account of one document
    and then of another, what follows is put down to the second, and shows no earlier than either.
    """

    def __init__(self, view: MasterView, cause_days: Mapping[int, date], since: dict[int, date]) -> None:
        self._view, self._cause_days, self._since = view, cause_days, since
        self._known: dict[tuple[date, int], date] = {}

    def begin(self, at: int, document: int, *, after: int) -> None:
        """Have a document's change begin in a chain, at an instant, where that was changed on account of another (0: none) before it."""
        if self._view.has_closed:
            self.of(from_instant(at).astimezone(self._view.zone).date(), document)
            if after in self._since:
                self._put_off(document, self._since[after])

    def of(self, day: date, document: int) -> date:
        """When the difference of a movement of this day, made on account of a document, takes effect."""
        if not self._view.has_closed:
            return day
        known = self._known.get((day, document))
        if known is None:
            known = self._view.effective_date(day, self._cause_days.get(document, date.min))
            if known != day:
                self._put_off(document, known)
            known = self._known[day, document] = max(known, self._since.get(document, known))
        return known

    def _put_off(self, document: int, day: date) -> None:
        """Let nothing that is put down to a document show before a day."""
        if self._since.get(document, date.min) < day:
            self._since[document] = day
            self._known.clear()
