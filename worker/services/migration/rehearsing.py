"""Rehearse a migration: on a copy of the company's books it is planned, applied, proved and taken back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services.migration.applying import apply_plan, roll_back
from worker.services.migration.planning import Choice, Plan, make_plan
from worker.store.database import Database
from worker.store.inventory_migration.sums import account_totals
from worker.store.verify import verify

Step = Callable[[str, int, int], None]  # what is being done, how far it is, of how much


@dataclass(slots=True)
class Rehearsal:
    """What came out: the plan, the stock accounts against stock after it was applied, what `verify` found, and whether the rollback
    brought the old trial balance back. `seconds` says how long each step took."""

    plan: Plan
    opening: str = ""
    comparison: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    restored: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the real thing would go through, and back."""
        in_step = all(not row["difference"] for row in self.comparison)
        return bool(self.opening) and in_step and not self.problems and self.restored


def rehearse(copy: Database, company: int, choice: Choice, tell: Step = lambda _what, _done, _all: None) -> Rehearsal:
    """Go through a migration and back on a copy. Where something stands in the way the plan says so, and nothing else is done.

    Errors: as `make_plan`, `apply_plan` and `roll_back`.
    """
    watch = _Watch()
    before = _balances(copy, company)
    plan = make_plan(copy, company, choice, lambda done, total: tell("planning", done, total))
    rehearsal = Rehearsal(plan, seconds=watch.seconds)
    watch.note("plan")
    if not plan.is_ready:
        return rehearsal
    tell("applying", 0, 1)
    rehearsal.opening = apply_plan(copy, company, plan.number).number
    watch.note("apply")
    tell("applying", 1, 1)
    with copy.transaction() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        scope = scope_of(connection, company)
        assert scope is not None  # noqa: S101 - a plan was made by its master
        rehearsal.comparison = list(REPORTS["stock-account-comparison"].dicts(connection, scope))
        rehearsal.problems = [str(problem) for problem in verify(connection, company)]
    watch.note("verify")
    roll_back(copy, company)
    rehearsal.restored = _balances(copy, company) == before
    watch.note("rollback")
    return rehearsal


def _balances(copy: Database, company: int) -> dict[str, int]:
    with copy.transaction() as connection:
        return {account: amount for account, amount in account_totals(connection, company, None).items() if amount}


class _Watch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def note(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[step] = round(now - self._last, 3)
        self._last = now
