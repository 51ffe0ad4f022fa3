"""Which sales a closing takes up, and which of them it has to set aside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from domain.books import Lacking
from domain.checks import least_from
from domain.documents import PosClosing
from domain.documents.plan import Head
from domain.errors import DocumentParked, DocumentRejected
from domain.master_view import MasterView
from domain.pos_consolidation import Origin, Sale, key_digest, place, unsound, without_cost
from domain.quantity import show_quantity
from domain.stock_ledger import Chain
from worker.services.pos_closing.desk import LaneDesk
from worker.store.pos_sales import Named, Waiting, named_sales, sales_by_sequence, waiting_sales
from worker.store.pos_sessions import Session, open_sessions, session_of_opening

_LAST = 2**62  # after every document of the same instant


@dataclass(slots=True)
class Chosen:
    """Sales in waves that stock allows, those set aside with their reasons, and the sessions that end.

    `origins`: where goods that come back had left, for (sequence, line from 0). `texts` are the receipts as stored, by sequence.
    """

    sessions: list[Session]
    waves: list[list[Sale]] = field(default_factory=list)
    aside: dict[int, dict[str, object]] = field(default_factory=dict)
    origins: dict[tuple[int, int], Origin] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)


def choose(desk: LaneDesk, closing: PosClosing, head: Head) -> Chosen:
    """Find the sales of a closing and sort them. Errors: DocumentRejected, DocumentParked; those of PostgreSQL."""
    sessions = _sessions(desk, closing)
    waiting = _waiting(desk, closing, head, sessions)
    chosen = Chosen(sessions if closing.invoices == "all_open" else [])
    chosen.texts = {sale.sequence: text for sale, text in zip(waiting.sales, waiting.texts, strict=True)}
    for trouble in desk.answers.answered(lambda: unsound(waiting.sales, head.view)):
        chosen.aside[trouble.sale.sequence] = trouble.reason.as_outcome()
    sound = [sale for sale in waiting.sales if sale.sequence not in chosen.aside]
    stock = desk.answers.answered(lambda: _stock(desk, sound, head))
    for trouble in without_cost(sound, desk.books.balances, head.view):
        chosen.aside[trouble.sale.sequence] = trouble.reason.as_outcome()
    sound = [sale for sale in sound if sale.sequence not in chosen.aside]
    here = {sale.receipt.number for sale in sound}
    placed = [sale for sale in sound if _find_origins(desk, closing, sale, here, chosen)]
    placement = place(placed, stock)
    chosen.waves = placement.waves
    for short in placement.short:
        chosen.aside[short.sale.sequence] = _short(short.sale, short.chain, short.missing, head.view)
    return chosen


def _sessions(desk: LaneDesk, closing: PosClosing) -> list[Session]:
    if closing.opening is None:
        found = open_sessions(desk.connection, desk.company, closing.pos_profile)
        return [session for session in found if closing.user in (None, session.user)]
    session = session_of_opening(desk.connection, desk.company, closing.pos_profile, closing.opening)
    if session is None:
        raise DocumentParked(
            "UnknownDocument",
            f"opening: {closing.opening} has not opened {closing.pos_profile}. The closing takes effect once it has.",
            (f"voucher:pos_opening:{closing.opening}",),
            "opening",
        )
    if session.status != "open":
        raise DocumentRejected(
            "OpeningNotOpen",
            f"opening: {closing.opening} is closed already. Name the opening that is open, or leave it out.",
            "opening",
        )
    return [session]


def _waiting(desk: LaneDesk, closing: PosClosing, head: Head, sessions: list[Session]) -> Waiting:
    if closing.invoices == "all_open":
        session = sessions[0] if closing.opening is not None else None
        user = session.user if session is not None else closing.user
        return waiting_sales(
            desk.connection, desk.company, closing.pos_profile, user,
            session=session.id if session is not None else None, upto=head.at,
        )  # fmt: skip
    numbers = closing.invoices
    twice = next((number for number, times in Counter(numbers).items() if times > 1), None)
    if twice is not None:
        raise DocumentRejected("DuplicatePosInvoice", f"invoices: {twice} is named twice. Name it once.", "invoices")
    known = named_sales(desk.connection, desk.company, numbers)
    return sales_by_sequence(desk.connection, desk.company, [_named(known, number, closing) for number in numbers])


def _named(known: dict[str, Named], number: str, closing: PosClosing) -> int:
    """The sequence of a sale that a closing names. Errors: parked while it is unknown, rejected where it can't be taken up."""
    sale = known.get(number)
    if sale is None:
        raise DocumentParked(
            "UnknownDocument",
            f"invoices: the sale {number} is not decided. The closing takes effect once it is.",
            (f"voucher:pos_invoice:{number}",),
            "invoices",
        )
    if sale.status == "consolidated":
        raise DocumentRejected(
            "ConsolidatedDocument", f"invoices: {number} is consolidated already. Leave it out.", "invoices"
        )
    if (
        sale.status == "cancelled"
        or sale.profile != closing.pos_profile
        or (closing.user is not None and sale.user != closing.user)
    ):
        raise DocumentRejected(
            "NotOfThisTill",
            f"invoices: {number} is {'cancelled' if sale.status == 'cancelled' else f'of {sale.profile} {sale.user}'.strip()}. "
            "Name sales of this till that are open, or all_open.",
            "invoices",
        )
    return sale.sequence


def _find_origins(desk: LaneDesk, closing: PosClosing, sale: Sale, here: set[str], chosen: Chosen) -> bool:
    """Where the goods of a return had left, if an earlier closing took them there; False where the original waits elsewhere.

    Errors: DocumentRejected where the closing names its sales and could have named the original, which is open.
    """
    receipt = sale.receipt
    if not receipt.returns_of or receipt.returns_of in here:
        return True
    original = desk.answers.answered(lambda: desk.books.voucher("pos_invoice", receipt.returns_of))
    if original is None or original.sale is None or original.sale.status != "consolidated":
        waits = original is not None and original.sale is not None and original.sale.status == "open"
        if waits and closing.invoices != "all_open" and receipt.returns_of not in closing.invoices:
            raise DocumentRejected(
                "OriginalNotConsolidated",
                f"invoices: {receipt.number} takes goods of {receipt.returns_of} back, which is open still and not named. Name it too, or "
                "leave the return to a later closing.",
                "invoices",
                {"return": receipt.number, "original": receipt.returns_of},
            )
        chosen.aside[sale.sequence] = DocumentRejected(
            "OriginalNotConsolidated",
            f"return_against: {receipt.returns_of} is neither consolidated nor in this closing. It is taken up by the closing after "
            "the one that consolidates it.",
            "return_against",
        ).as_outcome()
        return False
    into, sold = original.sale.consolidated_into, original.sale.receipt
    invoice = desk.answers.answered(lambda: desk.books.voucher("sales_invoice", into))
    keys = invoice.figures.get("line_keys") if invoice is not None else None
    places = {key: place for place, key in enumerate(keys, start=1)} if isinstance(keys, list) else {}
    for index, line in enumerate(receipt.lines):
        if line.returns and (at := places.get(key_digest(sold.lines[line.returns - 1].key))) is not None:
            chosen.origins[sale.sequence, index] = Origin(into, at)
    return True


def _stock(desk: LaneDesk, sales: list[Sale], head: Head) -> dict[Chain, int | None]:
    """What may be taken of each chain at the closing's time without leaving that or any later moment short. Errors: Lacking."""
    chains = dict.fromkeys(chain for sale in sales for chain, _ in sale.receipt.goods)
    missing = tuple(chain for chain in chains if chain not in desk.books.balances)
    if missing:
        raise Lacking(chains=missing)
    view, stock = head.view, dict[Chain, int | None]()
    for chain in chains:
        item = view.item(chain.item)
        least = None if view.allows_negative(item) else least_from(desk.books, chain, head.at, _LAST)
        stock[chain] = None if least is None else least + view.negligible_shortage(item)
    return stock


def _short(sale: Sale, chain: Chain | None, missing: int, view: MasterView) -> dict[str, object]:
    if chain is None:
        return DocumentRejected(
            "OriginalNotConsolidated",
            f"return_against: {sale.receipt.returns_of} was set aside in this closing, and so is its return.",
            "return_against",
        ).as_outcome()
    part = f" ({chain.part})" if chain.part else ""
    missing += view.negligible_shortage(view.item(chain.item))  # as much as stock was said to be more than it is
    return DocumentRejected(
        "InsufficientStock",
        f"{chain.item}{part} in {chain.warehouse} is short by {show_quantity(missing)} for this sale. Receive it, or count the stock; "
        "the next closing takes the sale up.",
        "lines",
        {"item": chain.item, "warehouse": chain.warehouse, "batch": chain.part, "short_by": show_quantity(missing)},
    ).as_outcome()
