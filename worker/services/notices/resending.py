"""Sending again: somebody asks for it, which is on record, and the notice waits once more for its mails to leave."""

from __future__ import annotations

from domain.errors import DocumentRejected
from domain.masters import is_mail_address
from worker.services.auditing import audited
from worker.services.notices.filing import file_again
from worker.settings import Settings
from worker.store.database import Database
from worker.store.desk.actions import Asked
from worker.store.nights.notices import Notice

ACTION = "send mail again"


def send_again(
    database: Database, settings: Settings, notice: Notice, *, person: str, address: str, to: str = ""
) -> list[str]:
    """Let a notice be sent again as somebody (`address`: where they sit), to one mailbox or to all who were told; gives the mailboxes.

    When its night was mailed stays as it was. Errors: DocumentRejected where nobody was told and nobody is named; those of PostgreSQL.
    """
    asked = Asked(person, address, ACTION, details=asked_again(notice.number, to))
    return audited(
        database, notice.company_id, asked, lambda: file_mails_again(database, settings, notice, to), ", ".join
    )


def asked_again(number: int, to: str) -> dict[str, object]:
    """What is on record of the request."""
    return {"notice": number, **({"to": to} if to else {})}


def file_mails_again(database: Database, settings: Settings, notice: Notice, to: str) -> list[str]:
    """Let the mails wait, for whoever keeps the record. Errors: as `send_again`."""
    if to and not is_mail_address(to):
        raise DocumentRejected("MailAddressWanted", f"to: {to} is no mail address, such as ada@example.org.", "to")
    with database.transaction() as connection:
        addresses = file_again(connection, settings, notice, to or None)
    if not addresses:
        raise DocumentRejected(
            "MailAddressWanted",
            f"to: nobody was told of notice {notice.number}. Say to which address it shall go.",
            "to",
        )
    return addresses
