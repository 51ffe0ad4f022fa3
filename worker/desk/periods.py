"""Accounting periods: which are open, and closing, freezing and opening them."""

from __future__ import annotations

from typing import Any, ClassVar

from worker.desk.page import Action, Company, Page, Told
from worker.desk.roles import Role
from worker.services.periods import STATUSES, periods, set_period
from worker.store.database import Rows


class Periods(Page):
    """The calendar of the books."""

    tab = "ledgers"
    template = "periods.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """Every period that holds for the company."""
        return {"periods": periods(connection, company.number), "period_statuses": STATUSES}


class SetPeriod(Action):
    """Add a period, or open, close or freeze one; the gate says what is still on its way into it."""

    action = "set period"
    writes: ClassVar[Role | None] = Role.CLOSE

    def asked(self, company: int, *_: str) -> dict[str, Any]:  # noqa: ARG002 - the form says what
        """Which period, and what is to become of it."""
        return {"details": {name: self.field(name) for name in ("name", "start", "end", "status", "reason")}}

    def act(self, company: int, *_: str) -> Told:
        """Publish the period anew."""
        name, status = self.field("name"), self.field("status")
        set_period(
            self.tools,
            company,
            name,
            start=self.field("start"),
            end=self.field("end"),
            status=status,
            actor=self.person,
            reason=self.field("reason") or None,
        )
        return Told(f"{name} is {status}.", self.page(company))

    def page(self, company: int, *_: str) -> str:
        """The page of periods."""
        return f"/desk/{company}/periods"
