"""Mails on their way to a real mail server: once each, whatever the server does, and never at the cost of anything else."""

from __future__ import annotations

import io
import ssl
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.support.certificates import make_certificates
from tests.support.mail_server import Mailbox, listening
from tests.support.mails import eventful, let_time_pass, quiet
from tests.support.ports import free_port
from tests.support.processes import until
from tests.support.servers import Database as FreshDatabase
from worker.app import app
from worker.services.notices import send_waiting
from worker.services.notices.filing import file, file_again
from worker.services.notices.recipients import Reader
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.names.companies import SHARED_COMPANY
from worker.store.nights.notices import SENT, Notice, claim_mail, end_mail, mails_of
from worker.store.nights.slots import hold_mailing

SENDER = "Perpetua <books@example.org>"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(free_port())


@pytest.fixture
def tools(settings: Settings, mailbox: Mailbox) -> Iterator[Tools]:
    with open_tools(replace(settings, smtp_url=mailbox.url, mail_from=SENDER), app) as opened:
        yield opened


def tell(tools: Tools, *addresses: str, eventful_night: bool = False) -> Notice:
    content = eventful() if eventful_night else quiet()
    with tools.database.transaction() as connection:
        return file(
            connection, tools.settings, SHARED_COMPANY, content, [Reader(address, "de_DE") for address in addresses]
        )


def statuses(tools: Tools) -> dict[str, tuple[str, int, str]]:
    with tools.database.transaction() as connection:
        found = connection.execute(
            "SELECT address, status, attempts, answer FROM mail ORDER BY address, copy"
        ).fetchall()
    return {address: (status, attempts, answer) for address, status, attempts, answer in found}


def test_a_mail_arrives_with_all_its_parts(tools: Tools, mailbox: Mailbox) -> None:
    tell(tools, "ada@example.org", eventful_night=True)
    with listening(mailbox):
        assert send_waiting(tools) == "1 sent, 0 refused, 0 put off"
        assert send_waiting(tools) == "no mail waits"
    (message,) = mailbox.messages()
    assert mailbox.taken[0][:2] == ("books@example.org", "ada@example.org")
    assert str(message["From"]) == SENDER
    assert str(message["To"]) == "ada@example.org"
    assert str(message["Subject"]) == "Corner Shop: OUT OF SYNC by 1.250,01 EUR on 2 accounts, 14.03.2026"
    assert str(message["Auto-Submitted"]) == "auto-generated"
    assert max(len(line) for line in mailbox.taken[0][2].split(b"\r\n")) < 998
    parts = {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ]  # fmt: skip
    assert "483.387,50" in content(parts["text/plain"])
    assert "483.387,50" in content(parts["text/html"])
    assert parts["image/png"]["Content-ID"] == "<trend@perpetua>"
    assert 'src="cid:trend@perpetua"' in content(parts["text/html"])
    book = parts["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]
    assert book.get_filename() == "Corner-Shop-2026-03-14.xlsx"
    assert zipfile.is_zipfile(io.BytesIO(book.get_content()))


def content(part: object) -> str:
    assert isinstance(part, EmailMessage)
    text: str = part.get_content()
    return text


def test_a_server_that_is_away_keeps_nothing_and_gets_everything_once_when_it_is_back(
    tools: Tools, mailbox: Mailbox, database: FreshDatabase
) -> None:
    tell(tools, "ada@example.org", "bob@example.org")
    assert send_waiting(tools) == "0 sent, 0 refused, 1 put off"  # one attempt tells that it is away
    assert send_waiting(tools) == "0 sent, 0 refused, 1 put off"
    assert send_waiting(tools) == "0 sent, 0 refused, 0 put off"  # both have a pause
    assert all("can't be used" in answer for _, _, answer in statuses(tools).values())
    let_time_pass(database, due_at=timedelta(minutes=5))
    with listening(mailbox):
        assert send_waiting(tools) == "2 sent, 0 refused, 0 put off"
    assert mailbox.recipients() == ["ada@example.org", "bob@example.org"]


def test_refusals_are_for_good_or_for_now(tools: Tools, mailbox: Mailbox, database: FreshDatabase) -> None:
    tell(tools, "ada@example.org", "full@example.org", "gone@example.org")
    mailbox.refusals = {"gone@example.org": "550 5.1.1 No such user", "full@example.org": "452 4.2.2 Mailbox full"}
    with listening(mailbox):
        assert send_waiting(tools) == "1 sent, 1 refused, 1 put off"
        assert statuses(tools) == {
            "ada@example.org": ("sent", 1, "250 Taken"),
            "full@example.org": ("waiting", 1, "452 4.2.2 Mailbox full"),
            "gone@example.org": ("refused", 1, "550 5.1.1 No such user"),
        }
        del mailbox.refusals["full@example.org"]
        assert send_waiting(tools) == "0 sent, 0 refused, 0 put off"
        let_time_pass(database, due_at=timedelta(minutes=5))
        assert send_waiting(tools) == "1 sent, 0 refused, 0 put off"
    assert mailbox.recipients() == ["ada@example.org", "full@example.org"]


def test_a_server_that_dies_in_the_middle_of_a_mail_gets_it_again(
    tools: Tools, mailbox: Mailbox, database: FreshDatabase
) -> None:
    tell(tools, "ada@example.org", "bob@example.org")
    mailbox.dies = 1
    with listening(mailbox):
        assert send_waiting(tools) == "0 sent, 0 refused, 1 put off"
        assert mailbox.taken == []
        let_time_pass(database, due_at=timedelta(minutes=5))
        assert send_waiting(tools) == "2 sent, 0 refused, 0 put off"
    assert mailbox.recipients() == ["ada@example.org", "bob@example.org"]


def test_a_mail_of_which_nobody_knows_comes_again_under_its_own_name(
    tools: Tools, mailbox: Mailbox, database: FreshDatabase
) -> None:
    """The server has stored it and vanishes before it says so; a mailbox tells by the Message-ID that it has it already."""
    tell(tools, "ada@example.org")
    mailbox.forgets = 1
    with listening(mailbox):
        assert send_waiting(tools) == "0 sent, 0 refused, 1 put off"
        let_time_pass(database, due_at=timedelta(minutes=5))
        assert send_waiting(tools) == "1 sent, 0 refused, 0 put off"
    first, second = mailbox.messages()
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_server_is_believed_by_its_certificate_alone_and_hears_a_password_only_then(
    settings: Settings, mailbox: Mailbox, tmp_path: Path, scheme: str, database: FreshDatabase
) -> None:
    ours = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(ours.certificate, ours.key)
    heard: list[object] = []

    def authenticate(*asked: object) -> AuthResult:
        heard.append(asked[-1])
        return AuthResult(success=asked[-1] == LoginPassword(b"ada", b"se:cret/"))

    # This server does not count a conversation that is TLS from its first byte.
    implicit = {"ssl_context": context, "auth_require_tls": False}
    options = implicit if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
    url = f"{scheme}://ada:se%3Acret%2F@localhost:{mailbox.port}"
    with listening(mailbox, authenticator=authenticate, auth_required=True, **options):
        with open_tools(replace(settings, smtp_url=url, mail_from=SENDER), app) as stranger:
            tell(stranger, "ada@example.org")
            assert send_waiting(stranger) == "0 sent, 0 refused, 1 put off"
            assert "certificate" in statuses(stranger)["ada@example.org"][2].lower()
            assert "cret" not in str(statuses(stranger))
        assert heard == []
        let_time_pass(database, due_at=timedelta(minutes=5))
        with open_tools(
            replace(settings, smtp_url=f"{url}?ssl_ca_certs={ours.authority}", mail_from=SENDER), app
        ) as known:
            assert send_waiting(known) == "1 sent, 0 refused, 0 put off"
    assert mailbox.recipients() == ["ada@example.org"]
    assert heard == [LoginPassword(b"ada", b"se:cret/")]


def test_many_workers_at_once_send_each_mail_once(tools: Tools, mailbox: Mailbox, settings: Settings) -> None:
    addresses = [f"reader{place}@example.org" for place in range(24)]
    tell(tools, *addresses)

    def worker(_: int) -> str:
        with open_tools(tools.settings, app) as own:
            return send_waiting(own)

    with listening(mailbox), ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))
    assert mailbox.recipients() == sorted(addresses)
    assert len({str(message["Message-ID"]) for message in mailbox.messages()}) == 24


def test_of_two_mails_that_leave_at_once_one_is_the_last(tools: Tools, mailbox: Mailbox) -> None:
    notice = tell(tools, "ada@example.org", "bob@example.org")
    night = (notice.company_id, "mail", notice.business_date)
    with tools.database.transaction() as connection:
        connection.execute(
            "INSERT INTO slot (company_id, job, business_date, due_at, fence, attempts) VALUES (%s, %s, %s, now(), 0, 0)",
            night,
        )
    with listening(mailbox), ThreadPoolExecutor(1) as pool, open_tools(tools.settings, app) as own:
        with tools.database.transaction() as connection:
            mail = claim_mail(connection, 60)
            assert mail is not None
            hold_mailing(connection, *night)
            end_mail(connection, mail, SENT, "sent by another worker, which is about to say so")
            sending = pool.submit(send_waiting, own)
            until(lambda: mailbox.taken)
        sending.result()
    with tools.database.transaction() as connection:
        assert connection.execute("SELECT mailed_at IS NOT NULL FROM slot").fetchall() == [(True,)]


def test_a_worker_that_died_with_a_mail_in_hand_is_followed_by_another(
    tools: Tools, mailbox: Mailbox, database: FreshDatabase
) -> None:
    tell(tools, "ada@example.org")
    with tools.database.transaction() as connection:
        connection.execute("UPDATE mail SET attempts = 1, lease_until = clock_timestamp() + interval '2 minutes'")
    with listening(mailbox):
        assert send_waiting(tools) == "0 sent, 0 refused, 0 put off"
        let_time_pass(database, lease_until=timedelta(minutes=3))
        assert send_waiting(tools) == "1 sent, 0 refused, 0 put off"
    assert mailbox.recipients() == ["ada@example.org"]


def test_a_copy_that_somebody_asks_for_is_a_mail_of_its_own(tools: Tools, mailbox: Mailbox) -> None:
    notice = tell(tools, "ada@example.org")
    with listening(mailbox):
        send_waiting(tools)
        with tools.database.transaction() as connection:
            assert file_again(connection, tools.settings, notice) == ["ada@example.org"]
            assert file_again(connection, tools.settings, notice, "eve@example.org") == ["eve@example.org"]
        send_waiting(tools)
    assert mailbox.recipients() == ["ada@example.org", "ada@example.org", "eve@example.org"]
    with tools.database.transaction() as connection:
        mails = mails_of(connection, notice)
    assert [(mail.address, mail.copy) for mail in mails] == [
        ("ada@example.org", 0), ("ada@example.org", 1), ("eve@example.org", 0),
    ]  # fmt: skip
    assert len({mail.message_id for mail in mails}) == 3


def test_without_a_mail_server_mails_wait_until_they_are_no_news(tools: Tools, database: FreshDatabase) -> None:
    tell(tools, "ada@example.org")
    with open_tools(replace(tools.settings, smtp_url=None), app) as deaf:
        assert send_waiting(deaf).startswith("1 mails wait: no mail server is configured, set PERPETUA_SMTP_URL")
        let_time_pass(database, written_at=timedelta(days=6))
        assert send_waiting(deaf) == "no mail waits"
    assert statuses(tools)["ada@example.org"][0] == "given up"
