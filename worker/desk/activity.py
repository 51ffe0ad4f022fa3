"""Activity: who did what at the desk, when and from where, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from worker.desk.page import PAGE_ROWS, Company, Page, page_after
from worker.store.companies import SHARED_COMPANY
from worker.store.database import Rows
from worker.store.desk_actions import action_page


class Activity(Page):
    """What was done in a company, newest first; logins with `of=desk`."""

    tab = "activity"
    template = "activity.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """One page of the audit trail."""
        of_desk = self.get_query_argument("of", "") == "desk"
        rows = action_page(
            connection, SHARED_COMPANY if of_desk else company.number, before=self._before(), limit=PAGE_ROWS + 1
        )
        last = page_after(rows, lambda row: {"at": row.at.isoformat(), "id": row.action_id})
        return {
            "rows": rows[:PAGE_ROWS],
            "of_desk": of_desk,
            "older": self.address_of(**last) if last else "",
            "first": self.address_of(at=None, id=None),
            "is_first": "at" not in self.request.query_arguments,
        }

    def _before(self) -> tuple[datetime, str] | None:
        try:
            moment = datetime.fromisoformat(self.get_query_argument("at", ""))
        except ValueError:
            return None
        return None if moment.tzinfo is None else (moment, self.get_query_argument("id", "").replace("\0", ""))
