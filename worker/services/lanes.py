"""Answer a company's doorbell: decide what waits in its lane, tell the outcomes, and say in words what happened."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial

from structlog.contextvars import bound_contextvars

from worker.bells import Lane
from worker.services.noting import note_outcomes
from worker.services.pos_mirror import keep_in_step
from worker.services.pos_tallying import Tell
from worker.services.posting import Drained, drain
from worker.services.results import Decided
from worker.services.tools import Tools

# A task that drains for longer rings for a fresh one, so that other companies' doorbells get their turn.
TURN_SECONDS = 10.0


def post_lane(tools: Tools, lane: Lane, tell_tally: Tell | None = None) -> str:
    """Decide everything that is due in a lane and tell the outcomes; returns in words what was done.

    `tell_tally` hears where it stands while the sales of a closing are summed.

    Errors: Unavailable, where PostgreSQL or Redis is away; what is committed stands, and the sweeper rings for the rest.
    """
    with bound_contextvars(company=lane.company):
        return _post(tools, lane, tell_tally)


def _post(tools: Tools, lane: Lane, tell_tally: Tell | None) -> str:
    drained = _turn(tools, lane, tell_tally)
    while not drained.more and tools.bells.rings(lane):
        # It was rung for while this worker had the lane: by a document that its last look was too early for.
        drained = _sum(drained, _turn(tools, lane, tell_tally))
        if drained.busy:
            break
    if drained.more:
        tools.bells.ring([lane])
    if drained.reposts:
        tools.repost_bells.ring([lane])
    return in_words(lane, drained)


def in_words(lane: Lane, drained: Drained) -> str:
    """For Flower and the logs: `Grocery: 35 posted, 1 rejected, 0 parked (PR-1 ... DN-9)`."""
    if not drained.first:
        return f"{lane.company}: {'another worker is at it' if drained.busy else 'nothing waits'}"
    counts = f"{drained.posted} posted, {drained.rejected} rejected, {drained.parked} parked"
    more = "; more wait" if drained.more else ""
    return f"{lane.company}: {counts} ({drained.first} ... {drained.last}){more}"


def _turn(tools: Tools, lane: Lane, tell_tally: Tell | None) -> Drained:
    tools.bells.answer(lane)
    drained = _drain(tools, lane, tell_tally)
    if drained.busy:
        # The one who has the lane may have looked a moment too early for what this bell was rung for. It looks at the bell when it
        # is done, so the bell is hung up again; and then, lest it was done just before that, the lane is tried once more.
        tools.bells.hang_up(lane)
        drained = _sum(drained, _drain(tools, lane, tell_tally))
    return drained


def _drain(tools: Tools, lane: Lane, tell_tally: Tell | None) -> Drained:
    return drain(
        tools.database,
        lane.company_id,
        limit_documents=tools.settings.lane_batch,
        seconds=TURN_SECONDS,
        tell=partial(_tell, tools, lane),
        traces=tools.traces,
        tell_tally=tell_tally,
    )


def _tell(tools: Tools, lane: Lane, decided: Decided) -> None:
    """Tell outcomes; a sale at a till is in the sub-ledger before its publisher hears of it."""
    outcomes = decided.outcomes
    keep_in_step(tools, lane.company_id, decided)
    tools.outcomes.publish(outcomes)
    note_outcomes(outcomes)
    if tools.spans.told:
        # The time of posting is when the batch began.
        began = [datetime.fromisoformat(one["posted_at"]).timestamp() for one in outcomes if one["posted_at"]]
        tools.spans.decided(outcomes, min(began, default=time.time()))


def _sum(earlier: Drained, later: Drained) -> Drained:
    return Drained(
        posted=earlier.posted + later.posted,
        rejected=earlier.rejected + later.rejected,
        parked=earlier.parked + later.parked,
        reposts=earlier.reposts + later.reposts,
        first=earlier.first or later.first,
        last=later.last or earlier.last,
        busy=later.busy,
        more=later.more,
    )
