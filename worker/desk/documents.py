"""Documents: the list, one document, and what an operator may do with them."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from tornado.web import HTTPError

from domain.error_catalogue import CATALOGUE
from worker.bells import Lane
from worker.desk.page import PAGE_ROWS, Action, Company, DeskHandler, Page, Told, options
from worker.desk.roles import Role
from worker.messages import DOCUMENT_TYPES
from worker.services.acceptance import take
from worker.services.operating import (
    CANCELLABLE,
    UNDECIDED,
    cancellation,
    decide_all_anew,
    decide_anew,
    wait_for_outcome,
)
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.desk.actions import actions_about
from worker.store.desk.document_lists import MOST_LOOKED_AT, STATUSES, Wanted, document_page, documents_by_number
from worker.store.desk.document_pages import Held, held_document, sequence_of
from worker.store.names.companies import company_name
from worker.store.status import lane_status

# A worker decides; this long the desk waits to tell what it decided.
PATIENCE_SECONDS: Final = 4.0
_STATUSES: Final = {"": "any status", **{status: status for status in STATUSES}}
_TYPES: Final = {"": "any type", **{type_: type_.replace("_", " ") for type_ in sorted(DOCUMENT_TYPES)}}


class Documents(Page):
    """The list: what waits, what failed and why; searched by number, narrowed by status, type and error."""

    tab = "documents"
    template = "documents.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """One page of documents, newest first, or by number where one is searched for."""
        wanted = _wanted(self)
        if wanted.number:
            after = (self.get_query_argument("after", ""), self.get_query_argument("after_type", ""))
            listed = documents_by_number(connection, company.number, wanted, after=after, limit=PAGE_ROWS)
            rows, last = listed.rows, dict(zip(("after", "after_type"), listed.further or (), strict=False))
        else:
            before = _whole(self.get_query_argument("before", ""))
            page = document_page(connection, company.number, wanted, before=before, limit=PAGE_ROWS)
            rows, last = page.rows, {} if page.further is None else {"before": str(page.further)}
        return {
            "rows": rows,
            "looked_at": MOST_LOOKED_AT,
            "older": self.address_of(**last) if last else "",
            "first": self.address_of(before=None, after=None, after_type=None),
            "is_first": not {"before", "after"} & set(self.request.query_arguments),
            "wanted": wanted,
            "statuses": options(_STATUSES, wanted.status),
            "types": options(_TYPES, wanted.type_),
            "lane": lane_status(connection, company.number),
            "undecided": UNDECIDED,
        }


class DocumentView(Page):
    """One document: its status, error, content, edits, and what was done with it."""

    tab = "documents"
    template = "document.html"

    def read(self, connection: Rows, company: Company, *at: str) -> dict[str, Any]:
        """The document. Errors: HTTPError 404."""
        held = held_document(connection, company.number, int(at[0]))
        if held is None:
            raise HTTPError(404, "There is no such document.")
        return {
            "held": held,
            "error": held.listed.error if held.listed.status not in ("posted", "cancelled", "consolidated") else None,
            "remedy": _remedy(held),
            "actions": actions_about(connection, company.number, held.listed.type, held.listed.number),
            "undecided": held.listed.status in UNDECIDED,
            "cancellable": held.listed.status in CANCELLABLE and held.listed.type != "cancel",
        }


class DocumentByKey(DeskHandler):
    """A link to a document that names it by its key."""

    async def get(self, company: str, *at: str) -> None:
        """Go there. Errors: HTTPError 404."""
        sequence = await self.in_books(self._find, int(company), *at)
        if sequence is None:
            raise HTTPError(404, "There is no such document.")
        self.redirect(f"/desk/{company}/documents/{sequence}")

    def _find(self, company: int, type_: str, number: str) -> int | None:
        with self.tools.database.transaction() as connection:
            return sequence_of(connection, company, type_, number)


def existing_document(tools: Tools, company: int, sequence: str) -> Held:
    """The document that an address names. Errors: HTTPError 404."""
    with tools.database.transaction() as connection:
        held = held_document(connection, company, int(sequence))
    if held is None:
        raise HTTPError(404, "There is no such document.")
    return held


class DocumentAction(Action):
    """What is done with one document."""

    writes: ClassVar[Role | None] = Role.OPERATE

    def asked(self, company: int, *at: str) -> dict[str, Any]:
        """Which document, and the reason given."""
        held = existing_document(self.tools, company, at[0])
        reason = self.field("reason")
        details = {"reason": reason} if reason else {}
        return {"type": held.listed.type, "number": held.listed.number, "details": details}

    def page(self, company: int, *at: str) -> str:
        """The document's own page."""
        return f"/desk/{company}/documents/{at[0]}"

    def decided(self, company: int, sequence: int, page: str) -> Told:
        """Ring for the lane and tell what a worker decides, where one does within moments."""
        self.tools.bells.ring([Lane(company, self._company_name(company))])
        outcome = wait_for_outcome(self.tools.database, company, sequence, PATIENCE_SECONDS)
        name = f"{outcome['type'].replace('_', ' ')} {outcome['number']}"
        if outcome["status"] == "accepted":
            return Told(f"{name} waits for a worker, which decides it as soon as one is free.", page)
        error = outcome["error"] or {}
        why = f": {error.get('message', '')}" if error else f" as {outcome['voucher_no']}."
        return Told(f"{name} is {outcome['status']}{why}", page, well=not error)

    def _company_name(self, company: int) -> str:
        with self.tools.database.transaction() as connection:
            return company_name(connection, company)


class Retry(DocumentAction):
    """Decide a rejected or parked document once more."""

    action = "decide anew"

    def act(self, company: int, *at: str) -> Told:
        """Release it to its lane."""
        decide_anew(self.tools.database, company, [int(at[0])])
        return self.decided(company, int(at[0]), self.page(company, *at))


class Cancel(DocumentAction):
    """Cancel a posted document by a document of its own."""

    action = "cancel"
    writes: ClassVar[Role | None] = Role.CANCEL

    def act(self, company: int, *at: str) -> Told:
        """Accept the cancellation and wait for its decision."""
        with self.tools.database.transaction() as connection:
            message = cancellation(
                connection, company, int(at[0]), actor=self.person, reason=self.field("reason") or None
            )
        (receipt,) = take(self.tools, [message])
        told = self.decided(company, receipt.sequence, self.page(company, *at))
        return told if told.well else told._replace(page=f"/desk/{company}/documents/{receipt.sequence}")


class ReleaseMany(Action):
    """Decide anew the documents that are ticked, or all that the list is narrowed to."""

    action = "decide many anew"
    writes: ClassVar[Role | None] = Role.OPERATE

    def asked(self, company: int, *_: str) -> dict[str, Any]:  # noqa: ARG002 - the form says what
        """Which they are."""
        return {"details": {"which": self.field("which"), "sequences": self._ticked(), **_named(self)}}

    def act(self, company: int, *_: str) -> Told:
        """Release them to their lane."""
        database = self.tools.database
        if self.field("which") == "all":
            count = decide_all_anew(database, company, _wanted(self, from_body=True))
        else:
            count = len(decide_anew(database, company, self._ticked()))
        with database.transaction() as connection:
            name = company_name(connection, company)
        self.tools.bells.ring([Lane(company, name)])
        documents = "1 document is" if count == 1 else f"{count:,} documents are"
        return Told(f"{documents} on the way to being decided anew.", self.page(company))

    def page(self, company: int, *_: str) -> str:
        """The list as it was narrowed."""
        status = self.field("status")
        return f"/desk/{company}/documents" + (f"?status={status}" if status in STATUSES else "")

    def _ticked(self) -> list[int]:
        return [int(value) for value in self.get_body_arguments("sequence") if value.isdecimal() and value.isascii()]


def _named(handler: Action) -> dict[str, str]:
    return {name: handler.field(name) for name in ("status", "type", "code") if handler.field(name)}


def _wanted(handler: Page | Action, *, from_body: bool = False) -> Wanted:
    read = handler.get_body_argument if from_body else handler.get_query_argument

    def stated(name: str) -> str | None:
        # PostgreSQL takes no NUL in a text, so no document has one.
        return read(name, "").replace("\0", "")[:300] or None

    status, type_ = stated("status"), stated("type")
    return Wanted(
        status=status if status in STATUSES else None,
        type_=type_ if type_ in DOCUMENT_TYPES else None,
        code=stated("code"),
        number=None if from_body else stated("number"),
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else None


def _remedy(held: Held) -> str:
    entry = CATALOGUE.get(str((held.listed.error or {}).get("code", "")))
    return entry.remedy if entry is not None else ""
