"""Purchase return: goods go back to the supplier, at what is left of their own receipt; from an average, at what they cost.

The supplier's account and each charge account get back their share of the original; what stock gives up beyond or below that goes
to purchase price variance. Shares are cumulative in order of time, so that returning everything returns exactly the original.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from msgspec.structs import replace

from domain.books import Books, PostedVoucher
from domain.documents.amounts import compute
from domain.documents.bills_of_receipt import Added, BillsOfReceipt
from domain.documents.clearing import Clearance
from domain.documents.item_lines import Part, RejectingLine, parts, rejected_part, require_warehouse, stock_qty
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.provisional import Accrual
from domain.documents.purchase_costs import ChargeShare, LineCost, cost_of, line_costs
from domain.documents.receipts_of_bill import ReceiptsOfBill
from domain.documents.references import reference, referred_line, whole_qty
from domain.documents.returns import Returned, original_line, original_of
from domain.documents.shape import ItemLine, TradeDocument
from domain.documents.shares import Change, Sharer, cleared_by, entering, leaving, place_of, sharer, takers
from domain.documents.unbilled import line_of
from domain.entries import purchase_expense
from domain.exact import cumulative_share, share_given_back
from domain.master_view import MasterView
from domain.masters import Item
from domain.stock_ledger import Basis, Chain, Movement

if TYPE_CHECKING:
    from domain.documents.purchase_invoice import PurchaseInvoice
    from domain.documents.purchase_receipt import PurchaseReceipt

SUSPENSE = "stock_received_not_billed"  # the account role that receipts are booked against


def plan(document: TradeDocument, lines: Sequence[ItemLine], head: Head, books: Books, counter_role: str) -> Plan:
    """Goods out against purchase price variance, the original's shares from variance to where they came from.

    `counter_role` is the account role that the goods were received against; a bill (empty) credits variance by itself, with
    what the supplier grants. Errors: DocumentRejected, DocumentParked, Lacking.
    """
    view, planned = head.view, Plan()
    original = original_of(document, head, books)
    amounts = compute(document, lines, view, buying=True)
    shared = _Shared(original, head, counter_role, books) if original else None
    for index, line in enumerate(lines):
        field = f"lines[{index}]"
        item = view.item(line.item, f"{field}.item")
        share, back, before = LineCost(-amounts.nets_base[index], []), None, 0
        if shared:
            back = original_line(shared.original, line, index, view, books, planned)
            before, share = shared.take(planned, Sharer(document, index, head), back, books)
        if not item.is_stock_item:
            if back and counter_role:
                Accrual(back.original, back.place, head).give_back(planned, head, share.net)
            continue
        variance = view.role("purchase_price_variance")
        center = cost_center_of(head, line.cost_center, item)
        dimensions = dimensions_of(head, line.dimensions, document.dimensions, item)
        for part, source in _goods(view, line, item, back, field):
            movement = planned.move(
                head, index + 1, part.chain, part.qty, Basis.SENT_BACK if source else Basis.COST,
                account=view.stock_account(part.chain.warehouse, f"{field}.warehouse"), contra=variance,
                cost_center=center, dimensions=dimensions, batch=part.batch, source=source.id if source else 0,
            )  # fmt: skip
            if source and back and not part.chain.part:
                movement.stated = share_given_back(cost_of(back.original, source), before, -part.qty, source.qty)
        _give_back(planned, Sharer(document, index, head), head, share, counter_role, original)
    planned.figures = amounts.figures
    return planned


def withdraw(planned: Plan, head: Head, target: PostedVoucher, books: Books) -> None:
    """A return is cancelled: those behind it that return the same lines have other shares now. Errors: Lacking."""
    document: TradeDocument = target.document  # type: ignore[assignment]
    original = books.voucher(target.type, document.return_against or "")
    if original is None:
        return
    shared = _Shared(original, head, SUSPENSE if target.type == "purchase_receipt" else "", books)
    for line in cleared_by(target, original, "returns"):
        everyone = takers(original, line, "returns", head)
        for taker in everyone:
            if taker.place[1] == target.sequence and shared.counter_role:
                _take_back(planned, sharer(taker, head, books), head, taker.amount, original)
        for change in leaving(everyone, target.sequence):
            shared.correct(planned, change, line - 1, books)


def own_clearance(receipt: PostedVoucher, place: int, head: Head, planned: Plan, books: Books) -> Clearance:
    """What a receipt's line (from 0) put between receipt and bill by itself: its net amount, or what it cleared of an earlier bill.

    Errors: Lacking.
    """
    document = cast("PurchaseReceipt", receipt.document)
    line = document.lines[place]
    ref = reference(line.against_invoice)
    bill = books.voucher("purchase_invoice", ref.number) if ref is not None else None
    if ref is None or bill is None:
        return Clearance(compute(document, document.lines, head.view, buying=True).nets_base[place], 0)
    of = referred_line(cast("PurchaseInvoice", bill.document).lines, ref, line.item, f"lines[{place}].against_invoice")
    return ReceiptsOfBill(bill, of, head).clearance(Sharer(document, place, head, receipt), planned)


class ToGiveBack(NamedTuple):
    """What a receipt's line has to give back: its own part between receipt and bill, and what bills have added to theirs."""

    own: Clearance
    added: Added

    def unbilled(self, before: int, qty: int, whole: int) -> int:
        """Of `qty` that goes back after so much of the `whole` (millionths): first what is not billed, at the receipt's price or as notes
        put it back; then what is billed, with what bills add to that.
        """
        amount, again, billed = self.added
        waiting = whole - billed
        first, last = (min(upto, waiting) for upto in (before, before + qty))
        put_back = cumulative_share(again, first, last - first, waiting)
        first, last = (max(0, upto - waiting) for upto in (before, before + qty))
        priced = cumulative_share(amount - again, first, last - first, billed)
        return share_given_back(self.own.cleared, before, qty, whole) + put_back + priced

    def exchange(self, before: int, qty: int, whole: int) -> int:
        """Likewise of what exchange gain or loss bore."""
        return share_given_back(self.own.exchange, before, qty, whole)


def follow(
    planned: Plan, receipt: PostedVoucher, place: int, head: Head, had: ToGiveBack, has: ToGiveBack, books: Books
) -> None:
    """A receipt's line (from 0), with what bills add to it, stands for another amount than it did; its returns take back the difference.

    Errors: Lacking.
    """
    view, before, whole = head.view, 0, whole_qty(receipt, place, head.view)
    shows = view.effective_date(receipt.date, head.date, receipt.type)
    for taker in takers(receipt, place + 1, "returns", head):
        part = before, taker.qty, whole
        unbilled = has.unbilled(*part) - had.unbilled(*part)
        exchange = has.exchange(*part) - had.exchange(*part)
        before += taker.qty
        if not (unbilled or exchange):
            continue
        other = sharer(taker, head, books)
        if shows != receipt.date:  # the goods' cost changes no earlier, and so does what is taken back of it
            other = other._replace(head=replace(other.head, date=max(other.head.date, shows)))
        other.link(planned, "returns", receipt, place + 1, unbilled)
        _give_back(planned, other, head, LineCost(unbilled, _exchanged(exchange, head)), SUSPENSE, receipt)


def _take_back(planned: Plan, own: Sharer, head: Head, share: int, receipt: PostedVoucher) -> None:
    """A return of periodic inventory is cancelled: what it has by now of what was not billed goes with it."""
    if not own.head.perpetual and head.view.kept_item(own.line.item).is_stock_item:
        line_of(planned, own, head).share(-share, receipt.sequence)


class _Shared:
    """What the lines of an original came to, to be given back in shares; `head` is that of the document that returns or cancels."""

    def __init__(self, original: PostedVoucher, head: Head, counter_role: str, books: Books) -> None:
        document: TradeDocument = original.document  # type: ignore[assignment]
        self.original, self.head, self.counter_role = original, head, counter_role
        self.lines: Sequence[ItemLine] = original.document.lines  # type: ignore[attr-defined]
        self._costs = line_costs(compute(document, self.lines, head.view, buying=True), self.lines, head.view)
        self._books = books

    def take(self, planned: Plan, own: Sharer, back: Returned, books: Books) -> tuple[int, LineCost]:
        """A return's line takes its share of the original's, told with how much went back before it; those behind it in time take what is
        theirs then.
        """
        head = self.head
        others = takers(self.original, back.place + 1, "returns", head, planned)
        before, changes = entering(others, place_of(head, own.place + 1), back.qty)
        share = self._share(back.place, before, back.qty)
        back.link(planned, head, own.place, share.net)
        for change in changes:
            self.correct(planned, change, back.place, books)
        return before, share

    def correct(self, planned: Plan, change: Change, place: int, books: Books) -> None:
        """Give a return the difference between the share that it has and the one that is its own now. Errors: Lacking."""
        other = sharer(change.taker, self.head, books)
        had, has = (self._share(place, before, change.taker.qty) for before in (change.before, change.now))
        charges = [
            replace(new, amount=new.amount - old.amount) for old, new in zip(had.charges, has.charges, strict=True)
        ]
        share = LineCost(has.net - had.net, charges)
        other.link(planned, "returns", self.original, place + 1, share.net)
        if self.head.view.kept_item(other.line.item).is_stock_item:
            _give_back(planned, other, self.head, share, self.counter_role, self.original)
        elif self.counter_role:
            Accrual(self.original, place, self.head).give_back(planned, other.head, share.net)

    def _share(self, place: int, before: int, qty: int) -> LineCost:
        """What `qty` of a line came to, after so much of it was given back; all shares add up to the whole, to the minor unit.

        Of a receipt's goods it is a share of what stands between it and its bills.
        """
        cost, whole = self._costs[place], whole_qty(self.original, place, self.head.view)
        charges = cost.charges
        if self.counter_role and self.head.view.kept_item(self.lines[place].item).is_stock_item:
            own = own_clearance(self.original, place, self.head, Plan(), self._books)
            added = BillsOfReceipt(self.original, place, self.head).revalued_by(Plan())
            net = ToGiveBack(own, added).unbilled(before, qty, whole)
            charges = [*charges, *_exchanged(own.exchange, self.head)]
        else:
            net = share_given_back(cost.net, before, qty, whole)
        return LineCost(net, [replace(one, amount=share_given_back(one.amount, before, qty, whole)) for one in charges])


def _give_back(
    planned: Plan, own: Sharer, causing: Head, share: LineCost, counter_role: str, original: PostedVoucher | None
) -> None:
    """Move a return's share from variance to the accounts that the original took it from."""
    head, view, line = own.head, own.head.view, line_of(planned, own, causing)
    if counter_role and original:
        line.share(share.net, original.sequence)
    elif counter_role:
        line.book(share.net)
    if not head.perpetual:
        return
    variance, center, dimensions = view.role("purchase_price_variance"), line.cost_center, line.dimensions
    if counter_role:
        planned.entry(head, variance, -share.net, cost_center=center, dimensions=dimensions)
    for charge in share.charges:
        planned.entry(head, variance, -charge.amount, cost_center=center, dimensions=dimensions)
        account = _charged(charge, own.line.item, original, view)
        planned.entry(head, account, charge.amount, cost_center=charge.cost_center, dimensions=dimensions)


def _exchanged(amount: int, head: Head) -> list[ChargeShare]:
    """What exchange gain or loss bore of a receipt, which is given back as charges are."""
    if not amount:
        return []
    return [ChargeShare(head.view.role("exchange_gain_loss"), head.cost_center, amount, in_total=False)]


def _charged(charge: ChargeShare, item: str, original: PostedVoucher | None, view: MasterView) -> str:
    """The account that bore a charge: its own, or the one which the opening entry took the cost of the goods from."""
    if original is not None and view.is_in_opening(original.sequence, original.at):
        return purchase_expense(view, item)
    return view.account(charge.account, "taxes.account")


def _goods(
    view: MasterView, line: ItemLine, item: Item, back: Returned | None, field: str
) -> list[tuple[Part, Movement | None]]:
    """What goes back, and of which movement of the receipt: accepted goods, and rejected ones out of their own warehouse."""
    goods: list[tuple[Part, Movement | None]] = []
    warehouse = line.warehouse
    if line.qty:
        warehouse = require_warehouse(line.warehouse, item, view, field)
        qty = -back.qty if back else stock_qty(line, item, line.qty, field)
        accepted = parts(view, line, item, warehouse, qty, field)
        goods = [(part, _movement(back, part.chain) if back else None) for part in accepted]
    if rejected := getattr(line, "rejected_qty", None):
        qty = -back.rejected if back else stock_qty(line, item, rejected, field)
        part = rejected_part(view, cast("RejectingLine", line), item, qty, warehouse, field)
        goods.append((part, _movement(back, part.chain, rejected=True) if back else None))
    return goods


def _movement(back: Returned, chain: Chain, *, rejected: bool = False) -> Movement | None:
    """The receipt's movement that goods go back from: into the same warehouse, else the line's own wherever they lie by now.

    A line's accepted goods are moved before those that it rejected.
    """
    own = [
        movement
        for movement in back.original.movements
        if movement.line == back.place + 1
        and movement.chain.item == chain.item
        and movement.chain.part == chain.part
        and movement.qty > 0
    ]
    return next((m for m in own if m.chain.warehouse == chain.warehouse), own[-1 if rejected else 0] if own else None)
