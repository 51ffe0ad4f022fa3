"""The sweeper: rings for whatever waits although nobody may know of it any more."""

from __future__ import annotations

from worker.bells import Lane
from worker.services.pos_mirror import rebuild_where_lost
from worker.services.previewing import ring_previews
from worker.services.tools import Tools
from worker.store.posting.lanes import lanes_with_work

NAMED = 5


def sweep(tools: Tools) -> str:
    """Ring for every company with documents to decide or outcomes to tell; returns in words what was found.

    A bell that rings already is left alone. Errors: Unavailable.
    """
    rebuild_where_lost(tools)
    ring_previews(tools)
    with tools.database.transaction() as connection:
        lanes = [Lane(*lane) for lane in lanes_with_work(connection)]
    if not lanes:
        return "nothing waits"
    rung = tools.bells.ring(lanes)
    names = ", ".join(lane.company for lane in lanes[:NAMED]) + (", ..." if len(lanes) > NAMED else "")
    return f"{len(lanes)} lanes wait, {rung} were rung anew ({names})"
