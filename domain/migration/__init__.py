"""From periodic to perpetual inventory: whether a company is ready, the opening entry of its stock accounts, and the proof."""

from domain.migration.opening import (
    BookedSum,
    ExpensedSum,
    OpenPurchase,
    PurchaseShare,
    StockSum,
    Sums,
    expense_accounts,
    migrated,
    opening_entries,
    plan_opening,
    plan_rollback,
    stock_against,
    unbilled_against,
)
from domain.migration.proof import AccountProof, BalanceChange, balance_changes, earlier_years, prove
from domain.migration.readiness import Missing, missing_accounts, missing_warehouses, unfinished

__all__ = [
    "AccountProof",
    "BalanceChange",
    "BookedSum",
    "ExpensedSum",
    "Missing",
    "OpenPurchase",
    "PurchaseShare",
    "StockSum",
    "Sums",
    "balance_changes",
    "earlier_years",
    "expense_accounts",
    "migrated",
    "missing_accounts",
    "missing_warehouses",
    "opening_entries",
    "plan_opening",
    "plan_rollback",
    "prove",
    "stock_against",
    "unbilled_against",
    "unfinished",
]
