"""Keep the sub-ledger in Redis in step with PostgreSQL: after each commit that touched a till, and anew after a loss.

Each change is mirrored after its commit, and one mirroring of a company waits for the other: what a later one reads is never older than
what an earlier one wrote. So the two come to agree whatever happens in between, and all of it may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from domain.errors import Unavailable
from domain.pos_receipt import read
from worker.pos_subledger import AWAY, Entry, Subledger, entry_of
from worker.pos_subledger.keys import QUARANTINE
from worker.services.results import Decided, Sold
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.pos.sales import State, companies_that_sell, hold_mirror, standing_sales, states_of_sales
from worker.store.pos.sessions import sealed_sessions

AT_ONCE = 1000

log = structlog.get_logger()


def keep_in_step(tools: Tools, company: int, decided: Decided) -> None:
    """Bring the sub-ledger to where the sales among these outcomes stand. Errors: Unavailable where Redis or PostgreSQL is away."""
    sequences = [
        outcome["sequence"]
        for outcome in decided.outcomes
        if outcome["type"] == "pos_invoice" and outcome["voucher_no"]
    ]
    if not sequences:
        return
    with tools.database.transaction() as connection:
        batch_no = hold_mirror(connection, company)
        # Sales of this batch are at hand. The store is asked which of them a later batch has changed, where there is one, and about others.
        fresh = {sale.sequence: sale for sale in decided.sold}
        asked = [one for one in sequences if one not in fresh] if batch_no == decided.batch_no else sequences
        states = states_of_sales(connection, company, asked, but_open=list(fresh)) if asked else []
        for state in states:
            fresh.pop(state.sequence, None)
        # Only a closing, or taking one back, changes whether a session takes sales; new sales need not ask.
        moved = [state.session for state in states if state.status != "open"]
        sealed = sealed_sessions(connection, company, moved) if moved else {}
        try:
            if not _mirror(tools.subledger, company, fresh.values(), states, sealed, batch_no):
                _rebuild(connection, tools.subledger, company, batch_no)
        except AWAY as error:
            raise _away(error) from error


def rebuild(tools: Tools, company: int) -> int:
    """Build a company's sub-ledger anew from PostgreSQL; gives how many sales it holds.

    Nothing can be held meanwhile; sales go on, and are mirrored after it. Errors: Unavailable.
    """
    with tools.database.transaction() as connection:
        batch_no = hold_mirror(connection, company)
        try:
            return _rebuild(connection, tools.subledger, company, batch_no)
        except AWAY as error:
            raise _away(error) from error


def rebuild_where_lost(tools: Tools) -> None:
    """Rebuild for every company that sells and whose sub-ledger this server has not got. Errors: Unavailable."""
    with tools.database.transaction() as connection:
        companies = companies_that_sell(connection)
    for company, _ in companies:
        try:
            lost = not tools.subledger.is_ready(company)
        except AWAY as error:
            raise _away(error) from error
        if lost:
            rebuild(tools, company)


def _mirror(
    subledger: Subledger, company: int, fresh: Iterable[Sold], states: list[State], sealed: dict[int, bool], stamp: int
) -> bool:  # fmt: skip
    """Take in what is open or set aside, take out the rest; False where the sub-ledger is lost."""
    for number, is_sealed in sealed.items():
        subledger.seal(company, str(number), sealed=is_sealed)
    arriving: dict[str, list[Entry]] = {}
    for sale in fresh:
        arriving.setdefault(str(sale.session), []).append(sale.entry)
    leaving: dict[str, list[str]] = {}
    for state in states:
        if state.status == "quarantined":
            leaving.setdefault(str(state.session), []).append(state.number)
            arriving.setdefault(QUARANTINE, []).append(entry_of(read(state.receipt)))
        elif state.status == "open":
            arriving.setdefault(str(state.session), []).append(entry_of(read(state.receipt)))
        else:
            leaving.setdefault(str(state.session), []).append(state.number)
            leaving.setdefault(QUARANTINE, []).append(state.number)
    for session, numbers in leaving.items():
        for start in range(0, len(numbers), AT_ONCE):
            subledger.drain(company, session, numbers[start : start + AT_ONCE], stamp)
    return all(_take_up(subledger, company, session, entries) for session, entries in arriving.items())


def _take_up(subledger: Subledger, company: int, session: str, entries: list[Entry]) -> bool:
    """Take sales into their session; one that was sealed is open again where PostgreSQL says that its sales are."""
    answers = subledger.accept(company, session, entries)
    if "sealed" in answers:
        subledger.seal(company, session, sealed=False)
        answers = subledger.accept(company, session, entries)
    return "lost" not in answers


def _rebuild(connection: Rows, subledger: Subledger, company: int, stamp: int) -> int:
    subledger.begin_rebuild(company)
    count = last = 0
    while page := standing_sales(connection, company, last, AT_ONCE):
        by_session: dict[str, list[Entry]] = {}
        for state in page:
            session = QUARANTINE if state.status == "quarantined" else str(state.session)
            by_session.setdefault(session, []).append(entry_of(read(state.receipt)))
        for session, entries in by_session.items():
            subledger.accept(company, session, entries, rebuilding=True)
        count += len(page)
        last = page[-1].sequence
    subledger.end_rebuild(company, stamp)
    log.warning("the sub-ledger of the point of sale was rebuilt", company_id=company, sales=count)
    return count


def _away(error: Exception) -> Unavailable:
    return Unavailable(
        "SubledgerUnavailable",
        f"Redis does not answer, so sales wait to be told: {error}. Nothing is lost; it is tried again.",
    )
