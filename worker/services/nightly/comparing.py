"""Third job of the night: stock against its accounts, and what mends them where they differ.

Before what came in is looked at, a share of everything is read again (`reconciliation.anew`), in chunks that a fresh task goes on with.
"""

from __future__ import annotations

from psycopg.errors import LockNotAvailable

from domain.masters import Company
from worker.messages import decode_accepted
from worker.services.nightly.job import Result, Step, Work
from worker.services.reconciliation import anew_in_words, go_on, run, tonight
from worker.store.intake.masters import newest_master

TURN_SECONDS = 5.0


def compare(work: Work) -> Step:
    """Look at the company's books; the verdict is kept with the look. Errors: Unavailable, and whatever keeps the books from being read."""
    with work.tools.database.transaction() as connection:
        payload = newest_master(connection, work.lane.company_id, "company", work.lane.company)
    company = decode_accepted(payload) if payload is not None else None
    if not isinstance(company, Company) or not company.perpetual_inventory:
        return Step({"not_kept": True}, "keeps no perpetual inventory")
    try:
        result = _share(work)
        if result["read_anew"] < result["upto"]:
            return Step(result, anew_in_words({"done": result["read_anew"]}), finished=False)
        seen = run(work.tools, work.lane, night=work.slot.business_date)
    except LockNotAvailable:
        return Step(work.slot.result, "another look is under way", finished=False, waits=True)
    return Step(result | {"number": seen.number, "verdict": seen.verdict}, seen.verdict.replace("_", " "))


def _share(work: Work) -> Result:
    """Read a share anew, for one turn: which part of everything is read now, and up to which part tonight."""
    database, company = work.tools.database, work.lane.company_id
    upto = work.slot.result.get("upto")
    if upto is None:
        upto = tonight(database, company)
    standing = go_on(database, company, upto=upto, seconds=TURN_SECONDS, tell=work.tell)
    return {"read_anew": standing.done, "upto": upto, "seconds_to_go": standing.seconds_to_go}
