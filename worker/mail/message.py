"""A mail's parts put together into one message: plain text, HTML with its picture, and a workbook beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from worker.mail.page import TREND_CID, Page

_WORKBOOK = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom to whom, when it was written, and the name by which mailboxes know it."""

    sender: str
    recipient: str
    message_id: str
    written_at: datetime


def build(envelope: Envelope, page: Page, picture: bytes | None, workbook: tuple[str, bytes] | None) -> EmailMessage:
    """The message; the workbook comes with its file's name."""
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(envelope.sender)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=envelope.recipient)
    message["Subject"] = page.subject
    message["Date"] = format_datetime(envelope.written_at)
    message["Message-ID"] = envelope.message_id
    # Nobody's out-of-office note answers a machine.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(page.text, cte="quoted-printable")
    message.add_alternative(page.html, subtype="html", cte="quoted-printable")
    if picture is not None:
        html = message.get_payload(1)
        assert isinstance(html, EmailMessage)  # noqa: S101 - the part that was added last
        html.add_related(picture, "image", "png", cid=f"<{TREND_CID}>", filename="trend.png", disposition="inline")
    if workbook is not None:
        message.add_attachment(workbook[1], *_WORKBOOK, filename=workbook[0])
    return message
