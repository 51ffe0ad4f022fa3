"""Every error code of the system: its family, what it means and what to do about it, as data.

The family says who acts: the publisher corrects a rejected document, something that is still to come releases a parked one,
the system itself tries again where infrastructure is away, and a broken invariant calls a person.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Family(Enum):
    """What happens next to whatever met the error."""

    REJECTED = "rejected"
    PARKED = "parked"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"


class Entry(NamedTuple):
    """One code of the catalogue."""

    family: Family
    meaning: str
    remedy: str


CATALOGUE: dict[str, Entry] = {
    "Malformed": Entry(
        Family.REJECTED,
        "The message is not one JSON object in UTF-8.",
        "Send one JSON object per message.",
    ),
    "TooLarge": Entry(
        Family.REJECTED,
        "The message is larger than is taken.",
        "Split the document into several.",
    ),
    "TooDeep": Entry(
        Family.REJECTED,
        "The message is nested deeper than any document.",
        "Check the publisher's encoder.",
    ),
    "UnknownType": Entry(
        Family.REJECTED,
        "The type is no document or master of the contract.",
        "Use one of the types that the message lists.",
    ),
    "MissingField": Entry(
        Family.REJECTED,
        "A required field is missing.",
        "Add the field and send the document again.",
    ),
    "UnknownField": Entry(
        Family.REJECTED,
        "The contract has no such field at this place.",
        "Remove or rename the field; the message lists those that exist.",
    ),
    "DuplicateField": Entry(
        Family.REJECTED,
        "An object names the same field twice.",
        "Send each field once.",
    ),
    "WrongType": Entry(
        Family.REJECTED,
        "A field holds another kind of JSON value than it should.",
        "Send the kind of value that the message names.",
    ),
    "UnknownChoice": Entry(
        Family.REJECTED,
        "A field holds a word that is none of its choices.",
        "Use one of the choices that the message lists.",
    ),
    "OutOfRange": Entry(
        Family.REJECTED,
        "A number lies outside what the field takes.",
        "Send a number within the range that the message names.",
    ),
    "NotANumber": Entry(
        Family.REJECTED,
        "A number is NaN, infinite or not a plain decimal.",
        "Send a plain decimal number.",
    ),
    "TooManyDecimals": Entry(
        Family.REJECTED,
        "A number has more decimals than its scale holds.",
        "Round it at the source.",
    ),
    "NumberTooLarge": Entry(
        Family.REJECTED,
        "A number is larger than the books can hold.",
        "Check the figure; split the document if it is real.",
    ),
    "BadTime": Entry(
        Family.REJECTED,
        "A time, day or time window cannot be read or does not exist.",
        "Send ISO 8601, for instance 2024-06-15T09:00:00.",
    ),
    "BadTimeZone": Entry(
        Family.REJECTED,
        "A company's time zone is no IANA zone.",
        "Use a name such as Europe/Berlin.",
    ),
    "BadCurrency": Entry(
        Family.REJECTED,
        "A currency code is not three capital letters.",
        "Use the ISO 4217 code.",
    ),
    "BadMailAddress": Entry(
        Family.REJECTED,
        "A recipient's address is no mail address.",
        "Correct the address.",
    ),
    "SchemaVersion": Entry(
        Family.REJECTED,
        "The message states a version of the contract that is not known here.",
        "Send version 1, or leave the field out.",
    ),
    "SharedCompany": Entry(
        Family.REJECTED,
        "A document names '*', which stands for shared masters.",
        "Name the company that the document belongs to.",
    ),
    "EmptyDocument": Entry(
        Family.REJECTED,
        "A list that the document lives by has no entries.",
        "Send at least one.",
    ),
    "EmptyText": Entry(
        Family.REJECTED,
        "A text field is empty or blank.",
        "Leave the field out or give it a value.",
    ),
    "TextTooLong": Entry(
        Family.REJECTED,
        "A text is longer than ledgers and reports carry.",
        "Shorten it.",
    ),
    "ControlCharacter": Entry(
        Family.REJECTED,
        "A text holds a control character.",
        "Remove it at the source.",
    ),
    "ZeroQuantity": Entry(
        Family.REJECTED,
        "A line has no quantity.",
        "Leave the line out, or state its quantity.",
    ),
    "NegativeQuantity": Entry(
        Family.REJECTED,
        "A quantity is negative where only returns have negative ones.",
        "Mark the document as a return, or correct the sign.",
    ),
    "PositiveReturn": Entry(
        Family.REJECTED,
        "A return has a line with a positive quantity.",
        "Send what comes back as negative quantities.",
    ),
    "NegativeRate": Entry(
        Family.REJECTED,
        "A rate is negative.",
        "State the rate as zero or more; returns have negative quantities.",
    ),
    "NegativeAmount": Entry(
        Family.REJECTED,
        "An amount is negative where only zero or more makes sense.",
        "Put it on the other side, or correct the sign.",
    ),
    "NotPositive": Entry(
        Family.REJECTED,
        "A factor, exchange rate or amount is not above zero.",
        "Correct the figure.",
    ),
    "OneSidedLine": Entry(
        Family.REJECTED,
        "A journal line has both a debit and a credit, or neither.",
        "State one of the two.",
    ),
    "DuplicateSerial": Entry(
        Family.REJECTED,
        "A serial number is named twice on a line.",
        "Name each serial once.",
    ),
    "SameWarehouse": Entry(
        Family.REJECTED,
        "A transfer goes from a warehouse to itself.",
        "Name two warehouses.",
    ),
    "BundleHoldsItself": Entry(
        Family.REJECTED,
        "A bundle names itself as a component.",
        "Remove it from the bundle.",
    ),
    "DuplicateConflict": Entry(
        Family.REJECTED,
        "The key is known with other content.",
        "Give the new document a number of its own, or cancel and amend the first.",
    ),
    "NotPermitted": Entry(
        Family.REJECTED,
        "The publisher may not send this company's or type's documents.",
        "Ask for the right in the publisher's master.",
    ),
    "BadSignature": Entry(
        Family.REJECTED,
        "The message's signature does not fit its bytes.",
        "Sign the bytes as sent, with the key of the publisher's master.",
    ),
    "InternalFault": Entry(
        Family.REJECTED,
        "Deciding the document failed three times for a reason of our own.",
        "Report it with its key; it can be retried after the fault is cured.",
    ),
    "AmountMismatch": Entry(
        Family.REJECTED,
        "A line's stated amount is not quantity times rate less discount.",
        "Compare both figures in the message and correct one.",
    ),
    "ActualTaxIncluded": Entry(
        Family.REJECTED,
        "A tax of a fixed amount is said to be included in the rates.",
        "State it on top, or as a percentage.",
    ),
    "NoPreviousTax": Entry(
        Family.REJECTED,
        "The first tax is a percentage of a tax before it.",
        "Put the tax that it builds on first.",
    ),
    "ExchangeRateMissing": Entry(
        Family.REJECTED,
        "The document is in another currency than the books and states no exchange rate.",
        "State the exchange rate, in company currency per unit.",
    ),
    "BadConversionFactor": Entry(
        Family.REJECTED,
        "A conversion factor is not above zero.",
        "Correct the factor on the line or in the item's units.",
    ),
    "UnknownUnit": Entry(
        Family.REJECTED,
        "The item has no such unit of measure.",
        "State the conversion factor, or add the unit to the item.",
    ),
    "WarehouseMissing": Entry(
        Family.REJECTED,
        "A stock line names no warehouse and the item has no default.",
        "Name the warehouse on the line.",
    ),
    "RejectedWarehouseMissing": Entry(
        Family.REJECTED,
        "Rejected goods have no warehouse of their own.",
        "Name the rejected warehouse.",
    ),
    "BatchMissing": Entry(
        Family.REJECTED,
        "The item is kept in batches and the line names none.",
        "Name the batch.",
    ),
    "BatchNotWanted": Entry(
        Family.REJECTED,
        "The item has no batches, but the line names one.",
        "Leave the batch out, or give the item batches.",
    ),
    "SerialsNotWanted": Entry(
        Family.REJECTED,
        "The item has no serials, but the line names some.",
        "Leave the serials out, or give the item serials.",
    ),
    "SerialsDoNotMatch": Entry(
        Family.REJECTED,
        "A line names more or fewer serials than its quantity.",
        "Name one serial for each unit.",
    ),
    "RateDiffers": Entry(
        Family.REJECTED,
        "Receipt and bill have different rates, and the company refuses that.",
        "Correct the rate, or change the company's rate_difference.",
    ),
    "ReferenceCancelled": Entry(
        Family.REJECTED,
        "The document that is referred to is cancelled.",
        "Refer to the one that replaced it.",
    ),
    "NotOnReference": Entry(
        Family.REJECTED,
        "The document that is referred to has no such line.",
        "Correct the number, the line or the item.",
    ),
    "NotOnOriginal": Entry(
        Family.REJECTED,
        "The original of a return has no such line.",
        "Name the original's line with return_of.",
    ),
    "OverReturned": Entry(
        Family.REJECTED,
        "More comes back than is left to return.",
        "Return no more than the message says is left.",
    ),
    "ReturnBeforeOriginal": Entry(
        Family.REJECTED,
        "A return is dated before its original.",
        "Date the return after it.",
    ),
    "ReceivedTwice": Entry(
        Family.REJECTED,
        "Goods already received would be received again by the bill.",
        "Leave out update_stock, or the reference to the receipt.",
    ),
    "DeliveredTwice": Entry(
        Family.REJECTED,
        "Goods already delivered would be delivered again by the invoice.",
        "Leave out update_stock, or the reference to the delivery.",
    ),
    "TotalMismatch": Entry(
        Family.REJECTED,
        "A stated amount or total does not add up.",
        "Compare both figures in the message and correct the document.",
    ),
    "NegativeStock": Entry(
        Family.REJECTED,
        "Stock would fall below zero, now or at a later moment.",
        "Receive the goods first, or issue fewer; the message says where and by how much.",
    ),
    "ValuationRateMissing": Entry(
        Family.REJECTED,
        "Goods leave or come without any rate to value them.",
        "Receive with a rate, set the item's valuation rate, or allow a zero rate on the line.",
    ),
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
    "BackdatedNotAllowed": Entry(
        Family.REJECTED,
        "The document is dated before what its item and warehouse already have.",
        "Date it later, or have a person with the role post it.",
    ),
    "PeriodClosed": Entry(
        Family.REJECTED,
        "The posting time lies in a closed period.",
        "Date the document into an open period, or have the period reopened.",
    ),
    "AccountsFrozen": Entry(
        Family.REJECTED,
        "Accounts are frozen up to the posting time.",
        "Date the document later, or have a person with the role post it.",
    ),
    "PendingReposting": Entry(
        Family.REJECTED,
        "Reposts that reach into this are still pending.",
        "Wait until they are done.",
    ),
    "RepostInProgress": Entry(
        Family.REJECTED,
        "The document is being reposted.",
        "Wait until the repost is done, then cancel.",
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
    "NothingToReconcile": Entry(
        Family.REJECTED,
        "Every counted line equals the books.",
        "Nothing needs doing; send the lines that differ.",
    ),
    "FinishedItemMissing": Entry(
        Family.REJECTED,
        "A manufacture or repack has no finished line.",
        "Mark the line of the product as finished.",
    ),
    "SeveralFinishedItems": Entry(
        Family.REJECTED,
        "A manufacture has more than one finished item.",
        "Split it, or use repack.",
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
    "DisabledItem": Entry(
        Family.REJECTED,
        "The item is disabled.",
        "Use another item, or enable it.",
    ),
    "DisabledWarehouse": Entry(
        Family.REJECTED,
        "The warehouse is disabled.",
        "Use another warehouse, or enable it.",
    ),
    "GroupAccount": Entry(
        Family.REJECTED,
        "The account is a group, which holds no entries of its own.",
        "Name one of the accounts below it.",
    ),
    "GroupWarehouse": Entry(
        Family.REJECTED,
        "The warehouse is a group, which holds no stock of its own.",
        "Name one of the warehouses below it.",
    ),
    "WarehouseOfOtherCompany": Entry(
        Family.REJECTED,
        "The warehouse belongs to another company.",
        "Name a warehouse of the document's company.",
    ),
    "StockAccountOnlyViaStock": Entry(
        Family.REJECTED,
        "A journal touches a stock account that agrees with its stock.",
        "Post a stock document instead.",
    ),
    "OriginalNotConsolidated": Entry(
        Family.REJECTED,
        "A return's original is neither consolidated nor in the same closing.",
        "Close the original's till first.",
    ),
    "DuplicatePosInvoice": Entry(
        Family.REJECTED,
        "A closing names a sale twice.",
        "Name each sale once.",
    ),
    "ConsolidatedDocument": Entry(
        Family.REJECTED,
        "The POS sale is consolidated and lives in the closing's invoice.",
        "Cancel the closing.",
    ),
    "LinkedToClosing": Entry(
        Family.REJECTED,
        "The invoice was made by a POS closing.",
        "Cancel the closing.",
    ),
    "LinkedDocuments": Entry(
        Family.REJECTED,
        "Live documents depend on the one to cancel.",
        "Cancel those that the message names first.",
    ),
    "OpeningNotOpen": Entry(
        Family.REJECTED,
        "The POS opening is not open.",
        "Open the till, or name the opening that is.",
    ),
    "PaymentRequired": Entry(
        Family.REJECTED,
        "A POS sale has no payment.",
        "State at least one payment.",
    ),
    "OtherParty": Entry(
        Family.REJECTED,
        "The document to settle is open with another party.",
        "Name the party that the message names, or the right document.",
    ),
    "OtherCurrency": Entry(
        Family.REJECTED,
        "The document to settle is open in another currency than the payment's.",
        "Pay it in its own currency, with the exchange rate of the payment.",
    ),
    "NothingOutstanding": Entry(
        Family.REJECTED,
        "The document to settle has nothing left open.",
        "Leave it out; the money stays on the party's account until it is allotted.",
    ),
    "Overpaid": Entry(
        Family.REJECTED,
        "More is to settle a document than it has left open; the message gives both figures.",
        "Settle at most what is open.",
    ),
    "SettledMoreThanPaid": Entry(
        Family.REJECTED,
        "A payment settles more than its own amount; the message gives both figures.",
        "Settle less, or correct the amount.",
    ),
    "SettledTwice": Entry(
        Family.REJECTED,
        "A payment names the same document twice.",
        "State its amount once.",
    ),
    "TillAlreadyOpen": Entry(
        Family.REJECTED,
        "The till is open already for this user.",
        "Close it first, or go on selling.",
    ),
    "RefundTooLarge": Entry(
        Family.REJECTED,
        "A till gives back more than the return is worth.",
        "Correct the payments of the return.",
    ),
    "NotOfThisTill": Entry(
        Family.REJECTED,
        "A closing names a sale of another till or user, or one that is no longer open.",
        "Name sales of this till that are open, or all_open.",
    ),
    "InsufficientStock": Entry(
        Family.REJECTED,
        "The till has fewer than the sale needs, with open sales counted.",
        "Sell fewer, or bring stock to the till's warehouse.",
    ),
    "AlreadyCancelled": Entry(
        Family.REJECTED,
        "The document to cancel is cancelled already, or is a cancel itself.",
        "Publish the document anew under a new number where it is wanted again.",
    ),
    "HasDependents": Entry(
        Family.REJECTED,
        "Later documents depend on the one to cancel; the message names them.",
        "Cancel those first.",
    ),
    "CountedTwice": Entry(
        Family.REJECTED,
        "A count names the same item, warehouse and batch twice.",
        "Count it once.",
    ),
    "NegativeCount": Entry(
        Family.REJECTED,
        "A counted quantity or its rate is below zero.",
        "Count what is there; a shortage is zero.",
    ),
    "NothingCounted": Entry(
        Family.REJECTED,
        "A line of a count states neither a quantity nor a rate.",
        "State at least one of them.",
    ),
    "NotAStockItem": Entry(
        Family.REJECTED,
        "The item is not kept in stock.",
        "Leave the line out, or correct the item.",
    ),
    "NothingConsumed": Entry(
        Family.REJECTED,
        "A manufacture or repack makes something out of nothing.",
        "Name what was consumed.",
    ),
    "NothingToCharge": Entry(
        Family.REJECTED,
        "A landed cost voucher finds no line that it could charge.",
        "Name receipts that brought stock, or the lines and amounts.",
    ),
    "QuantityMissing": Entry(
        Family.REJECTED,
        "A line of a stock entry has no quantity.",
        "State the quantity.",
    ),
    "ReceiptMissing": Entry(
        Family.REJECTED,
        "A landed cost voucher names a line without saying of which receipt.",
        "State the receipt's number with the line.",
    ),
    "WarehousesDoNotFit": Entry(
        Family.REJECTED,
        "The warehouses of a line do not fit the purpose of its stock entry.",
        "State the warehouses that the message asks for.",
    ),
    "UnknownMaster": Entry(
        Family.PARKED,
        "A master that the document names is not known yet.",
        "Send the master; the document is released when it arrives.",
    ),
    "ValueOutOfSync": Entry(
        Family.PARKED,
        "A stock account and its stock differ, so posting to it waits.",
        "Find the cause, or accept the proposed journal entry.",
    ),
    "UnknownDocument": Entry(
        Family.PARKED,
        "A document that this one refers to is not posted yet.",
        "Send it; this one is released when it posts.",
    ),
    "BrokerUnavailable": Entry(
        Family.UNAVAILABLE,
        "Redis does not answer, so bells cannot be rung.",
        "Nothing is lost: it is tried again by itself. See that Redis runs.",
    ),
    "OutcomesUnavailable": Entry(
        Family.UNAVAILABLE,
        "Redis does not answer, so outcomes wait to be told.",
        "Nothing is lost: they are told later. See that Redis runs.",
    ),
    "SubledgerUnavailable": Entry(
        Family.UNAVAILABLE,
        "Redis does not answer, so sales at tills wait to be told.",
        "Nothing is lost: they are told later. See that Redis runs.",
    ),
    "StockMoving": Entry(
        Family.UNAVAILABLE,
        "A reservation kept meeting newer stock than it had read.",
        "Ask again.",
    ),
    "IntakeUnavailable": Entry(
        Family.UNAVAILABLE,
        "Redis does not take documents.",
        "Keep them and send them again: sending twice is safe.",
    ),
    "WorkerUnavailable": Entry(
        Family.UNAVAILABLE,
        "No worker answers the question for an outcome.",
        "Ask again later; see that a worker runs.",
    ),
    "LaneBusy": Entry(
        Family.UNAVAILABLE,
        "The company's lane is being written just now.",
        "Try again in a moment.",
    ),
    "DatabaseUnavailable": Entry(
        Family.UNAVAILABLE,
        "PostgreSQL does not answer.",
        "Nothing is lost: it is tried again by itself. See that PostgreSQL runs.",
    ),
    "Unbalanced": Entry(
        Family.BROKEN,
        "Entries about to be written do not balance.",
        "Stop and report: this is a fault of ours.",
    ),
}
