"""Documents that were sent to be previewed: what they would change, and an operator's word on them."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Final, NamedTuple

from domain.errors import DocumentRejected
from worker.bells import Lane
from worker.desk.documents import DocumentAction
from worker.desk.page import Told
from worker.desk.roles import Role
from worker.services.previewing import accept, refuse
from worker.store.database import Rows
from worker.store.intake.previews import Held, find_preview, list_previews
from worker.store.names.companies import company_name

MOST: Final = 50


class Foreseen(NamedTuple):
    """A preview as the page shows it; `open_day` is where it could go instead, where its own day is closed."""

    held: Held
    would_be: str
    error: dict[str, Any] | None
    changes: list[tuple[str, str, str]]
    rows: int
    open_day: str


def waiting(connection: Rows, company: int) -> list[Foreseen]:
    """Previews on which nobody has decided, newest first."""
    return [_foreseen(held) for held in list_previews(connection, company, MOST)]


class Decide(DocumentAction):
    """Accept a previewed document, redirect it to the first open day, or refuse it."""

    action = "decide on preview"
    writes: ClassVar[Role | None] = Role.OPERATE

    def asked(self, company: int, *_: str) -> dict[str, Any]:  # noqa: ARG002 - the form says which
        """Which document, and what is decided."""
        return {
            "type": self.field("type"), "number": self.field("number"), "details": {"decision": self.field("decision")},
        }  # fmt: skip

    def act(self, company: int, *at: str) -> Told:
        """Decide."""
        decision = self.field("decision")
        with self.tools.database.transaction() as connection:
            lane = Lane(company, company_name(connection, company))
            held = find_preview(connection, lane.company, self.field("type"), self.field("number"))
        if held is None or held.decision is not None:
            raise _decided()
        if decision == "refuse":
            outcome = refuse(self.tools.database, held, self.person)
            if outcome is None:
                raise _decided()
            self.tools.outcomes.publish([outcome])
            return Told(f"{held.type.replace('_', ' ')} {held.number} is refused.", self.page(company, *at))
        day = _foreseen(held).open_day if decision == "redirect" else ""
        receipt = accept(self.tools.database, held, self.person, date.fromisoformat(day) if day else None)
        if receipt is None:
            raise _decided()
        if receipt.error is not None:
            raise DocumentRejected(str(receipt.error["code"]), str(receipt.error["message"]))
        return self.decided(company, receipt.sequence, self.page(company, *at))

    def page(self, company: int, *_: str) -> str:
        """The page of reposts."""
        return f"/desk/{company}/reposts"


def _foreseen(held: Held) -> Foreseen:
    seen = (held.answer or {}).get("preview") or {}
    changes = [(row["account"], row["month"], str(row["change"])) for row in seen.get("accounts", ())]
    return Foreseen(
        held, str(seen.get("would_be", "")), (held.answer or {}).get("error"), changes, int(seen.get("rows") or 0),
        "" if seen.get("would_be") == "posted" else str(seen.get("first_open_day") or ""),
    )  # fmt: skip


def _decided() -> DocumentRejected:
    return DocumentRejected("NotWaiting", "Somebody has decided on this preview already, or it was asked anew.")
