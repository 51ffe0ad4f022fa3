"""Sending: mails that wait are claimed one by one and handed to the mail server; what can't be sent now waits, and nobody waits for it."""

from __future__ import annotations

import time
from datetime import timedelta
from email.policy import SMTP
from email.utils import parseaddr

import structlog
from prometheus_client import Counter

from worker.broker import LONGEST_TASK_SECONDS
from worker.mail.smtp import DeferredError, MailServer, RefusedError, UnreachableError, address_of
from worker.services.notices.rendering import message_of
from worker.services.tools import Tools
from worker.store.nights.notices import (
    GIVEN_UP,
    REFUSED,
    SENT,
    Mail,
    Notice,
    claim_mail,
    end_mail,
    give_up_old_mails,
    notice_by_number,
    put_off_mail,
    waiting_mails,
)
from worker.store.nights.slots import hold_mailing, note_mailed

log = structlog.get_logger()

TURN_SECONDS = 30.0
# No task runs that long, so whoever claimed a mail and let this pass is dead; the mail is then sent again under its name.
LEASE_SECONDS = LONGEST_TASK_SECONDS + 10
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 60, 900
# As long as mail servers themselves keep trying. Older news would only be taken for new.
GIVE_UP_AFTER = timedelta(days=5)
# The job of the night whose mail a notice is, by the notice's kind.
_JOBS = {"nightly": "mail", "digest": "digest"}

MAILS = Counter("perpetua_mails", "Mails by what became of an attempt to send them.", ["state"])


def send_waiting(tools: Tools, seconds: float = TURN_SECONDS) -> str:
    """Hand over what waits, for one turn; says in words what was done. Errors: Unavailable."""
    settings = tools.settings
    with tools.database.transaction() as connection:
        given_up = give_up_old_mails(connection, GIVE_UP_AFTER)
        waiting = waiting_mails(connection)
    if given_up:
        MAILS.labels(GIVEN_UP).inc(given_up)
        log.error("mails were given up", mails=given_up, days=GIVE_UP_AFTER.days)
    if not waiting:
        return "no mail waits"
    if settings.smtp_url is None or settings.mail_from is None:
        return f"{waiting} mails wait: no mail server is configured, set PERPETUA_SMTP_URL and PERPETUA_MAIL_FROM"
    begun, counts = time.monotonic(), dict.fromkeys((SENT, REFUSED, "put off"), 0)
    with MailServer(address_of(settings.smtp_url)) as server:
        reachable = True
        while reachable and time.monotonic() - begun < seconds and (claimed := _claim(tools)) is not None:
            state, reachable = _send(tools, server, settings.mail_from, *claimed)
            MAILS.labels(state).inc()
            counts[state] += 1
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def _claim(tools: Tools) -> tuple[Mail, Notice] | None:
    with tools.database.transaction() as connection:
        mail = claim_mail(connection, LEASE_SECONDS)
        notice = notice_by_number(connection, mail.notice) if mail is not None else None
    return None if mail is None or notice is None else (mail, notice)


def _send(tools: Tools, server: MailServer, sender: str, mail: Mail, notice: Notice) -> tuple[str, bool]:
    """Send one mail and note what came of it; gives that, and whether the server can be asked for another."""
    try:
        message = message_of(notice, mail, sender).as_bytes(policy=SMTP)
        answer = server.send(parseaddr(sender)[1], mail.address, message)
    except RefusedError as error:
        log.warning("a mail was refused for good", address=mail.address, notice=notice.number, answer=str(error))
        return _ended(tools, mail, notice, REFUSED, str(error)), True
    except (DeferredError, UnreachableError) as error:
        log.warning("a mail is put off", notice=notice.number, attempt=mail.attempts, answer=str(error))
        return _put_off(tools, mail, str(error)), isinstance(error, DeferredError)
    except Exception as error:
        # One mail that can't be written must not keep the others from being sent.
        log.critical("a mail can't be written", notice=notice.number, exc_info=error)
        return _put_off(tools, mail, f"it can't be written: {type(error).__name__}: {error}"), True
    return _ended(tools, mail, notice, SENT, answer), True


def _ended(tools: Tools, mail: Mail, notice: Notice, status: str, answer: str) -> str:
    with tools.database.transaction() as connection:
        if notice.kind in _JOBS:
            # Of two mails that leave at once, neither would be the last one otherwise.
            hold_mailing(connection, notice.company_id, _JOBS[notice.kind], notice.business_date)
        end_mail(connection, mail, status, answer)
        if status == SENT and notice.kind in _JOBS and not waiting_mails(connection, notice):
            note_mailed(connection, notice.company_id, _JOBS[notice.kind], notice.business_date)
    return status


def _put_off(tools: Tools, mail: Mail, answer: str) -> str:
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(mail.attempts - 1, 10), LONGEST_PAUSE_SECONDS)
    with tools.database.transaction() as connection:
        put_off_mail(connection, mail, pause, answer)
    return "put off"
