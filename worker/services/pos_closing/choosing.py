"""Which sales a closing takes up, and which of them it has to set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.books import Lacking
from domain.checks import least_from
from domain.documents import PosClosing
from domain.documents.plan import Head
from domain.errors import DocumentParked, DocumentRejected
from domain.master_view import MasterView
from domain.masters import PosProfile
from domain.pos_consolidation import (
    Gathering,
    Origin,
    Sale,
    Sheet,
    key_digest,
    of_unknown_cost,
    place,
    without_cost,
)
from domain.pos_receipt import PosReceipt
from domain.quantity import show_quantity
from domain.stock_ledger import Chain
from worker.services.pos_closing.desk import LaneDesk
from worker.services.pos_tallying import require_tallied
from worker.store.pos.sales import Named, Sales, named_sales
from worker.store.pos.sessions import Session, open_sessions, session_of_opening
from worker.store.pos.sheets import Sheets

_LAST = 2**62  # after every document of the same instant


@dataclass(slots=True)
class Chosen:
    """Sales to consolidate, those set aside with their reasons, and the sessions that end.

    `plain` are tallies of sales that need no look of their own, `waves` the other ones as stock allows them, `originals` the receipts of
    plain ones that some of those come back of, by number. `origins`: where goods that come back had left before this closing, for
    (sequence, line from 0). `sheets` are those that were made ahead, and are of no use any more. `user` is whose sales the closing is
    about, None for everybody's; `named` the sales that it names, None where it takes up all that are open.
    """

    sessions: list[Session]
    plain: Sheet
    user: str | None
    named: list[int] | None
    waves: list[list[Sale]] = field(default_factory=list)
    originals: dict[str, PosReceipt] = field(default_factory=dict)
    aside: dict[int, dict[str, object]] = field(default_factory=dict)
    origins: dict[tuple[int, int], Origin] = field(default_factory=dict)
    sheets: Sheets | None = None

    @property
    def goods(self) -> list[tuple[Chain, int]]:
        """What all of them reserve, some chains several times."""
        return [*self.plain.goods] + [entry for wave in self.waves for sale in wave for entry in sale.receipt.goods]


def choose(desk: LaneDesk, closing: PosClosing, head: Head, profile: PosProfile) -> Chosen:
    """Find the sales of a closing and sort them. Errors: DocumentRejected, DocumentParked; those of PostgreSQL."""
    sessions = _sessions(desk, closing)
    if closing.invoices == "all_open" and not desk.tallied:
        require_tallied(desk.connection, desk.company, profile)
    user = sessions[0].user if closing.opening is not None and closing.invoices == "all_open" else closing.user
    named = None if closing.invoices == "all_open" else _named_sales(desk, closing, closing.invoices)
    sales, sheets = _sales(desk, closing, head, sessions, user, named)
    gathered, stock, unknown = _gather(desk, head, profile, sales, sheets)
    chosen = Chosen(sessions if named is None else [], gathered.plain, user, named, sheets=sheets)
    for trouble in (*gathered.unsound, *without_cost(gathered.kept, unknown, head.view)):
        chosen.aside[trouble.sequence] = trouble.reason.as_outcome()
    kept = [sale for sale in gathered.kept if sale.sequence not in chosen.aside]
    _find_originals(desk, kept, chosen)
    here = {*chosen.originals, *(sale.receipt.number for sale in kept)}
    placement = place([sale for sale in kept if _find_origins(desk, closing, sale, here, chosen)], stock)
    chosen.waves = placement.waves
    for sale in (sale for wave in placement.waves for sale in wave):
        chosen.plain.sums.add(sale.receipt)
    for short in placement.short:
        chosen.aside[short.sale.sequence] = _short(short.sale, short.chain, short.missing, head.view)
    return chosen


def _gather(
    desk: LaneDesk, head: Head, profile: PosProfile, sales: Sales, sheets: Sheets | None
) -> tuple[Gathering, dict[Chain, int | None], set[Chain]]:
    """The sales as far as they need a look, what plain ones leave of each chain, and the chains of unknown cost.

    Sheets that were made ahead stand for their sales. Where stock is short or nothing tells a cost all of it is read a second time, and
    sales that take of such goods are kept.
    """
    watched = frozenset[Chain]()
    while True:
        gathered = Gathering(head.view, profile, watched)
        on_sheets = [
            number for number, sheet in (sheets.read(desk.connection) if sheets else ()) if gathered.take_sheet(sheet)
        ]
        for sale in sales.read(desk.connection, but_sheets=on_sheets):
            gathered.take(sale)
        gathered.kept.sort(key=lambda sale: (sale.receipt.at, sale.sequence))
        taken = gathered.taken
        stock = desk.answers.answered(lambda: _stock(desk, taken, head))  # noqa: B023 - asked at once
        unknown = of_unknown_cost(taken, desk.books.balances, head.view)
        wanted = _wanted(gathered)
        troubled = {
            chain
            for chain, qty in taken.items()
            if qty and (chain in unknown or ((there := stock[chain]) is not None and qty + wanted[chain] > there))
        }
        if not troubled:
            left = {chain: None if there is None else there - taken[chain] for chain, there in stock.items()}
            return gathered, left, unknown
        watched |= troubled


def _wanted(gathered: Gathering) -> Counter[Chain]:
    """What kept sales take of each chain."""
    wanted = Counter[Chain]()
    for sale in gathered.kept:
        for chain, qty in sale.receipt.goods:
            wanted[chain] += max(qty, 0)
    return wanted


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


def _sales(
    desk: LaneDesk, closing: PosClosing, head: Head, sessions: list[Session], user: str | None, named: list[int] | None
) -> tuple[Sales, Sheets | None]:
    """Which sales the closing is about, and the sheets that some of them are on."""
    if named is not None:
        return Sales.by_sequence(desk.company, named), None
    session = sessions[0].id if closing.opening is not None else None
    until = closing.sales_until.at(head.view.zone)[0] if closing.sales_until is not None else head.at
    return (
        Sales.waiting(desk.company, closing.pos_profile, user, session=session, upto=until),
        Sheets(desk.company, closing.pos_profile, user, session, until),
    )


def _named_sales(desk: LaneDesk, closing: PosClosing, numbers: list[str]) -> list[int]:
    """The sequences of the sales that a closing names. Errors: DocumentParked, DocumentRejected."""
    twice = next((number for number, times in Counter(numbers).items() if times > 1), None)
    if twice is not None:
        raise DocumentRejected("DuplicatePosInvoice", f"invoices: {twice} is named twice. Name it once.", "invoices")
    known = named_sales(desk.connection, desk.company, numbers)
    return [_named(known, number, closing) for number in numbers]


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


def _find_originals(desk: LaneDesk, kept: list[Sale], chosen: Chosen) -> None:
    """Bring the plain sales of this closing that some of the others come back of."""
    numbers = {sale.receipt.returns_of for sale in kept if sale.receipt.returns_of}
    if not numbers:
        return
    desk.answers.load_vouchers(("pos_invoice", number) for number in sorted(numbers))
    receipts = {}
    for number in numbers:
        original = desk.books.voucher("pos_invoice", number)
        if original is not None and original.sale is not None:
            receipts[original.sequence] = original.sale.receipt
    taken_up = {sequence for sequence in chosen.plain.sequences if sequence in receipts}
    chosen.originals = {receipts[sequence].number: receipts[sequence] for sequence in sorted(taken_up)}


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
    places: dict[str, int] = {}
    for at_line, key in enumerate(keys if isinstance(keys, list) else (), start=1):
        # What others brought back may have a line of the same key: it stands behind what was sold.
        places.setdefault(key, at_line)
    for index, line in enumerate(receipt.lines):
        if line.returns and (at := places.get(key_digest(sold.lines[line.returns - 1].key))) is not None:
            chosen.origins[sale.sequence, index] = Origin(into, at)
    return True


def _stock(desk: LaneDesk, chains: Iterable[Chain], head: Head) -> dict[Chain, int | None]:
    """What may be taken of each chain at the closing's time without leaving that or any later moment short. Errors: Lacking."""
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
