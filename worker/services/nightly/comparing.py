"""Third job of the night: stock against its accounts, and what mends them where they differ."""

from __future__ import annotations

from psycopg.errors import LockNotAvailable

from domain.masters import Company
from worker.messages import decode_accepted
from worker.services.nightly.job import Step, Work
from worker.services.reconciliation import run
from worker.store.masters import newest_master


def compare(work: Work) -> Step:
    """Look at the company's books; the verdict is kept with the look. Errors: Unavailable, and whatever keeps the books from being read."""
    with work.tools.database.transaction() as connection:
        payload = newest_master(connection, work.lane.company_id, "company", work.lane.company)
    company = decode_accepted(payload) if payload is not None else None
    if not isinstance(company, Company) or not company.perpetual_inventory:
        return Step({"not_kept": True}, "keeps no perpetual inventory")
    try:
        seen = run(work.tools, work.lane, night=work.slot.business_date)
    except LockNotAvailable:
        return Step(work.slot.result, "another look is under way", finished=False, waits=True)
    return Step({"number": seen.number, "verdict": seen.verdict}, seen.verdict.replace("_", " "))
