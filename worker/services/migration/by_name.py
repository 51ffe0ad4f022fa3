"""Migrations for whoever knows a company by its name only, in plain values that any message can carry."""

from __future__ import annotations

from typing import Any

from worker.bells import Lane
from worker.services.migration.applying import apply_plan
from worker.services.migration.planning import Choice, Tell, make_plan
from worker.services.tools import Tools
from worker.store.names.companies import company_id


def plan_for(tools: Tools, company: str, choice: Choice, tell: Tell) -> dict[str, Any]:
    """Plan, and give what the plan says. Errors: PerpetuaError, UnknownCompany among them; Unavailable."""
    return make_plan(tools.database, _number(tools, company), choice, tell).told


def apply_for(tools: Tools, company: str, plan: int) -> str:
    """Apply a plan, and ring for the company, so that the outcome of its opening entry is told. Errors: as `apply_plan`."""
    number = _number(tools, company)
    applied = apply_plan(tools.database, number, plan)
    tools.bells.ring([Lane(number, company)])
    return applied.number


def _number(tools: Tools, company: str) -> int:
    with tools.database.transaction() as connection:
        return company_id(connection, company)
