"""Where a line is charged: its own word, then the document's, the item's, its groups', the company's."""

from __future__ import annotations

from typing import Any

from tests.support.accountant import Accountant


def line(item: str = "Apple", **more: Any) -> dict[str, Any]:
    return {"item": item, "qty": 1, "rate": 10, "warehouse": "Stores", **more}


def charged(books: Accountant, number: str, account: str) -> set[tuple[str, str]]:
    """Cost center and dimensions of a voucher's entries in one account."""
    (sequence,) = [s for s, posting in books.paper.postings.items() if posting.voucher.number == number]
    return {
        (e.cost_center, e.dimensions) for e in books.paper.entries if e.voucher == sequence and e.account == account
    }


def grocery(**company: Any) -> Accountant:
    """Fruit below Food; Food knows accounts, a cost center and a dimension, Fruit another dimension, Apple nothing."""
    books = Accountant(**company)
    for name, root in (("Fruit Sales", "income"), ("Food Costs", "expense"), ("Own Sales", "income")):
        books.know("account", name=name, company="Paper", root_type=root)
    books.know("item_group", name="Fruit", parent="Food", defaults={"*": {"dimensions": {"shelf": "A"}}})
    food = {"income_account": "Fruit Sales", "expense_account": "Food Costs", "cost_center": "Market"}
    books.know("item_group", name="Food", defaults={"Paper": food | {"dimensions": {"shelf": "B", "season": "summer"}}})
    books.know("item", code="Apple", item_group="Fruit")
    books.know(
        "item",
        code="Pear",
        item_group="Fruit",
        defaults={"Paper": {"income_account": "Own Sales", "cost_center": "Pears"}},
    )
    return books


def test_income_comes_from_the_line_the_item_its_groups_or_the_company() -> None:
    books = grocery()
    books.posts(
        "sales_invoice", "SI-1", customer="Ann",
        lines=[line(income_account="Sales"), line("Pear"), line(), line("Advice")],
    )  # fmt: skip
    assert books.ledger("SI-1") == {
        "Debtors": "40.00",
        "Fruit Sales": "-10.00",
        "Own Sales": "-10.00",
        "Sales": "-20.00",
    }


def test_cost_goes_where_the_item_group_says() -> None:
    books = grocery()
    books.posts("purchase_receipt", "PR-1", lines=[line(qty=5)])
    books.posts("delivery_note", "DN-1", lines=[line()])
    assert books.ledger("DN-1") == {"Food Costs": "10.00", "Stock In Hand": "-10.00"}
    assert charged(books, "DN-1", "Food Costs") == {("Market", '{"season":"summer","shelf":"A"}')}


def test_a_cost_center_of_the_line_beats_the_documents_and_that_beats_the_items() -> None:
    books = grocery()
    for number, more, own in (
        ("SI-1", {}, {}),
        ("SI-2", {"cost_center": "Fair"}, {}),
        ("SI-3", {"cost_center": "Fair"}, {"cost_center": "Tent"}),
    ):
        books.posts("sales_invoice", number, customer="Ann", lines=[line(**own)], **more)
    assert [charged(books, f"SI-{n}", "Fruit Sales") for n in (1, 2, 3)] == [
        {(center, '{"season":"summer","shelf":"A"}')} for center in ("Market", "Fair", "Tent")
    ]
    books.posts("sales_invoice", "SI-4", customer="Ann", lines=[line("Advice")])
    assert charged(books, "SI-4", "Sales") == {("Main", "")}


def test_dimensions_add_up_from_the_company_to_the_line() -> None:
    books = grocery(dimensions={"region": "north", "season": "winter"})
    books.posts(
        "sales_invoice",
        "SI-1",
        customer="Ann",
        dimensions={"shelf": "C"},
        lines=[line(dimensions={"till": "7"}), line("Advice")],
    )
    assert charged(books, "SI-1", "Fruit Sales") == {
        ("Market", '{"region":"north","season":"summer","shelf":"C","till":"7"}')
    }
    assert charged(books, "SI-1", "Debtors") == {("", '{"region":"north","season":"winter","shelf":"C"}')}


def test_taxes_carry_their_own_dimensions() -> None:
    books = grocery()
    tax = {"account": "VAT", "charge": "percent_of_net_total", "rate": 10, "dimensions": {"return": "Q2"}}
    books.posts("sales_invoice", "SI-1", customer="Ann", taxes=[tax], lines=[line("Advice")])
    books.posts("purchase_invoice", "PI-1", supplier="Farm", taxes=[tax], lines=[line("Advice")])
    assert charged(books, "SI-1", "VAT") == charged(books, "PI-1", "VAT") == {("", '{"return":"Q2"}')}


def test_a_mandatory_dimension_is_asked_for_on_profit_and_loss_only() -> None:
    books = Accountant(mandatory_dimensions=["project"])
    books.posts("purchase_receipt", "PR-1", lines=[line(qty=5)])
    error = books.is_refused("delivery_note", "DN-1", lines=[line()])
    assert (error.code, error.field) == ("DimensionMissing", "dimensions.project")
    for place in ("line", "document", "item", "item group", "company"):
        assert place in error.message
    books.posts("delivery_note", "DN-2", lines=[line(dimensions={"project": "Fair"})])
    books.posts("delivery_note", "DN-3", dimensions={"project": "Fair"}, lines=[line()])
    assert books.is_refused("sales_invoice", "SI-1", customer="Ann", lines=[line("Advice")]).code == "DimensionMissing"
    books.know("item", code="Apple", defaults={"*": {"dimensions": {"project": "Stock"}}})
    books.posts("delivery_note", "DN-4", lines=[line()])
    assert charged(books, "DN-4", "Cost of Goods Sold") == {("Main", '{"project":"Stock"}')}


def test_a_chart_of_ones_own_names_every_place_where_an_account_could_be_set() -> None:
    books = Accountant(chart_of_accounts="own", receivable="Customers", cost_center="Main")
    books.know("account", name="Customers", company="Paper", root_type="asset", account_type="receivable")
    books.know("item_group", name="Work")
    books.know("item", code="Advice", is_stock_item=False, item_group="Work")
    error = books.is_refused("sales_invoice", "SI-1", customer="Ann", lines=[line("Advice")])
    assert error.code == "IncomeAccountMissing"
    assert error.details["places"] == [
        "lines[0].income_account",
        "item Advice: defaults.income_account",
        "item group Work: defaults.income_account",
        "company.income",
    ]
    payable = books.is_refused("purchase_invoice", "PI-1", supplier="Farm", lines=[line("Advice")])
    assert (payable.code, payable.details) == ("DefaultAccountMissing", {"places": ["company.payable"]})
    books.know("supplier", name="Farm", payable="Customers")
    expense = books.is_refused("purchase_invoice", "PI-2", supplier="Farm", lines=[line("Advice")])
    assert (expense.code, expense.field) == ("ExpenseAccountMissing", "lines[0].expense_account")
    assert expense.details["places"] == [
        "lines[0].expense_account",
        "item Advice: defaults.expense_account",
        "item group Work: defaults.expense_account",
        "company.default_expense",
    ]
    books.know("account", name="Turnover", company="Paper", root_type="income")
    odd = line("Advice", rate="10.40", income_account="Turnover")
    rounding = books.is_refused("sales_invoice", "SI-2", customer="Ann", lines=[odd], rounded_total=True)
    assert (rounding.code, rounding.details) == ("RoundOffAccountMissing", {"places": ["company.round_off"]})
    stock = books.is_refused(
        "stock_entry",
        "SE-1",
        purpose="material_receipt",
        lines=[{"item": "Apple", "to": "Stores", "qty": 1, "rate": 1}],
    )
    assert stock.code in {"StockAccountNotLinked", "DefaultAccountMissing"}


def test_a_chart_of_ones_own_asks_for_a_cost_center() -> None:
    books = Accountant(chart_of_accounts="own", receivable="Customers", income="Turnover")
    books.know("account", name="Customers", company="Paper", root_type="asset", account_type="receivable")
    books.know("account", name="Turnover", company="Paper", root_type="income")
    error = books.is_refused("sales_invoice", "SI-1", customer="Ann", lines=[line("Advice")])
    assert (error.code, error.details) == ("CostCenterMissing", {"account": "Turnover"})
    for place in ("line", "document", "item", "item group", "company"):
        assert place in error.message
    books.posts("sales_invoice", "SI-2", customer="Ann", cost_center="North", lines=[line("Advice")])
    assert charged(books, "SI-2", "Turnover") == {("North", "")}


def test_a_group_or_disabled_account_takes_no_entry() -> None:
    books = Accountant()
    books.know("account", name="Old Sales", company="Paper", root_type="income", disabled=True)
    codes = [
        books.is_refused(
            "sales_invoice", f"SI-{n}", customer="Ann", lines=[line("Advice", income_account=account)]
        ).code
        for n, account in enumerate(("Income", "Old Sales"))
    ]
    assert codes == ["GroupAccount", "DisabledAccount"]
    parked = books.says("sales_invoice", "SI-9", customer="Ann", lines=[line("Advice", income_account="Not Yet")])
    assert parked.waits_for == ("account:Not Yet",)
