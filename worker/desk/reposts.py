"""Reposts: what waits, what runs and how long it takes, and an operator's hand in it."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from domain.errors import DocumentRejected
from worker.bells import Lane
from worker.desk.page import Action, Company, DeskHandler, Page, Told
from worker.desk.previews import waiting as waiting_previews
from worker.desk.roles import Role
from worker.messages import decode, key_of
from worker.services import reposting
from worker.store.database import Rows
from worker.store.desk.repost_pages import run_page, steering, waiting_requests
from worker.store.names.companies import company_name

RUNS: Final = 20
RANKS: Final = {"1": "before other companies", "0": "in turn", "-1": "after other companies"}


class Reposts(Page):
    """What waits for a run, and the runs, newest first."""

    tab = "reposts"
    template = "reposts.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """One page of runs."""
        before = self.get_query_argument("before", "")
        runs = run_page(connection, company.number, before=int(before) if before.isdecimal() else None, limit=RUNS + 1)
        return {
            "runs": runs[:RUNS],
            "waiting": waiting_requests(connection, company.number),
            "steering": steering(connection, company.number),
            "ranks": RANKS,
            "previews": waiting_previews(connection, company.number),
            "failed": any(run.status == "failed" and run.requests for run in runs),
            "older": self.address_of(before=runs[RUNS - 1].run) if len(runs) > RUNS else "",
            "first": self.address_of(before=None),
            "is_first": "before" not in self.request.query_arguments,
        }


class RepostAction(Action):
    """What is done with a company's reposts."""

    writes: ClassVar[Role | None] = Role.OPERATE

    def page(self, company: int, *_: str) -> str:
        """The page of reposts."""
        return f"/desk/{company}/reposts"

    def lane(self, company: int) -> Lane:
        """The company as doorbells know it."""
        with self.tools.database.transaction() as connection:
            return Lane(company, company_name(connection, company))


class Pause(RepostAction):
    """Let them wait."""

    action = "pause reposts"

    def act(self, company: int, *_: str) -> Told:
        """Halt."""
        changed = reposting.pause(self.tools, company, self.person)
        words = (
            "Reposts are paused; a run under way stops within seconds." if changed else "Reposts are paused already."
        )
        return Told(words, self.page(company))


class Resume(RepostAction):
    """Let them go on."""

    action = "resume reposts"

    def act(self, company: int, *_: str) -> Told:
        """Go on."""
        changed = reposting.resume(self.tools, self.lane(company))
        return Told("Reposts go on." if changed else "Reposts are not paused.", self.page(company))


class Rank(RepostAction):
    """Give them a place among the companies'."""

    action = "rank reposts"

    def asked(self, company: int, *_: str) -> dict[str, Any]:  # noqa: ARG002 - the form says what
        """Which place."""
        return {"details": {"priority": self.field("priority")}}

    def act(self, company: int, *_: str) -> Told:
        """Rank."""
        priority = self.field("priority")
        if priority not in RANKS:
            raise DocumentRejected("UnknownChoice", f"priority: choose one of {', '.join(RANKS)}.", "priority")
        reposting.rank(self.tools, self.lane(company), int(priority))
        return Told(f"Reposts of this company run {RANKS[priority]}.", self.page(company))


class Retry(RepostAction):
    """Try again what failed."""

    action = "retry failed reposts"

    def act(self, company: int, *_: str) -> Told:
        """Ask anew."""
        requests = reposting.retry(self.tools, self.lane(company))
        return Told(f"{requests} requests of failed runs wait for another run.", self.page(company))


class Preview(DeskHandler):
    """What a document would change before anybody sends it; nothing is written."""

    needs: ClassVar[Role | None] = Role.OPERATE
    writes: ClassVar[Role | None] = Role.OPERATE

    async def get(self, company: str) -> None:
        """Ask for the document."""
        await self._form(int(company))

    async def post(self, company: str) -> None:
        """Try it."""
        payload = self.get_body_argument("payload", "")
        try:
            seen = await self.in_books(self._try, int(company), payload)
        except DocumentRejected as refused:
            await self._form(int(company), payload, refused=refused.message)
            return
        await self._form(int(company), payload, seen=seen)

    def _try(self, company: int, payload: str) -> reposting.Preview:
        key = key_of(decode(payload.encode()))
        with self.tools.database.transaction() as connection:
            name = company_name(connection, company)
        if key.company != name:
            raise DocumentRejected(
                "OtherKey", f"company: the document is of {key.company}, this page of {name}.", "company"
            )
        return reposting.preview(self.tools.database, company, key.type, key.number, payload.encode())

    async def _form(
        self, company: int, payload: str = "", *, refused: str = "", seen: reposting.Preview | None = None
    ) -> None:
        companies = await self.in_books(self.companies)
        name = next((name for name, number in companies.items() if number == company), "")
        self.show(
            "repost_preview.html", tab="reposts", companies=companies, company=Company(company, name), payload=payload,
            refused=refused, seen=seen,
        )  # fmt: skip
