"""Sessions of tills: opened by a document or by the first sale, closed by a closing, open again when that is cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from worker.store.database import Rows

_json = msgspec.json.Encoder().encode
_SESSION = "session_id, profile, user_name, opening, floats, status, opened_at, closing_id"


@dataclass(slots=True)
class Session:
    """One session of a till; `opening` is the number of the document that opened it, empty where the first sale did.

    `floats` are minor units by mode; `closing` is the sequence of the closing, 0 while the session is open.
    """

    id: int
    profile: str
    user: str
    opening: str = ""
    floats: dict[str, int] = field(default_factory=dict)
    status: str = "open"
    opened_at: datetime | None = None
    closing: int = 0


def open_sessions(connection: Rows, company: int, profile: str | None = None) -> list[Session]:
    """Sessions that are open, oldest first."""
    found = connection.execute(
        f"SELECT {_SESSION} FROM pos_session WHERE company_id = %(company)s AND status = 'open' "
        "AND (%(profile)s::text IS NULL OR profile = %(profile)s) ORDER BY session_id",
        {"company": company, "profile": profile},
    )
    return [Session(*row) for row in found]


def sealed_sessions(connection: Rows, company: int, sessions: list[int]) -> dict[int, bool]:
    """Whether each of these sessions takes no more sales."""
    found = connection.execute(
        "SELECT session_id, status <> 'open' FROM pos_session WHERE company_id = %s AND session_id = ANY(%s)",
        [company, sessions],
    )
    return dict(found.fetchall())


def session_of_opening(connection: Rows, company: int, profile: str, opening: str) -> Session | None:
    """The session that a document opened, whether it is open still or not; None where there is none."""
    row = connection.execute(
        f"SELECT {_SESSION} FROM pos_session WHERE company_id = %s AND profile = %s AND opening = %s "
        "ORDER BY session_id DESC LIMIT 1",
        [company, profile, opening],
    ).fetchone()
    return None if row is None else Session(*row)


def save_session(connection: Rows, company: int, session: Session, now: datetime) -> None:
    """Write a session as it stands; its time of opening is set once."""
    connection.execute(
        f"INSERT INTO pos_session (company_id, {_SESSION}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (company_id, session_id) DO UPDATE SET opening = excluded.opening, floats = excluded.floats, "
        "status = excluded.status, closing_id = excluded.closing_id",
        [
            company, session.id, session.profile, session.user, session.opening, _floats(session.floats), session.status,
            session.opened_at or now, session.closing,
        ],
    )  # fmt: skip


def end_sessions(connection: Rows, company: int, sessions: list[int], closing: int) -> None:
    """Note that a closing has ended these sessions.

    One that has sold after the closing's time goes on: its float was counted by the closing and counts no more.
    """
    rest = "EXISTS (SELECT FROM pos_invoice i WHERE i.company_id = s.company_id AND i.session_id = s.session_id AND i.status = 'open')"
    connection.execute(
        f"UPDATE pos_session s SET status = CASE WHEN {rest} THEN 'open' ELSE 'closed' END, floats = CASE WHEN {rest} "
        f"THEN '{{}}'::json ELSE floats END, closing_id = CASE WHEN {rest} THEN 0 ELSE %s END "
        "WHERE s.company_id = %s AND s.session_id = ANY(%s)",
        [closing, company, sessions],
    )


def reopen_sessions(connection: Rows, company: int, closing: int) -> None:
    """Let the sessions of a cancelled closing be open again."""
    connection.execute(
        "UPDATE pos_session SET status = 'open', closing_id = 0 WHERE company_id = %s AND closing_id = %s",
        [company, closing],
    )


def _floats(floats: Mapping[str, int]) -> str:
    return _json(dict(floats)).decode()


def sells_until(connection: Rows, company: int, profile: str, moment: datetime) -> datetime | None:
    """When the oldest sale that waits at a till happened, or its oldest open session began, up to a moment; None where neither is."""
    row = connection.execute(
        "SELECT min(at) FROM ("
        "  SELECT event_at AS at FROM pos_invoice WHERE company_id = %(company)s AND profile = %(profile)s "
        "    AND status IN ('open', 'quarantined')"
        "  UNION ALL"
        "  SELECT opened_at FROM pos_session WHERE company_id = %(company)s AND profile = %(profile)s AND status = 'open'"
        ") waiting WHERE at <= %(moment)s",
        {"company": company, "profile": profile, "moment": moment},
    ).fetchone()
    return None if row is None else row[0]
