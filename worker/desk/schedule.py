"""Schedule: the slots of each business date, and the mails that went out about them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, ClassVar, Final

from tornado.web import HTTPError

from worker.desk.page import Action, Company, Page, Told
from worker.desk.roles import Role
from worker.services.nightly.standing import night_standing
from worker.services.notices.resending import ACTION, asked_again, file_mails_again
from worker.store.database import Rows
from worker.store.desk.slot_pages import slot_page
from worker.store.nights.notices import list_notices, notice_by_number

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


class SendAgain(Action):
    """Let a mail be sent again, to everybody who was told or to one address."""

    action = ACTION
    writes: ClassVar[Role | None] = Role.OPERATE

    def asked(self, company: int, *at: str) -> dict[str, Any]:  # noqa: ARG002 - notices have numbers of their own
        """Which notice, and to whom."""
        return {"details": asked_again(int(at[0]), self.field("to"))}

    def act(self, company: int, *at: str) -> Told:
        """File its mails anew."""
        with self.tools.database.transaction() as connection:
            notice = notice_by_number(connection, int(at[0]))
        if notice is None or notice.company_id != company:
            raise HTTPError(404, "There is no such notice.")
        addresses = file_mails_again(self.tools.database, self.tools.settings, notice, self.field("to"))
        return Told(f"Notice {at[0]} waits to be sent again to {', '.join(addresses)}.", self.page(company))

    def page(self, company: int, *_: str) -> str:
        """The page of nights and mails."""
        return f"/desk/{company}/schedule"
