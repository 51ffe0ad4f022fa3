"""Two beats and two workers at once, one of them killed in the night: each job of each night is done once, and each mail arrives once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.lanes import rows
from tests.support.mail_server import Mailbox, listening
from tests.support.nights import recipient
from tests.support.ports import free_port
from tests.support.processes import BEAT, kill, running, until, worker
from worker.app import app
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.nights.slots import NIGHT_JOBS

COMPANIES = 6
ALL = "posting,celery,reposting,pos,nightly,mail"
# Whoever is killed with a mail in hand leaves it for minutes, or has sent it and told nobody.
ALL_BUT_MAIL = ALL.removesuffix(",mail")

pytestmark = pytest.mark.slow


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(free_port())


@pytest.fixture
def tools(settings: Settings, mailbox: Mailbox) -> Iterator[Tools]:
    own = replace(settings, sweep_seconds=1, smtp_url=mailbox.url, mail_from="books@example.org")
    with open_tools(own, app) as opened:
        submit(opened, [document for place in range(COMPANIES) for document in shop_whose_night_begins_now(place)])
        yield opened


def shop_whose_night_begins_now(place: int) -> list[dict[str, Any]]:
    """A company in a zone where it is early evening, whose night began a minute ago."""
    now = datetime.now(UTC)
    east = (19 - now.hour + 12) % 24 - 12  # hours to the east of Greenwich at which it is seven in the evening
    begins = (now + timedelta(hours=east) - timedelta(minutes=1)).strftime("%H:%M")
    name = f"Shop {place}"
    # These zones are named by the hours to the west.
    company = {
        "type": "company",
        "name": name,
        "currency": "EUR",
        "time_zone": f"Etc/GMT{-east:+d}",
        "night_begins": begins,
    }
    return [company, recipient("Ada", name), recipient("Bob", name, locale="de_DE")]


def test_two_beats_two_workers_and_a_kill_send_each_mail_once(tools: Tools, mailbox: Mailbox) -> None:
    commands = (BEAT, BEAT, worker("one", 2, ALL_BUT_MAIL), worker("two", 2, ALL))
    with listening(mailbox), running(tools.settings, *commands) as processes:
        until(lambda: finished(tools) >= 1)
        kill(processes[2])
        # What the killed worker held is free once its lease has passed; the test lets the time pass at once.
        until(lambda: finished(tools) == COMPANIES * len(NIGHT_JOBS) or not let_leases_pass(tools), every=1)
        until(lambda: len(mailbox.taken) >= 2 * COMPANIES)
        until(lambda: mailed(tools) == COMPANIES)
    recipients = ["ada@example.org"] * COMPANIES + ["bob@example.org"] * COMPANIES
    assert mailbox.recipients() == recipients
    assert len({str(message["Message-ID"]) for message in mailbox.messages()}) == 2 * COMPANIES
    assert len({(str(message["Subject"]), str(message["To"])) for message in mailbox.messages()}) == 2 * COMPANIES
    done = rows(
        tools.database,
        "SELECT company_id, job, business_date FROM slot WHERE finished_at IS NOT NULL AND job <> 'digest'",
    )
    assert len(done) == COMPANIES * len(NIGHT_JOBS)
    assert len({day for _, _, day in done}) == 1
    notices = rows(tools.database, "SELECT count(*), count(DISTINCT (company_id, kind, business_date)) FROM notice")
    assert notices == [(COMPANIES, COMPANIES)]


def finished(tools: Tools) -> int:
    return len(rows(tools.database, "SELECT FROM slot WHERE finished_at IS NOT NULL AND job = ANY(%s)", NIGHT_JOBS))


def mailed(tools: Tools) -> int:
    return len(rows(tools.database, "SELECT FROM slot WHERE mailed_at IS NOT NULL"))


def let_leases_pass(tools: Tools) -> bool:
    rows(
        tools.database,
        "UPDATE slot SET lease_until = clock_timestamp() WHERE finished_at IS NULL AND lease_until < clock_timestamp() + "
        "interval '115 seconds' RETURNING true",
    )
    return True
