"""Cancel: takes a posted document back, at that document's own posting time."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec.structs import replace

from domain.books import Books, Link, PostedVoucher
from domain.documents import purchase_invoice, purchase_receipt, purchase_return
from domain.documents.landed_cost_voucher import LandedCostVoucher
from domain.documents.plan import Head, Plan
from domain.documents.purchase_invoice import PurchaseInvoice
from domain.documents.purchase_receipt import PurchaseReceipt
from domain.documents.references import reference
from domain.documents.shape import Document, DocumentRef
from domain.documents.stock_entry import StockEntry
from domain.documents.unbilled import read_back
from domain.errors import DocumentParked, DocumentRejected
from domain.general_ledger import Entry
from domain.posting_time import PostingTime
from domain.shape import Prose
from domain.stock_ledger import Basis, DifferenceKind, Movement


class Cancel(Document, tag="cancel", kw_only=True):
    """A reversal of another document; its own time is when it was asked for."""

    target: DocumentRef
    reason: Prose | None = None
    posting_datetime: PostingTime | msgspec.UnsetType = msgspec.UNSET  # type: ignore[assignment]


# What keeps a document from being cancelled, in words.
_DEPENDENTS = {
    "bills": "is billed by",
    "returns": "has goods returned by",
    "receives": "is received by",
    "recounts": "is put right by",
    "landed_cost": "carries the landed cost of",
    "pays": "is paid by",
    "consolidates": "is consolidated by",
}


def target_of(document: Cancel, books: Books) -> PostedVoucher:
    """The document to cancel. Errors: parked while it is unknown; rejected where cancelled already, a cancel, or depended on."""
    type_ = document.target.type or ""
    target = books.voucher(type_, document.target.number)
    if target is None:
        raise DocumentParked(
            "UnknownDocument",
            f"target: {type_.replace('_', ' ')} {document.target.number} is not posted. The cancel takes effect once it is.",
            (f"voucher:{type_}:{document.target.number}",),
            "target",
        )
    if target.cancelled_by or target.type == "cancel":
        reason = (
            "is cancelled already" if target.cancelled_by else "is a cancel itself; publish the document anew instead"
        )
        raise DocumentRejected("AlreadyCancelled", f"target: {target.number} {reason}.", "target")
    _require_not_consolidated(target)
    require_free(target)
    _require_no_refund(target, books)
    return target


def _require_not_consolidated(target: PostedVoucher) -> None:
    """What a closing has made, or taken up, is cancelled with the closing. Errors: DocumentRejected."""
    if target.sale is not None and target.sale.status == "consolidated":
        raise DocumentRejected(
            "ConsolidatedDocument",
            f"target: {target.number} is consolidated into {target.sale.consolidated_into}. Cancel the closing that did it; the "
            "sale is open again then and can be cancelled.",
            "target",
            {"consolidated_into": target.sale.consolidated_into},
        )
    if closing := target.figures.get("generated_by"):
        raise DocumentRejected(
            "LinkedToClosing",
            f"target: {target.number} was made by the closing {closing}. Cancel the closing.",
            "target",
            {"closing": closing},
        )
    if target.type == "pos_opening":
        raise DocumentRejected(
            "LinkedDocuments",
            f"target: {target.number} opened a till. Close the till instead; a closing without sales posts nothing.",
            "target",
        )


def require_free(target: PostedVoucher) -> None:
    """Nothing that stands may depend on what is cancelled. Errors: DocumentRejected naming the dependents."""
    if "cut_over" in target.figures:
        raise DocumentRejected(
            "OpeningEntryStands",
            f"target: {target.number} opened the stock accounts when the company went over to perpetual inventory. Take the "
            "migration back as a whole: perpetua migrate rollback.",
            "target",
        )
    if isinstance(target.document, StockEntry) and target.document.purpose == "account_transfer":
        raise DocumentRejected(
            "AccountTransferStands",
            f"target: {target.number} moved stock to the accounts that its warehouses have. Map the warehouses back instead, and "
            "the stock follows.",
            "target",
        )
    live = [link for link in target.links if link.kind in _DEPENDENTS]
    if live:
        named = sorted({f"{_DEPENDENTS[link.kind]} {link.named}" for link in live})
        raise DocumentRejected(
            "HasDependents",
            f"target: {target.number} {', '.join(named)}. Cancel those first.",
            "target",
            {"dependents": sorted({link.named for link in live})},
        )


def _require_no_refund(target: PostedVoucher, books: Books) -> None:
    """What was paid back on an invoice because goods came back depends on the return. Errors: DocumentRejected; Lacking."""
    number = getattr(target.document, "return_against", None)
    original = books.voucher(target.type, number) if number else None
    if original is None:
        return
    paid_to_us = 1 if original.type == "sales_invoice" else -1
    refunds = sorted(
        link.named
        for link in original.links
        if link.kind == "pays" and link.voucher > target.sequence and link.amount * paid_to_us < 0
    )
    if refunds:
        raise DocumentRejected(
            "HasDependents",
            f"target: {target.number} is the reason for {', '.join(refunds)}, which paid back what {original.number} was "
            "settled by. Cancel those first.",
            "target",
            {"dependents": refunds},
        )


def plan(document: Cancel, head: Head, target: PostedVoucher, books: Books) -> Plan:
    """Every movement and entry of the target taken back exactly, at the target's own place in time and where it was booked.

    Where that lies in a closed period, both ledgers take it back on the first open day not before the cancel's own.
    What the target itself corrected elsewhere (landed cost, rate differences) is taken back there, and what it kept of goods received
    but not billed with it. Errors: Lacking.
    """
    if target.caused:
        _load_corrected(target, books)
    view = head.view
    perpetual = view.follows_perpetual(target.sequence, target.at)
    day = view.effective_date(target.date, head.date, target.type)
    planned = Plan(
        place=(target.at, target.sequence),
        effect=day,
        not_before=day if day != target.date else None,
        figures={"reason": document.reason or "", "cancels": f"{target.type} {target.number}"},
    )
    planned.unbilled = [
        replace(one, amount=-one.amount, day=one.day if day == target.date else day)
        for one in read_back(target.figures, view)
        if not one.shared
    ]
    if target.sale is not None:
        planned.released = target.sale.receipt
        books.require_reserved([chain for chain, _ in target.sale.receipt.goods])
    for movement in reversed(target.movements):
        account = view.present_account(movement.chain.warehouse, movement.account)
        if perpetual:
            _take_from(account, movement, target, planned, day=day, cause=head.sequence)
        reversal = planned.move(
            head, movement.line, movement.chain, -movement.qty, Basis.REVERSED, account=account,
            contra=movement.contra, cost_center=movement.cost_center, dimensions=movement.dimensions,
            batch=movement.batch, source=movement.id, stated=-movement.value,
        )  # fmt: skip
        reversal.voucher, reversal.at, reversal.date = target.sequence, target.at, day
    for difference in target.caused:
        if difference.kind == DifferenceKind.RATE_DIFFERENCE:
            continue  # what bills add hangs on all of them, so it is worked out anew below
        planned.differences.append(replace(difference, amount=-difference.amount, document=head.sequence))
    # What the opening entry of a migration holds for the target changes by its movements, and by what it kept.
    opening = 0 if view.cut_over is None else view.cut_over.opening
    for entry in (*target.entries, *(e for e in target.elsewhere if e.voucher != opening)):
        planned.entries.append(
            replace(entry, amount=-entry.amount, currency_amount=-entry.currency_amount, cause=head.sequence, date=day)
        )
    _withdraw_shares(planned, head, target, books)
    planned.links.append(Link(head.sequence, 0, "reverses", target.sequence, 0))
    return planned


def _take_from(
    account: str, movement: Movement, target: PostedVoucher, planned: Plan, *, day: date, cause: int
) -> None:
    """Whatever accounts its rows were booked on, the goods' value lies in the one that their warehouse has now: it is taken from there."""
    later = target.remapped.get(movement.id, {})
    booked = {movement.account: movement.value - sum(later.values())} | later
    for name, amount in booked.items():
        if name == account or not amount:
            continue
        for side, value in ((name, amount), (account, -amount)):
            planned.entries.append(
                Entry(
                    voucher=target.sequence, account=side, amount=value, date=day,
                    dimensions=movement.dimensions, cause=cause,
                )
            )  # fmt: skip


def _withdraw_shares(planned: Plan, head: Head, target: PostedVoucher, books: Books) -> None:
    """What shared an amount with the target has another share without it. Errors: Lacking."""
    document = target.document
    if isinstance(document, PurchaseInvoice) and document.return_against and not document.update_stock:
        purchase_invoice.withdraw_note(planned, head, target, books)
    elif isinstance(document, PurchaseReceipt | PurchaseInvoice) and document.return_against:
        purchase_return.withdraw(planned, head, target, books)
    elif isinstance(document, PurchaseReceipt):
        purchase_receipt.withdraw(planned, head, target, books)
    elif isinstance(document, PurchaseInvoice):
        purchase_invoice.withdraw(planned, head, target, books)


def _load_corrected(target: PostedVoucher, books: Books) -> None:
    """Have the receipts at hand whose cost the target raised: taking that back asks how much they brought in."""
    if isinstance(target.document, LandedCostVoucher):
        for number in target.document.receipt_numbers():
            if books.voucher("purchase_receipt", number) is None:
                books.voucher("purchase_invoice", number)
    elif isinstance(target.document, PurchaseInvoice):
        for line in target.document.lines:
            ref = reference(line.against_receipt)
            if ref is not None:
                books.voucher("purchase_receipt", ref.number)
