"""What is still open between stock, bills and invoices, what lies there and since when, and that no voucher number is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened, tell
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services.past_layers import VALUATION_LAYERS

SETTINGS = {
    "items": {"Apple": {}, "Pear": {"valuation_method": "moving_average"}},
    "warehouses": {"Stores": "Stock In Hand"},
}
JULY = {"end": date(2024, 7, 31)}


def document(type_: str, number: str, day: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document of 2024 whose lines lie in Stores."""
    own = [{"warehouse": "Stores", **line} for line in lines]
    return {"type": type_, "number": number, "posting_datetime": f"2024-{day}T09:00:00Z", "lines": own, **more}


def apples(qty: int, rate: str, **more: Any) -> dict[str, Any]:
    return {"item": "Apple", "qty": qty, "rate": rate, **more}


@contextmanager
def told(database: FreshDatabase, *documents: dict[str, Any], **settings: Any) -> Iterator[Any]:
    """A reader of reports over a company that these documents were posted in."""
    with opened(database) as own:
        story = {"id": "Open", "settings": SETTINGS | settings, "documents": list(documents)}
        number = tell(own, story, "Open")

        every = REPORTS | {VALUATION_LAYERS.name: VALUATION_LAYERS}

        def report(name: str, **narrowed: Any) -> list[dict[str, Any]]:
            with own.transaction() as connection:
                scope = scope_of(connection, number, **narrowed)
                assert scope is not None
                return list(every[name].dicts(connection, scope))

        assert {row["status"] for row in report("document-status")} <= {"posted", "cancelled"}
        yield report


def waiting(report: Any) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Booked, cleared and outstanding by voucher; the sum is the balance of the account."""
    rows = report("received-not-billed")
    ledger = report("general-ledger", account="Stock Received But Not Billed")
    assert sum(row["outstanding"] for row in rows) == sum(row["credit"] - row["debit"] for row in ledger)
    return {row["voucher"]: (row["booked"], row["cleared"], row["outstanding"]) for row in rows}


def figures(*numbers: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(number) for number in numbers)


def test_a_receipt_waits_for_what_is_not_billed_or_sent_back(database: FreshDatabase) -> None:
    story = [
        document("purchase_receipt", "PR-1", "05-10", apples(10, "2"), supplier="Farm"),
        document("purchase_invoice", "PI-1", "05-20", apples(4, "2", against_receipt="PR-1"), supplier="Farm"),
        document(
            "purchase_receipt", "RT-1", "05-21", apples(-1, "2"), supplier="Farm", is_return=True, return_against="PR-1"
        ),
    ]
    with told(database, *story) as report:
        assert waiting(report) == {"PR-1": figures("20.00", "10.00", "10.00")}
        (row,) = report("received-not-billed", **JULY)
        assert (row["party"], row["posting_date"], row["age_days"], row["age"]) == (
            "Farm",
            date(2024, 5, 10),
            82,
            "61-90",
        )
        (earlier,) = report("received-not-billed", end=date(2024, 5, 20))
        assert (earlier["outstanding"], earlier["age"]) == (Decimal("12.00"), "0-30")


@pytest.mark.parametrize("policy", ["revalue", "variance"])
def test_a_bill_at_another_price_and_rate_clears_its_receipt_all_the_same(database: FreshDatabase, policy: str) -> None:
    dollars = {"currency": "USD", "supplier": "Farm"}
    story = [
        document("purchase_receipt", "PR-1", "05-10", apples(10, "2"), exchange_rate="0.90", **dollars),
        document(
            "purchase_invoice",
            "PI-1",
            "05-20",
            apples(10, "2.20", against_receipt="PR-1"),
            exchange_rate="0.95",
            **dollars,
        ),
    ]
    with told(database, *story, rate_difference=policy) as report:
        assert waiting(report) == {}


def test_a_price_difference_that_is_left_shows_at_its_receipt(database: FreshDatabase) -> None:
    story = [
        document("purchase_receipt", "PR-1", "05-10", apples(10, "2"), supplier="Farm"),
        document("purchase_invoice", "PI-1", "05-20", apples(10, "2.20", against_receipt="PR-1"), supplier="Farm"),
    ]
    with told(database, *story, rate_difference="leave") as report:
        assert waiting(report) == {"PR-1": figures("20.00", "22.00", "-2.00")}


def test_a_bill_without_goods_waits_for_them_until_they_come(database: FreshDatabase) -> None:
    bill = document("purchase_invoice", "PI-1", "05-20", apples(10, "2"), supplier="Farm")
    part = document("purchase_receipt", "PR-1", "05-25", apples(6, "2.50", against_invoice="PI-1"), supplier="Farm")
    # A note without an original takes the price of goods back that are still to go: it is the other way round.
    note = document("purchase_invoice", "NOTE-1", "05-26", apples(-2, "1"), supplier="Farm", is_return=True)
    with told(database, bill, part, note) as report:
        assert waiting(report) == {
            "PI-1": figures("-20.00", "-12.00", "-8.00"),
            "NOTE-1": figures("2.00", "0.00", "2.00"),
        }


def test_a_cancelled_bill_lets_the_receipt_wait_again(database: FreshDatabase) -> None:
    story = [
        document("purchase_receipt", "PR-1", "05-10", apples(10, "2"), supplier="Farm"),
        document("purchase_invoice", "PI-1", "05-20", apples(10, "2.20", against_receipt="PR-1"), supplier="Farm"),
        {"type": "cancel", "number": "C-1", "target": {"type": "purchase_invoice", "number": "PI-1"}},
    ]
    with told(database, *story) as report:
        assert waiting(report) == {"PR-1": figures("20.00", "0.00", "20.00")}


def test_deliveries_wait_for_their_invoices_line_by_line(database: FreshDatabase) -> None:
    story = [
        document("purchase_receipt", "PR-1", "05-01", apples(50, "2")),
        document("delivery_note", "DN-1", "05-10", apples(10, "3.33"), apples(5, "4"), customer="Ann"),
        document("delivery_note", "DN-2", "06-30", apples(2, "5"), customer="Bob"),
        document(
            "delivery_note", "RT-1", "05-11", apples(-1, "3.33"), customer="Ann", is_return=True, return_against="DN-1"
        ),
        document(
            "sales_invoice",
            "SI-1",
            "05-20",
            apples(3, "3.33", against_delivery={"number": "DN-1", "line": 1}),
            customer="Ann",
        ),
        document(
            "sales_invoice",
            "SI-2",
            "05-20",
            apples(5, "4", against_delivery={"number": "DN-1", "line": 2}),
            customer="Ann",
        ),
        document("delivery_note", "DN-3", "06-30", apples(1, "5"), customer="Bob"),
        {"type": "cancel", "number": "C-1", "target": {"type": "delivery_note", "number": "DN-3"}},
    ]
    with told(database, *story) as report:
        shown = [
            (row["voucher"], row["line"], row["customer"], row["open_qty"], row["open_amount"], row["age"])
            for row in report("delivered-not-invoiced", **JULY)
        ]
        assert shown == [
            ("DN-1", 1, "Ann", 6, Decimal("19.98"), "61-90"),
            ("DN-2", 1, "Bob", 2, Decimal("10.00"), "31-60"),
        ]
        (only,) = report("delivered-not-invoiced", voucher="DN-1")
        assert (only["delivered_qty"], only["returned_qty"], only["invoiced_qty"]) == (10, 1, 3)


def test_layers_show_what_is_left_of_each_receipt(database: FreshDatabase) -> None:
    receipts = [document("purchase_receipt", f"PR-{n}", f"05-{n:02d}", apples(2, f"{n}.50")) for n in range(1, 31)]
    pears = document("purchase_receipt", "PR-P", "05-01", {"item": "Pear", "qty": 3, "rate": "1"})
    delivery = document("delivery_note", "DN-1", "06-01", apples(3, "9"))
    with told(database, *receipts, pears, delivery) as report:
        rows = report("valuation-layers", item="Apple")
        assert [(row["receipt"], row["qty"], row["rate"], row["value"]) for row in rows] == [
            ("PR-2", 1, Decimal("2.5"), Decimal("2.5")),
            *((f"PR-{n}", 2, Decimal(f"{n}.5"), Decimal(2 * n + 1)) for n in range(3, 31)),
        ]
        assert rows[0]["received_on"] == date(2024, 5, 2)
        assert rows[0]["age_days"] > 90
        (average,) = report("valuation-layers", item="Pear")
        assert (average["receipt"], average["qty"], average["rate"], average["value"]) == ("PR-P", 3, 1, 3)
        (balance,) = report("stock-balance", item="Apple")
        assert sum(row["value"] for row in rows) == balance["stock_value"]


def test_layers_of_an_earlier_day_are_those_that_were_left_when_it_was_over(database: FreshDatabase) -> None:
    story = [
        document("purchase_receipt", "PR-1", "05-01", apples(4, "1")),
        document("purchase_receipt", "PR-2", "05-02", apples(4, "2"), {"item": "Pear", "qty": 2, "rate": "5"}),
        document("delivery_note", "DN-1", "05-03", apples(6, "9")),
        document("purchase_receipt", "PR-3", "05-04", {"item": "Pear", "qty": 2, "rate": "8"}),
        document("purchase_receipt", "PR-4", "05-05", apples(1, "4")),
        document("purchase_receipt", "PR-0", "04-30", apples(1, "3")),
        {
            **document("landed_cost_voucher", "LCV-1", "05-06", receipts=["PR-2"], distribute_by="qty"),
            "charges": [{"account": "Expenses Included In Valuation", "amount": "6"}],
        },
    ]
    del story[-1]["lines"]
    expected = {
        30: [("PR-0", 1, "3")],
        1: [("PR-0", 1, "3"), ("PR-1", 4, "1")],
        2: [("PR-0", 1, "3"), ("PR-1", 4, "1"), ("PR-2", 4, "3"), ("PR-2", 2, "6")],
        3: [("PR-2", 3, "3"), ("PR-2", 2, "6")],
        4: [("PR-2", 3, "3"), ("PR-3", 4, "7")],
        5: [("PR-2", 3, "3"), ("PR-4", 1, "4"), ("PR-3", 4, "7")],
    }
    with told(database, *story) as report:
        for day, layers in expected.items():
            end = date(2024, 4 if day == 30 else 5, day)
            rows = report("valuation-layers", end=end)
            assert [(row["receipt"], row["qty"], row["rate"]) for row in rows] == [
                (receipt, qty, Decimal(rate)) for receipt, qty, rate in layers
            ]
            assert {row["age_days"] for row in rows} == {(end - row["received_on"]).days for row in rows}
        assert report("valuation-layers", end=date(2024, 4, 29)) == []


def test_layers_of_a_closed_day_know_nothing_of_what_was_put_off(database: FreshDatabase) -> None:
    story = [
        document("purchase_receipt", "PR-1", "05-01", apples(4, "1")),
        document("purchase_receipt", "PR-2", "05-02", apples(4, "2")),
        {"type": "accounting_period", "name": "May", "start": "2024-05-01", "end": "2024-05-31", "status": "closed"},
        {
            **document("landed_cost_voucher", "LCV-1", "06-06", receipts=["PR-1"], distribute_by="qty"),
            "charges": [{"account": "Expenses Included In Valuation", "amount": "4"}],
        },
        {
            "type": "cancel", "number": "X-1", "posting_datetime": "2024-06-07T09:00:00Z",
            "target": {"type": "purchase_receipt", "number": "PR-2"},
        },
    ]  # fmt: skip
    del story[3]["lines"]
    with told(database, *story) as report:

        def layers(end: date) -> list[tuple[Any, ...]]:
            return [(row["receipt"], row["qty"], row["rate"]) for row in report("valuation-layers", end=end)]

        assert layers(date(2024, 5, 31)) == [("PR-1", 4, 1), ("PR-2", 4, 2)]
        assert layers(date(2024, 6, 6)) == [("PR-1", 4, 2), ("PR-2", 4, 2)]
        assert layers(date(2024, 6, 7)) == [("PR-1", 4, 2)]


def test_no_voucher_number_is_missing_unless_somebody_took_one_away(database: FreshDatabase) -> None:
    story = [document("purchase_receipt", f"PR-{n}", "05-10", apples(1, "2")) for n in range(1, 6)]
    last_year = document("purchase_receipt", "PR-0", "05-10", apples(1, "2")) | {
        "posting_datetime": "2023-12-31T09:00:00Z"
    }
    with told(database, *story, last_year) as report:
        assert [
            (row["year"], row["last_voucher_no"], row["vouchers"], row["gaps"]) for row in report("voucher-series")
        ] == [
            (2023, "PREC-2023-00001", 1, ""),
            (2024, "PREC-2024-00005", 5, ""),
        ]
        with psycopg.connect(database.admin_url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("DELETE FROM voucher WHERE number IN ('PR-1', 'PR-3', 'PR-4', 'PR-0')")
        assert [(row["year"], row["missing"], row["gaps"]) for row in report("voucher-series")] == [(2024, 3, "1, 3-4")]
