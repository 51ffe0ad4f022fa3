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
from tests.support.nights import due_at, finished, first_day, lane_of, recipient, slots
from tests.support.ports import free_port
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
