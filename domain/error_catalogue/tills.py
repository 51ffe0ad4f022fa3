"""Points of sale."""

from __future__ import annotations

from domain.error_catalogue.entry import Entry, Family

TILLS: dict[str, Entry] = {
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
    "OpeningNotOpen": Entry(
        Family.REJECTED,
        "The POS opening is not open.",
        "Open the till, or name the opening that is.",
    ),
    "PaymentRequired": Entry(
        Family.REJECTED,
        "A POS sale, or an invoice that is paid at once, has no payment.",
        "State at least one payment.",
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
}
