"""Projected quantities over real books: what orders bring and promise, and what takes from them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened, tell
from worker.reports import REPORTS
from worker.reports.scope import scope_of

SETTINGS = {
    "items": {"Apple": {}, "Basket": {"is_stock_item": False, "bundle": {"Apple": 6}}, "Pear": {"uoms": {"Box": 10}}},
    "warehouses": {"Stores": "Stock In Hand"},
}


def document(type_: str, number: str, day: int, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document of June 2024 whose lines lie in Stores."""
    own = [{"warehouse": "Stores", "rate": 1, **line} for line in lines]
    return {"type": type_, "number": number, "posting_datetime": f"2024-06-{day:02d}T09:00:00Z", "lines": own, **more}


def shown(
    database: FreshDatabase, company: str, *documents: dict[str, Any], end: date | None = None
) -> list[dict[str, Any]]:
    """The report's rows after these documents, as of a date where one is given."""
    with opened(database) as own:
        number = tell(
            own,
            {
                "id": company,
                "settings": SETTINGS | {"over_delivery_receipt_allowance": 50},
                "documents": list(documents),
            },
            company,
        )
        with own.transaction() as connection:
            statuses = connection.execute("SELECT number, status, error FROM books.document_status").fetchall()
            assert {status for _, status, _ in statuses} <= {"posted", "cancelled", "open", "consolidated"}, statuses
            scope = scope_of(connection, number, end=end)
            assert scope is not None
            return list(REPORTS["stock-projected-qty"].dicts(connection, scope))


def projected(database: FreshDatabase, company: str, *documents: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Actual, ordered, reserved and projected quantity by item, after these documents."""
    names = ("actual_qty", "ordered_qty", "reserved_qty", "projected_qty")
    return {row["item"]: tuple(int(row[name]) for name in names) for row in shown(database, company, *documents)}


def test_orders_project_what_receipts_and_deliveries_take_from_them(database: FreshDatabase) -> None:
    assert projected(
        database,
        "Orders",
        document("purchase_order", "PO-1", 1, {"item": "Apple", "qty": 100}),
        document("sales_order", "SO-1", 2, {"item": "Apple", "qty": 30}),
        document(
            "purchase_receipt", "PR-1", 3, {"item": "Apple", "qty": 60, "against_order": {"number": "PO-1", "line": 1}}
        ),
        document("delivery_note", "DN-1", 4, {"item": "Apple", "qty": 10, "against_order": "SO-1"}),
    ) == {"Apple": (50, 40, 20, 70)}


def test_more_than_ordered_leaves_nothing_open_and_a_cancelled_receipt_opens_it_again(database: FreshDatabase) -> None:
    story = [
        document("purchase_order", "PO-1", 1, {"item": "Apple", "qty": 10}, {"item": "Pear", "qty": 2, "uom": "Box"}),
        document("purchase_receipt", "PR-1", 2, {"item": "Apple", "qty": 15, "against_order": "PO-1"}),
        document("purchase_receipt", "PR-2", 2, {"item": "Pear", "qty": 5, "against_order": "PO-1"}),
    ]
    assert projected(database, "More", *story) == {"Apple": (15, 0, 0, 15), "Pear": (5, 15, 0, 20)}
    cancel = {"type": "cancel", "number": "C-1", "target": {"type": "purchase_receipt", "number": "PR-1"}}
    assert projected(database, "Again", *story, cancel) == {"Apple": (0, 10, 0, 10), "Pear": (5, 15, 0, 20)}


def test_cancelling_an_order_releases_what_is_open_and_a_return_may_give_back(database: FreshDatabase) -> None:
    story = [
        document("purchase_receipt", "PR-1", 1, {"item": "Apple", "qty": 50}),
        document("sales_order", "SO-1", 2, {"item": "Apple", "qty": 30}),
        document("delivery_note", "DN-1", 3, {"item": "Apple", "qty": 20, "against_order": "SO-1"}),
        document(
            "delivery_note", "DN-2", 4, {"item": "Apple", "qty": -5, "against_order": "SO-1"},
            is_return=True, return_against="DN-1",
        ),
    ]  # fmt: skip
    assert projected(database, "Back", *story) == {"Apple": (35, 0, 15, 20)}
    cancel = {"type": "cancel", "number": "C-1", "target": {"type": "sales_order", "number": "SO-1"}}
    assert projected(database, "Released", *story, cancel) == {"Apple": (35, 0, 0, 35)}


def test_a_promised_bundle_reserves_what_it_holds(database: FreshDatabase) -> None:
    assert projected(
        database,
        "Baskets",
        document("purchase_receipt", "PR-1", 1, {"item": "Apple", "qty": 50}),
        document("sales_order", "SO-1", 2, {"item": "Basket", "qty": 4}),
        document("sales_invoice", "SI-1", 3, {"item": "Basket", "qty": 1, "against_order": "SO-1"}, update_stock=True),
    ) == {"Apple": (44, 0, 18, 26)}


def test_the_oldest_order_that_waits_says_how_long(database: FreshDatabase) -> None:
    rows = shown(
        database,
        "Ages",
        document("purchase_order", "PO-1", 1, {"item": "Apple", "qty": 10}),
        document("purchase_order", "PO-2", 2, {"item": "Apple", "qty": 10}),
        document("sales_order", "SO-1", 3, {"item": "Apple", "qty": 5}),
        document("purchase_receipt", "PR-1", 4, {"item": "Apple", "qty": 10, "against_order": "PO-1"}),
        document("purchase_receipt", "PR-2", 4, {"item": "Pear", "qty": 1}),
    )
    ages = {row["item"]: (row["oldest_order"], row["age_days"], row["age"]) for row in rows}
    since = date(2024, 6, 2)
    today = datetime.now(UTC).date()
    assert ages == {"Apple": (since, (today - since).days, "over 90"), "Pear": (None, None, "")}


def test_as_of_a_day_is_what_was_projected_when_that_day_was_over(database: FreshDatabase) -> None:
    def sold(number: str, day: int, qty: int) -> dict[str, Any]:
        paid = [{"mode": "Cash", "account": "Cash", "amount": qty}]
        return document("pos_invoice", number, day, {"item": "Apple", "qty": qty}, customer="Ann", payments=paid)

    story = [
        document("purchase_order", "PO-1", 1, {"item": "Apple", "qty": 100}),
        document("sales_order", "SO-1", 2, {"item": "Basket", "qty": 5}),
        document("purchase_receipt", "PR-1", 3, {"item": "Apple", "qty": 60, "against_order": "PO-1"}),
        sold("T-1", 3, 5),
        document("delivery_note", "DN-1", 4, {"item": "Basket", "qty": 2, "against_order": "SO-1"}),
        sold("T-2", 5, 7),
        {"type": "pos_closing", "number": "CLO-1", "posting_datetime": "2024-06-06T20:00:00Z", "invoices": "all_open"},
        sold("T-3", 7, 1),
    ]
    names = ("actual_qty", "ordered_qty", "reserved_qty", "reserved_for_pos", "available_at_till", "projected_qty")
    for day in range(1, 8):
        end = date(2024, 6, day)
        so_far = [each for each in story if each["posting_datetime"][:10] <= end.isoformat()]
        (then,) = shown(database, "All", *story, end=end)
        (that_day,) = shown(database, f"Upto{day}", *so_far)
        assert [then[name] for name in (*names, "oldest_order")] == [
            that_day[name] for name in (*names, "oldest_order")
        ]
        assert then["age_days"] == day - 1
    assert [int(then[name]) for name in names] == [36, 40, 18, 1, 35, 57]
