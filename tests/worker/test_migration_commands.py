"""`perpetua migrate` and its doors: what stands in the way by name, plans that are outdated, rehearsals on a copy, masters at the gate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from domain.errors import PerpetuaError
from tests.support.lanes import number_of, post_all, publish, rows
from tests.support.servers import Database as FreshDatabase
from tests.worker.test_migration import COMPANY, DAY, HISTORY, MASTERS, accounts, document, in_step, receipt, send
from worker.cli.application import build
from worker.embedded import Endpoints
from worker.services.acceptance import Message, read, store
from worker.services.migration import Choice, apply_plan, make_plan, rehearse
from worker.store.database import Database
from worker.store.databases.company_copy import Logins, copied
from worker.store.intake.generated import free_numbers

Json = dict[str, Any]


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with Database(database.worker_url) as own:
        send(own, *MASTERS)
        yield own


@pytest.fixture
def migrate(database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `perpetua migrate ...` on the test's database."""
    monkeypatch.setenv("PERPETUA_DATABASE_URL", database.worker_url)
    monkeypatch.setenv("PERPETUA_OWNER_DATABASE_URL", database.admin_url)
    monkeypatch.setenv("PERPETUA_REDIS_URL", "redis://127.0.0.1:1/0")
    return lambda *arguments: CliRunner().invoke(build(), ["migrate", *arguments])


def refused(books: Database, master: Json) -> str:
    """The code that a master is refused with at the door; empty where it is taken."""
    [told] = store(books, [read(Message(json.dumps(master).encode()))])
    return str(told.error["code"]) if told.error else ""


def missing(books: Database, day: date = DAY) -> dict[tuple[str, str], str]:
    """What a plan finds in the way."""
    content = make_plan(books, number_of(books), Choice(day)).content
    return {(one["kind"], one["name"]): one["message"] for one in content["missing"]}


def test_everything_in_the_way_is_named_with_what_would_set_it(books: Database) -> None:
    send(books, *HISTORY)
    publish(
        books,
        [
            {**COMPANY, "allow_negative_stock": True},
            *(
                document("delivery_note", number, "2024-03-20", [{"item": item, "warehouse": place, "qty": 99, "rate": 9}], customer="Asha")
                for number, item, place in (("DN-8", "Tea", "Cold Store"), ("DN-9", "Salt", "Shop"))
            ),
        ],
    )  # fmt: skip
    assert ("unposted", "delivery note DN-8") in missing(books)
    post_all(books)
    publish(books, [receipt("PR-0", "2024-01-09", 1, 500)])
    post_all(books)
    closed = {
        "type": "accounting_period",
        "company": "Grocery",
        "name": "March",
        "start": "2024-03-01",
        "end": "2024-03-31",
    }
    publish(books, [{**closed, "status": "closed"}])
    found = missing(books)
    assert set(found) == {
        ("parked", "delivery note DN-9"), ("repost", "Rice in Shop"), ("negative_stock", "Tea in Cold Store"),
        ("closed_period", "2024-03-31"),
    }  # fmt: skip
    assert "migrate as of 2024-04-01 or later" in found["closed_period", "2024-03-31"]
    plan = make_plan(books, number_of(books), Choice(DAY))
    with pytest.raises(PerpetuaError, match="names 4 things") as error:
        apply_plan(books, number_of(books), plan.number)
    assert error.value.code == "MigrationNotReady"


def test_accounts_and_warehouses_without_one_are_named(books: Database) -> None:
    chart = [
        {"type": "account", "company": "Bare", "name": name, "root_type": root, **kind}
        for name, root, kind in (("Goods", "asset", {"account_type": "stock"}), ("Costs", "expense", {}), ("Suppliers", "liability", {}))
    ]  # fmt: skip
    company = {
        "type": "company", "name": "Bare", "currency": "EUR", "perpetual_inventory": False, "chart_of_accounts": "own",
        "default_expense": "Costs", "payable": "Suppliers", "cost_of_goods_sold": "Nowhere",
    }  # fmt: skip
    publish(books, [*chart, company, {"type": "warehouse", "company": "Bare", "name": "Hall"},
                    {"type": "warehouse", "company": "Bare", "name": "Yard", "account": "Goods"}])  # fmt: skip
    content = make_plan(books, number_of(books, "Bare"), Choice(DAY)).content
    named = {(one["kind"], one["name"]): one["message"] for one in content["missing"]}
    assert {name for kind, name in named if kind == "account"} >= {
        "inventory", "stock_received_not_billed", "stock_adjustment", "expenses_included_in_valuation",
    }  # fmt: skip
    assert ("cost_center", "cost_center") in named
    assert ("warehouse", "Hall") in named
    assert ("warehouse", "Yard") not in named
    assert 'Publish the company Bare with "stock_adjustment"' in named["account", "stock_adjustment"]
    assert "is to be account Nowhere, which nobody has published yet." in named["account", "cost_of_goods_sold"]


def test_a_plan_is_refused_once_anything_changed(books: Database) -> None:
    send(books, *HISTORY)
    number = number_of(books)
    for change, said in (
        (receipt("PR-7", "2024-01-05", 1, 10), "made purchase receipt PR-7 was posted, stock was valued anew by a repost. Make"),
        ({"type": "warehouse", "company": "Grocery", "name": "Yard"}, "made warehouse Yard was published. Make"),
        (document("journal_entry", "JV-1", "2024-03-20", [{"account": "Cash", "debit": 1}, {"account": "Sales", "credit": 1}]),
         "made journal entry JV-1 was posted. Make a new one: perpetua migrate plan --as-of 2024-03-31"),
    ):  # fmt: skip
        plan = make_plan(books, number, Choice(DAY))
        send(books, change)
        with pytest.raises(PerpetuaError, match=said) as error:
            apply_plan(books, number, plan.number)
        assert error.value.code == "PlanOutdated"
    plan = make_plan(books, number, Choice(DAY))
    publish(books, [receipt("PR-8", "2024-03-20", 1, 10)])
    with pytest.raises(PerpetuaError, match="purchase receipt PR-8 waits to be posted"):
        apply_plan(books, number, plan.number)
    assert "Stock In Hand" not in accounts(books)


def test_the_method_of_a_company_with_stock_changes_by_migration_alone(books: Database) -> None:
    assert refused(books, {**COMPANY, "perpetual_inventory": True}) == ""
    assert refused(books, COMPANY) == "", "nothing is posted yet"
    send(books, *HISTORY)
    assert refused(books, {**COMPANY, "perpetual_inventory": True}) == "InventoryMethodStands"
    plan = make_plan(books, number_of(books), Choice(DAY))
    apply_plan(books, number_of(books), plan.number)
    assert refused(books, COMPANY) == "InventoryMethodStands"
    assert refused(books, {**COMPANY, "perpetual_inventory": True, "cost_center": "Shop"}) == ""
    with pytest.raises(PerpetuaError) as error:
        make_plan(books, number_of(books), Choice(DAY))
    assert error.value.code == "PerpetualAlready"
    publish(
        books,
        [
            {
                "type": "cancel",
                "company": "Grocery",
                "number": "CX-1",
                "target": {"type": "journal_entry", "number": "PERPETUAL-1"},
            }
        ],
    )
    post_all(books)
    [(code,)] = rows(books, "SELECT error ->> 'code' FROM books.document_status WHERE number = 'CX-1'")
    assert code == "OpeningEntryStands"


def test_a_document_from_before_the_cut_over_needs_its_day_open(books: Database) -> None:
    send(books, *HISTORY)
    plan = make_plan(books, number_of(books), Choice(DAY))
    apply_plan(books, number_of(books), plan.number)
    assert refused(books, {"type": "accounting_period", "company": "Grocery", "name": "March", "start": "2024-03-15",
                           "end": "2024-03-31", "status": "closed"}) == ""  # fmt: skip
    publish(books, [receipt("PR-7", "2024-02-20", 1, 10)])
    post_all(books)
    [(error,)] = rows(books, "SELECT error FROM books.document_status WHERE number = 'PR-7'")
    assert error["code"] == "PeriodClosed"
    assert "cut-over to perpetual inventory" in error["message"]
    assert error["details"]["first_open_day"] == "2024-04-01"
    # What lies before it and changes nevertheless changes both ledgers on the first open day.
    send(books, {"type": "cancel", "company": "Grocery", "number": "CX-1", "posting_datetime": "2024-04-20T10:00:00",
                 "target": {"type": "delivery_note", "number": "DN-1"}})  # fmt: skip
    in_step(books)
    assert accounts(books, "2024-04-19")["Stock In Hand"] == 600.0
    assert accounts(books)["Stock In Hand"] == 1000.0


@pytest.mark.parametrize("connected", [False, True], ids=["clone", "snapshot"])
def test_a_rehearsal_goes_there_and_back_on_a_copy(books: Database, database: FreshDatabase, connected: bool) -> None:
    send(books, *HISTORY)
    number, before = number_of(books), accounts(books)
    logins = Logins(database.worker_url, database.owner_url, database.admin_url)
    if not connected:
        books.close()
    with copied(logins, number) as (copy, how):
        seen = rehearse(copy, number, Choice(DAY))
    assert how == ("snapshot" if connected else "clone")
    assert seen.succeeded, seen
    assert seen.opening == "PERPETUAL-1"
    assert {row["account"]: float(row["stock_value"]) for row in seen.comparison} == {
        "Stock In Hand": 600.0, "Stores": 1000.0, "Work In Progress": 440.0,
    }  # fmt: skip
    assert accounts(books) == before
    assert rows(books, "SELECT count(*) FROM inventory_migration") == [(0,)]


def test_a_login_that_may_not_create_databases_is_told_so(
    books: Database, database: FreshDatabase, cluster: Endpoints
) -> None:
    logins = Logins(database.worker_url, database.owner_url, database.owner_url)
    with pytest.raises(PerpetuaError, match="CREATEDB") as error, copied(logins, number_of(books)):
        pass
    assert error.value.code == "MayNotCopy"


def test_the_commands(books: Database, migrate: Any) -> None:
    send(books, *HISTORY)
    planned = migrate("plan", "--company", "Grocery", "--as-of", "2024-03-31")
    assert planned.exit_code == 0, planned
    assert "Plan 1: Grocery keeps perpetual inventory after 2024-03-31." in planned.stdout
    for words in (
        "stock (less what was booked",
        "Earlier years: nothing of it was charged to the years before 2024-01-01.",
        "the opening entry",
        "PR-2",
        "trial balance on 2024-03-31",
        "proof",
        "perpetua migrate apply --plan 1",
    ):
        assert words in planned.stdout
    told = migrate("plan", "--as-of", "2024-03-31", "--format", "json", "--earlier-years", "Retained Earnings")
    content = json.loads(told.stdout)
    assert (content["plan"], content["missing"]) == (2, [])
    assert all(row["difference"] == "0.00" for row in content["proof"])
    rehearsed = migrate("rehearse", "--as-of", "2024-03-31")
    assert rehearsed.exit_code == 0, rehearsed
    assert "The laws of the books hold." in rehearsed.stdout
    assert "After the rollback the trial balance is the old one." in rehearsed.stdout
    assert "apply --plan" not in rehearsed.stdout, "the copy's plan is no plan of the books"
    applied = migrate("apply", "--plan", "2")
    assert "Grocery keeps perpetual inventory now: the opening entry is journal entry PERPETUAL-1." in applied.stdout
    again = migrate("apply", "--plan", "2")
    assert (again.exit_code, "already" in again.stdout) == (0, True)
    assert "keeps perpetual inventory already, by plan 2;" in str(migrate("apply", "--plan", "1").exception)
    assert "keeps periodic inventory again" in migrate("rollback").stdout
    assert migrate("rollback").exit_code == 1
    assert migrate("apply", "--plan", "7").exit_code == 1
    late = migrate("plan", "--as-of", "2199-01-01")
    assert "still to come" in str(late.exception)
    for account, said in (
        ("Capitol", "Grocery has no account Capitol"),
        ("Sales", "no equity account"),
        ("Equity", "group"),
    ):
        chosen = migrate("plan", "--as-of", "2024-03-31", "--earlier-years", account)
        assert said in str(chosen.exception)
        assert "Choose one (Retained Earnings, Temporary Opening), or leave it out." in str(chosen.exception)


def test_numbers_that_a_publisher_took_are_left_out(books: Database) -> None:
    lines = [{"account": "Cash", "debit": 1}, {"account": "Sales", "credit": 1}]
    send(books, *HISTORY, document("journal_entry", "PERPETUAL-1", "2024-03-20", lines))
    plan = make_plan(books, number_of(books), Choice(DAY))
    assert apply_plan(books, number_of(books), plan.number).number == "PERPETUAL-2"
    with books.transaction() as connection:
        assert free_numbers(connection, number_of(books), "journal_entry", "PERPETUAL", 1) == ["PERPETUAL-3"]
