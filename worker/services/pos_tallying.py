"""Tallying: sales of open sessions are summed ahead of their closing, sheet after sheet, so that the closing itself is short.

Each sheet is a transaction of its own and needs no lane: receipts never change, and whether all sales of a sheet are open still is
asked by the closing. So tallying may be cut off anywhere and be gone on with by anybody, it goes on while tills sell, and a closing
comes to the same with sheets as without.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from structlog.contextvars import bound_contextvars

from domain.masters import PosProfile
from domain.pos_consolidation import Sheet, is_plain, tally_of
from worker.bells import Lane
from worker.services.till_profiles import Profiles
from worker.services.tools import Tools
from worker.store.database import Database, Rows
from worker.store.pos.sales import companies_that_sell
from worker.store.pos.sheets import (
    Progress,
    add_sheet,
    count_untallied,
    hold_sheets,
    next_untallied,
    progress,
    untallied_sales,
)

SALES_A_SHEET = 2000
# What a closing reads one by one, at most; where more is untallied it is tallied first, before the lane goes on.
MOST_UNTALLIED = 20_000
# A company that has more to tally than this rings anew, so that others get their turn in between.
TURN_SECONDS = 10.0

Tell = Callable[[Progress], None]


class TallyFirst(Exception):
    """A closing of this profile waits for its sales to be tallied; nothing has changed."""

    def __init__(self, profile: PosProfile) -> None:
        super().__init__(profile.name)
        self.profile = profile


@dataclass(slots=True)
class Tallied:
    """What a turn did: how many sheets, and whether there is more to do or somebody else is at it."""

    sheets: int = 0
    more: bool = False
    busy: bool = False


def require_tallied(connection: Rows, company: int, profile: PosProfile) -> None:
    """See that a closing has few sales to read one by one. Errors: TallyFirst."""
    if count_untallied(connection, company, [profile.name]) > MOST_UNTALLIED:
        raise TallyFirst(profile)


def tally_sales(
    database: Database,
    company: int,
    profiles: Mapping[str, PosProfile],
    *,
    least: int = SALES_A_SHEET,
    seconds: float | None = None,
    tell: Tell | None = None,
) -> Tallied:
    """Make sheets of a company's open sales at tills of these profiles while a session has at least so many untallied.

    Errors: Unavailable; the sheets that are made stand.
    """
    done, deadline = Tallied(), None if seconds is None else time.monotonic() + seconds
    names = list(profiles)
    stands: Progress | None = None
    while names:
        with database.transaction() as connection:
            if not hold_sheets(connection, company):
                done.busy = True
                return done
            asked = next_untallied(connection, company, names, least)
            if asked is None:
                return done
            if deadline is not None and time.monotonic() > deadline:
                done.more = True
                return done
            sales = untallied_sales(connection, company, asked, SALES_A_SHEET)
            profile = profiles[asked.profile]
            sheet = Sheet(profile.consolidate_by)
            for sale, is_open in sales:
                if is_open and is_plain(sale.receipt):
                    sheet.add(tally_of(sale.receipt, profile), sale.sequence, sale.receipt)
            add_sheet(connection, company, asked, [sale for sale, _ in sales], sheet)
            if tell is not None:
                # Counted once: what is to go is a look at every open sale.
                stands = stands.after(len(sales)) if stands else progress(connection, company, names)
        done.sheets += 1
        if tell is not None and stands is not None:
            tell(stands)
    return done


def ring_tallies(tools: Tools) -> int:
    """Ring for every company with as many untallied sales as fill a sheet; gives how many were rung for. Errors: Unavailable."""
    with tools.database.transaction() as connection:
        companies = [Lane(*company) for company in companies_that_sell(connection)]
        profiles = Profiles(connection)
        lanes = [
            lane
            for lane in companies
            if next_untallied(connection, lane.company_id, list(profiles.of(lane.company_id)), SALES_A_SHEET)
            is not None
        ]
    return tools.tally_bells.ring(lanes)


def tally_company(tools: Tools, lane: Lane, tell: Tell | None = None) -> str:
    """One turn: make the sheets that can be made for a company; says in words how many.

    Errors: Unavailable; the sheets that are made stand, and the next ring goes on from there.
    """
    tools.tally_bells.answer(lane)
    with tools.database.transaction() as connection:
        profiles = Profiles(connection).of(lane.company_id)
    with bound_contextvars(company=lane.company):
        done = tally_sales(tools.database, lane.company_id, profiles, seconds=TURN_SECONDS, tell=tell)
    if done.more:
        tools.tally_bells.ring([lane])
    words = f"{lane.company}: {done.sheets} sheets made"
    return words + ("; another worker is at it" if done.busy else "; more wait" if done.more else "")


def tally_in_words(stands: Progress) -> str:
    """Where tallying stands: `40000 sales summed ahead of their closing, 60000 to go, about 3 s`."""
    words = f"{stands.done} sales summed ahead of their closing, {stands.to_go} to go"
    return words if stands.seconds_to_go is None else f"{words}, about {stands.seconds_to_go:.0f} s"


def as_progress(stands: Progress) -> dict[str, Any]:
    """The same for whoever asks for a task's state."""
    return {"sales": stands.done, "sales_to_go": stands.to_go, "seconds_to_go": stands.seconds_to_go}
