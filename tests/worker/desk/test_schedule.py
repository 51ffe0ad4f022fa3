"""The desk's page of nights: what was mailed, and its button that lets a mail be sent again, as far as the readers' mailboxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.desk import ALL_ROLES, rows_of, running_desk, told
from tests.support.lanes import number_of, publish, rows
from tests.support.mail_server import Mailbox, listening
from tests.support.mails import eventful
from tests.support.ports import free_port
from tests.support.till import SHOP, masters
from worker.app import app
from worker.services.notices import send_waiting
from worker.services.notices.filing import file
from worker.services.notices.recipients import Reader
from worker.services.tools import Tools, open_tools
from worker.settings import Settings

READERS = (Reader("ada@example.org", "en"), Reader("bert@example.org", "de_DE"), Reader("indu@example.org", "en_IN"))
SUBJECTS = {
    "ada@example.org": "Corner Shop: OUT OF SYNC by 1,250.01 EUR on 2 accounts, Mar 14, 2026",
    "bert@example.org": "Corner Shop: OUT OF SYNC by 1.250,01 EUR on 2 accounts, 14.03.2026",
    "indu@example.org": "Corner Shop: OUT OF SYNC by 1,250.01 EUR on 2 accounts, 14 Mar 2026",
}


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(free_port())


@pytest.fixture
def tools(settings: Settings, mailbox: Mailbox) -> Iterator[Tools]:
    own = replace(settings, smtp_url=mailbox.url, mail_from="books@example.org")
    with open_tools(own, app) as opened:
        publish(opened.database, [*masters(), *masters("Far Shop")])
        yield opened


def sent(tools: Tools, mailbox: Mailbox) -> dict[str, str]:
    """Let what waits be sent; gives the subject that each mailbox got, and no mailbox got two."""
    before = len(mailbox.taken)
    with listening(mailbox):
        send_waiting(tools)
    got = [(str(message["To"]), " ".join(str(message["Subject"]).split())) for message in mailbox.messages()[before:]]
    assert len(got) == len(dict(got))
    return dict(got)


def test_a_mail_goes_out_again_to_all_or_to_one_each_in_its_own_locale(tools: Tools, mailbox: Mailbox) -> None:
    shop, far = number_of(tools.database, SHOP), number_of(tools.database, "Far Shop")
    with tools.database.transaction() as connection:
        notice = file(connection, tools.settings, shop, eventful(), READERS)
    assert sent(tools, mailbox) == SUBJECTS
    body = mailbox.messages()[1].get_body(("plain",))
    assert body is not None
    assert "483.387,50" in body.get_content()
    with running_desk(tools.settings, ada=ALL_ROLES, bob=frozenset()) as desk:
        ada, bob = desk.visitor("ada"), desk.visitor("bob")
        page, button = f"/desk/{shop}/schedule", f"/desk/{shop}/schedule/send/{notice.number}"
        (row,) = [row for row in rows_of(ada.get(page).text) if SUBJECTS["ada@example.org"] in row.replace("\xa0", " ")]
        assert " 3 " in row
        assert f'action="{button}"' in ada.get(page).text
        assert "/schedule/send/" not in bob.get(page).text
        assert bob.post(button, to="").status == 403

        answer = ada.follow(ada.post(button, to="")).text
        assert f"Notice {notice.number} waits to be sent again to {', '.join(SUBJECTS)}" in told(answer)
        assert sent(tools, mailbox) == SUBJECTS
        ada.follow(ada.post(button, to="indu@example.org"))
        assert sent(tools, mailbox) == {"indu@example.org": SUBJECTS["indu@example.org"]}
        ada.follow(ada.post(button, to="board@example.org"))  # nobody who was told at first
        assert sent(tools, mailbox) == {"board@example.org": SUBJECTS["ada@example.org"]}
        assert "nobody is no mail address" in told(ada.follow(ada.post(button, to="nobody")).text)
        assert ada.post(f"/desk/{far}/schedule/send/{notice.number}", to="").status == 404
        assert sent(tools, mailbox) == {}
    names = [str(message["Message-ID"]) for message in mailbox.messages()]
    assert len(set(names)) == len(names) == 3 + 3 + 1 + 1
    asked = "SELECT user_name, details ->> 'to' FROM desk_action WHERE step = 0 AND action = 'send mail again' AND company_id = %s"
    assert rows(tools.database, f"{asked} ORDER BY at", shop) == [
        ("ada", None),
        ("ada", "indu@example.org"),
        ("ada", "board@example.org"),
        ("ada", "nobody"),
    ]
