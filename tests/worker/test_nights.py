"""The night of a company, from the tick to the mail: in order, once, taken up by others, given up and told, late and told."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from tests.support.nights import due_at, finished, first_day, lane_of, let_leases_pass, nights_of, recipient, slots
from tests.support.servers import Database as FreshDatabase
from tests.support.streams import doorbells
from tests.support.till import SHOP, closing, masters, receipt, sale
from worker import routes
from worker.app import app, configuration
from worker.mail.content import AlertMail, DigestMail, NightMail, from_text
from worker.services.lanes import post_lane
from worker.services.nightly import certificates, tick, work
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.nights.claims import ClaimLostError, claim, finish
from worker.store.nights.notices import notices_of_day
from worker.store.nights.slots import NIGHT_JOBS

DAY = timedelta(days=1)


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        submit(
            opened,
            [*masters(opens_at="08:00", closes_at="20:00"), recipient("Ada"), recipient("Olaf", role="operations")],
        )
        yield opened


def mails(tools: Tools) -> list[tuple[str, str]]:
    with tools.database.transaction() as connection:
        return connection.execute(
            "SELECT n.kind, m.address FROM mail m JOIN notice n USING (company_id, notice_id) ORDER BY n.notice_id, m.address"
        ).fetchall()


def told(tools: Tools, kind: str, day: object, company: int) -> NightMail | AlertMail | DigestMail:
    with tools.database.transaction() as connection:
        return from_text(notices_of_day(connection, kind, day)[company].content)  # type: ignore[arg-type]


def night(tools: Tools, now: datetime, turns: int = 6) -> str:
    """Tick, and let a worker for the night and one for the lane come by turns until nothing is left to do."""
    tick(tools, now)
    said = ""
    for _ in range(turns):
        said = work(tools, lane_of(tools), now)
        post_lane(tools, lane_of(tools))
    return said


def test_a_night_closes_the_tills_compares_and_writes_one_mail(tools: Tools) -> None:
    day = first_day(tools)
    submit(
        tools,
        [
            receipt("PR-1", ("Apple", 10, 2), at=f"{day}T08:00"), sale("S-1", ("Apple", 2, 3), at=f"{day}T10:00"),
            sale("S-2", ("Apple", 1, 3), at=f"{day}T11:00"), sale("S-3", ("Apple", 1, 3), at=f"{day}T21:00"),
        ],
    )  # fmt: skip
    begins = due_at(tools, day)
    assert tick(tools, begins - timedelta(seconds=1)).startswith("0 slots opened")
    assert tick(tools, begins).startswith(
        f"{len(NIGHT_JOBS)} slots opened, 1 of 1 nights rung for, 0 alerts, 0 digests"
    )
    assert work(tools, lane_of(tools), begins).endswith(f"closings of {day}: Till {day} wait to be decided")
    assert finished(tools, day) == []
    post_lane(tools, lane_of(tools))
    assert f"mail of {day}: in sync, 1 mails" in work(tools, lane_of(tools), begins)
    assert work(tools, lane_of(tools), begins) == f"{SHOP}: nothing is due"
    assert finished(tools, day) == NIGHT_JOBS
    rows = slots(tools, day)
    assert all(row["due_at"] == begins and row["claimed_at"] <= row["finished_at"] for row in rows.values())
    ends = [row["finished_at"] for row in rows.values()]
    assert ends == sorted(ends)
    content = told(tools, "nightly", day, lane_of(tools).company_id)
    assert isinstance(content, NightMail)
    assert (content.verdict, content.sales.received, content.sales.states) == (
        "in_sync",
        3,
        {"consolidated": 2, "open": 1},
    )
    assert [(one.number, one.sales, one.total) for one in content.closings] == [(f"Till {day}", 2, 900)]
    assert mails(tools) == [("nightly", "ada@example.org")]
    assert content.head


def test_drawers_that_are_short_and_sales_set_aside_are_told(tools: Tools) -> None:
    day = first_day(tools)
    submit(
        tools,
        [
            receipt("PR-1", ("Apple", 10, 2), ("Bread", 10, 2), at=f"{day}T08:00"), sale("S-1", ("Apple", 2, 3), at=f"{day}T10:00"),
            sale("S-2", ("Bread", 1, 3), at=f"{day}T11:00"),
            {"type": "item", "company": SHOP, "code": "Bread", "disabled": True},
            # Six and three were paid, and lie in the drawer whether a closing books their sale or sets it aside.
            closing("C-1", at=f"{day}T19:00", counted=[{"mode": "Cash", "amount": 8}]),
        ],
    )  # fmt: skip
    night(tools, due_at(tools, day))
    content = told(tools, "nightly", day, lane_of(tools).company_id)
    assert isinstance(content, NightMail)
    drawers = {one.number: [(drawer.mode, drawer.difference) for drawer in one.drawer] for one in content.closings}
    assert drawers["C-1"] == [("Cash", -100)]
    assert content.sales.states == {"consolidated": 1, "quarantined": 1}
    ((number, profile),) = [(one.number, one.profile) for one in content.quarantined]
    assert (number, profile) == ("S-2", "Till")
    assert "Bread" in content.quarantined[0].message


def test_ticks_and_workers_at_once_do_everything_once(tools: Tools, settings: Settings) -> None:
    days = [first_day(tools) + n * DAY for n in range(3)]
    late = due_at(tools, days[-1])

    def beat_and_work(_: int) -> None:
        with open_tools(settings, app) as own:
            for _ in range(5):
                tick(own, late)
                work(own, lane_of(own), late)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(beat_and_work, range(4)))
    assert night(tools, late) == f"{SHOP}: nothing is due"
    for day in days:
        assert finished(tools, day) == NIGHT_JOBS
        assert {row["attempts"] for row in slots(tools, day).values()} == {0}
    assert [kind for kind, _ in mails(tools)].count("nightly") == 3
    with tools.database.transaction() as connection:
        written = [
            day for day in days if list(notices_of_day(connection, "nightly", day)) == [lane_of(tools).company_id]
        ]
    assert written == days


def test_a_slot_whose_worker_was_killed_is_taken_up_by_another(tools: Tools, database: FreshDatabase) -> None:
    day = first_day(tools)
    company, now = lane_of(tools).company_id, due_at(tools, day)
    tick(tools, now)
    with tools.database.transaction() as connection:
        dead = claim(connection, company, "closings", day, lease_seconds=120)
        assert dead is not None
        assert claim(connection, company, "closings", day, lease_seconds=120) is None
    assert work(tools, lane_of(tools), now).endswith("another worker is at it")
    assert "0 of 0 nights rung for" in tick(tools, now)
    let_leases_pass(database)
    assert "1 of 1 nights rung for" in tick(tools, now) or doorbells(tools.redis, routes.NIGHTLY)
    assert night(tools, now) == f"{SHOP}: nothing is due"
    assert slots(tools, day)["closings"]["fence"] == 2
    with pytest.raises(ClaimLostError), tools.database.transaction() as connection:
        finish(connection, dead, {"late": True})
    assert "late" not in slots(tools, day)["closings"]["result"]


def test_what_fails_is_tried_again_given_up_and_told_and_the_rest_is_done(
    tools: Tools, database: FreshDatabase
) -> None:
    day = first_day(tools)
    now = due_at(tools, day)
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("REVOKE SELECT ON repost_pause FROM perpetua_worker")
    tick(tools, now)
    for attempt in range(1, 5):
        assert "permission denied for table repost_pause" in work(tools, lane_of(tools), now)
        assert slots(tools, day)["reposts"]["attempts"] == attempt
        assert work(tools, lane_of(tools), now).endswith("another worker is at it")  # it has a pause
        let_leases_pass(database)
    assert "given up" in work(tools, lane_of(tools), now)
    assert finished(tools, day)[-1] == "mail"
    content = told(tools, "nightly", day, lane_of(tools).company_id)
    assert isinstance(content, NightMail)
    assert [(one.name, "permission denied" in one.message) for one in content.failures] == [("the reposts", True)]
    assert not content.is_quiet


def test_a_night_that_is_not_over_by_its_deadline_is_told_of_once(tools: Tools) -> None:
    day = first_day(tools)
    hours = nights_of(tools).night_of(day)
    tick(tools, hours.due_at)
    assert "0 alerts" in tick(tools, hours.deadline_at - timedelta(seconds=1))
    assert "1 alerts" in tick(tools, hours.deadline_at)
    assert "0 alerts" in tick(tools, hours.deadline_at)
    alert = told(tools, "alert", day, lane_of(tools).company_id)
    assert isinstance(alert, AlertMail)
    assert [(one.business_date, one.job) for one in alert.nights] == [(day, "closings")]
    assert mails(tools) == [("alert", "olaf@example.org")]
    night(tools, hours.deadline_at + timedelta(hours=1))
    assert mails(tools)[-1] == ("nightly", "ada@example.org")
    content = told(tools, "nightly", day, lane_of(tools).company_id)
    assert isinstance(content, NightMail)
    assert content.is_late


def test_an_alert_that_nobody_is_named_for_goes_to_everybody(tools: Tools) -> None:
    submit(tools, [recipient("Olaf", disabled=True)])
    day = first_day(tools)
    tick(tools, nights_of(tools).night_of(day).deadline_at)
    assert mails(tools) == [("alert", "ada@example.org")]


def test_missed_nights_are_made_up_for_oldest_first(tools: Tools) -> None:
    first = first_day(tools)
    back = due_at(tools, first + 4 * DAY)
    night(tools, back, turns=12)
    days = [first + n * DAY for n in range(5)]
    assert all(finished(tools, day) == NIGHT_JOBS for day in days)
    ends = [slots(tools, day)["mail"]["finished_at"] for day in days]
    assert ends == sorted(ends)
    assert [kind for kind, _ in mails(tools)] == ["alert", *["nightly"] * 5]
    alert = told(tools, "alert", first + 3 * DAY, lane_of(tools).company_id)
    assert isinstance(alert, AlertMail)
    assert [one.business_date for one in alert.nights] == days[:4]


def test_periodic_books_are_not_compared_and_their_night_says_so(tools: Tools) -> None:
    company, *_ = masters()
    submit(tools, [{**company, "perpetual_inventory": False}, receipt("PR-1", ("Apple", 10, 2))])
    day = first_day(tools)
    night(tools, due_at(tools, day))
    assert finished(tools, day) == NIGHT_JOBS
    assert slots(tools, day)["reconciliation"]["result"] == {"not_kept": True}
    content = told(tools, "nightly", day, lane_of(tools).company_id)
    assert isinstance(content, NightMail)
    assert (content.verdict, content.accounts, content.proposals) == ("not_kept", [], [])


def test_a_digest_waits_for_all_companies_and_is_written_once(tools: Tools, settings: Settings) -> None:
    other = "Far Shop"
    submit(
        tools,
        [
            *({**one, "company": other} if "company" in one else {**one, "name": other, "time_zone": "America/Los_Angeles"}
              for one in masters()),
            recipient("Mia", "*", role="management"), recipient("Max", other, mails=["digest"]),
        ],
    )  # fmt: skip
    day = max(first_day(tools), first_day(tools, other))
    near, far = due_at(tools, day), due_at(tools, day, other)
    for one in range(3):
        earlier = day - (2 - one) * DAY
        night(tools, due_at(tools, earlier))
    assert "0 digests" in tick(tools, near)
    tick(tools, far)
    work(tools, lane_of(tools, other), far)
    post_lane(tools, lane_of(tools, other))
    work(tools, lane_of(tools, other), far)
    assert "1 digests" in tick(tools, far)
    assert "0 digests" in tick(tools, far)
    digests = [address for kind, address in mails(tools) if kind == "digest"]
    assert sorted(digests) == ["max@example.org", "mia@example.org"]
    with tools.database.transaction() as connection:
        texts = connection.execute("SELECT content FROM notice WHERE kind = 'digest' ORDER BY notice_id").fetchall()
    told_of = sorted([line.company for line in msgspec.json.decode(text, type=DigestMail).lines] for (text,) in texts)
    assert told_of == [["Corner Shop", "Far Shop"], ["Far Shop"]]


def test_sales_that_are_nowhere_are_named(tools: Tools, database: FreshDatabase) -> None:
    day = first_day(tools)
    submit(
        tools, [receipt("PR-1", ("Apple", 10, 2), at=f"{day}T08:00"), sale("S-1", ("Apple", 2, 3), at=f"{day}T21:00")]
    )
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("DELETE FROM pos_invoice")
    night(tools, due_at(tools, day))
    content = told(tools, "nightly", day, lane_of(tools).company_id)
    assert isinstance(content, NightMail)
    assert content.sales.astray == ["S-1"]
    assert not content.is_quiet


def test_a_sale_that_an_earlier_night_has_counted_is_missed_when_it_goes(tools: Tools, database: FreshDatabase) -> None:
    first = first_day(tools)
    stock = receipt("PR-1", ("Apple", 10, 2), at=f"{first}T08:00")
    submit(tools, [stock, *(sale(f"S-{n}", ("Apple", 1, 3), at=f"{first}T21:00") for n in range(3))])
    night(tools, due_at(tools, first))
    assert _closings_of(tools, first)["states"] == {"open": 3}
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("DELETE FROM pos_invoice WHERE voucher_id = (SELECT max(voucher_id) FROM pos_invoice)")
    second = first + DAY
    submit(tools, [sale("S-3", ("Apple", 1, 3), at=f"{second}T22:00")])
    night(tools, due_at(tools, second))
    counted = _closings_of(tools, second)
    assert (counted["states"], counted["earlier"], counted["astray"]) == ({"open": 1}, {"astray": 1}, ["S-2"])
    content = told(tools, "nightly", second, lane_of(tools).company_id)
    assert isinstance(content, NightMail)
    assert (content.sales.received, content.sales.astray) == (1, ["S-2"])


def test_a_closing_that_is_not_what_it_certified_is_named_that_night_or_when_it_is_looked_at_again(
    tools: Tools, database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts refuse every change, so a fault is planted as a disk or an intruder would: with the guards off."""
    monkeypatch.setattr(certificates, "OLDER_A_NIGHT", 1)
    first = first_day(tools)
    submit(tools, [receipt("PR-1", ("Apple", 10, 2), at=f"{first}T08:00")])
    for n in (1, 2, 3):
        submit(
            tools, [sale(f"S-{n}", ("Apple", 1, 3), at=f"{first}T09:0{n}"), closing(f"C-{n}", at=f"{first}T1{n}:00")]
        )
    plant = (
        "SET session_replication_role = replica; "
        "UPDATE pos_receipt SET receipt = replace(receipt, '300', '301') WHERE receipt ~ '\"S-{}\"'"
    )
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(plant.format(3).encode())
    night(tools, due_at(tools, first))
    seen = _closings_of(tools, first)["certificates"]
    assert (seen["closings"], seen["older"], [line.split(":")[0] for line in seen["broken"]]) == (3, 0, ["C-3"])
    content = told(tools, "nightly", first, lane_of(tools).company_id)
    assert isinstance(content, NightMail)
    assert (content.state, content.is_quiet) == ("undone", False)
    assert content.sales.broken[0].startswith("C-3: the receipts are not those that were certified")
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(plant.format(2).encode())
    looked_at = []
    for later in range(1, 5):
        night(tools, due_at(tools, first + later * DAY))
        seen = _closings_of(tools, first + later * DAY)["certificates"]
        looked_at.append((seen["closings"], [line.split(":")[0] for line in seen["broken"]]))
    assert looked_at == [(1, []), (1, ["C-2"]), (1, ["C-3"]), (0, [])], "older ones by turns, then from the beginning"


def _closings_of(tools: Tools, day: date) -> dict[str, Any]:
    with tools.database.transaction() as connection:
        row = connection.execute(
            "SELECT result FROM slot WHERE job = 'closings' AND business_date = %s", [day]
        ).fetchone()
    assert row is not None
    return dict(row[0])
