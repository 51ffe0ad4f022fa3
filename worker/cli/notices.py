"""`perpetua notices`: what was told by mail and whether it arrived, a look at a mail as a file, and sending it again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.failure import CommandFailedError
from worker.cli.forms import MOST_ROWS, CompanyOption, Form, FormOption, OutputOption

if TYPE_CHECKING:
    from worker.mail.content import Content
    from worker.store.database import Rows
    from worker.store.nights.notices import Notice

_KINDS = (".html", ".txt", ".xlsx", ".png", ".eml")
Output = Annotated[
    Path, typer.Option(help="Where to; its ending says what: .html, .txt, .xlsx, .png, or .eml for the whole message.")
]
Locale = Annotated[str, typer.Option(help="How figures are written, for instance de_DE.")]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Mails to finance: list, look, send again.", no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_notices)
    group.command("show")(show)
    group.command("preview")(preview)
    group.command("send")(send)
    app.add_typer(group, name="notices")


def list_notices(
    company: Annotated[str | None, typer.Option("--company", help="Only this company's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many, the newest first.")] = 30,
    form: FormOption = Form.TABLE,
    output: OutputOption = None,
) -> None:
    """List what was told, newest first, and what became of the mails."""
    from worker.cli.connection import one_company, open_database
    from worker.cli.output import write_rows
    from worker.reports import Column, Kind
    from worker.store.nights import notices

    columns = (
        Column("notice", Kind.COUNT), Column("company"), Column("kind"), Column("business_date", Kind.DATE), Column("subject"),
        Column("written_at", Kind.TIME), Column("sent", Kind.COUNT), Column("waiting", Kind.COUNT), Column("undelivered", Kind.COUNT),
        Column("answer"),
    )  # fmt: skip
    with open_database() as database, database.transaction() as connection:
        number = None if company is None else one_company(connection, company)[0]
        rows = [
            (*row[:5], row[5].astimezone(UTC).replace(tzinfo=None, microsecond=0), *row[6:])
            for row in notices.list_notices(connection, number, limit)
        ]
        write_rows(columns, rows, form, "Notices", output)


def show(
    number: Annotated[int, typer.Argument(metavar="NOTICE", help="Its number, from perpetua notices list.")],
    output: Output,
    locale: Locale = "en",
) -> None:
    """Write a notice to a file as it was, or would be, sent."""
    from worker.cli.connection import open_database
    from worker.mail.content import from_text

    _require_kind(output)
    with open_database() as database, database.transaction() as connection:
        _write(output, from_text(_notice(connection, number).content), locale)
    print(f"written to {output}")


def preview(
    output: Output,
    company: CompanyOption = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="The business date; the one under way where left out.")
    ] = None,
    locale: Locale = "en",
) -> None:
    """Write the mail about a night, as it would be now.

    It goes to a file, whether the night is over or not; nothing is kept or sent.
    """
    from worker.cli.connection import one_company, open_database
    from worker.services.nightly.preview import preview_night

    _require_kind(output)
    try:
        asked = None if day is None else date.fromisoformat(day)
    except ValueError:
        raise typer.BadParameter(f"--date {day} is no date: write it like 2024-06-15") from None
    with open_database() as database, database.transaction() as connection:
        number, name = one_company(connection, company)
        content = preview_night(connection, number, asked, datetime.now(UTC))
        if content is None:
            raise CommandFailedError(f"the master of {name} is not known yet: submit it first")
        _write(output, content, locale)
    print(f"written to {output}")


def send(
    number: Annotated[int, typer.Argument(metavar="NOTICE", help="Its number, from perpetua notices list.")],
    to: Annotated[str | None, typer.Option(help="To this address; to all who were told where left out.")] = None,
    actor: Annotated[str | None, typer.Option(help="Who asks for it; whoever is logged in where left out.")] = None,
) -> None:
    """Let a notice be sent again.

    That is on record; a worker sends it within a minute.
    """
    import getpass

    from domain.masters import is_mail_address
    from worker.cli.connection import connected_settings, open_database
    from worker.services.notices.resending import send_again

    if to is not None and not is_mail_address(to):
        raise typer.BadParameter(f"--to {to} is no mail address")
    settings = connected_settings()
    with open_database(settings) as database:
        with database.transaction() as connection:
            notice = _notice(connection, number)
        addresses = send_again(
            database, settings, notice, person=actor or getpass.getuser(), address="command line", to=to or ""
        )
    print(f"notice {number} waits to be sent again to {', '.join(addresses)}")
    if settings.smtp_url is None:
        raise CommandFailedError(
            "no mail server is configured: set PERPETUA_SMTP_URL and PERPETUA_MAIL_FROM, and it is sent"
        )


def _require_kind(output: Path) -> None:
    if output.suffix.lower() not in _KINDS:
        raise typer.BadParameter(f"--output {output} ends in none of {', '.join(_KINDS)}")


def _notice(connection: Rows, number: int) -> Notice:
    from worker.store.nights.notices import notice_by_number

    notice = notice_by_number(connection, number)
    if notice is None:
        raise CommandFailedError(f"there is no notice {number}: perpetua notices list shows which there are")
    return notice


def _write(output: Path, content: Content, locale: str) -> None:
    """Write the part of a mail that the file's ending asks for."""
    from babel.core import UnknownLocaleError

    from worker.mail.message import Envelope, build
    from worker.services.notices.rendering import render

    try:
        rendered = render(content, locale)
    except (ValueError, UnknownLocaleError):
        raise CommandFailedError(f"{locale} is not a language and country such as de_DE or en") from None
    envelope = Envelope(
        "Perpetua <perpetua@localhost>", "reader@localhost", "<preview@perpetua.invalid>", datetime.now(UTC)
    )
    parts = {
        ".html": rendered.page.html.encode(),
        ".txt": rendered.page.text.encode(),
        ".png": rendered.picture,
        ".xlsx": rendered.workbook[1] if rendered.workbook else None,
        ".eml": build(envelope, rendered.page, rendered.picture, rendered.workbook).as_bytes(),
    }
    part = parts[output.suffix.lower()]
    if part is None:
        raise CommandFailedError("this mail has no such part: a quiet night, a digest and an alert are text alone")
    output.write_bytes(part)
