"""Editing a document: its content in a form, tried without writing anything, kept as a new revision."""

from __future__ import annotations

from typing import Any, ClassVar

from tornado.web import HTTPError

from domain.errors import DocumentRejected
from worker.desk.documents import DocumentAction, existing_document
from worker.desk.page import Company, DeskHandler, Told
from worker.desk.roles import Role
from worker.desk.words import pretty
from worker.services.operating import UNDECIDED, checked, decide_anew, edit
from worker.services.reposting import Preview, preview
from worker.store.desk.document_pages import Held


class _Form(DeskHandler):
    """The form, with what it holds and what is to be said about it."""

    async def form(
        self, company: str, sequence: str, *, payload: str | None = None, reason: str = "", refused: str = "",
        seen: Preview | None = None,
    ) -> None:  # fmt: skip
        """Show the form. Errors: HTTPError 404."""
        held, companies = await self.in_books(self._look, int(company), sequence)
        self.show(
            "edit.html", tab="documents", held=held, companies=companies, company=Company(int(company), held.company),
            payload=pretty(held.present) if payload is None else payload, reason=reason, refused=refused, seen=seen,
        )  # fmt: skip

    def _look(self, company: int, sequence: str) -> tuple[Held, dict[str, int]]:
        held = existing_document(self.tools, company, sequence)
        if held.listed.status not in UNDECIDED:
            raise HTTPError(404, "Only a rejected or parked document can be edited.")
        return held, self.companies()


class Edit(_Form):
    """The form."""

    needs: ClassVar[Role | None] = Role.OPERATE

    async def get(self, company: str, sequence: str) -> None:
        """Show the newest content. Errors: HTTPError 404."""
        await self.form(company, sequence)


class DryRun(_Form):
    """What deciding the document with this content would bring; nothing is written."""

    writes: ClassVar[Role | None] = Role.OPERATE

    async def post(self, company: str, sequence: str) -> None:
        """Try it and show the form again. Errors: HTTPError 404."""
        payload = self.get_body_argument("payload", None)
        reason = self.get_body_argument("reason", "")
        try:
            seen = await self.in_books(self._try, int(company), sequence, payload)
        except DocumentRejected as refused:
            await self.form(company, sequence, payload=payload, reason=reason, refused=refused.message)
            return
        await self.form(company, sequence, payload=payload, reason=reason, seen=seen)

    def _try(self, company: int, sequence: str, payload: str | None) -> Preview:
        held = existing_document(self.tools, company, sequence)
        content = (held.present if payload is None else payload).encode()
        checked(content)
        return preview(self.tools.database, company, held.listed.type, held.listed.number, content)


class SaveRevision(DocumentAction, _Form):
    """Keep an edit as a new revision; with `then` = retry, decide it at once."""

    action = "edit"

    async def post(self, company: str, *at: str) -> None:
        """Keep it; where it is refused the form comes back with what was typed."""
        told = await self.in_books(self._act, int(company), at)
        if told.well or told.page != self.page(int(company), *at):
            self.go_on(told)
            return
        self.set_status(422)
        await self.form(company, at[0], payload=self.field("payload"), reason=self.field("reason"), refused=told.words)

    def asked(self, company: int, *at: str) -> dict[str, Any]:
        """The content itself is kept as a revision."""
        asked = super().asked(company, *at)
        return {**asked, "details": {**asked["details"], "then": self.field("then")}}

    def act(self, company: int, *at: str) -> Told:
        """Save it."""
        sequence, page = int(at[0]), f"/desk/{company}/documents/{at[0]}"
        payload, reason = self.field("payload").encode(), self.field("reason")
        revision = edit(self.tools.database, company, sequence, payload, actor=self.person, reason=reason)
        if self.field("then") != "retry":
            return Told(f"Revision {revision} is kept; decisions use it from now on.", page)
        decide_anew(self.tools.database, company, [sequence])
        return self.decided(company, sequence, page)

    def page(self, company: int, *at: str) -> str:
        """The form."""
        return f"/desk/{company}/documents/{at[0]}/edit"
