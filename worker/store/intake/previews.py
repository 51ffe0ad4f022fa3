"""Previews: the questions that wait, their answers, and what somebody decided on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from worker.store.database import Rows
from worker.store.intake.incoming import Incoming

_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Held:
    """A document of which it is asked what it would change; `decision` is None until somebody has decided."""

    company_id: int
    company: str
    type: str
    number: str
    payload: bytes
    publisher: str
    message_id: str
    asked_at: datetime
    answer: dict[str, Any] | None
    decision: str | None


_HELD = (
    "SELECT p.company_id, c.name, p.type, p.number, p.payload, p.publisher, p.message_id, p.asked_at, p.answer, p.decision "
    "FROM document_preview p JOIN company c USING (company_id) "
)


def hold(connection: Rows, asked: Iterable[tuple[int, Incoming]]) -> None:
    """Keep documents to be previewed; a question under the same key takes the place of the one before it."""
    for company, message in asked:
        connection.execute(
            "INSERT INTO document_preview (company_id, type, number, payload, publisher, message_id, asked_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp()) ON CONFLICT (company_id, type, number) DO UPDATE SET "
            "payload = excluded.payload, publisher = excluded.publisher, message_id = excluded.message_id, asked_at = excluded.asked_at, "
            "answered_at = NULL, answer = NULL, decision = NULL, decided_at = NULL, decided_by = NULL",
            [company, message.type, message.number, message.payload.decode(), message.publisher, message.message_id],
        )


def waiting_previews(connection: Rows, company: int) -> list[Held]:
    """The questions of a company that have no answer yet, the oldest first."""
    found = connection.execute(
        _HELD + "WHERE p.company_id = %s AND p.answered_at IS NULL ORDER BY p.asked_at", [company]
    )
    return [_held(row) for row in found]


def companies_with_previews(connection: Rows) -> list[tuple[int, str]]:
    """Companies (number and name) with questions that have no answer yet."""
    return connection.execute(
        "SELECT DISTINCT c.company_id, c.name FROM document_preview p JOIN company c USING (company_id) "
        "WHERE p.answered_at IS NULL ORDER BY 1"
    ).fetchall()


def find_preview(connection: Rows, company: str, type_: str, number: str) -> Held | None:
    """The newest question under a key."""
    row = connection.execute(
        _HELD + "WHERE c.name = %s AND p.type = %s AND p.number = %s", [company, type_, number]
    ).fetchone()
    return None if row is None else _held(row)


def list_previews(connection: Rows, company: int, limit: int | None) -> list[Held]:
    """The questions of a company on which nobody has decided, the newest first."""
    found = connection.execute(
        _HELD + "WHERE p.company_id = %s AND p.decision IS NULL ORDER BY p.asked_at DESC LIMIT %s", [company, limit]
    )
    return [_held(row) for row in found]


def answer_preview(connection: Rows, held: Held, answer: dict[str, Any]) -> bool:
    """Keep an answer; False where the question has been asked anew meanwhile."""
    done = connection.execute(
        "UPDATE document_preview SET answered_at = clock_timestamp(), answer = %s "
        "WHERE company_id = %s AND type = %s AND number = %s AND asked_at = %s",
        [_json(answer).decode(), held.company_id, held.type, held.number, held.asked_at],
    )
    return done.rowcount > 0


def decide_preview(connection: Rows, held: Held, decision: str, actor: str) -> bool:
    """Note what was decided; False where somebody has decided already, or it was asked anew meanwhile."""
    done = connection.execute(
        "UPDATE document_preview SET decision = %s, decided_by = %s, decided_at = clock_timestamp() "
        "WHERE company_id = %s AND type = %s AND number = %s AND asked_at = %s AND decision IS NULL",
        [decision, actor, held.company_id, held.type, held.number, held.asked_at],
    )
    return done.rowcount > 0


def _held(row: tuple[Any, ...]) -> Held:
    company_id, company, type_, number, payload, *rest = row
    return Held(company_id, company, type_, number, payload.encode(), *rest)
