"""Reconciliation: whether stock and its accounts agree, why not, and the journal entries that would mend it."""

from __future__ import annotations

from typing import Any, ClassVar, Final, NamedTuple

from domain.errors import DocumentParked, DocumentRejected
from domain.master_view import MasterView
from domain.money import Currency
from domain.reconciliation import Proposal
from worker.bells import Lane
from worker.desk import words
from worker.desk.page import Action, Company, Page, Told
from worker.desk.roles import Role
from worker.services.present_view import present_view
from worker.services.reconciliation import accept, missing_in, run
from worker.store.database import Rows
from worker.store.names.companies import company_name
from worker.store.reconciliation.proposals import proposals
from worker.store.reconciliation.verdicts import NightTotal, latest, trend

NIGHTS: Final = 30
# Fields that a proposal takes beside its dimensions, and how the form asks for them.
FIELDS: Final = {
    "account": "Against the account",
    "cost_center": "Cost center",
    "posting_datetime": "Posting time",
    "remarks": "Remarks",
}


class OpenProposal(NamedTuple):
    """A proposal as the form shows it: its entry in figures, and what must still be set."""

    proposal: Proposal
    difference: str
    sides: list[tuple[str, str, str]]
    missing: list[str]
    dimensions: list[str]


class Bar(NamedTuple):
    """A night of the trend as a bar of so many of 100."""

    night: NightTotal
    height: int
    shown: str


class ReconciliationPage(Page):
    """The last look: a verdict per account, its causes, what would mend it; and the last nights."""

    tab = "reconciliation"
    template = "reconciliation.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """What was found last."""
        seen = latest(connection, company.number)
        view = _view(connection, company.number)
        open_ = [] if view is None else [_shown(one, view) for one in proposals(connection, company.number)]
        nights = [] if seen is None else trend(connection, company.number, seen.night, NIGHTS)
        return {
            "seen": seen,
            "show": None if seen is None else seen.currency.show,
            "bars": [] if seen is None else _bars(nights, seen.currency),
            "proposals": open_,
            "fields": FIELDS,
            "limit": NIGHTS,
            "most": "" if seen is None else words.grouped(seen.currency.show(_most(nights))),
        }


class LookNow(Action):
    """Look at the books now."""

    action = "reconcile"
    writes: ClassVar[Role | None] = Role.OPERATE

    def act(self, company: int, *_: str) -> Told:
        """Add up what came in since the last look."""
        seen = run(self.tools, _lane(self, company))
        return Told(f"Looked just now: {seen.verdict.replace('_', ' ')}.", self.page(company))

    def page(self, company: int, *_: str) -> str:
        """The page of reconciliation."""
        return f"/desk/{company}/reconciliation"


class CreateJournalEntry(Action):
    """Accept a proposal with what was set in the form: its journal entry is published, and what waited for the account goes on."""

    action = "create journal entry"
    writes: ClassVar[Role | None] = Role.ACCEPT

    def asked(self, company: int, *at: str) -> dict[str, Any]:  # noqa: ARG002 - proposals have numbers of their own
        """Which proposal, and what was set."""
        return {"details": {"proposal": int(at[0]), **self._set()}}

    def act(self, company: int, *at: str) -> Told:
        """Accept it, then look again: whether it mended the difference is for everybody to see."""
        lane = _lane(self, company)
        accepted = accept(self.tools, lane, int(at[0]), self.person, self._set())
        if accepted.outcome is None:
            return Told(
                f"Proposal {at[0]} is accepted by {self.person}; another person has to accept it too.",
                self.page(company),
            )
        outcome = accepted.outcome
        if outcome["status"] == "rejected":
            raise DocumentRejected(outcome["error"]["code"], outcome["error"]["message"])
        if outcome["status"] == "posted":
            run(self.tools, lane)
        name = f"Journal entry {outcome['number']}"
        return Told(
            f"{name} is {outcome['status']}{' as ' + outcome['voucher_no'] if outcome['voucher_no'] else ''}.",
            self.page(company),
        )

    def page(self, company: int, *_: str) -> str:
        """The page of reconciliation."""
        return f"/desk/{company}/reconciliation"

    def _set(self) -> dict[str, str]:
        names = [name for name in self.request.body_arguments if name in FIELDS or name.startswith("dimensions.")]
        return {name: self.field(name) for name in sorted(names) if self.field(name)}


def _lane(handler: Action, company: int) -> Lane:
    with handler.tools.database.transaction() as connection:
        return Lane(company, company_name(connection, company))


def _view(connection: Rows, company: int) -> MasterView | None:
    """The company's masters, None while its own is not known yet."""
    try:
        return present_view(connection, company)
    except DocumentParked:
        return None


def _shown(proposal: Proposal, view: MasterView) -> OpenProposal:
    show = view.currency.show
    missing = missing_in(view, proposal.sides)
    return OpenProposal(
        proposal,
        show(proposal.difference),
        [
            (side.account, show(side.debit) if side.debit else "", show(side.credit) if side.credit else "")
            for side in proposal.sides
        ],
        missing,
        [name for name in missing if name.startswith("dimensions.")],
    )


def _most(nights: list[NightTotal]) -> int:
    return max((night.difference for night in nights), default=0)


def _bars(nights: list[NightTotal], currency: Currency) -> list[Bar]:
    most = _most(nights)
    return [
        Bar(
            night,
            max(round(100 * night.difference / most), 2) if night.difference else 0,
            currency.show(night.difference),
        )
        for night in nights
    ]
