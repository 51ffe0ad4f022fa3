"""Close a till: its sales become sales invoices, in one transaction under the company's lane.

Everything is decided before anything is written: which sales stock allows, what they sum to, which documents that makes. Then the
sales are claimed and the whole is certified; last the documents are filed and posted, and the drawer is compared. A crash at any
point leaves nothing behind, and the closing is decided again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from domain import accounting_period
from domain.books import Posting
from domain.documents import PosClosing, SalesInvoice
from domain.documents.plan import Head
from domain.documents.pos import profile_of
from domain.masters import PosProfile
from domain.pos_consolidation import (
    Certificate,
    Consolidated,
    Group,
    Origin,
    as_invoice,
    certify,
    figures_of,
    group,
    merge,
    plan_invoice,
    require_accounts,
    tally_of,
)
from domain.pos_receipt import LineKey, PosReceipt
from domain.posting import post_planned
from domain.sync_gate import require_in_sync
from worker.messages import encode
from worker.services.pos_closing.choosing import Chosen, choose
from worker.services.pos_closing.desk import LaneDesk
from worker.services.pos_closing.drawer import count_drawer
from worker.services.pos_closing.recounts import put_right
from worker.store.intake.generated import Made, file_documents, free_numbers
from worker.store.pos.closings import store_certificate
from worker.store.pos.sales import consolidate_sales, earliest_waiting, quarantine_sales, root_of_closing
from worker.store.pos.sessions import end_sessions

# For each sale by number: the document it went into, the document's lines (from 1), and its receipt.
LeftThrough = dict[str, tuple[str, dict[LineKey, int], PosReceipt]]

_LONGEST_STEM = 120  # leaves room for what makes a generated number its own


@dataclass(slots=True)
class _Document:
    made: Consolidated
    invoice: SalesInvoice
    figures: dict[str, object]


def close(desk: LaneDesk, sequence: int, closing: PosClosing) -> list[int]:
    """Decide and write a closing; gives the sequences of the sales that it consolidated or set aside.

    Errors: DocumentRejected, DocumentParked: then nothing has changed; those of PostgreSQL.
    """
    view = desk.books.view
    head = Head.of(sequence, closing, view)
    for type_ in ("pos_closing", "sales_invoice"):
        accounting_period.require_open(head.date, type_, view.periods, view.frozen_upto)
    profile = profile_of(view, closing.pos_profile)
    desk.flush()
    since = earliest_waiting(desk.connection, desk.company, closing.pos_profile)
    put_right(desk, since, until=head.at, fallback=head.at)
    desk.flush()
    chosen = choose(desk, closing, head, profile)
    documents = _merged(desk, closing, profile, chosen)
    goods = chosen.goods
    drawer = count_drawer(desk, closing, head, chosen, [document.made for document in documents])
    desk.answers.answered(lambda: desk.books.require_reserved(dict.fromkeys(chain for chain, _ in goods)))
    accounts = {view.stock_account(warehouse) for warehouse in {chain.warehouse for chain, _ in goods}}
    desk.answers.answered(lambda: require_in_sync(drawer.plan, accounts, desk.books))
    for document in documents:
        require_accounts(document.made, head)
    drawer.plan.figures |= _figures(head, profile, chosen, documents) | {"drawer": drawer.figures}
    # Whatever refuses an invoice all the same takes back that sales were claimed, and that it was filed: nobody else may post it.
    with desk.connection.transaction():
        _claim(desk, closing, sequence, chosen, documents)
        drawer.note(desk, sequence)
        _post(desk, head, profile, documents)
        desk.post(lambda: post_planned(head, drawer.plan, desk.books), closing, first=not documents)
    desk.books.reserve(goods, -1)
    desk.tills.touch(chain for chain, _ in goods)
    desk.tills.forget_sessions()
    put_right(desk, None if since is None else max(since, head.at))
    return [*(sale for document in documents for sale in document.made.tally.sequences), *chosen.aside]


def _claim(desk: LaneDesk, closing: PosClosing, sequence: int, chosen: Chosen, documents: list[_Document]) -> None:
    """Mark the sales, end the sessions and certify all of it: what takes longer the more was sold.

    It comes before anything is filed, because nothing can be accepted from the filing on, in any company, until the batch is committed.
    """
    connection, company = desk.connection, desk.company
    into = ((document.invoice.number, document.made.tally.sequences) for document in documents)
    consolidate_sales(connection, company, sequence, into)
    quarantine_sales(connection, company, chosen.aside)
    end_sessions(connection, company, [session.id for session in chosen.sessions], sequence)
    if chosen.sheets is not None:
        chosen.sheets.drop(connection)
    store_certificate(connection, company, sequence, _certificate(desk, closing, sequence, chosen, documents))


def _merged(desk: LaneDesk, closing: PosClosing, profile: PosProfile, chosen: Chosen) -> list[_Document]:
    """The documents of a closing, unposted; each knows the numbers of those before it, through which goods had left."""
    groups = group(chosen.waves, profile, chosen.plain.tallies)
    stem = closing.number[:_LONGEST_STEM]
    numbers = free_numbers(desk.connection, desk.company, "sales_invoice", stem, len(groups))
    currency = desk.books.view.currency
    left_through: LeftThrough = {}
    documents = []
    for one, number in zip(groups, numbers, strict=True):
        originals = _originals(one, chosen, profile)
        origins = chosen.origins | _origins(one, left_through)
        made = merge(one.customer, one.is_return, one.sales, origins, one.plain, originals)
        documents.append(
            _Document(made, as_invoice(made, number, closing, currency), figures_of(made, closing, currency))
        )
        # Backwards, since what others brought back may have a line of the same key: it stands behind what was sold.
        lines = {made.lines[place].key: place + 1 for place in reversed(range(len(made.lines)))}
        here = originals | {sale.receipt.number: sale.receipt for sale in one.sales}
        left_through |= {sale: (number, lines, receipt) for sale, receipt in here.items()}
    return documents


def _originals(one: Group, chosen: Chosen, profile: PosProfile) -> dict[str, PosReceipt]:
    """Receipts of a document's plain sales that something comes back of."""
    if one.plain is None:
        return {}
    names = {name for name, tally in chosen.plain.tallies.items() if tally is one.plain}
    return {number: receipt for number, receipt in chosen.originals.items() if tally_of(receipt, profile) in names}


def _origins(one: Group, left_through: LeftThrough) -> dict[tuple[int, int], Origin]:
    """Lines of earlier documents of this closing that goods of this one had left through."""
    found = {}
    for sale in one.sales:
        if sale.receipt.returns_of not in left_through:
            continue
        number, lines, original = left_through[sale.receipt.returns_of]
        for index, line in enumerate(sale.receipt.lines):
            place = lines.get(original.lines[line.returns - 1].key) if line.returns else None
            if place is not None:
                found[sale.sequence, index] = Origin(number, place)
    return found


def _post(desk: LaneDesk, head: Head, profile: PosProfile, documents: list[_Document]) -> None:
    """File the documents, so that they have a place in the company's order, and post them one after the other."""
    view = desk.books.view
    made = [Made("sales_invoice", document.invoice.number, encode(document.invoice)) for document in documents]
    sequences = file_documents(desk.connection, desk.company, made, desk.lane.now) if made else []
    for place, (document, sequence) in enumerate(zip(documents, sequences, strict=True)):
        own = Head(
            sequence, "sales_invoice", document.invoice.number, head.at, head.date, view,
            profile.cost_center or head.cost_center, "",
        )  # fmt: skip
        desk.post(partial(_decide, desk, own, document), document.invoice, first=place == 0)


def _decide(desk: LaneDesk, head: Head, document: _Document) -> Posting:
    plan = plan_invoice(document.made, document.invoice, head, desk.books)
    plan.figures = document.figures
    return post_planned(head, plan, desk.books)


def _figures(head: Head, profile: PosProfile, chosen: Chosen, documents: list[_Document]) -> dict[str, object]:
    show = head.view.currency.show
    return {
        "invoices": [document.invoice.number for document in documents],
        "sales": sum(document.made.sales for document in documents),
        "quarantined": len(chosen.aside),
        "net_total": show(sum(document.made.tally.net for document in documents)),
        "grand_total": show(sum(document.made.tally.grand for document in documents)),
        "rounded_total": show(sum(document.made.tally.total for document in documents)),
        "paid_amount": show(sum(sum(document.made.payments.values()) for document in documents)),
        "profile": profile.name,
    }


def _certificate(
    desk: LaneDesk, closing: PosClosing, sequence: int, chosen: Chosen, documents: list[_Document]
) -> Certificate:
    return certify(
        closing.number,
        root_of_closing(desk.connection, desk.company, sequence),
        chosen.plain.sums,
        ((document.invoice, document.figures) for document in documents),
        desk.books.view.currency,
    )
