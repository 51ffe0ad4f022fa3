"""Every night: closings against their certificates, those that are new since the last night, and some of the older ones by turns.

A certificate is what a closing swore to. Receipts, invoices and their figures are facts, so whatever differs was changed behind the
system's back, or summed wrongly in the first place.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import structlog

from worker.reports.scope import scope_of
from worker.services.nightly.job import Result, Work
from worker.services.pos_verify import verify_closing
from worker.store.nights.sales import SalesCount, certificates_again
from worker.store.pos.closings import Standing, standing_closings

log = structlog.get_logger()

TURN_SECONDS = 10.0
OLDER_A_NIGHT = 20
_WORDS = 3  # of what is wrong with one closing; `perpetua pos verify` says all


@dataclass(slots=True)
class Checked:
    """What was checked in one night, over all its turns: the last closing of those that are new, and of those looked at again.

    `again` begins anew where no older ones are left. `broken` says of each closing what is wrong.
    """

    fresh: int
    again: int
    closings: int = 0
    older: int = 0
    broken: list[str] = field(default_factory=list)
    done: bool = False

    def as_result(self) -> Result:
        """For the slot."""
        return {
            "fresh": self.fresh, "again": self.again, "closings": self.closings, "older": self.older, "broken": self.broken,
        }  # fmt: skip


def check_certificates(work: Work, counted: SalesCount) -> Checked:
    """One turn of tonight's checks, from where the last turn ended. Errors: Unavailable."""
    company, deadline = work.lane.company_id, time.monotonic() + TURN_SECONDS
    so_far: dict[str, Any] = work.slot.result.get("certificates", {})
    with work.tools.database.transaction() as connection:
        checked = (
            Checked(**so_far)
            if so_far
            else Checked(counted.after, certificates_again(connection, company, work.slot.business_date))
        )
        fresh = standing_closings(connection, company, checked.fresh, counted.upto)
        older = standing_closings(connection, company, checked.again, counted.after, OLDER_A_NIGHT - checked.older)
    for closing in fresh:
        _check(work, closing, checked)
        checked.fresh = closing.sequence
        if time.monotonic() > deadline:
            return checked
    for closing in older:
        _check(work, closing, checked)
        checked.again, checked.older = closing.sequence, checked.older + 1
        if time.monotonic() > deadline:
            return checked
    if checked.older < OLDER_A_NIGHT:
        checked.again = 0
    checked.done = True
    return checked


def _check(work: Work, closing: Standing, checked: Checked) -> None:
    company = work.lane.company_id
    with work.tools.database.transaction() as connection:
        scope = scope_of(connection, company)
        assert scope is not None  # noqa: S101 - only companies whose master is known have nights
        found = verify_closing(connection, company, closing.sequence, scope.currency)
    checked.closings += 1
    if found:
        more = f", and {len(found) - _WORDS} more" if len(found) > _WORDS else ""
        checked.broken.append(f"{closing.number}: {'; '.join(found[:_WORDS])}{more}")
        log.critical(
            "a closing is not what it certified", company=work.lane.company, closing=closing.number, found=found
        )
