"""Notices and the mails that tell them: filed together, claimed one by one, ended for good or put off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from worker.store.database import Rows

WAITING, SENT, REFUSED, GIVEN_UP = "waiting", "sent", "refused", "given up"


@dataclass(frozen=True, slots=True)
class Notice:
    """What was said about a company's business date (company 0: about many companies); `content` is JSON."""

    company_id: int
    number: int
    kind: str
    business_date: date
    subject: str
    content: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of a notice; `attempts` counts the claims, this one included."""

    company_id: int
    notice: int
    address: str
    copy: int
    locale: str
    message_id: str
    attempts: int
    written_at: datetime


_NOTICE = "company_id, notice_id, kind, business_date, subject, content, written_at"
_MAIL = "company_id, notice_id, address, copy, locale, message_id, attempts, written_at"


def file_notice(connection: Rows, company: int, kind: str, day: date, subject: str, content: str) -> Notice:
    """Write down what was said."""
    row = connection.execute(
        f"INSERT INTO notice ({_NOTICE}) VALUES (%s, nextval('notice_number'), %s, %s, %s, %s, clock_timestamp()) RETURNING {_NOTICE}",
        [company, kind, day, subject, content],
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert gives its row
    return Notice(*row)


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be filed."""

    address: str
    locale: str
    message_id: str
    copy: int = 0


def file_mails(connection: Rows, notice: Notice, mails: Iterable[NewMail]) -> int:
    """Let mails of a notice wait to be sent; gives how many."""
    rows = list(mails)
    return connection.execute(
        "INSERT INTO mail (company_id, notice_id, address, copy, locale, message_id, status, attempts, written_at, due_at, answer) "
        "SELECT %s, %s, address, copy, locale, message_id, %s, 0, clock_timestamp(), clock_timestamp(), '' "
        "FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[]) AS new (address, locale, message_id, copy)",
        [
            notice.company_id, notice.number, WAITING, [one.address for one in rows], [one.locale for one in rows],
            [one.message_id for one in rows], [one.copy for one in rows],
        ],
    ).rowcount  # fmt: skip


def notice_by_number(connection: Rows, number: int) -> Notice | None:
    """A notice, whichever company's it is; None where there is none of this number."""
    row = connection.execute(
        f"SELECT {_NOTICE} FROM company JOIN notice USING (company_id) WHERE notice_id = %s", [number]
    ).fetchone()
    return None if row is None else Notice(*row)


def notices_of_day(connection: Rows, kind: str, day: date) -> dict[int, Notice]:
    """The notices of a kind about one business date, by company."""
    found = connection.execute(
        f"SELECT {_NOTICE} FROM company JOIN notice USING (company_id) WHERE kind = %s AND business_date = %s",
        [kind, day],
    )
    return {row[0]: Notice(*row) for row in found}


def list_notices(connection: Rows, company: int | None, limit: int) -> list[tuple[Any, ...]]:
    """The newest notices, of one company or of all: number, company, kind, business date, subject, when it was written, and how many
    mails of it were sent, wait, and were not delivered, with the last answer to those."""
    found = connection.execute(
        "SELECT n.notice_id, c.name, n.kind, n.business_date, n.subject, n.written_at, count(*) FILTER (WHERE m.status = 'sent'), "
        "  count(*) FILTER (WHERE m.status = 'waiting'), count(*) FILTER (WHERE m.status IN ('refused', 'given up')), "
        "  coalesce(max(m.answer) FILTER (WHERE m.status <> 'sent'), '') "
        "FROM (SELECT * FROM notice WHERE company_id = %(company)s OR %(company)s::int IS NULL ORDER BY notice_id DESC LIMIT %(limit)s) n "
        "JOIN company c USING (company_id) LEFT JOIN mail m USING (company_id, notice_id) "
        "GROUP BY n.notice_id, c.name, n.kind, n.business_date, n.subject, n.written_at ORDER BY n.notice_id DESC",
        {"company": company, "limit": limit},
    )
    return found.fetchall()


def mails_of(connection: Rows, notice: Notice) -> list[Mail]:
    """Every mail of a notice, whatever became of it."""
    found = connection.execute(
        f"SELECT {_MAIL} FROM mail WHERE company_id = %s AND notice_id = %s ORDER BY address, copy",
        [notice.company_id, notice.number],
    )
    return [Mail(*row) for row in found]


def claim_mail(connection: Rows, lease_seconds: int) -> Mail | None:
    """Take up the mail that has been due for longest, for so long; None where none is due, or others are at them."""
    row = connection.execute(
        "UPDATE mail m SET attempts = attempts + 1, lease_until = clock_timestamp() + make_interval(secs => %s) "
        "FROM (SELECT company_id, notice_id, address, copy FROM mail WHERE status = %s AND due_at <= clock_timestamp() "
        "  AND (lease_until IS NULL OR lease_until <= clock_timestamp()) ORDER BY due_at, notice_id, address, copy LIMIT 1 "
        "  FOR UPDATE SKIP LOCKED) next "
        "WHERE (m.company_id, m.notice_id, m.address, m.copy) = (next.company_id, next.notice_id, next.address, next.copy) "
        f"RETURNING {', '.join('m.' + name for name in _MAIL.split(', '))}",
        [lease_seconds, WAITING],
    ).fetchone()
    return None if row is None else Mail(*row)


_OWN = (
    "WHERE company_id = %s AND notice_id = %s AND address = %s AND copy = %s AND attempts = %s AND status = 'waiting'"
)


def end_mail(connection: Rows, mail: Mail, status: str, answer: str) -> bool:
    """End a mail for good; False where another worker has taken it up since."""
    return _update(
        connection, mail, "status = %s, answer = %s, lease_until = NULL, ended_at = clock_timestamp()", status, answer
    )


def put_off_mail(connection: Rows, mail: Mail, seconds: int, answer: str) -> bool:
    """Try a mail again after so many seconds; False where another worker has taken it up since."""
    return _update(
        connection,
        mail,
        "due_at = clock_timestamp() + make_interval(secs => %s), answer = %s, lease_until = NULL",
        seconds,
        answer,
    )


def _update(connection: Rows, mail: Mail, change: str, *values: object) -> bool:
    own = [*values, mail.company_id, mail.notice, mail.address, mail.copy, mail.attempts]
    return connection.execute(f"UPDATE mail SET {change} {_OWN}", own).rowcount > 0


def give_up_old_mails(connection: Rows, age: timedelta) -> int:
    """End mails that nobody could send for so long; gives how many."""
    return connection.execute(
        "UPDATE mail SET status = %s, ended_at = clock_timestamp(), lease_until = NULL "
        "WHERE status = %s AND written_at < clock_timestamp() - %s AND (lease_until IS NULL OR lease_until <= clock_timestamp())",
        [GIVEN_UP, WAITING, age],
    ).rowcount


def waiting_mails(connection: Rows, notice: Notice | None = None) -> int:
    """How many mails wait, of one notice or of all."""
    row = connection.execute(
        "SELECT count(*) FROM mail WHERE status = %s AND (%s::bigint IS NULL OR notice_id = %s)",
        [WAITING, *[None if notice is None else notice.number] * 2],
    ).fetchone()
    return 0 if row is None else int(row[0])


@dataclass(frozen=True, slots=True)
class MailStatus:
    """How the mails stand: how many wait, since when, the last answer to one of those that were tried; how many were never delivered."""

    waiting: int
    oldest_waiting: datetime | None
    answer: str
    undelivered: int


def mail_status(connection: Rows, since: datetime) -> MailStatus:
    """How the mails stand; what was not delivered is counted since a moment."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM mail WHERE status = 'waiting'), (SELECT min(written_at) FROM mail WHERE status = 'waiting'), "
        "coalesce((SELECT answer FROM mail WHERE status = 'waiting' AND answer <> '' ORDER BY due_at DESC LIMIT 1), ''), "
        f"(SELECT count(*) FROM mail WHERE status IN ('{REFUSED}', '{GIVEN_UP}') AND ended_at > %s)",
        [since],
    ).fetchone()
    assert row is not None  # noqa: S101 - counts give a row
    return MailStatus(*row)
