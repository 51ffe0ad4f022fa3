"""Documents that move stock, as an accountant books them: each told in a few lines, then its general ledger."""

from __future__ import annotations

from typing import Any

from domain.books import Posting
from domain.errors import DocumentRejected
from tests.support.accountant import Accountant


def goods(qty: Any, rate: Any = None, item: str = "Apple", **more: Any) -> dict[str, Any]:
    """A line of goods in the stores."""
    return {"item": item, "qty": qty, "warehouse": "Stores", **({} if rate is None else {"rate": rate}), **more}


def moved(qty: Any, item: str = "Apple", **more: Any) -> dict[str, Any]:
    """A line of a stock entry."""
    return {"item": item, "qty": qty, **more}


def shop(**settings: Any) -> Accountant:
    """A company with a second warehouse on an account of its own, and a second item."""
    books = Accountant(**settings)
    books.know("warehouse", company="Paper", name="Shop", account="Finished Goods")
    books.know("item", code="Juice", valuation_method="moving_average")
    return books


FREIGHT = {
    "account": "Freight and Forwarding Charges",
    "category": "valuation_and_total",
    "charge": "actual",
    "amount": 10,
}


def test_a_receipt_and_its_bill_leave_nothing_between_them() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(10, 20)], taxes=[FREIGHT])
    assert books.ledger("PR-1") == {
        "Freight and Forwarding Charges": "-10.00", "Stock In Hand": "210.00", "Stock Received But Not Billed": "-200.00",
    }  # fmt: skip
    books.posts(
        "purchase_invoice", "PI-1", supplier="Farm", lines=[goods(10, 20, against_receipt="PR-1")], taxes=[FREIGHT]
    )
    assert books.accounts() == {"Creditors": "-210.00", "Stock In Hand": "210.00"}


def test_a_return_to_the_supplier_takes_its_share_of_the_freight() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(10, 20)], taxes=[FREIGHT])
    books.posts(
        "purchase_receipt", "RR-1", supplier="Farm", is_return=True, return_against="PR-1", lines=[goods(-3, 20)]
    )
    assert books.ledger("RR-1") == {
        "Freight and Forwarding Charges": "3.00", "Stock In Hand": "-63.00", "Stock Received But Not Billed": "60.00",
    }  # fmt: skip


def test_returns_in_thirds_add_up_to_the_cent() -> None:
    books = shop()
    charge = FREIGHT | {"amount": "0.01"}
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(3, "3.3333")], taxes=[charge])
    for number in ("RR-1", "RR-2", "RR-3"):
        books.posts(
            "purchase_receipt",
            number,
            supplier="Farm",
            is_return=True,
            return_against="PR-1",
            lines=[goods(-1, "3.3333")],
        )
    assert books.accounts() == {}


def test_a_cancelled_return_gives_its_share_to_the_next() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(3, "0.3333")])

    def back(number: str, qty: int) -> None:
        books.posts(
            "purchase_receipt",
            number,
            supplier="Farm",
            is_return=True,
            return_against="PR-1",
            lines=[goods(qty, "0.3333")],
        )

    back("RR-1", -1)
    back("RR-2", -1)
    books.cancels("purchase_receipt", "RR-1")
    back("RR-3", -2)
    assert books.accounts() == {}


def test_a_dearer_bill_raises_the_stock_that_is_left_and_the_cost_of_what_was_sold() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(10, 20)])
    books.posts("delivery_note", "DN-1", customer="Ann", lines=[goods(4, 50)])
    books.posts("purchase_invoice", "PI-1", supplier="Farm", lines=[goods(10, 21, against_receipt="PR-1")])
    assert books.accounts() == {"Cost of Goods Sold": "84.00", "Creditors": "-210.00", "Stock In Hand": "126.00"}
    books.cancels("purchase_invoice", "PI-1")
    assert books.accounts() == {
        "Cost of Goods Sold": "80.00", "Stock In Hand": "120.00", "Stock Received But Not Billed": "-200.00",
    }  # fmt: skip


def test_a_dearer_bill_as_variance() -> None:
    books = shop(rate_difference="variance")
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(10, 20)])
    books.posts("purchase_invoice", "PI-1", supplier="Farm", lines=[goods(10, 21, against_receipt="PR-1")])
    assert books.ledger("PI-1") == {
        "Creditors": "-210.00", "Purchase Price Variance": "10.00", "Stock Received But Not Billed": "200.00",
    }  # fmt: skip


def test_bills_in_two_parts_at_two_rates() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(10, 20)])
    books.posts("purchase_invoice", "PI-1", supplier="Farm", lines=[goods(4, 22, against_receipt="PR-1")])
    books.posts("purchase_invoice", "PI-2", supplier="Farm", lines=[goods(6, 19, against_receipt="PR-1")])
    assert books.accounts() == {"Creditors": "-202.00", "Stock In Hand": "202.00"}


def test_a_bill_of_two_lines_for_one_received_line() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(3, "3.3333")])
    parts = [goods(1, "3.3333", against_receipt="PR-1"), goods(2, "3.3333", against_receipt="PR-1")]
    books.posts("purchase_invoice", "PI-1", supplier="Farm", lines=parts)
    assert books.accounts() == {"Creditors": "-10.00", "Stock In Hand": "10.00"}


def test_goods_and_bill_in_one() -> None:
    books = shop()
    books.posts("purchase_invoice", "PI-1", supplier="Farm", update_stock=True, lines=[goods(5, 8)], taxes=[FREIGHT])
    assert books.ledger("PI-1") == {"Creditors": "-50.00", "Stock In Hand": "50.00"}
    back = [goods(-2, 7)]
    books.posts(
        "purchase_invoice",
        "DN-1",
        supplier="Farm",
        update_stock=True,
        is_return=True,
        return_against="PI-1",
        lines=back,
    )
    assert books.ledger("DN-1")["Creditors"] == "14.00"
    assert books.ledger("DN-1")["Stock In Hand"] == "-20.00"


def test_a_sale_and_what_comes_back_of_it() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(3, "3.3333")])
    books.posts("sales_invoice", "SI-1", customer="Ann", update_stock=True, lines=[goods(3, 5)])
    assert books.ledger("SI-1") == {
        "Cost of Goods Sold": "10.00",
        "Debtors": "15.00",
        "Sales": "-15.00",
        "Stock In Hand": "-10.00",
    }
    for number, cost in (("CR-1", "3.33"), ("CR-2", "3.34"), ("CR-3", "3.33")):
        books.posts(
            "sales_invoice",
            number,
            customer="Ann",
            update_stock=True,
            is_return=True,
            return_against="SI-1",
            lines=[goods(-1, 5)],
        )
        assert books.ledger(number) == {
            "Cost of Goods Sold": f"-{cost}",
            "Debtors": "-5.00",
            "Sales": "5.00",
            "Stock In Hand": cost,
        }


def test_goods_that_come_back_without_an_original_cost_what_they_cost_today() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(2, 6)])
    books.posts("delivery_note", "CR-1", customer="Ann", is_return=True, lines=[goods(-1, 9)])
    assert books.ledger("CR-1") == {"Cost of Goods Sold": "-6.00", "Stock In Hand": "6.00"}
    books.posts("delivery_note", "CR-2", customer="Ann", is_return=True, lines=[goods(-1, 9, cost_rate="2.50")])
    assert books.ledger("CR-2") == {"Cost of Goods Sold": "-2.50", "Stock In Hand": "2.50"}


def test_notes_without_an_original_state_their_own_price_and_goods_move_at_theirs() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(4, 6)])
    books.posts("sales_invoice", "CN-1", customer="Ann", is_return=True, lines=[goods(-1, 9)])
    assert books.ledger("CN-1") == {"Debtors": "-9.00", "Sales": "9.00"}
    alone = {"is_return": True, "update_stock": True}
    books.posts("sales_invoice", "CN-2", customer="Ann", lines=[goods(-1, 9)], **alone)
    assert books.ledger("CN-2") == {
        "Cost of Goods Sold": "-6.00", "Debtors": "-9.00", "Sales": "9.00", "Stock In Hand": "6.00",
    }  # fmt: skip
    books.posts("purchase_invoice", "NOTE-1", supplier="Farm", is_return=True, lines=[goods(-1, 5)])
    assert books.ledger("NOTE-1") == {"Creditors": "5.00", "Stock Received But Not Billed": "-5.00"}
    books.posts("purchase_invoice", "NOTE-2", supplier="Farm", lines=[goods(-1, 5)], **alone)
    assert books.ledger("NOTE-2") == {"Creditors": "5.00", "Purchase Price Variance": "1.00", "Stock In Hand": "-6.00"}


def test_goods_in_and_out_of_the_company() -> None:
    books = shop()
    books.posts("stock_entry", "SE-1", purpose="material_receipt", lines=[moved(4, to="Stores", rate=5)],
                additional_costs=[{"account": "Expenses Included In Valuation", "amount": 2}])  # fmt: skip
    assert books.ledger("SE-1") == {
        "Expenses Included In Valuation": "-2.00",
        "Stock Adjustment": "-20.00",
        "Stock In Hand": "22.00",
    }
    books.posts("stock_entry", "SE-2", purpose="material_issue", lines=[moved(1, **{"from": "Stores"})])
    assert books.ledger("SE-2") == {"Stock Adjustment": "5.50", "Stock In Hand": "-5.50"}
    books.posts(
        "stock_entry", "SE-3", purpose="material_receipt", is_opening=True, lines=[moved(1, to="Stores", rate=9)]
    )
    assert books.ledger("SE-3") == {"Stock In Hand": "9.00", "Temporary Opening": "-9.00"}


def test_a_transfer_brings_in_exactly_what_left_and_its_freight() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(3, "3.3333")])
    books.posts("stock_entry", "SE-1", purpose="material_transfer", lines=[moved(1, to="Shop", **{"from": "Stores"})],
                additional_costs=[{"account": "Expenses Included In Valuation", "amount": "0.50"}])  # fmt: skip
    assert books.ledger("SE-1") == {
        "Expenses Included In Valuation": "-0.50",
        "Finished Goods": "3.83",
        "Stock In Hand": "-3.33",
    }


def test_what_is_made_is_worth_what_went_in_less_scrap() -> None:
    books = shop()
    books.know("item", code="Peel")
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(10, 2)])
    made = [moved(4, "Juice", to="Shop", finished=True), moved(1, "Peel", to="Stores", scrap=True, rate="0.75")]
    books.posts("stock_entry", "SE-1", purpose="manufacture", lines=[moved(6, **{"from": "Stores"}), *made],
                additional_costs=[{"account": "Expenses Included In Valuation", "amount": 3}])  # fmt: skip
    assert books.ledger("SE-1") == {
        "Expenses Included In Valuation": "-3.00",
        "Finished Goods": "14.25",
        "Stock In Hand": "-11.25",
    }


def test_a_count_books_the_difference() -> None:
    books = shop()
    books.posts("stock_reconciliation", "SR-1", purpose="opening_stock", lines=[goods(10, 2)])
    assert books.ledger("SR-1") == {"Stock In Hand": "20.00", "Temporary Opening": "-20.00"}
    books.posts("stock_reconciliation", "SR-2", lines=[goods(8)])
    assert books.ledger("SR-2") == {"Stock Adjustment": "4.00", "Stock In Hand": "-4.00"}
    books.posts("stock_reconciliation", "SR-3", lines=[{"item": "Apple", "warehouse": "Stores", "rate": 3}])
    assert books.ledger("SR-3") == {"Stock Adjustment": "-8.00", "Stock In Hand": "8.00"}


def test_later_costs_of_a_receipt_by_quantity_and_by_amount() -> None:
    books = shop()
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(1, 30), goods(3, 30, "Juice")])
    charges = [{"account": "Customs Duty", "amount": 8}]
    books.posts("landed_cost_voucher", "LC-1", receipts=["PR-1"], distribute_by="qty", charges=charges)
    books.posts("landed_cost_voucher", "LC-2", receipts=["PR-1"], distribute_by="amount", charges=charges)
    values = {chain.item: balance.value for chain, balance in books.paper.balances.items()}
    assert values == {"Apple": 34_000_000_000, "Juice": 102_000_000_000}
    books.cancels("landed_cost_voucher", "LC-1")
    assert books.accounts() == {
        "Customs Duty": "-8.00",
        "Stock In Hand": "128.00",
        "Stock Received But Not Billed": "-120.00",
    }


def test_rejected_goods_lie_apart_at_no_value() -> None:
    books = shop()
    books.know("warehouse", company="Paper", name="Rejected")
    books.posts(
        "purchase_receipt", "PR-1", supplier="Farm", lines=[goods(5, 2, rejected_qty=1, rejected_warehouse="Rejected")]
    )
    assert books.ledger("PR-1") == {"Stock In Hand": "10.00", "Stock Received But Not Billed": "-10.00"}
    assert {chain.warehouse: balance.qty for chain, balance in books.paper.balances.items()} == {
        "Stores": 5_000_000, "Rejected": 1_000_000,
    }  # fmt: skip


def test_no_more_goes_back_of_rejected_goods_than_the_receipt_rejected() -> None:
    books = shop()
    books.know("item", code="Pear", stock_uom="Piece", uoms={"Box": "12"})
    books.know("warehouse", company="Paper", name="Rejected")
    pears = {"item": "Pear", "rate": 2, "rejected_warehouse": "Rejected"}
    told: list[dict[str, Any]] = [
        {**pears, "warehouse": "Stores", "qty": 5}, {**pears, "warehouse": "Stores", "qty": 0, "rejected_qty": 1, "uom": "Box"},
    ]  # fmt: skip
    # A second receipt's rejected pears lie in the same place, so there is stock enough for a wrong claim.
    for number in ("PR-1", "PR-2"):
        books.posts("purchase_receipt", number, supplier="Farm", lines=told)

    def back(number: str, **line: Any) -> Any:
        terms = {"supplier": "Farm", "is_return": True, "return_against": "PR-1"}
        return books.says(
            "purchase_receipt", number, **terms, lines=[{**pears, "warehouse": "Stores", "qty": 0, **line}]
        )

    assert isinstance(back("RR-1", rejected_qty=-7), Posting)
    assert books.ledger("RR-1") == {}
    refused = back("RR-2", rejected_qty=-6)
    assert isinstance(refused, DocumentRejected)
    assert (refused.code, refused.field, refused.details["left"]) == ("OverReturned", "lines[0].rejected_qty", "5")
    assert isinstance(back("RR-3", rejected_qty=-5), Posting)
    books.cancels("purchase_receipt", "RR-1")
    assert isinstance(back("RR-4", rejected_qty=-7, return_of=2), Posting)
    assert isinstance(back("RR-5", rejected_qty=-1, return_of=1), DocumentRejected)  # that line rejected nothing
    assert isinstance(back("RR-6", qty=-5), Posting)
    assert sum(b.qty for c, b in books.paper.balances.items() if c.warehouse == "Rejected") == 12_000_000


def test_rejected_goods_that_lie_elsewhere_by_now_go_back_at_nothing_all_the_same() -> None:
    books = shop()
    for name in ("Rejected", "Yard"):
        books.know("warehouse", company="Paper", name=name)
    books.know("item", code="Mean", valuation_method="moving_average")
    line = {
        "item": "Mean",
        "qty": 5,
        "rate": 2,
        "warehouse": "Stores",
        "rejected_qty": 3,
        "rejected_warehouse": "Rejected",
    }
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[line])
    moved_on = {"item": "Mean", "qty": 3, "from": "Rejected", "to": "Yard"}
    books.posts("stock_entry", "SE-1", purpose="material_transfer", lines=[moved_on])
    back = {**line, "qty": 0, "rejected_qty": -2, "rejected_warehouse": "Yard"}
    books.posts("purchase_receipt", "RR-1", supplier="Farm", is_return=True, return_against="PR-1", lines=[back])
    assert books.ledger("RR-1") == {}


def test_a_bundle_takes_its_parts_from_stock() -> None:
    books = shop()
    books.know("item", code="Basket", is_stock_item=False, bundle={"Apple": 2, "Juice": 1})
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(10, 1), goods(10, 3, "Juice")])
    books.posts("delivery_note", "DN-1", customer="Ann", lines=[goods(2, 20, "Basket")])
    assert books.ledger("DN-1") == {"Cost of Goods Sold": "10.00", "Stock In Hand": "-10.00"}
    books.posts(
        "delivery_note", "CR-1", customer="Ann", is_return=True, return_against="DN-1", lines=[goods(-1, 20, "Basket")]
    )
    assert books.ledger("CR-1") == {"Cost of Goods Sold": "-5.00", "Stock In Hand": "5.00"}


def test_periodic_inventory_moves_stock_and_books_no_entries_for_it() -> None:
    books = shop(perpetual_inventory=False)
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(10, 2)])
    books.posts("sales_invoice", "SI-1", customer="Ann", update_stock=True, lines=[goods(1, 5)])
    assert books.accounts() == {"Debtors": "5.00", "Sales": "-5.00"}


def test_goods_received_at_no_value_carry_no_additional_costs_and_what_is_made_of_them_does() -> None:
    books = shop()
    books.posts("stock_entry", "SE-1", purpose="material_receipt", lines=[moved(4, to="Stores", rate=0)],
                additional_costs=[{"account": "Expenses Included In Valuation", "amount": 2}])  # fmt: skip
    assert books.ledger("SE-1") == {"Expenses Included In Valuation": "-2.00", "Stock Adjustment": "2.00"}
    books.posts("stock_entry", "SE-2", purpose="repack",
                lines=[moved(4, **{"from": "Stores"}), moved(1, "Juice", to="Shop", finished=True)],
                additional_costs=[{"account": "Expenses Included In Valuation", "amount": 3}])  # fmt: skip
    assert books.ledger("SE-2") == {"Expenses Included In Valuation": "-3.00", "Finished Goods": "3.00"}


def test_rejected_goods_take_no_part_of_what_is_charged_or_billed_later() -> None:
    books = shop()
    rejecting = goods(10, 2, rejected_qty=5, rejected_warehouse="Shop")
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[rejecting])
    books.posts("landed_cost_voucher", "LC-1", receipts=["PR-1"], charges=[{"account": "Customs Duty", "amount": 3}])
    books.posts("purchase_invoice", "PI-1", supplier="Farm", lines=[goods(10, "2.30", against_receipt="PR-1")])
    assert books.paper.stock() == {"Stock In Hand": 2600}
    assert books.accounts() == {"Creditors": "-23.00", "Customs Duty": "-3.00", "Stock In Hand": "26.00"}


def test_what_a_product_is_given_as_worth_counts_whatever_unit_it_is_told_in() -> None:
    books = shop()
    books.know("item", code="Nail", stock_uom="Piece", uoms={"Box": 12})
    books.posts("purchase_receipt", "PR-1", supplier="Farm", lines=[goods(10, 9)])
    made = [
        moved(1, "Nail", uom="Box", to="Shop", finished=True, basic_amount=30),
        moved(2, "Juice", to="Stores", finished=True, basic_amount=60),
    ]
    books.posts("stock_entry", "SE-1", purpose="repack", lines=[moved(10, **{"from": "Stores"}), *made])
    assert books.ledger("SE-1") == {"Finished Goods": "30.00", "Stock In Hand": "-30.00"}
