"""Periods: what a closed one refuses, where later corrections of it go, and what keeps it from closing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.accounting_period import Unfinished, closes_more, effective_date, first_open_day, may_close
from domain.masters import AccountingPeriod
from tests.support.accountant import Accountant
from tests.support.laws import out_of_step


def period(name: str, start: str, end: str, status: str = "closed", **types: str) -> AccountingPeriod:
    return AccountingPeriod(name=name, start=start, end=end, status=status, document_types=types)  # type: ignore[arg-type]


JANUARY = period("Jan", "2024-01-01", "2024-01-31")
FEBRUARY = period("Feb", "2024-02-01", "2024-02-29", "frozen")


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        (date(2023, 12, 31), date(2023, 12, 31)),
        (date(2024, 1, 1), date(2024, 3, 1)),
        (date(2024, 2, 29), date(2024, 3, 1)),
        (date(2024, 3, 1), date(2024, 3, 1)),
    ],
)
def test_the_first_open_day_lies_behind_every_closed_period(day: date, opens: date) -> None:
    assert first_open_day(day, "stock_entry", [FEBRUARY, JANUARY], None) == opens


def test_a_freeze_and_the_periods_behind_it_add_up() -> None:
    assert first_open_day(date(2023, 6, 1), "stock_entry", [FEBRUARY], date(2024, 1, 31)) == date(2024, 3, 1)


def test_a_type_may_be_closed_or_open_by_itself() -> None:
    but_journals = period("Jan", "2024-01-01", "2024-01-31", journal_entry="open")
    assert first_open_day(date(2024, 1, 5), "journal_entry", [but_journals], None) == date(2024, 1, 5)
    assert first_open_day(date(2024, 1, 5), "stock_entry", [but_journals], None) == date(2024, 2, 1)


def test_a_correction_takes_effect_where_it_belongs_or_not_before_its_cause() -> None:
    assert effective_date(date(2024, 3, 5), date(2024, 5, 1), [JANUARY], None) == date(2024, 3, 5)
    assert effective_date(date(2024, 1, 5), date(2024, 5, 1), [JANUARY], None) == date(2024, 5, 1)
    assert effective_date(date(2024, 1, 5), date(2024, 1, 9), [JANUARY, FEBRUARY], None) == date(2024, 3, 1)


def test_nothing_unfinished_may_close_and_everything_else_says_why() -> None:
    assert may_close(Unfinished()) == []
    reasons = may_close(
        Unfinished(unposted=("PR-1",), parked=tuple(f"DN-{n}" for n in range(7)), unreconciled=("Stores",))
    )
    assert reasons == [
        "1 not posted yet: PR-1",
        "7 parked: DN-0, DN-1, DN-2, DN-3, DN-4 and 2 more",
        "1 stock accounts that differ from stock: Stores",
    ]


def test_only_what_was_open_before_is_asked_about() -> None:
    opened = period("Jan", "2024-01-01", "2024-01-31", "open")
    assert not closes_more(None, opened)
    assert not closes_more(JANUARY, opened)
    assert not closes_more(JANUARY, JANUARY)
    assert closes_more(None, JANUARY)
    assert closes_more(opened, JANUARY)
    assert closes_more(opened, period("Jan", "2024-01-01", "2024-01-31", "open", stock_entry="closed"))
    assert closes_more(JANUARY, period("Jan", "2024-01-01", "2024-02-29"))


# -- what a closed period does to the books ---------------------------------------------------------------------------


def apples(qty: int, rate: str = "0") -> dict[str, Any]:
    return {"item": "Apple", "qty": qty, "rate": rate, "warehouse": "Stores"}


def with_a_closed_january(method: str = "fifo") -> Accountant:
    """Ten apples at 2 received in January, four of them delivered; then January is closed."""
    books = Accountant()
    books.know("item", code="Apple", valuation_method=method)
    books.posts("purchase_receipt", "PR-1", posting_datetime="2024-01-10T09:00:00Z", lines=[apples(10, "2")])
    books.posts("delivery_note", "DN-1", posting_datetime="2024-01-20T09:00:00Z", lines=[apples(4)])
    books.know(
        "accounting_period", name="January", company="Paper", start="2024-01-01", end="2024-01-31", status="closed"
    )
    return books


def by_month(books: Accountant) -> dict[tuple[int, str], int]:
    """Net debit by month and account, minor units."""
    totals: dict[tuple[int, str], int] = {}
    for entry in books.paper.entries:
        key = entry.date.month, entry.account
        totals[key] = totals.get(key, 0) + entry.amount
    return {key: amount for key, amount in sorted(totals.items()) if amount}


def stock_by_month(books: Accountant) -> dict[int, tuple[int, int]]:
    """Quantity (whole) and value of stock that each month's rows add up to."""
    totals: dict[int, tuple[int, int]] = {}
    rows = [(m.date.month, m.qty, m.value) for m in books.paper.movements]
    rows += [(d.date.month, d.qty, d.amount) for d in books.paper.differences]
    for month, qty, amount in rows:
        known = totals.get(month, (0, 0))
        totals[month] = known[0] + qty // 1_000_000, known[1] + amount
    return totals


JANUARY_AS_IT_WAS = {
    (1, "Cost of Goods Sold"): 800,
    (1, "Stock In Hand"): 1200,
    (1, "Stock Received But Not Billed"): -2000,
}


def test_a_document_into_it_is_refused_with_the_first_open_day() -> None:
    books = with_a_closed_january()
    error = books.is_refused("delivery_note", "DN-2", posting_datetime="2024-01-31T23:59:59Z", lines=[apples(1)])
    assert (error.code, error.details["first_open_day"]) == ("PeriodClosed", "2024-02-01")


@pytest.mark.parametrize("method", ["fifo", "lifo", "moving_average"])
def test_a_landed_cost_goes_to_what_is_left_and_the_rest_to_cost_when_it_came(method: str) -> None:
    books = with_a_closed_january(method)
    books.posts(
        "landed_cost_voucher", "LCV-1", posting_datetime="2024-03-05T09:00:00Z", receipts=["PR-1"],
        charges=[{"account": "Customs Duty", "amount": "5"}], distribute_by="qty",
    )  # fmt: skip
    assert by_month(books) == JANUARY_AS_IT_WAS | {
        (3, "Cost of Goods Sold"): 200,
        (3, "Customs Duty"): -500,
        (3, "Stock In Hand"): 300,
    }
    assert stock_by_month(books) == {1: (6, 1200), 3: (0, 300)}


@pytest.mark.parametrize("late", [False, True])
def test_what_left_in_an_open_month_before_the_charge_costs_more_from_the_charge_on(late: bool) -> None:
    books = with_a_closed_january()
    books.posts("delivery_note", "DN-2", posting_datetime="2024-02-03T09:00:00Z", lines=[apples(3)])
    february = {(2, "Cost of Goods Sold"): 600, (2, "Stock In Hand"): -600}
    books.repost = not late
    books.posts(
        "landed_cost_voucher", "LCV-1", posting_datetime="2024-03-05T09:00:00Z", receipts=["PR-1"],
        charges=[{"account": "Customs Duty", "amount": "5"}], distribute_by="qty",
    )  # fmt: skip
    books.paper.repost()
    march = {(3, "Cost of Goods Sold"): 350, (3, "Customs Duty"): -500, (3, "Stock In Hand"): 150}
    assert by_month(books) == JANUARY_AS_IT_WAS | february | march
    # The charge itself lies in March, which is open: taken back, March is as if it had never been.
    books.posts(
        "cancel",
        "C-1",
        posting_datetime="2024-04-02T09:00:00Z",
        target={"type": "landed_cost_voucher", "number": "LCV-1"},
    )
    books.paper.repost()
    assert by_month(books) == JANUARY_AS_IT_WAS | february
    assert out_of_step(books.paper) == []


def test_charges_of_several_months_that_are_reposted_together_show_no_earlier_than_each() -> None:
    books = with_a_closed_january()
    books.repost = False
    for number, month in (("LCV-1", 4), ("LCV-2", 3)):
        books.posts(
            "landed_cost_voucher", number, posting_datetime=f"2024-{month:02d}-05T09:00:00Z", receipts=["PR-1"],
            charges=[{"account": "Customs Duty", "amount": "5"}], distribute_by="qty",
        )  # fmt: skip
    books.paper.repost()
    assert out_of_step(books.paper) == []
    assert {key: value for key, value in by_month(books).items() if key[0] == 1} == JANUARY_AS_IT_WAS
    assert books.accounts() == {
        "Cost of Goods Sold": "12.00", "Customs Duty": "-10.00", "Stock In Hand": "18.00", "Stock Received But Not Billed": "-20.00",
    }  # fmt: skip
    dates = {(number, d.date.month) for d in books.paper.differences if (number := books.paper.number_of(d.document))}
    assert dates == {("LCV-1", 4), ("LCV-2", 3), ("LCV-2", 4)}


def test_a_cancelled_delivery_comes_back_on_the_first_open_day() -> None:
    books = with_a_closed_january()
    books.posts(
        "cancel", "C-1", posting_datetime="2024-01-25T09:00:00Z", target={"type": "delivery_note", "number": "DN-1"}
    )
    assert by_month(books) == JANUARY_AS_IT_WAS | {(2, "Cost of Goods Sold"): -800, (2, "Stock In Hand"): 800}
    assert stock_by_month(books) == {1: (6, 1200), 2: (4, 800)}


def test_another_price_on_the_bill_reaches_stock_and_cost_when_the_bill_came() -> None:
    books = with_a_closed_january()
    line = {"item": "Apple", "qty": 10, "rate": "2.50", "against_receipt": "PR-1"}
    books.posts("purchase_invoice", "PI-1", posting_datetime="2024-02-07T09:00:00Z", supplier="Farm", lines=[line])
    assert by_month(books) == JANUARY_AS_IT_WAS | {
        (2, "Cost of Goods Sold"): 200,
        (2, "Creditors"): -2500,
        (2, "Stock In Hand"): 300,
        (2, "Stock Received But Not Billed"): 2000,
    }


def test_a_freeze_of_stock_moves_corrections_as_a_closed_period_does() -> None:
    books = Accountant()
    books.posts("purchase_receipt", "PR-1", posting_datetime="2024-01-10T09:00:00Z", lines=[apples(10, "2")])
    books.know("company", name="Paper", currency="EUR", stock_frozen_upto="2024-02-15")
    books.posts(
        "cancel", "C-1", posting_datetime="2024-01-11T09:00:00Z", target={"type": "purchase_receipt", "number": "PR-1"}
    )
    assert {entry.date for entry in books.paper.entries} == {date(2024, 1, 10), date(2024, 2, 16)}
    assert books.accounts() == {}


# -- the closing of a year --------------------------------------------------------------------------------------------


def with_a_year(**company: Any) -> Accountant:
    """Sales of 90 and advice bought for 40 in 2024, and 7 of sales in 2025."""
    books = Accountant(**company)
    books.know("accounting_period", name="2024", company="Paper", start="2024-01-01", end="2024-12-31")
    lines = [{"account": "Bank", "debit": 90}, {"account": "Sales", "credit": 90, "dimensions": {"project": "Fair"}}]
    books.posts("journal_entry", "JE-1", lines=lines)
    lines = [{"account": "Write Off", "debit": 40, "cost_center": "North"}, {"account": "Bank", "credit": 40}]
    books.posts("journal_entry", "JE-2", lines=lines)
    lines = [{"account": "Bank", "debit": 7}, {"account": "Sales", "credit": 7}]
    books.posts("journal_entry", "JE-3", posting_datetime="2025-01-01T00:00:00Z", lines=lines)
    return books


def test_the_result_of_a_year_goes_to_retained_earnings() -> None:
    books = with_a_year()
    books.posts("period_closing", "PC-1", posting_datetime="2024-12-31T23:00:00Z", period="2024")
    assert books.ledger("PC-1") == {"Retained Earnings": "-50.00", "Sales": "90.00", "Write Off": "-40.00"}
    assert books.accounts() == {"Bank": "57.00", "Retained Earnings": "-50.00", "Sales": "-7.00"}
    entries = {(e.account, e.cost_center, e.dimensions, e.amount) for e in books.paper.entries if e.voucher == 4}
    assert entries == {
        ("Sales", "Main", '{"project":"Fair"}', 9000),
        ("Retained Earnings", "", '{"project":"Fair"}', -9000),
        ("Write Off", "North", "", -4000),
        ("Retained Earnings", "", "", 4000),
    }


def test_a_year_closes_once_unless_its_closing_is_cancelled() -> None:
    books = with_a_year()
    at_the_end = {"posting_datetime": "2024-12-31T23:00:00Z", "period": "2024"}
    books.posts("period_closing", "PC-1", **at_the_end)
    assert books.is_refused("period_closing", "PC-2", **at_the_end).code == "NothingToClose"
    books.cancels("period_closing", "PC-1")
    assert books.accounts() == {"Bank": "57.00", "Sales": "-97.00", "Write Off": "40.00"}
    books.posts("period_closing", "PC-3", **at_the_end)
    assert books.accounts()["Retained Earnings"] == "-50.00"


def test_a_closing_belongs_to_the_last_day_of_a_known_period() -> None:
    books = with_a_year()
    error = books.is_refused("period_closing", "PC-1", posting_datetime="2025-01-02T00:00:00Z", period="2024")
    assert (error.code, error.details) == ("NotTheLastDay", {"last_day": "2024-12-31"})
    parked = books.says("period_closing", "PC-2", posting_datetime="2025-12-31T00:00:00Z", period="2025")
    assert parked.waits_for == ("accounting_period:2025",)
