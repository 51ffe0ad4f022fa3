"""Whose account goods lie in: the warehouse's own, that of its nearest ancestor that has one, the company's default."""

from typing import Any

import pytest

from domain.errors import DocumentParked
from tests.support.accountant import Accountant


@pytest.fixture
def books() -> Accountant:
    """A yard with its own account; in it a shed without, in that a shelf without, and a cellar with its own; a van outside."""
    books = Accountant()
    for name in ("Yard Stock", "Cellar Stock"):
        books.know("account", name=name, company="Paper", root_type="asset", account_type="stock")
    books.know("warehouse", company="Paper", name="Yard", is_group=True, account="Yard Stock")
    books.know("warehouse", company="Paper", name="Shed", is_group=True, parent="Yard")
    books.know("warehouse", company="Paper", name="Shelf", parent="Shed")
    books.know("warehouse", company="Paper", name="Cellar", parent="Shed", account="Cellar Stock")
    books.know("warehouse", company="Paper", name="Van")
    return books


def goods(warehouse: str, **more: Any) -> list[dict[str, Any]]:
    return [{"item": "Apple", "warehouse": warehouse, "qty": 2, "rate": 10, **more}]


@pytest.mark.parametrize(
    ("warehouse", "account"), [("Cellar", "Cellar Stock"), ("Shelf", "Yard Stock"), ("Van", "Stock In Hand")]
)
def test_goods_lie_in_the_nearest_account_upwards(books: Accountant, warehouse: str, account: str) -> None:
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=goods(warehouse))
    assert books.ledger("PR-1") == {account: "20.00", "Stock Received But Not Billed": "-20.00"}


def test_a_move_between_accounts_is_in_both_ledgers_and_one_within_an_account_in_stock_alone(books: Accountant) -> None:
    books.know("warehouse", company="Paper", name="Rack", parent="Yard")
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=goods("Shelf"))
    move = {"item": "Apple", "qty": 1, "from": "Shelf"}
    books.posts("stock_entry", "SE-1", purpose="material_transfer", lines=[{**move, "to": "Cellar"}])
    within = books.posts("stock_entry", "SE-2", purpose="material_transfer", lines=[{**move, "to": "Rack"}])
    assert books.ledger("SE-1") == {"Yard Stock": "-10.00", "Cellar Stock": "10.00"}
    assert books.ledger("SE-2") == {}
    assert [movement.value for movement in within.movements] == [-1000, 1000]


def test_goods_never_lie_in_a_group_of_warehouses(books: Accountant) -> None:
    assert books.is_refused("purchase_receipt", "PR-1", supplier="Farm", lines=goods("Yard")).code == "GroupWarehouse"


def test_an_unknown_ancestor_is_waited_for(books: Accountant) -> None:
    books.know("warehouse", company="Paper", name="Annex", parent="New Yard")
    answer = books.says("purchase_receipt", "PR-1", supplier="Farm", lines=goods("Annex"))
    assert isinstance(answer, DocumentParked)
    assert answer.waits_for == ("warehouse:New Yard",)
