"""Accounts, cost centers, dimensions and periods."""

from __future__ import annotations

from domain.error_catalogue.entry import Entry, Family

ACCOUNTS: dict[str, Entry] = {
    "NothingToClose": Entry(
        Family.REJECTED,
        "No profit-and-loss account has a balance in the period.",
        "Close another period; this one is closed, or nothing happened in it.",
    ),
    "NotTheLastDay": Entry(
        Family.REJECTED,
        "A period closing is dated to another day than the period's last.",
        "Date it to the day that the message names.",
    ),
    "PeriodNotFinished": Entry(
        Family.REJECTED,
        "A period is to be closed while something is still on its way into it; the message lists what.",
        "Let it post, correct or cancel it, and publish the period again.",
    ),
    "StockFrozen": Entry(
        Family.REJECTED,
        "Stock is frozen up to a day at or after the posting time.",
        "Post later than the frozen day, or have it lifted.",
    ),
    "PeriodClosed": Entry(
        Family.REJECTED,
        "The posting time lies in a closed period.",
        "Date the document into an open period, or have the period reopened.",
    ),
    "StockAccountNotLinked": Entry(
        Family.REJECTED,
        "No account is found for a warehouse: neither its own, nor an ancestor's, nor the company's.",
        "Set one of the three.",
    ),
    "ExpenseAccountMissing": Entry(
        Family.REJECTED,
        "No expense account is found for a line.",
        "Set it on the line, the item, its group or the company.",
    ),
    "NotProfitAndLoss": Entry(
        Family.REJECTED,
        "The account must be one of profit and loss.",
        "Name an income or expense account.",
    ),
    "IncomeAccountMissing": Entry(
        Family.REJECTED,
        "No income account is set for an item.",
        "Set one in any of the places that the message names.",
    ),
    "DefaultAccountMissing": Entry(
        Family.REJECTED,
        "The company has a chart of accounts of its own and names no account for a role that the document needs.",
        "Name the account on the company's master.",
    ),
    "DimensionMissing": Entry(
        Family.REJECTED,
        "A profit-and-loss entry lacks a dimension that the company asks for.",
        "State it in any of the places that the message names.",
    ),
    "CostCenterMissing": Entry(
        Family.REJECTED,
        "An entry to profit and loss has no cost center.",
        "Set it on the line, the document or the company.",
    ),
    "OpeningNeedsBalanceSheetAccount": Entry(
        Family.REJECTED,
        "Opening stock is set against a profit and loss account.",
        "Use a balance sheet account such as Temporary Opening.",
    ),
    "DebitCreditMismatch": Entry(
        Family.REJECTED,
        "Debits and credits of the document differ.",
        "Correct the amounts so that both sides agree.",
    ),
    "RoundOffAccountMissing": Entry(
        Family.REJECTED,
        "A rounding difference has no account to go to.",
        "Set the company's round off account.",
    ),
    "DisabledAccount": Entry(
        Family.REJECTED,
        "The account is disabled.",
        "Use another account, or enable it.",
    ),
    "GroupAccount": Entry(
        Family.REJECTED,
        "The account is a group, which holds no entries of its own.",
        "Name one of the accounts below it.",
    ),
    "ProposalNotOpen": Entry(
        Family.REJECTED,
        "A journal names a proposal that is not open for the account, or not any more.",
        "Look at perpetua reconcile proposals for what is open.",
    ),
    "MendingDoesNotFit": Entry(
        Family.REJECTED,
        "A journal that names a proposal books another amount on the stock account.",
        "Accept the proposal as it is, by perpetua reconcile accept.",
    ),
    "ProposalIncomplete": Entry(
        Family.REJECTED,
        "A proposal needs something to be set before it can be accepted: an account, a cost center, a dimension.",
        "Accept it with --set for each of them.",
    ),
    "SecondPersonNeeded": Entry(
        Family.REJECTED,
        "A proposal is more than the company lets one person accept, and the same person accepted it before.",
        "Let somebody else accept it.",
    ),
    "StockAccountOnlyViaStock": Entry(
        Family.REJECTED,
        "A journal touches a stock account that agrees with its stock.",
        "Post a stock document instead.",
    ),
    "OpeningEntryStands": Entry(
        Family.REJECTED,
        "A cancel aims at the opening entry of a migration to perpetual inventory.",
        "Take the migration back as a whole, before any later document is posted.",
    ),
    "InventoryMethodStands": Entry(
        Family.REJECTED,
        "A company master turns perpetual inventory on or off while the company has stock or purchases in its books.",
        "Publish it as it is in force; going over is a migration, which can be planned and rehearsed.",
    ),
}
