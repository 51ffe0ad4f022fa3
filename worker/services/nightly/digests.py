"""The digest: one page about the nights of many companies, written once all of them are over, or should be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from scheduler.nights import DIGEST, MAIL
from worker.mail.content import WELL, DigestLine, DigestMail, NightMail, from_text
from worker.services.nightly.calendar import CompanyNights, all_nights
from worker.services.notices.filing import file
from worker.services.notices.recipients import Recipients
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.names.companies import SHARED_COMPANY
from worker.store.nights.notices import Notice, notices_of_day
from worker.store.nights.slots import Due, ended_on, last_opened, note_done, open_slots

_DAY = timedelta(days=1)
_NEWS = timedelta(days=6)


def write_digests(tools: Tools, now: datetime) -> int:
    """Write the digest of every business date whose nights are over or past their deadline; gives how many dates.

    The slot's row and the notices are one transaction, so two ticks at once write it once. Errors: Unavailable.
    """
    written = 0
    while _write_next(tools, now):
        written += 1
    return written


def _write_next(tools: Tools, now: datetime) -> bool:
    with tools.database.transaction() as connection:
        recipients = Recipients(connection)
        companies = all_nights(connection)
        about = recipients.digests(one.company_id for one in companies)
        day = _next_day(connection) if about else None
        if day is None:
            return False
        told = [one for one in companies if one.has_night(day)]
        deadline = max((one.night_of(day).deadline_at for one in told), default=now)
        ended = ended_on(connection, MAIL, day)
        if any(one.company_id not in ended and one.night_of(day).deadline_at > now for one in told):
            return False
        if not open_slots(connection, [Due(SHARED_COMPANY, DIGEST, day, deadline, deadline)]):
            return False  # another tick was quicker
        notices = notices_of_day(connection, "nightly", day)
        filed = []
        for known, readers in about.items():
            lines = [_line(one, notices.get(one.company_id)) for one in told if one.company_id in known]
            if lines:
                content = DigestMail(business_date=day, lines=_by_need(lines))
                filed.append(file(connection, tools.settings, SHARED_COMPANY, content, readers).number)
        note_done(connection, SHARED_COMPANY, DIGEST, day, {"notices": filed})
    return True


def _next_day(connection: Rows) -> date | None:
    """The business date whose digest comes next: at first the last one that any company's night belongs to.

    Older than a week it is no news any more: who starts to read digests again gets those of the last days.
    """
    last = last_opened(connection, DIGEST).get(SHARED_COMPANY)
    newest = max(last_opened(connection, MAIL).values(), default=None)
    if newest is None or (last is not None and last >= newest):
        return None
    return newest if last is None else max(last + _DAY, newest - _NEWS)


def _line(company: CompanyNights, notice: Notice | None) -> DigestLine:
    content = from_text(notice.content) if notice is not None else None
    if not isinstance(content, NightMail):
        return DigestLine(company=company.company, verdict="")
    return DigestLine(
        company=company.company,
        verdict=content.state,
        currency=content.currency,
        precision=content.precision,
        difference=content.difference,
        accounts=sum(account.out_of_sync for account in content.accounts),
        blocked=content.blocked_count,
        quarantined=len(content.quarantined),
    )


def _by_need(lines: Iterable[DigestLine]) -> list[DigestLine]:
    return sorted(lines, key=lambda line: (line.verdict in WELL, line.company))
