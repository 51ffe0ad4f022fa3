"""A notice written down with the mails that tell it, in the caller's transaction: both are there, or neither."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from email.utils import parseaddr

from worker.mail.content import Content, NightMail, as_text
from worker.mail.figures import Figures
from worker.mail.page import subject_of
from worker.services.notices.recipients import Reader
from worker.settings import Settings
from worker.store.database import Rows
from worker.store.nights.notices import NewMail, Notice, file_mails, file_notice, mails_of

_NOWHERE = "perpetua.invalid"  # a domain that nobody can own, for an installation that has no sender yet


def file(connection: Rows, settings: Settings, company: int, content: Content, readers: Iterable[Reader]) -> Notice:
    """Write down what is said about a company (0: many), and let a mail to each reader wait."""
    notice = file_notice(
        connection,
        company,
        str(content.__struct_config__.tag),
        content.business_date,
        subject_of(content, figures_for(content, "en")),
        as_text(content),
    )
    file_mails(
        connection,
        notice,
        [NewMail(one.address, one.locale, message_id(settings, notice, one.address)) for one in readers],
    )
    return notice


def file_again(connection: Rows, settings: Settings, notice: Notice, address: str | None = None) -> list[str]:
    """Let a notice wait to be sent again: to one address, or to everybody who was told; gives the addresses.

    A mail of its own under a name of its own, since a mailbox would drop a second one under the first name.
    """
    before = mails_of(connection, notice)
    readers = {
        one.address: one.locale for one in before if address is None or one.address.casefold() == address.casefold()
    }
    if address is not None and not readers:
        readers = {address: "en"}
    copies = {to: 1 + max((one.copy for one in before if one.address == to), default=-1) for to in readers}
    mails = [
        NewMail(to, locale, message_id(settings, notice, to, copies[to]), copies[to]) for to, locale in readers.items()
    ]
    file_mails(connection, notice, mails)
    return list(readers)


def message_id(settings: Settings, notice: Notice, address: str, copy: int = 0) -> str:
    """The name of a mail, the same whenever and by whomever it is sent; no other installation gives it to another mail."""
    told = f"{notice.company_id} {notice.number} {notice.written_at.isoformat()} {address.casefold()} {copy}"
    domain = parseaddr(settings.mail_from or "")[1].rpartition("@")[2] or _NOWHERE
    return f"<{notice.kind}.{notice.business_date}.{hashlib.sha256(told.encode()).hexdigest()[:32]}@{domain}>"


def figures_for(content: Content, locale: str) -> Figures:
    """How figures of a mail are written for a locale."""
    if isinstance(content, NightMail):
        return Figures(locale, content.currency, content.precision, content.time_zone)
    return Figures(locale, time_zone=getattr(content, "time_zone", "UTC"))
