"""Posting: one document folded into two ledgers.

`post` decides in a fixed order. First everything that can go wrong: masters, periods, references, quantities at the posting instant
and at every later moment, a rate for what leaves. Then what can't: the movements are valued one after the other, in the
order of the voucher, and both ledgers are written from the same amounts. A refused document has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from domain import accounting_period
from domain.books import Books, Posting
from domain.checks import check
from domain.documents import (
    AnyDocument,
    Cancel,
    PosInvoice,
    cancel,
    delivery_note,
    journal_entry,
    landed_cost_voucher,
    orders,
    payment_entry,
    period_closing,
    pos,
    purchase_invoice,
    purchase_receipt,
    sales_invoice,
    stock_entry,
    stock_reconciliation,
)
from domain.documents.completeness import require_complete
from domain.documents.plan import Head, Plan, type_of
from domain.documents.shape import Line
from domain.errors import DocumentRejected
from domain.folding import fold, without_rows
from domain.magnitudes import require_room
from domain.posting_time import from_instant
from domain.stock_ledger import Chain
from domain.sync_gate import drift_of, named_by_hand, pass_gate

Planner = Callable[..., Plan]

_PLANNERS: dict[str, Planner] = {
    "purchase_receipt": purchase_receipt.plan,
    "purchase_invoice": purchase_invoice.plan,
    "delivery_note": delivery_note.plan,
    "sales_invoice": sales_invoice.plan,
    "stock_entry": stock_entry.plan,
    "stock_reconciliation": stock_reconciliation.plan,
    "landed_cost_voucher": landed_cost_voucher.plan,
    "journal_entry": journal_entry.plan,
    "payment_entry": payment_entry.plan,
    "period_closing": period_closing.plan,
    "purchase_order": orders.plan,
    "sales_order": orders.plan,
    "pos_opening": pos.plan_opening,
    "pos_invoice": pos.plan,
}
# A sale at a till is kept under its event's own time and enters the ledgers at the closing, whose period then counts.
_WITHOUT_PERIOD = frozenset({"pos_opening", "pos_invoice"})


def post(sequence: int, document: AnyDocument, books: Books, *, now: int) -> Posting:
    """Decide one document and advance the books' balances by it.

    `sequence` is its place in the company's order of acceptance, `now` the instant of the decision (a cancel's own time).
    Errors: DocumentRejected, DocumentParked; Lacking where something must be loaded first. None of them changes anything.
    """
    view = books.view
    if isinstance(document, Cancel):
        head, plan = _plan_cancel(sequence, document, books, now)
    else:
        head = Head.of(sequence, document, view)
        if head.type not in _WITHOUT_PERIOD:
            accounting_period.require_open(head.date, head.type, view.periods, view.frozen_upto)
            _require_open_cut_over(head)
        plan = _PLANNERS[head.type](document, head, books)
        require_complete(plan, head)
        if plan.is_without_rows:
            # A sale at a till, an order: nothing to value, and no account that it could part from its stock.
            require_room(plan, view.currency, 0)
            return without_rows(head, plan)
    by_hand = named_by_hand(head, plan)
    mends = pass_gate(document, head, plan, books, by_hand)
    posting = _folded(head, plan, books, by_hand)
    posting.mends = mends
    return posting


def post_planned(head: Head, plan: Plan, books: Books) -> Posting:
    """Check a plan and fold it into the books: for documents that the system makes itself. Errors: DocumentRejected, Lacking."""
    return _folded(head, plan, books, named_by_hand(head, plan))


def _folded(head: Head, plan: Plan, books: Books, by_hand: set[str]) -> Posting:
    posting = fold(check(head, plan, books))
    if by_hand or head.type == "cancel":
        posting.drift = drift_of(posting, plan, head.view)
    return posting


def compute(document: AnyDocument, books: Books) -> dict[str, object]:
    """The figures of a document without posting it. Errors: as `post`."""
    if isinstance(document, stock_entry.StockEntry):
        return stock_entry.figures(document, books.view)
    if isinstance(document, PosInvoice) and not document.payments:
        return pos.unpaid_figures(document, books.view)
    head = Head.of(0, document, books.view)
    return _PLANNERS[head.type](document, head, books).figures


def apply(posting: Posting, document: AnyDocument, books: Books) -> None:
    """Let later documents of the batch see a posting: its voucher is known, and what it changed elsewhere is forgotten."""
    books.remember(posting, document)


def _require_open_cut_over(head: Head) -> None:
    """A document dated before the cut-over changes the opening entry as well, so that one's day must be open too.

    Errors: DocumentRejected.
    """
    view, cut_over = head.view, head.view.cut_over
    if cut_over is None or head.date >= cut_over.day:
        return
    try:
        accounting_period.require_open(cut_over.day, "", view.periods, view.frozen_upto)
    except DocumentRejected as closed:
        raise DocumentRejected(
            closed.code,
            f"{head.date} lies before the company's cut-over to perpetual inventory, whose opening entry it would change. "
            f"{closed.message}",
            closed.field,
            closed.details,
        ) from closed


def _plan_cancel(sequence: int, document: Cancel, books: Books, now: int) -> tuple[Head, Plan]:
    target = cancel.target_of(document, books)
    view = books.view
    at = document.posting_datetime.at(view.zone)[0] if document.posting_datetime else now
    day = from_instant(at).astimezone(view.zone).date()
    head = Head(sequence, "cancel", document.number, at, day, view, view.cost_center, "")
    plan = cancel.plan(document, head, target, books)
    return head, plan


class Needs(NamedTuple):
    """What a document will ask for: chains, referred vouchers (type, number), and how much leaves which chain (millionths)."""

    chains: list[Chain]
    vouchers: list[tuple[str, str]]
    leaving: list[tuple[Chain, int]]


def needs(document: AnyDocument, books: Books) -> Needs:
    """What a document will ask for, as far as can be told cheaply; `post` names the rest."""
    if isinstance(document, PosInvoice):
        original = document.return_against
        return Needs(pos.till_chains(document, books.view), [("pos_invoice", original)] if original else [], [])
    chains: list[Chain] = []
    vouchers: list[tuple[str, str]] = []
    leaving: list[tuple[Chain, int]] = []
    sells = isinstance(document, delivery_note.DeliveryNote) or (
        isinstance(document, sales_invoice.SalesInvoice) and document.update_stock
    )
    lines: Sequence[Any] = getattr(document, "lines", ())
    kind: type[Line] = type(lines[0]) if lines else Line
    places, references = _asks(kind)
    for line in lines if places else ():
        part = line.batch or ""
        for name in places:
            warehouse = getattr(line, name)
            if warehouse:
                chains.append(chain := Chain(line.item, warehouse, part))
                if sells or name == "source":
                    leaving.append((chain, line.qty or 0))
        for name, type_ in references:
            ref = getattr(line, name)
            if ref is not None:
                vouchers.append((type_, ref if isinstance(ref, str) else ref.number))
    against = getattr(document, "return_against", None)
    if against:
        vouchers.append((type_of(document), against))
    if isinstance(document, Cancel):
        vouchers.append((document.target.type or "", document.target.number))
    vouchers += [("purchase_receipt", number) for number in getattr(document, "receipts", ())]
    vouchers += [(settlement.type, settlement.number) for settlement in getattr(document, "against", ())]
    return Needs(chains, vouchers, leaving)


@cache
def _asks(kind: type[Line]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Which fields of this kind of line name a warehouse, and which refer to another document."""
    fields = kind.__struct_fields__
    if "item" not in fields:
        return (), ()
    places = tuple(name for name in ("warehouse", "source", "target") if name in fields)
    return places, tuple((name, type_) for name, type_ in _REFERENCES if name in fields)


_REFERENCES = (
    ("against_receipt", "purchase_receipt"),
    ("against_delivery", "delivery_note"),
    ("against_invoice", "purchase_invoice"),
)
