"""The manual's steps from periodic to perpetual inventory, both ways round, on real books: planned, applied, gone on with, taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from domain.errors import PerpetuaError
from tests.support.lanes import number_of, post_all, rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services.acceptance import Message, read, store
from worker.services.migration import Choice, apply_plan, make_plan, roll_back
from worker.services.reconciliation import reconcile
from worker.services.reposting import run_pending
from worker.store.database import Database
from worker.store.inventory_migration.plans import accounts_out_of_step
from worker.store.verify import verify

Json = dict[str, Any]
COMPANY: Json = {"type": "company", "name": "Grocery", "currency": "INR", "perpetual_inventory": False}
MASTERS: list[Json] = [
    COMPANY,
    {"type": "account", "company": "Grocery", "name": "Purchases", "parent": "Stock Expenses"},
    {"type": "warehouse", "company": "Grocery", "name": "North", "is_group": True, "account": "Stores"},
    {"type": "warehouse", "company": "Grocery", "name": "Shop"},
    {"type": "warehouse", "company": "Grocery", "name": "Cold Store", "parent": "North"},
    {"type": "warehouse", "company": "Grocery", "name": "Workshop", "account": "Work In Progress"},
    {"type": "item", "company": "Grocery", "code": "Rice"},
    {"type": "item", "company": "Grocery", "code": "Tea", "defaults": {"Grocery": {"expense_account": "Purchases"}}},
]
DAY = date(2024, 3, 31)


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        send(own, *MASTERS)
        yield own


def send(books: Database, *documents: Json) -> None:
    """Accept documents the way every door does, post them, and run what reposts they ask for."""
    for told in store(books, [read(Message(json.dumps(document).encode())) for document in documents]):
        assert told.error is None, told
    drained = post_all(books)
    assert not drained.rejected
    assert not drained.parked
    if drained.reposts:
        run_pending(books, number_of(books))


def document(type_: str, number: str, day: str, lines: list[Json], **rest: Any) -> Json:
    """A document at noon."""
    return {
        "type": type_,
        "company": "Grocery",
        "number": number,
        "posting_datetime": f"{day}T12:00:00",
        "lines": lines,
        **rest,
    }


def receipt(
    number: str, day: str, qty: int, rate: int, item: str = "Rice", warehouse: str = "Shop", **rest: Any
) -> Json:
    """A receipt of one line."""
    lines = [{"item": item, "warehouse": warehouse, "qty": qty, "rate": rate}]
    return document("purchase_receipt", number, day, lines, supplier="Mill", **rest)


def bill(number: str, day: str, of: str, qty: int, rate: int, item: str = "Rice", **rest: Any) -> Json:
    """A bill for a receipt."""
    lines = [{"item": item, "warehouse": "Shop", "qty": qty, "rate": rate, "against_receipt": of}]
    return document("purchase_invoice", number, day, lines, supplier="Mill", **rest)


def accounts(books: Database, upto: str | None = None) -> dict[str, float]:
    """Every account's balance that is not zero."""
    found = rows(
        books,
        "SELECT account, sum(debit - credit)::float FROM books.general_ledger WHERE %s::date IS NULL OR posting_date <= %s GROUP BY 1",
        upto, upto,
    )  # fmt: skip
    return {account: amount for account, amount in found if amount}


def in_step(books: Database, day: date = DAY) -> None:
    """Both ledgers agree at the end of every day from the cut-over on, and the rows are those that were written."""
    with books.transaction() as connection:
        number = number_of(books)
        assert accounts_out_of_step(connection, number, day) == []
        assert verify(connection, number) == []
        scope = scope_of(connection, number)
        assert scope is not None
        assert all(not row["difference"] for row in REPORTS["stock-account-comparison"].dicts(connection, scope))
    assert -sum(unbilled(books).values()) == accounts(books).get("Stock Received But Not Billed", 0)
    for full in (False, True):
        seen = reconcile(books, number, full=full)
        assert (seen.verdict, seen.difference, seen.findings) == ("in_sync", 0, ()), seen
    known = rows(
        books,
        "SELECT number, outstanding / 100.0 FROM open_receipt JOIN voucher USING (company_id, voucher_id) WHERE NOT anew",
    )
    assert {name: float(amount) for name, amount in known} == unbilled(books)
    assert rows(books, "SELECT * FROM sync_cause WHERE amount <> 0") == [], (
        "every voucher has its entries, or the opening entry has them"
    )


def unbilled(books: Database) -> dict[str, float]:
    """What bills are awaited for, by receipt; below zero what is billed and has not come, or has gone back."""
    with books.transaction() as connection:
        scope = scope_of(connection, number_of(books))
        assert scope is not None
        rows = REPORTS["received-not-billed"].dicts(connection, scope)
        return {row["voucher"]: float(row["outstanding"]) for row in rows}


HISTORY = [
    receipt("PR-1", "2024-01-10", 10, 100),
    bill("PI-1", "2024-01-12", "PR-1", 10, 100),
    receipt("PR-2", "2024-02-10", 20, 50, "Tea", "Cold Store"),
    bill("PI-2", "2024-02-12", "PR-2", 5, 50, "Tea"),
    receipt("PR-3", "2024-03-01", 4, 110, warehouse="Workshop"),
    document("purchase_invoice", "PI-3", "2024-03-05", [{"item": "Rice", "warehouse": "Shop", "qty": 2, "rate": 90}], supplier="Mill"),
    document("delivery_note", "DN-1", "2024-03-10", [{"item": "Rice", "warehouse": "Shop", "qty": 4, "rate": 150}], customer="Asha"),
]  # fmt: skip


def test_the_manuals_steps(books: Database) -> None:
    send(books, *HISTORY)
    before = accounts(books)
    assert before == {"Cost of Goods Sold": 1180.0, "Purchases": 250.0, "Creditors": -1430.0}
    plan = make_plan(books, number_of(books), Choice(DAY))
    assert plan.content["missing"] == []
    assert accounts(books) == before, "a plan writes nothing"
    assert [(row["number"], row["against"], row["outstanding"]) for row in plan.content["unbilled"]] == [
        ("PR-2", "Purchases", "750.00"), ("PR-3", "Cost of Goods Sold", "440.00"), ("PI-3", "Cost of Goods Sold", "-180.00"),
    ]  # fmt: skip
    assert [tuple(row.values()) for row in plan.content["stock"]] == [
        ("Stock In Hand", "Cost of Goods Sold", "600.00", "0.00", "600.00"),
        ("Stores", "Purchases", "1000.00", "0.00", "1000.00"),
        ("Work In Progress", "Cost of Goods Sold", "440.00", "0.00", "440.00"),
    ]
    assert {row["account"]: row["after"] for row in plan.content["trial_balance"]} == {
        "Cost of Goods Sold": "400.00", "Creditors": "-1430.00", "Purchases": "0.00", "Stock In Hand": "600.00",
        "Stock Received But Not Billed": "-1010.00", "Stores": "1000.00", "Work In Progress": "440.00",
    }  # fmt: skip
    applied = apply_plan(books, number_of(books), plan.number)
    assert (applied.number, applied.anew) == ("PERPETUAL-1", True)
    assert apply_plan(books, number_of(books), plan.number).anew is False, "applied twice is applied once"
    assert accounts(books, "2024-03-30") == before
    assert accounts(books) == {
        "Cost of Goods Sold": 400.0, "Creditors": -1430.0, "Stock In Hand": 600.0, "Stores": 1000.0,
        "Stock Received But Not Billed": -1010.0, "Work In Progress": 440.0,
    }  # fmt: skip
    in_step(books)
    send(
        books,
        bill("PI-4", "2024-04-02", "PR-2", 15, 50, "Tea"),
        bill("PI-5", "2024-04-03", "PR-3", 4, 115),
        receipt("PR-4", "2024-04-04", 2, 90, warehouse="Shop") | {"lines": [
            {"item": "Rice", "warehouse": "Shop", "qty": 2, "rate": 90, "against_invoice": "PI-3"}]},
        document(
            "delivery_note", "DN-2", "2024-04-05", [{"item": "Tea", "warehouse": "Cold Store", "qty": 4, "rate": 80}],
            customer="Asha",
        ),
    )  # fmt: skip
    in_step(books)
    assert "Stock Received But Not Billed" not in accounts(books)
    assert accounts(books)["Work In Progress"] == 460.0
    assert accounts(books)["Stores"] == 800.0


def test_a_stock_account_that_purchases_were_booked_to_and_a_journal_by_hand(books: Database) -> None:
    """The other way round: the account holds more than stock is worth."""
    lines = [{"item": "Rice", "warehouse": "Shop", "qty": 10, "rate": 100, "expense_account": "Stock In Hand"}]
    send(
        books,
        document("purchase_invoice", "PI-1", "2024-02-01", lines, supplier="Mill", update_stock=True),
        document("delivery_note", "DN-1", "2024-03-01", [{"item": "Rice", "warehouse": "Shop", "qty": 7, "rate": 150}], customer="Asha"),
        document("journal_entry", "JV-1", "2024-03-02", [
            {"account": "Work In Progress", "debit": 25}, {"account": "Cost of Goods Sold", "credit": 25}]),
    )  # fmt: skip
    plan = make_plan(books, number_of(books), Choice(DAY))
    assert [tuple(row.values()) for row in plan.content["stock"]] == [
        ("Stock In Hand", "Cost of Goods Sold", "300.00", "1000.00", "-700.00"),
        ("Work In Progress", "Cost of Goods Sold", "0.00", "25.00", "-25.00"),
    ]
    assert plan.content["opening"] == [
        {"posting_date": "2024-03-31", "account": "Cost of Goods Sold", "debit": "725.00", "credit": "0.00"},
        {"posting_date": "2024-03-31", "account": "Work In Progress", "debit": "0.00", "credit": "25.00"},
        {"posting_date": "2024-03-31", "account": "Stock In Hand", "debit": "0.00", "credit": "700.00"},
    ]
    apply_plan(books, number_of(books), plan.number)
    in_step(books)
    send(
        books,
        {
            "type": "cancel",
            "company": "Grocery",
            "number": "CX-1",
            "target": {"type": "journal_entry", "number": "JV-1"},
        },
    )
    in_step(books)
    assert accounts(books) == {"Stock In Hand": 300.0, "Creditors": -1000.0, "Cost of Goods Sold": 700.0}


def test_what_is_posted_into_the_past_changes_the_opening_entry(books: Database) -> None:
    send(books, *HISTORY)
    plan = make_plan(books, number_of(books), Choice(DAY))
    apply_plan(books, number_of(books), plan.number)
    send(
        books,
        receipt("PR-5", "2024-01-05", 10, 40),
        {"type": "cancel", "company": "Grocery", "number": "CX-1", "target": {"type": "purchase_invoice", "number": "PI-2"}},
        document("purchase_receipt", "RR-1", "2024-04-02", [{"item": "Tea", "warehouse": "Cold Store", "qty": -5, "rate": 50}],
                 supplier="Mill", is_return=True, return_against="PR-2"),
        document("delivery_note", "CR-1", "2024-04-03", [{"item": "Rice", "warehouse": "Shop", "qty": -1, "rate": 150}],
                 customer="Asha", is_return=True, return_against="DN-1"),
        {"type": "landed_cost_voucher", "company": "Grocery", "number": "LC-1", "posting_datetime": "2024-04-04T12:00:00",
         "receipts": ["PR-3"], "charges": [{"account": "Customs Duty", "amount": 60}]},
    )  # fmt: skip
    in_step(books)
    linked = rows(
        books,
        "SELECT DISTINCT caused_by FROM books.general_ledger WHERE voucher = 'PERPETUAL-1' AND caused_by <> '' ORDER BY 1",
    )
    assert [name for (name,) in linked] == ["CX-1", "PR-5"]
    # Ten at 40 came before ten at 100: the four that left on 10 March cost 40 each, one of which has come back.
    assert accounts(books)["Stock In Hand"] == 6 * 40.0 + 10 * 100 + 40
    assert accounts(books)["Work In Progress"] == 500.0


def test_a_later_bill_changes_what_was_given_back_before_the_cut_over(books: Database) -> None:
    """A return takes back its share of what the goods cost, and a bill after the cut-over says what that was."""
    returned = [{"item": "Rice", "warehouse": "Shop", "qty": -4, "rate": 100}]
    send(
        books,
        receipt("PR-1", "2024-03-01", 10, 100),
        document("purchase_receipt", "RR-1", "2024-03-02", returned, supplier="Mill", is_return=True, return_against="PR-1"),
    )  # fmt: skip
    plan = make_plan(books, number_of(books), Choice(DAY))
    apply_plan(books, number_of(books), plan.number)
    assert accounts(books)["Stock Received But Not Billed"] == -600.0
    send(books, bill("PI-1", "2024-04-02", "PR-1", 10, 110))
    in_step(books)
    assert accounts(books)["Stock In Hand"] == 660.0
    assert accounts(books)["Stock Received But Not Billed"] == 440.0, "four are billed and went back"
    assert unbilled(books) == {"PR-1": -440.0}
    note = [{"item": "Rice", "warehouse": "Shop", "qty": -4, "rate": 110}]
    send(
        books,
        document(
            "purchase_invoice", "DX-1", "2024-04-03", note, supplier="Mill", is_return=True, return_against="PI-1"
        ),
    )
    in_step(books)
    assert "Stock Received But Not Billed" not in accounts(books)


def test_what_was_posted_already_after_the_cut_over_is_brought_over_day_by_day(books: Database) -> None:
    later = [
        receipt("PR-5", "2024-04-10", 3, 200),
        document("delivery_note", "DN-2", "2024-04-12", [{"item": "Rice", "warehouse": "Shop", "qty": 1, "rate": 150}], customer="Asha"),
    ]  # fmt: skip
    send(books, *HISTORY, *later)
    plan = make_plan(books, number_of(books), Choice(DAY))
    apply_plan(books, number_of(books), plan.number)
    in_step(books)
    assert accounts(books, "2024-04-09")["Stock In Hand"] == 600.0
    assert accounts(books, "2024-04-10")["Stock In Hand"] == 1200.0
    assert accounts(books, "2024-04-12")["Stock In Hand"] == 1100.0
    send(
        books,
        {
            "type": "cancel",
            "company": "Grocery",
            "number": "CX-1",
            "target": {"type": "delivery_note", "number": "DN-2"},
        },
    )
    in_step(books)
    assert accounts(books)["Stock In Hand"] == 1200.0


def test_earlier_years_go_to_the_equity_account_that_is_chosen(books: Database) -> None:
    send(books, receipt("PR-0", "2023-11-01", 5, 80), *HISTORY)
    choice = Choice(DAY, equity_account="Retained Earnings")
    plan = make_plan(books, number_of(books), choice)
    assert plan.content["earlier_years"] == {"until": "2024-01-01", "amount": "0.00", "account": "Retained Earnings"}
    send(books, bill("PI-0", "2024-01-02", "PR-0", 5, 80))
    plan = make_plan(books, number_of(books), choice)
    apply_plan(books, number_of(books), plan.number)
    in_step(books)
    # Five were there when the year began, and not billed: the expense of the year before held neither.
    assert "Retained Earnings" not in accounts(books)
    send(books, receipt("PR-8", "2023-12-01", 1, 70), bill("PI-8", "2023-12-02", "PR-8", 1, 70))
    in_step(books)
    assert accounts(books)["Retained Earnings"] == -70.0


def test_rollback_brings_the_old_trial_balance_back(books: Database) -> None:
    send(books, *HISTORY, receipt("PR-5", "2024-04-10", 3, 200))
    days = ("2024-03-30", "2024-03-31", "2024-04-09", "2024-04-10", None)
    before = [accounts(books, day) for day in days]
    plan = make_plan(books, number_of(books), Choice(DAY))
    apply_plan(books, number_of(books), plan.number)
    assert [accounts(books, day) for day in days] != before
    assert roll_back(books, number_of(books)) == "PERPETUAL-1-1"
    assert [accounts(books, day) for day in days] == before
    with pytest.raises(PerpetuaError, match="taken back"):
        apply_plan(books, number_of(books), plan.number)
    send(books, receipt("PR-6", "2024-04-11", 1, 10))
    assert "Stock In Hand" not in accounts(books), "the company keeps periodic inventory again"
    plan = make_plan(books, number_of(books), Choice(DAY))
    assert apply_plan(books, number_of(books), plan.number).number == "PERPETUAL-2"
    in_step(books)
    send(books, receipt("PR-7", "2024-04-12", 1, 10))
    with pytest.raises(PerpetuaError, match="purchase receipt PR-7"):
        roll_back(books, number_of(books))


def test_a_till_that_is_open_over_the_cut_over(books: Database) -> None:
    """What was sold before it is stock until the till closes; then it leaves by the rule of that moment."""
    profile = {
        "type": "pos_profile", "company": "Grocery", "name": "Till", "warehouse": "Shop", "customer_default": "Walk-in",
        "payment_modes": [{"mode": "Cash", "account": "Cash", "default": True}],
    }  # fmt: skip
    sale = document(
        "pos_invoice", "POS-1", "2024-03-30", [{"item": "Rice", "warehouse": "Shop", "qty": 2, "rate": 150}], pos_profile="Till",
        customer="Walk-in", user="ann", payments=[{"mode": "Cash", "amount": 300}],
    )  # fmt: skip
    opening = {
        "type": "pos_opening", "company": "Grocery", "number": "OPEN-1", "posting_datetime": "2024-03-30T08:00:00",
        "pos_profile": "Till", "user": "ann", "balances": [],
    }  # fmt: skip
    send(books, profile, *HISTORY, opening, sale)
    plan = make_plan(books, number_of(books), Choice(DAY))
    assert plan.content["missing"] == []
    assert "1 sales at tills are open (POS-1)" in plan.content["notes"][0]
    apply_plan(books, number_of(books), plan.number)
    assert accounts(books)["Stock In Hand"] == 600.0
    send(
        books,
        {"type": "pos_closing", "company": "Grocery", "number": "CLOSE-1", "posting_datetime": "2024-04-01T20:00:00",
         "pos_profile": "Till", "user": "ann", "opening": "OPEN-1", "counted": [{"mode": "Cash", "amount": 300}],
         "invoices": "all_open"},
    )  # fmt: skip
    in_step(books)
    assert accounts(books, "2024-03-31")["Stock In Hand"] == 600.0
    assert accounts(books)["Stock In Hand"] == 400.0


def test_stock_follows_its_account_after_the_cut_over_too(books: Database) -> None:
    send(books, *HISTORY)
    plan = make_plan(books, number_of(books), Choice(DAY))
    apply_plan(books, number_of(books), plan.number)
    send(books, {"type": "warehouse", "company": "Grocery", "name": "Shop", "account": "Finished Goods"})
    in_step(books)
    assert accounts(books)["Finished Goods"] == 600.0
    # What lies before the cut-over and is taken back now comes out of the account that the goods stand in.
    send(
        books,
        {
            "type": "cancel",
            "company": "Grocery",
            "number": "CX-1",
            "target": {"type": "delivery_note", "number": "DN-1"},
        },
    )
    send(books, receipt("PR-6", "2024-01-02", 3, 30))
    in_step(books)
    assert accounts(books)["Finished Goods"] == 1090.0
    assert "Stock In Hand" not in accounts(books)


def test_services_received_before_the_cut_over_had_no_provision_to_release(books: Database) -> None:
    service = {"type": "item", "company": "Grocery", "code": "Audit", "is_stock_item": False}
    lines = [{"item": "Audit", "qty": 1, "rate": 500}]
    send(
        books,
        {**COMPANY, "provisional_accounting_for_non_stock": True}, service, *HISTORY,
        document("purchase_receipt", "PR-S", "2024-03-20", lines, supplier="Mill"),
    )  # fmt: skip
    plan = make_plan(books, number_of(books), Choice(DAY))
    apply_plan(books, number_of(books), plan.number)
    send(
        books,
        document("purchase_invoice", "PI-S", "2024-04-02", [{**lines[0], "against_receipt": "PR-S"}], supplier="Mill"),
        document("purchase_receipt", "PR-T", "2024-04-03", lines, supplier="Mill"),
    )
    assert accounts(books)["Provisional Expenses"] == -500.0, "the one received after it, and not billed"
    in_step(books)


def test_a_company_with_periodic_inventory_sees_what_is_not_billed(books: Database) -> None:
    send(books, *HISTORY)
    with books.transaction() as connection:
        scope = scope_of(connection, number_of(books), end=date(2024, 3, 4))
        assert scope is not None
        pending = {
            row["voucher"]: float(row["outstanding"]) for row in REPORTS["received-not-billed"].dicts(connection, scope)
        }
    assert pending == {"PR-2": 750.0, "PR-3": 440.0}
