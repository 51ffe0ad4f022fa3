"""Previews asked for by a flag on the document: answered from books that stay as they are, then accepted, redirected or refused.

A document with the flag never comes into the inbox. What it would change is found in a transaction that is undone, and told to its
publisher. It is posted only when somebody says so: the publisher by sending it without the flag, an operator by a command.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Literal

from domain.errors import DocumentRejected
from worker.bells import Lane
from worker.messages import canonical, on_day, without_preview
from worker.services.acceptance import Message, read, store
from worker.services.reposting import preview
from worker.services.tools import Tools
from worker.store.database import Database, Rows
from worker.store.intake.acceptance import conflict, find_document
from worker.store.intake.incoming import Receipt
from worker.store.intake.previews import Held, answer_preview, companies_with_previews, decide_preview, waiting_previews
from worker.store.posting.outcomes import fetch_outcomes, preview_outcome

Decision = Literal["accepted", "redirected", "refused"]


def answer_previews(tools: Tools, lane: Lane) -> str:
    """Answer every question of a company and tell the answers; returns in words what was done.

    Errors: Unavailable; what is answered stands, and the next ring goes on from there.
    """
    tools.preview_bells.answer(lane)
    with tools.database.transaction() as connection:
        waiting = waiting_previews(connection, lane.company_id)
    for held in waiting:
        tools.outcomes.publish([answer(tools.database, held)])
    return f"{lane.company}: {len(waiting)} previews answered" if waiting else f"{lane.company}: nothing waits"


def answer(database: Database, held: Held) -> dict[str, Any]:
    """The outcome of one question: what the document would change, or what became of it where it is in the books already.

    Errors: Unavailable.
    """
    with database.transaction() as connection:
        standing = _standing(connection, held)
    if standing is not None:
        found, outcome = standing
    else:
        try:
            seen = preview(database, held.company_id, held.type, held.number, held.payload)
        except DocumentRejected as refusal:
            found = {"error": refusal.as_outcome()}
        else:
            found = {"error": seen.outcome.get("error"), "preview": seen.told()}
        outcome = preview_outcome(replace(held, answer=found))
    with database.transaction() as connection:
        answer_preview(connection, held, found)
    return outcome


def _standing(connection: Rows, held: Held) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The answer and the outcome where the key stands for a document already: for this one, or for another."""
    known = find_document(connection, held.company_id, held.type, held.number)
    if known is None:
        return None
    sequence, payload = known
    if canonical(payload) == canonical(without_preview(held.payload)):
        return {"known": True}, fetch_outcomes(connection, held.company_id, [sequence])[0]
    found: dict[str, Any] = {"error": conflict(held.company, held.type, held.number)}
    return found, preview_outcome(replace(held, answer=found))


def ring_previews(tools: Tools) -> int:
    """Ring for every company whose questions wait, in case a doorbell was lost; returns how many were rung. Errors: Unavailable."""
    with tools.database.transaction() as connection:
        waiting = [Lane(*lane) for lane in companies_with_previews(connection)]
    return tools.preview_bells.ring(waiting)


def accept(database: Database, held: Held, actor: str, day: date | None = None) -> Receipt | None:
    """Bring a previewed document into the inbox as it is, or at the start of another day; None where somebody has decided already.

    It is then decided like any other: what it changes may be more by now than was foreseen. Errors: those of PostgreSQL.
    """
    payload = without_preview(held.payload) if day is None else on_day(held.payload, day)
    if not _decide(database, held, "accepted" if day is None else "redirected", actor):
        return None
    (receipt,) = store(database, [read(Message(payload, held.publisher, held.message_id))])
    return receipt


def refuse(database: Database, held: Held, actor: str) -> dict[str, Any] | None:
    """Decide that a previewed document shall not be posted; its outcome, or None where somebody has decided already."""
    decided = _decide(database, held, "refused", actor)
    return preview_outcome(replace(held, decision="refused")) if decided else None


def _decide(database: Database, held: Held, decision: Decision, actor: str) -> bool:
    with database.transaction() as connection:
        return decide_preview(connection, held, decision, actor)
