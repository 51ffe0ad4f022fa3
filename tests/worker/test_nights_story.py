"""The story of a journal by hand, as finance reads it in the morning: red with its cause and its cure, and green the night after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from domain.errors import DocumentRejected
from tests.support.lanes import rows
from tests.support.mail_server import Mailbox, listening
from tests.support.mails import let_time_pass
from tests.support.nights import due_at, finished, first_day, lane_of, recipient, slots
from tests.support.ports import free_port
from tests.support.servers import Database as FreshDatabase
from tests.support.till import SHOP, masters, receipt
from worker.app import app, configuration
from worker.services.lanes import post_lane
from worker.services.nightly import tick, work
from worker.services.notices import send_waiting
from worker.services.notices.resending import send_again
from worker.services.reconciliation import accept
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.nights.notices import list_notices, notice_by_number
from worker.store.nights.slots import NIGHT_JOBS

Json = dict[str, Any]


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(free_port())


@pytest.fixture
def tools(settings: Settings, mailbox: Mailbox) -> Iterator[Tools]:
    app.conf.update(configuration(settings))
    with open_tools(replace(settings, smtp_url=mailbox.url, mail_from="books@example.org"), app) as opened:
        yield opened


def journal(number: str, day: date, account: str, amount: int) -> Json:
    lines = [{"account": account, "credit": amount}, {"account": "Stock Adjustment", "debit": amount}]
    return {
        "type": "journal_entry",
        "company": SHOP,
        "number": number,
        "posting_datetime": f"{day}T12:00",
        "lines": lines,
    }


def delivery(number: str, day: date, warehouse: str) -> Json:
    line = {"item": "Apple", "warehouse": warehouse, "qty": 1, "rate": 5}
    return {
        "type": "delivery_note", "company": SHOP, "number": number, "posting_datetime": f"{day}T13:00", "customer": "Ann",
        "lines": [line],
    }  # fmt: skip


def status(tools: Tools, number: str) -> str:
    ((found,),) = rows(tools.database, "SELECT status FROM books.document_status WHERE number = %s", number)
    return str(found)


def morning_mail(tools: Tools, mailbox: Mailbox, day: date) -> EmailMessage:
    """Let a night pass, and give the mail that came of it."""
    now = due_at(tools, day)
    tick(tools, now)
    for _ in range(3):
        work(tools, lane_of(tools), now)
        post_lane(tools, lane_of(tools))
    assert finished(tools, day) == NIGHT_JOBS
    with listening(mailbox):
        send_waiting(tools)
    assert slots(tools, day)["mail"]["mailed_at"] is not None
    return mailbox.messages()[-1]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_journal_by_hand_is_red_in_the_morning_mended_by_day_and_green_the_night_after(
    tools: Tools, mailbox: Mailbox
) -> None:
    company, shelf, *rest = masters()
    store = {"type": "warehouse", "company": SHOP, "name": "Store", "account": "Stock In Store"}
    account = {
        "type": "account",
        "company": SHOP,
        "name": "Stock In Store",
        "root_type": "asset",
        "account_type": "Stock",
    }
    submit(tools, [{**company, "stock_journals": "allow"}, account, shelf, store, *rest, recipient("Ada")])
    day = first_day(tools)
    goods = receipt("PR-1", ("Apple", 10, 2), at=f"{day}T08:00")
    more = receipt("PR-2", ("Apple", 10, 3), at=f"{day}T08:30")
    more["lines"][0]["warehouse"] = "Store"
    submit(tools, [goods, more])
    for place, (shelf_name, stock_account) in enumerate((("Shelf", "Stock In Hand"), ("Store", "Stock In Store"))):
        night, number = day + timedelta(days=2 * place), f"DN-{place}"
        submit(tools, [journal(f"JE-{place}", night, stock_account, 7), delivery(number, night, shelf_name)])
        assert status(tools, number) == "parked"
        red = morning_mail(tools, mailbox, night)
        assert "OUT OF SYNC by 7.00 EUR on 1 account" in str(red["Subject"])
        said = text_of(red)
        assert f"journal by hand JE-{place}" in said
        assert f"delivery note {number}" in said
        assert "RECEIVED, NOT BILLED" in said
        assert f"purchase receipt PR-1, {english_day(day)}, {2 * place} days: 20.00" in said
        ((proposal,),) = rows(tools.database, "SELECT proposal_id FROM sync_proposal WHERE status = 'proposed'")
        assert f"perpetua reconcile accept {proposal} --company 'Corner Shop'" in said
        assert [part.get_content_type() for part in red.iter_attachments()] == [
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        ]
        accept(tools, lane_of(tools), proposal, "Ada", {"cost_center": "Main"})
        post_lane(tools, lane_of(tools))
        assert status(tools, number) == "posted"
        green = morning_mail(tools, mailbox, night + timedelta(days=1))
        assert str(green["Subject"]).startswith("Corner Shop: in sync, ")
        assert text_of(green).count("\n") == 1
    assert len(mailbox.taken) == 4
    last = day + timedelta(days=3)
    mailed_at = slots(tools, last)["mail"]["mailed_at"]
    with tools.database.transaction() as connection:
        ((number, *_),) = list_notices(connection, lane_of(tools).company_id, 1)
        notice = notice_by_number(connection, number)
    assert notice is not None
    assert send_again(tools.database, tools.settings, notice, person="Ada", address="here") == ["ada@example.org"]
    with pytest.raises(DocumentRejected) as refused:
        send_again(tools.database, tools.settings, notice, person="Ada", address="here", to="nobody")
    assert refused.value.code == "MailAddressWanted"
    with listening(mailbox):
        send_waiting(tools)
    first, again = mailbox.messages()[-2:]
    assert (again["Subject"], text_of(again)) == (first["Subject"], text_of(first))
    assert again["Message-ID"] != first["Message-ID"]
    assert slots(tools, last)["mail"]["mailed_at"] == mailed_at


def english_day(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def test_a_digest_reaches_each_reader_once_about_the_companies_that_are_theirs(
    tools: Tools, mailbox: Mailbox, database: FreshDatabase
) -> None:
    """Mia hears of every company, Max of the far one alone; the server hangs up on the first mail, and takes it with the next."""
    far = "Far Shop"
    company, *rest = masters(far)
    readers = [
        recipient("Mia", "*", role="management", locale="de_DE"),
        recipient("Max", far, mails=["digest"]),
        recipient("Fay", far),
    ]
    submit(tools, [*masters(), {**company, "stock_journals": "allow", "time_zone": "Europe/London"}, *rest, *readers])
    day = first_day(tools, far)
    by_hand = {**journal("JE-1", day, "Stock In Hand", 7), "company": far}
    submit(tools, [receipt("PR-1", ("Apple", 10, 2), company=far, at=f"{day}T08:00"), by_hand])
    now = max(due_at(tools, day), due_at(tools, day, far))
    tick(tools, now)
    for name in (SHOP, far):
        for _ in range(3):
            work(tools, lane_of(tools, name), now)
            post_lane(tools, lane_of(tools, name))
    assert "1 digests" in tick(tools, now)
    mailbox.dies = 1
    with listening(mailbox):
        assert send_waiting(tools) == "0 sent, 0 refused, 1 put off"
        assert digest_slot(tools, day) == (True, False)
        let_time_pass(database, due_at=timedelta(minutes=5))
        assert send_waiting(tools) == "3 sent, 0 refused, 0 put off"
        assert send_waiting(tools) == "no mail waits"
    assert digest_slot(tools, day) == (True, True)
    assert "0 digests" in tick(tools, now)
    assert mailbox.recipients() == ["fay@example.org", "max@example.org", "mia@example.org"]
    sent = {str(message["To"]): message for message in mailbox.messages()}
    assert str(sent["fay@example.org"]["Subject"]).startswith("Far Shop: OUT OF SYNC by 7.00 EUR")
    maxs, mias = sent["max@example.org"], sent["mia@example.org"]
    assert str(maxs["Subject"]) == f"Perpetua: 1 of 1 companies need a look, {english_day(day)}"
    assert str(mias["Subject"]) == f"Perpetua: 1 of 2 companies need a look, {day:%d.%m.%Y}"
    assert text_of(maxs).splitlines()[2:] == ["- Far Shop: out of sync by 7.00\N{NO-BREAK SPACE}EUR"]
    assert text_of(mias).splitlines()[2:] == [
        "- Far Shop: out of sync by 7,00\N{NO-BREAK SPACE}EUR",
        "- Corner Shop: in sync",
    ]
    for message in (maxs, mias):
        parts = [part.get_content_type() for part in message.walk()]
        assert parts == ["multipart/alternative", "text/plain", "text/html"]
        page = message.get_body(("html",))
        assert page is not None
        assert "Far Shop" in page.get_content()


def digest_slot(tools: Tools, day: date) -> tuple[bool, bool]:
    """Whether a day's digest is written, and whether all of it is mailed."""
    asked = (
        "SELECT finished_at IS NOT NULL, mailed_at IS NOT NULL FROM slot WHERE job = 'digest' AND business_date = %s"
    )
    (found,) = rows(tools.database, asked, day)
    return found[0], found[1]
