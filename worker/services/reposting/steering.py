"""An operator's hand in reposts: halt, go on, rank, try again what failed."""

from __future__ import annotations

from worker.bells import Lane
from worker.services.tools import Tools
from worker.store.reposts.requests import end_pause, retry_failed, set_pause, set_priority


def pause(tools: Tools, company: int, actor: str) -> bool:
    """Let a company's reposts wait; a run under way stops within seconds. False where they do already. Errors: Unavailable."""
    with tools.database.transaction() as connection:
        return set_pause(connection, company, actor)


def resume(tools: Tools, lane: Lane) -> bool:
    """Let a company's reposts go on, and ring for them. False where nobody had stopped them. Errors: Unavailable."""
    with tools.database.transaction() as connection:
        ended = end_pause(connection, lane.company_id)
    tools.repost_bells.ring([lane])
    return ended


def rank(tools: Tools, lane: Lane, priority: int) -> None:
    """Let a company's reposts go before others' (above zero) or after them (below), and ring for them. Errors: Unavailable."""
    with tools.database.transaction() as connection:
        set_priority(connection, lane.company_id, priority)
    tools.repost_bells.ring([lane])


def retry(tools: Tools, lane: Lane) -> int:
    """Let what failed runs were asked for be tried by another one; gives how many requests. Errors: Unavailable."""
    with tools.database.transaction() as connection:
        requests = retry_failed(connection, lane.company_id)
    tools.repost_bells.ring([lane])
    return requests
