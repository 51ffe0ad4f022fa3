"""Purchases, sales and payments."""

from __future__ import annotations

from domain.error_catalogue.entry import Entry, Family

TRADE: dict[str, Entry] = {
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
    "ValuationTaxIncluded": Entry(
        Family.REJECTED,
        "A charge of the category valuation is said to be included in a supplier's rates.",
        "State it on top, or as valuation_and_total where the supplier is owed it.",
    ),
    "TaxOnTopIncluded": Entry(
        Family.REJECTED,
        "A tax that is said to be included in the rates is a percentage of one that comes on top of them.",
        "Include the other one too, or state this one on top.",
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
    "OverBilled": Entry(
        Family.REJECTED,
        "More would be billed than was received or delivered.",
        "Correct the quantity or the reference, or raise the company's over_billing_allowance.",
    ),
    "OverReceived": Entry(
        Family.REJECTED,
        "More would be received than was ordered, or billed before.",
        "Correct the quantity or the reference, or raise the company's over_delivery_receipt_allowance.",
    ),
    "OverDelivered": Entry(
        Family.REJECTED,
        "More would be delivered than was ordered.",
        "Correct the quantity or the reference, or raise the company's over_delivery_receipt_allowance.",
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
    "LinkedDocuments": Entry(
        Family.REJECTED,
        "Live documents depend on the one to cancel.",
        "Cancel those that the message names first.",
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
    "AlreadyCancelled": Entry(
        Family.REJECTED,
        "The document to cancel is cancelled already, or is a cancel itself.",
        "Publish the document anew under a new number where it is wanted again.",
    ),
    "AccountTransferStands": Entry(
        Family.REJECTED,
        "The document to cancel moved stock to the accounts that its warehouses have.",
        "Map the warehouses back; the stock follows.",
    ),
    "HasDependents": Entry(
        Family.REJECTED,
        "Later documents depend on the one to cancel; the message names them.",
        "Cancel those first.",
    ),
    "NothingToCharge": Entry(
        Family.REJECTED,
        "A landed cost voucher finds no line that it could charge.",
        "Name receipts that brought stock, or the lines and amounts.",
    ),
    "NoAmountToShareBy": Entry(
        Family.REJECTED,
        "Landed costs are to be shared by amount over lines that come to nothing.",
        "Share them by quantity, or state each line's share.",
    ),
    "ReceiptMissing": Entry(
        Family.REJECTED,
        "A landed cost voucher names a line without saying of which receipt.",
        "State the receipt's number with the line.",
    ),
}
