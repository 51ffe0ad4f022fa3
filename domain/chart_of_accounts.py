"""The standard chart of accounts and the roles that accounts play.

A new company with nothing but a name, a currency and a time zone keeps books on these very names; a company master may name others for
each role, and account masters add to the chart.
"""

from __future__ import annotations

from typing import NamedTuple


class StandardAccount(NamedTuple):
    """An account of the standard chart: its parent, the side of the books it belongs to and what it is for."""

    parent: str
    root_type: str
    account_type: str = ""
    is_group: bool = False


STANDARD = "standard"  # the chart that a company has unless it names one of its own, which is then made of account masters alone

BALANCE_SHEET = frozenset({"asset", "liability", "equity"})
PROFIT_AND_LOSS = frozenset({"income", "expense"})

STANDARD_CHART: dict[str, StandardAccount] = {
    "Assets": StandardAccount("", "asset", is_group=True),
    "Accounts Receivable": StandardAccount("Assets", "asset", is_group=True),
    "Debtors": StandardAccount("Accounts Receivable", "asset", "receivable"),
    "Stock Assets": StandardAccount("Assets", "asset", is_group=True),
    "Stock In Hand": StandardAccount("Stock Assets", "asset", "stock"),
    "Stores": StandardAccount("Stock Assets", "asset", "stock"),
    "Work In Progress": StandardAccount("Stock Assets", "asset", "stock"),
    "Finished Goods": StandardAccount("Stock Assets", "asset", "stock"),
    "Tax Assets": StandardAccount("Assets", "asset", is_group=True),
    "VAT": StandardAccount("Tax Assets", "asset", "tax"),
    "Cash and Bank": StandardAccount("Assets", "asset", is_group=True),
    "Cash": StandardAccount("Cash and Bank", "asset", "cash"),
    "Bank": StandardAccount("Cash and Bank", "asset", "bank"),
    "Card": StandardAccount("Cash and Bank", "asset", "bank"),
    "Liabilities": StandardAccount("", "liability", is_group=True),
    "Accounts Payable": StandardAccount("Liabilities", "liability", is_group=True),
    "Creditors": StandardAccount("Accounts Payable", "liability", "payable"),
    "Stock Liabilities": StandardAccount("Liabilities", "liability", is_group=True),
    "Stock Received But Not Billed": StandardAccount("Stock Liabilities", "liability", "stock_received_not_billed"),
    "Tax Liabilities": StandardAccount("Liabilities", "liability", is_group=True),
    "Service Tax": StandardAccount("Tax Liabilities", "liability", "tax"),
    "Provisional Expenses": StandardAccount("Liabilities", "liability", "provisional"),
    "Equity": StandardAccount("", "equity", is_group=True),
    "Temporary Opening": StandardAccount("Equity", "equity", "temporary"),
    "Retained Earnings": StandardAccount("Equity", "equity", "retained_earnings"),
    "Income": StandardAccount("", "income", is_group=True),
    "Sales": StandardAccount("Income", "income", "income"),
    "Expenses": StandardAccount("", "expense", is_group=True),
    "Stock Expenses": StandardAccount("Expenses", "expense", is_group=True),
    "Cost of Goods Sold": StandardAccount("Stock Expenses", "expense", "cost_of_goods_sold"),
    "Expenses Included In Valuation": StandardAccount("Stock Expenses", "expense", "expenses_included_in_valuation"),
    "Stock Adjustment": StandardAccount("Stock Expenses", "expense", "stock_adjustment"),
    "Purchase Price Variance": StandardAccount("Stock Expenses", "expense", "variance"),
    "Indirect Expenses": StandardAccount("Expenses", "expense", is_group=True),
    "Shipping Charges": StandardAccount("Indirect Expenses", "expense", "chargeable"),
    "Freight and Forwarding Charges": StandardAccount("Indirect Expenses", "expense", "chargeable"),
    "Customs Duty": StandardAccount("Indirect Expenses", "expense", "chargeable"),
    "Round Off": StandardAccount("Indirect Expenses", "expense", "round_off"),
    "Write Off": StandardAccount("Indirect Expenses", "expense", "write_off"),
    "Cash Over and Short": StandardAccount("Indirect Expenses", "expense", "cash_over_short"),
    "Exchange Gain/Loss": StandardAccount("Indirect Expenses", "expense", "exchange_gain_loss"),
}

# The account that plays each role where the company master names none.
DEFAULT_ACCOUNTS: dict[str, str] = {
    "inventory": "Stock In Hand",
    "stock_received_not_billed": "Stock Received But Not Billed",
    "stock_adjustment": "Stock Adjustment",
    "expenses_included_in_valuation": "Expenses Included In Valuation",
    "cost_of_goods_sold": "Cost of Goods Sold",
    "default_expense": "Cost of Goods Sold",
    "purchase_price_variance": "Purchase Price Variance",
    "provisional": "Provisional Expenses",
    "income": "Sales",
    "receivable": "Debtors",
    "payable": "Creditors",
    "round_off": "Round Off",
    "write_off": "Write Off",
    "temporary_opening": "Temporary Opening",
    "exchange_gain_loss": "Exchange Gain/Loss",
    "cash_over_short": "Cash Over and Short",
    "retained_earnings": "Retained Earnings",
}

DEFAULT_COST_CENTER = "Main"
