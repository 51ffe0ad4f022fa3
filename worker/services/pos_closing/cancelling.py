"""Cancel a closing: what it made is taken back, its sales and its sessions are open again."""

from __future__ import annotations

from collections import Counter
from functools import partial

from domain import accounting_period
from domain.books import PostedVoucher, Posting
from domain.documents import Cancel
from domain.documents import cancel as cancelling
from domain.documents.plan import Head, Plan
from domain.documents.shape import DocumentRef
from domain.posting import post_planned
from domain.posting_time import from_instant
from domain.stock_ledger import Chain
from domain.sync_gate import require_in_sync
from worker.messages import encode
from worker.services.pos_closing.desk import LaneDesk
from worker.services.pos_closing.recounts import put_right
from worker.store.intake.generated import Made, file_documents, free_numbers
from worker.store.pos.closings import invoices_of_closing
from worker.store.pos.sales import Sales, reopen_sales
from worker.store.pos.sessions import reopen_sessions

_LONGEST_STEM = 120


def cancel_closing(desk: LaneDesk, sequence: int, document: Cancel, now: int) -> list[int]:
    """Cancel a closing that may be cancelled; gives the sequences of the sales that are open again.

    Errors: DocumentRejected, naming what depends on an invoice of the closing: then nothing has changed; those of PostgreSQL.
    """
    desk.flush()
    books, view = desk.books, desk.books.view
    closing = desk.answers.answered(lambda: cancelling.target_of(document, books))
    accounting_period.require_open(closing.date, closing.type, view.periods, view.frozen_upto)
    numbers = invoices_of_closing(desk.connection, desk.company, closing.sequence)
    _require_free(desk, numbers)
    accounts = {movement.account for number in numbers for movement in _invoice(desk, number).movements}
    warned = Plan()
    desk.answers.answered(lambda: require_in_sync(warned, accounts, books))
    sequences, goods, earliest = [], Counter[Chain](), None
    for sale in Sales.of_closing(desk.company, closing.sequence).read(desk.connection):
        sequences.append(sale.sequence)
        earliest = sale.receipt.at if earliest is None else min(earliest, sale.receipt.at)
        for chain, qty in sale.receipt.goods:
            goods[chain] += qty
    desk.answers.answered(lambda: books.require_reserved(goods))
    at = document.posting_datetime.at(view.zone)[0] if document.posting_datetime else now
    # Whatever refuses a cancel all the same takes back that sales are open again, and that it was filed: nobody else may post it. Filing
    # comes last, since nothing can be accepted from then on until the batch is committed.
    with desk.connection.transaction():
        reopen_sales(desk.connection, desk.company, closing.sequence)
        reopen_sessions(desk.connection, desk.company, closing.sequence)
        for place, one in enumerate(_cancels(desk, document, numbers)):
            desk.post(partial(_reverse, desk, one[0], one[1], at, Plan()), one[1], first=place == 0)
        desk.post(partial(_reverse, desk, sequence, document, at, warned), document, first=not numbers)
    books.reserve(goods.items(), 1)
    desk.tills.touch(goods)
    desk.tills.forget_sessions()
    put_right(desk, earliest)
    return sequences


def _require_free(desk: LaneDesk, numbers: list[str]) -> None:
    """Nothing but the closing's own credit notes may depend on its invoices. Errors: DocumentRejected."""
    invoices = [desk.answers.answered(partial(_invoice, desk, number)) for number in numbers]
    own = {invoice.sequence for invoice in invoices}
    for invoice in invoices:
        invoice.links = [link for link in invoice.links if link.voucher not in own]
        cancelling.require_free(invoice)


def _invoice(desk: LaneDesk, number: str) -> PostedVoucher:
    invoice = desk.books.voucher("sales_invoice", number)
    assert invoice is not None  # noqa: S101 - the store says that the closing posted it
    return invoice


def _cancels(desk: LaneDesk, document: Cancel, numbers: list[str]) -> list[tuple[int, Cancel]]:
    """A cancel for each invoice, the last one first, filed in the company's order."""
    own = free_numbers(desk.connection, desk.company, "cancel", document.number[:_LONGEST_STEM], len(numbers))
    made = [
        Cancel(
            company=document.company,
            number=number,
            posting_datetime=document.posting_datetime,
            target=DocumentRef(type="sales_invoice", number=target),
            reason=document.reason,
        )
        for number, target in zip(own, reversed(numbers), strict=True)
    ]
    filed = [Made("cancel", one.number, encode(one)) for one in made]
    sequences = file_documents(desk.connection, desk.company, filed, desk.lane.now) if filed else []
    return list(zip(sequences, made, strict=True))


def _reverse(desk: LaneDesk, sequence: int, document: Cancel, at: int, warned: Plan) -> Posting:
    books, view = desk.books, desk.books.view
    target = books.voucher(document.target.type or "", document.target.number)
    assert target is not None  # noqa: S101 - it was found before
    day = from_instant(at).astimezone(view.zone).date()
    head = Head(sequence, "cancel", document.number, at, day, view, view.cost_center, "")
    planned = cancelling.plan(document, head, target, books)
    planned.figures |= warned.figures
    return post_planned(head, planned, books)
