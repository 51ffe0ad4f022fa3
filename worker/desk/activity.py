"""Activity: who did what at the desk, when and from where, and what came of it."""

from __future__ import annotations

from typing import Any

from worker.desk.page import PAGE_ROWS, Company, Page
from worker.store.database import Rows
from worker.store.desk.actions import action_page
from worker.store.names.companies import SHARED_COMPANY


class Activity(Page):
    """What was done in a company, newest first; logins with `of=desk`."""

    tab = "activity"
    template = "activity.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """One page of the audit trail."""
        of_desk = self.get_query_argument("of", "") == "desk"
        rows = action_page(
            connection, SHARED_COMPANY if of_desk else company.number, before=self.after("id"), limit=PAGE_ROWS + 1
        )
        return {"of_desk": of_desk, **self.by_time(rows, "id", lambda row: row.action_id)}
