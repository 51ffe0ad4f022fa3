"""Schedule: the slots of each business date, and the mails that went out about them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, Final

from worker.desk.page import Company, Page
from worker.services.nightly.standing import night_standing
from worker.store.database import Rows
from worker.store.notices import list_notices
from worker.store.slot_pages import slot_page

DATES: Final = 14
NOTICES: Final = 30


class Schedule(Page):
    """Business dates, newest first: what was due, begun, done and told."""

    tab = "schedule"
    template = "schedule.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """One page of business dates, and the newest mails."""
        slots = slot_page(connection, company.number, before=self._before(), dates=DATES + 1)
        nights = [(day, list(jobs)) for day, jobs in groupby(slots, key=lambda slot: slot.business_date)]
        standing = night_standing(connection, datetime.now(UTC))
        return {
            "nights": nights[:DATES],
            "late": [one for one in standing.late if one.company == company.name],
            "mail": standing.mail,
            "notices": list_notices(connection, company.number, NOTICES),
            "older": self.address_of(before=nights[DATES - 1][0]) if len(nights) > DATES else "",
            "first": self.address_of(before=None),
            "is_first": "before" not in self.request.query_arguments,
        }

    def _before(self) -> date | None:
        try:
            return date.fromisoformat(self.get_query_argument("before", ""))
        except ValueError:
            return None
