"""A notice written for one reader: page, picture, workbook, and the message made of them."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from email.message import EmailMessage

from worker.mail.content import Content, NightMail, from_text
from worker.mail.message import Envelope, build
from worker.mail.page import Page, write_page
from worker.mail.trend import draw_trend
from worker.reports.workbook import write_workbook
from worker.services.notices.drill_down import sheets_of
from worker.services.notices.filing import figures_for
from worker.store.nights.notices import Mail, Notice

_UNFIT_FOR_FILES = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice as one reader gets it; a quiet night has neither picture nor workbook, nor has a digest or an alert."""

    page: Page
    picture: bytes | None
    workbook: tuple[str, bytes] | None


def render(content: Content, locale: str) -> Rendered:
    """Write a mail's content for a reader."""
    figures = figures_for(content, locale)
    picture, workbook = None, None
    if isinstance(content, NightMail) and not content.is_quiet:
        picture = draw_trend(content.trend, content.business_date, figures) if content.trend else None
        file = io.BytesIO()
        write_workbook(sheets_of(content), file)
        stem = _UNFIT_FOR_FILES.sub("-", content.company).strip("-.") or "company"
        workbook = (f"{stem[:80]}-{content.business_date}.xlsx", file.getvalue())
    return Rendered(write_page(content, figures, has_picture=picture is not None), picture, workbook)


def message_of(notice: Notice, mail: Mail, sender: str) -> EmailMessage:
    """The message by which a mail is sent. Errors: ValueError where the notice was written by another version."""
    rendered = render(from_text(notice.content), mail.locale)
    envelope = Envelope(sender, mail.address, mail.message_id, mail.written_at)
    return build(envelope, rendered.page, rendered.picture, rendered.workbook)
