"""Posting: one document folded into two ledgers.

`post` decides in a fixed order. First everything that can go wrong: masters, periods, references, quantities at the posting instant
and at every later moment, a rate for what leaves. Then what can't: the movements are valued one after the other, in the
order of the voucher, and both ledgers are written from the same amounts. A refused document has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from domain import accounting_period
from domain.books import Books, Lacking, PostedVoucher, Posting, RepostRequest, Voucher
from domain.documents import (
    AnyDocument,
    Cancel,
    cancel,
    delivery_note,
    journal_entry,
    landed_cost_voucher,
    purchase_invoice,
    purchase_receipt,
    sales_invoice,
    stock_entry,
    stock_reconciliation,
)
from domain.documents.plan import Head, Plan
from domain.documents.stock_rules import rate_missing
from domain.documents.transformation import SCRAP
from domain.errors import DocumentRejected
from domain.exact import allocate, div_half_up
from domain.general_ledger import Entry, require_balanced
from domain.master_view import MasterView
from domain.posting_time import from_instant
from domain.quantity import show_quantity
from domain.stock_ledger import (
    Balance,
    Basis,
    Chain,
    Difference,
    DifferenceKind,
    Movement,
    Shortage,
)
from domain.valuation import chain as valuation
from domain.valuation.method import Method, method_of

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
}


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
        accounting_period.require_open(head.date, head.type, view.periods, view.frozen_upto)
        plan = _PLANNERS[head.type](document, head, books)
    work = _Posting(head, plan, books)
    work.check()
    return work.fold()


def compute(document: AnyDocument, books: Books) -> dict[str, object]:
    """The figures of a document without posting it. Errors: as `post`."""
    if isinstance(document, stock_entry.StockEntry):
        return stock_entry.figures(document, books.view)
    head = Head.of(0, document, books.view)
    return _PLANNERS[head.type](document, head, books).figures


def apply(posting: Posting, document: AnyDocument, books: Books) -> None:
    """Let later documents of the batch see a posting: its voucher is known, and what it changed elsewhere is forgotten."""
    voucher = posting.voucher
    books.forget(
        {link.target for link in posting.links} | {d.voucher for d in posting.differences} | {voucher.reverses}
    )
    books.remember(
        PostedVoucher(
            voucher.sequence, voucher.type, voucher.number, voucher.at, voucher.date, document,
            movements=posting.movements if not voucher.reverses else [],
            entries=[entry for entry in posting.entries if entry.voucher == voucher.sequence],
            figures=voucher.figures,
        ),
        {movement.chain for movement in posting.movements} | {difference.chain for difference in posting.differences},
        complete=not posting.differences,
    )  # fmt: skip


def _plan_cancel(sequence: int, document: Cancel, books: Books, now: int) -> tuple[Head, Plan]:
    target = cancel.target_of(document, books)
    view = books.view
    accounting_period.require_open(target.date, target.type, view.periods, view.frozen_upto)
    at = document.posting_datetime.at(view.zone)[0] if document.posting_datetime else now
    day = from_instant(at).astimezone(view.zone).date()
    head = Head(sequence, "cancel", document.number, at, day, view, view.cost_center, "")
    plan = cancel.plan(document, head, target)
    return head, plan


class _Posting:
    """One document on its way through checking and valuing."""

    def __init__(self, head: Head, plan: Plan, books: Books) -> None:
        self.head, self.plan, self.books, self.view = head, plan, books, head.view
        self.reverses = 0
        self.place = (head.at, head.sequence)
        if head.type == "cancel":
            self.reverses = plan.links[-1].target
            if plan.movements:
                self.place = (plan.movements[0].at, plan.movements[0].voucher)
        self.differences: list[Difference] = []
        self.backdated: dict[Chain, int] = {}
        self.balances: dict[Chain, Balance] = {}
        self.methods: dict[Chain, Method] = {}

    # -- what can go wrong --------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Load what valuing needs and refuse what would leave stock short. Errors: Lacking, DocumentRejected."""
        books, movements = self.books, self.plan.movements
        known = books.balances
        missing = [m.chain for m in movements if m.chain not in known]
        missing += [d.chain for d in self.plan.differences if d.chain not in known]
        if missing:
            raise Lacking(chains=tuple(dict.fromkeys(missing)))
        for movement in movements:
            self._admit(movement.chain)
        for difference in self.plan.differences:
            self._admit(difference.chain)
        self._check_quantities()
        for difference in self.plan.differences:
            self._require_layer(difference.chain, difference.movement)

    def _admit(self, chain: Chain) -> None:
        if chain not in self.balances:
            self.balances[chain] = self.books.balances[chain]
            self.methods[chain] = method_of(chain, self.view.item(chain.item).valuation_method)

    def _require_layer(self, chain: Chain, receipt: int) -> None:
        if self.balances[chain].stored and (chain, receipt) not in self.books.searched_layers:
            raise Lacking(receipt_layer=(chain, receipt))

    def _check_quantities(self) -> None:
        running: dict[Chain, int] = {}
        out: dict[Chain, int] = {}
        for movement in self.plan.movements:
            chain = movement.chain
            balance = self.balances[chain]
            if chain not in running:
                running[chain] = self._quantity_at(chain, balance)
            if movement.basis == Basis.COUNTED:
                if movement.counted_qty is not None:
                    movement.qty = movement.counted_qty - running[chain]
                running[chain] += movement.qty
                continue
            running[chain] += movement.qty
            if movement.qty < 0:
                out[chain] = out.get(chain, 0) - movement.qty
                if running[chain] < 0 and not self.view.allows_negative(self.view.item(chain.item)):
                    self._refuse_short(movement, running[chain])
                if running[chain] < 0:
                    self._require_rate(movement, balance)
                if movement.basis == Basis.SENT_BACK or movement.basis == Basis.REVERSED:
                    self._require_layer(chain, movement.source)
        for chain, (before, after) in self._net(running).items():
            if chain in self.backdated:
                self._check_later(chain, after - before)
        for chain, qty in out.items():
            if not self.methods[chain].covers(self.balances[chain], min(qty, max(self.balances[chain].qty, 0))):
                raise Lacking(layers=(chain, qty))

    def _quantity_at(self, chain: Chain, balance: Balance) -> int:
        """The chain's quantity at the document's own place in time."""
        if self.place >= (balance.last_at, balance.last_sequence):
            return balance.qty
        quantity = self.books.history(chain, *self.place).running
        self.backdated[chain] = quantity
        return quantity

    def _net(self, running: dict[Chain, int]) -> dict[Chain, tuple[int, int]]:
        return {chain: (self.backdated.get(chain, 0), after) for chain, after in running.items()}

    def _check_later(self, chain: Chain, change: int) -> None:
        """A backdated document must not leave a later moment short: refused naming the first one."""
        history = self.books.history(chain, *self.place)
        if change >= 0 or history.lowest is None or history.lowest + change >= 0:
            return
        if self.view.allows_negative(self.view.item(chain.item)):
            return
        moment = self.books.first_short(chain, *self.place, -change)
        if moment is None:
            return
        at = from_instant(moment.at).astimezone(self.view.zone)
        raise DocumentRejected(
            "NegativeStock",
            f"{chain.item} in {chain.warehouse} would be short by {show_quantity(-(moment.running + change))} on "
            f"{at:%Y-%m-%d %H:%M:%S}, at {moment.voucher_type.replace('_', ' ')} {moment.voucher_number}. Receive it "
            "earlier, or move less.",
            "lines",
            {
                "item": chain.item, "warehouse": chain.warehouse, "batch": chain.part,
                "short_by": show_quantity(-(moment.running + change)), "at": at.isoformat(),
                "voucher": f"{moment.voucher_type} {moment.voucher_number}",
            },
        )  # fmt: skip

    def _refuse_short(self, movement: Movement, running: int) -> None:
        chain = movement.chain
        at = from_instant(self.place[0]).astimezone(self.view.zone)
        part = f" ({chain.part})" if chain.part else ""
        raise DocumentRejected(
            "NegativeStock",
            f"lines[{movement.line - 1}]: {chain.item}{part} in {chain.warehouse} is short by {show_quantity(-running)} "
            f"at {at:%Y-%m-%d %H:%M:%S}: {show_quantity(-movement.qty)} needed, {show_quantity(running - movement.qty)} "
            "there. Receive it first, or move less.",
            f"lines[{movement.line - 1}].qty",
            {
                "item": chain.item, "warehouse": chain.warehouse, "batch": chain.part,
                "short_by": show_quantity(-running), "at": at.isoformat(),
            },
        )  # fmt: skip

    def _fallback_rate(self, movement: Movement) -> int | None:
        item = self.view.item(movement.chain.item)
        if movement.id in self.plan.zero_rate_allowed:
            return 0
        return item.valuation_rate if item.valuation_rate is not None else item.standard_rate

    def _require_rate(self, movement: Movement, balance: Balance) -> None:
        if balance.qty <= 0 and balance.last_rate is None and self._fallback_rate(movement) is None:
            raise rate_missing(movement.chain.item, movement.chain.warehouse, f"lines[{movement.line - 1}]")

    # -- what can't ---------------------------------------------------------------------------------------------------

    def fold(self) -> Posting:
        """Value every movement in order and write both ledgers from the same amounts."""
        books, plan = self.books, self.plan
        movements = plan.movements
        first = books.next_movement
        for offset, movement in enumerate(movements):
            movement.id = first + offset
            if movement.source < 0:
                movement.source = first - movement.source - 1
        books.next_movement += len(movements)
        plan.zero_rate_allowed = {first - key - 1 for key in plan.zero_rate_allowed}
        if any(movement.basis == Basis.PRODUCED for movement in movements):
            self._fold_transformation(movements)
        else:
            for movement in movements:
                self._value(movement)
        for difference in plan.differences:
            self._lay_on(difference)
        for chain, quantity in self.backdated.items():
            self._shift_count(chain, quantity)
        self._close(movements)
        posting = Posting(
            Voucher(
                sequence=self.head.sequence, type=self.head.type, number=self.head.number, at=self.head.at,
                date=self.head.date, reverses=self.reverses, figures=plan.figures,
            ),
            movements, self.differences, self._entries(movements), plan.links, self._reposts(),
        )  # fmt: skip
        require_balanced(posting.entries)
        return posting

    def _value(self, movement: Movement) -> None:
        balance, method, currency = self.balances[movement.chain], self.methods[movement.chain], self.view.currency
        basis = movement.basis
        if basis == Basis.COUNTED:
            self._count(movement, balance, method)
        elif basis == Basis.REVERSED:
            self._reverse(movement, balance, method)
        elif movement.qty > 0:
            amount = self._incoming(movement, balance)
            movement.value = amount
            covered = valuation.receive(balance, method, currency, movement.qty, amount, movement.id)
            self._true_up(movement, covered)
        elif basis == Basis.SENT_BACK:
            shortage = self._shortage(movement)
            movement.value = valuation.send_back(
                balance, method, currency, -movement.qty, movement.source, shortage, self._original_rate(movement)
            )
            movement.provisional = bool(shortage.qty)
        else:
            shortage = self._shortage(movement)
            movement.value = valuation.issue(
                balance, method, currency, -movement.qty, shortage, self._fallback_rate(movement),
                movement.counted_rate,
            )  # fmt: skip
            movement.provisional = bool(shortage.qty)

    def _incoming(self, movement: Movement, balance: Balance) -> int:
        basis = movement.basis
        if basis == Basis.MOVED:
            source = self.plan.movements[movement.source - self.plan.movements[0].id]
            return -source.value + movement.stated
        if basis == Basis.RETURNED and not movement.source:
            return rate_in_force(balance, movement.qty, self._fallback_rate(movement), self.view)
        return movement.stated

    def _original_rate(self, movement: Movement) -> int | None:
        """What a unit of the original cost (nine decimals): an average gives goods back at that, None for goods that cost nothing."""
        for voucher in self.books.vouchers.values():
            if voucher is not None:
                for own in voucher.movements:
                    if own.id == movement.source:
                        return div_half_up(own.value * self.view.currency.unit * 1_000_000, own.qty) or None
        return None

    def _shortage(self, movement: Movement) -> Shortage:
        return Shortage(
            0, 0, movement.id, movement.contra or self.view.role("stock_adjustment"), movement.cost_center,
            movement.dimensions,
        )  # fmt: skip

    def _true_up(self, movement: Movement, covered: list[valuation.TrueUp]) -> None:
        for true_up in covered:
            shortage = true_up.shortage
            if true_up.amount:
                self.differences.append(
                    Difference(
                        movement=movement.id, voucher=movement.voucher, chain=movement.chain, at=movement.at,
                        date=movement.date, amount=true_up.amount, kind=DifferenceKind.TRUE_UP, account=movement.account,
                        contra=shortage.contra, cause=shortage.issue, cost_center=shortage.cost_center,
                        dimensions=shortage.dimensions,
                    )
                )  # fmt: skip

    def _count(self, movement: Movement, balance: Balance, method: Method) -> None:
        currency = self.view.currency
        if movement.chain not in self.backdated:
            fallback = self._fallback_rate(movement)
            movement.qty, movement.value = valuation.count(
                balance, method, currency, movement.counted_qty, movement.counted_rate, movement.id, fallback
            )
        elif movement.qty > 0:
            # Until the repost a count in the past brings in what it found at its own rate, on top of today's stock.
            if movement.counted_rate is not None:
                movement.value = currency.times(movement.qty, movement.counted_rate)
            else:
                movement.value = rate_in_force(balance, movement.qty, self._fallback_rate(movement), self.view)
            self._true_up(
                movement, valuation.receive(balance, method, currency, movement.qty, movement.value, movement.id)
            )
        elif movement.qty < 0:
            movement.value = valuation.issue(
                balance, method, currency, -movement.qty, self._shortage(movement), self._fallback_rate(movement)
            )

    def _reverse(self, movement: Movement, balance: Balance, method: Method) -> None:
        """Take a movement back at exactly its value; what today's stock gives or takes otherwise is a residue until the repost."""
        currency = self.view.currency
        before = currency.amount(balance.value)
        movement.value = movement.stated
        if movement.qty > 0:
            own = [shortage for shortage in balance.shortages if shortage.issue == movement.source]
            for shortage in own:
                balance.shortages.remove(shortage)
                balance.qty += shortage.qty
                balance.value += shortage.value
            qty = movement.qty - sum(shortage.qty for shortage in own)
            amount = movement.value - (currency.amount(balance.value) - before)
            if qty:
                self._true_up(movement, valuation.receive(balance, method, currency, qty, amount, movement.id))
        elif movement.qty < 0:
            valuation.send_back(
                balance, method, currency, -movement.qty, movement.source, self._shortage(movement), None
            )
        booked = movement.value + sum(d.amount for d in self.differences if d.movement == movement.id)
        self._residue(movement, currency.amount(balance.value) - before - booked)

    def _residue(self, movement: Movement, amount: int) -> None:
        if amount:
            self.differences.append(
                Difference(
                    movement=movement.id, voucher=movement.voucher, chain=movement.chain, at=movement.at,
                    date=movement.date, amount=amount, kind=DifferenceKind.RESIDUE, account=movement.account,
                    contra=self.view.role("cost_of_goods_sold"), document=self.head.sequence,
                    cost_center=movement.cost_center, dimensions=movement.dimensions,
                )
            )  # fmt: skip

    def _fold_transformation(self, movements: list[Movement]) -> None:
        """Value inputs, then share their value out over what was made (scrap first, at most what went in)."""
        made = [m for m in movements if m.basis == Basis.PRODUCED]
        for movement in movements:
            if movement.basis != Basis.PRODUCED:
                self._value(movement)
        inputs = -sum(m.value for m in movements if m.basis != Basis.PRODUCED)
        for movement, amount in zip(made, share_out(inputs, made), strict=True):
            movement.value = amount
            covered = valuation.receive(
                self.balances[movement.chain], self.methods[movement.chain], self.view.currency, movement.qty, amount,
                movement.id,
            )  # fmt: skip
            self._true_up(movement, covered)

    def _lay_on(self, difference: Difference) -> None:
        """Lay a later cost on what is left of its receipt; the rest goes to cost of goods sold until the repost spreads it."""
        receipt = self._movement(difference)
        balance, method = self.balances[difference.chain], self.methods[difference.chain]
        self.differences.append(difference)
        rest = valuation.add_value(balance, method, self.view.currency, receipt.id, receipt.qty, difference.amount)
        if rest:
            self.differences.append(
                Difference(
                    movement=receipt.id, voucher=difference.voucher, chain=difference.chain, at=difference.at,
                    date=difference.date, amount=-rest, kind=DifferenceKind.RESIDUE, account=difference.account,
                    contra=self.view.role("cost_of_goods_sold"), document=self.head.sequence,
                    cost_center=difference.cost_center, dimensions=difference.dimensions,
                )
            )  # fmt: skip

    def _movement(self, difference: Difference) -> Movement:
        for voucher in self.books.vouchers.values():
            if voucher is not None and voucher.sequence == difference.voucher:
                for movement in voucher.movements:
                    if movement.id == difference.movement:
                        return movement
        raise AssertionError(f"movement {difference.movement} was planned on but is not loaded")

    def _shift_count(self, chain: Chain, quantity: int) -> None:
        """Something was posted before a count: the counted quantity holds, so the count's own adjustment moves the other way."""
        count = self.books.history(chain, *self.place).next_count
        change = sum(m.qty for m in self.plan.movements if m.chain == chain)
        if count is None or not change:
            return
        balance, method, currency = self.balances[chain], self.methods[chain], self.view.currency
        if change > 0:
            amount = valuation.issue(balance, method, currency, change, self._shortage(count))
        else:
            amount = rate_in_force(balance, -change, None, self.view)
            valuation.receive(balance, method, currency, -change, amount, count.id)
        self.differences.append(
            Difference(
                movement=count.id, voucher=count.voucher, chain=chain, at=count.at, date=count.date, amount=amount,
                qty=-change, kind=DifferenceKind.COUNT_SHIFTED, account=count.account, contra=count.contra,
                document=self.head.sequence, cost_center=count.cost_center, dimensions=count.dimensions,
            )
        )  # fmt: skip

    def _close(self, movements: list[Movement]) -> None:
        at, sequence = self.place
        for movement in movements:
            balance = self.balances[movement.chain]
            if (at, sequence) > (balance.last_at, balance.last_sequence):
                balance.last_at, balance.last_sequence = at, sequence

    def _reposts(self) -> list[RepostRequest]:
        """Where values must be computed again: behind a backdated movement, a later cost, a reversal."""
        places: dict[Chain, tuple[int, int]] = dict.fromkeys(self.backdated, self.place)
        if self.reverses:
            places |= {m.chain: self.place for m in self.plan.movements}
        for difference in self.plan.differences:
            place = (difference.at, difference.voucher)
            places[difference.chain] = min(place, places.get(difference.chain, place))
        return [
            RepostRequest(chain, at, sequence, self.balances[chain].last_at, self.balances[chain].last_sequence)
            for chain, (at, sequence) in places.items()
        ]

    # -- the general ledger -------------------------------------------------------------------------------------------

    def _entries(self, movements: list[Movement]) -> list[Entry]:
        """The document's own entries and those of its movements, merged; stock entries only under perpetual inventory."""
        merged: dict[tuple[object, ...], Entry] = {}

        def add(entry: Entry) -> None:
            key = (
                entry.voucher, entry.account, entry.party, entry.cost_center, entry.dimensions, entry.against, entry.cause,
                entry.date, entry.currency, entry.is_opening,
            )  # fmt: skip
            known = merged.get(key)
            if known is None:
                merged[key] = entry
            else:
                known.amount += entry.amount
                known.currency_amount += entry.currency_amount

        for entry in self.plan.entries:
            add(entry)
        if self.view.perpetual:
            if not self.reverses:
                for m in movements:
                    if m.value:
                        for entry in self._pair(m, m.value, m.contra, 0):
                            add(entry)
            for d in self.differences:
                cause = self.head.sequence if d.voucher != self.head.sequence else 0
                for entry in self._pair(d, d.amount, d.contra, cause):
                    add(entry)
        return [entry for entry in merged.values() if entry.amount]

    def _pair(self, row: Movement | Difference, amount: int, contra: str, cause: int) -> list[Entry]:
        stock = Entry(
            voucher=row.voucher,
            account=row.account,
            amount=amount,
            date=row.date,
            dimensions=row.dimensions,
            cause=cause,
        )
        if not contra:
            return [stock]
        center = row.cost_center if self.view.is_profit_and_loss(contra) else ""
        return [
            stock,
            Entry(
                voucher=row.voucher, account=contra, amount=-amount, date=row.date, cost_center=center,
                dimensions=row.dimensions, cause=cause,
            ),
        ]  # fmt: skip


def rate_in_force(balance: Balance, qty: int, fallback: int | None, view: MasterView) -> int:
    """The amount of `qty` at the chain's rate of this moment: its average, its last known cost, else the fallback (minor units)."""
    currency = view.currency
    if balance.qty > 0:
        return div_half_up(balance.value * qty, balance.qty * currency.unit)
    rate = balance.last_rate if balance.last_rate is not None else fallback or 0
    return currency.times(qty, rate)


def share_out(inputs: int, made: list[Movement]) -> list[int]:
    """What each product of a transformation is worth: scrap at its stated amount, at most what went in; the rest by weight."""
    left = inputs
    amounts: dict[int, int] = {}
    for movement in made:
        if movement.weight == SCRAP:
            amounts[movement.id] = min(movement.stated, max(left, 0))
            left -= amounts[movement.id]
    finished = [movement for movement in made if movement.weight != SCRAP]
    for movement, share in zip(finished, allocate(left, [m.weight for m in finished]), strict=True):
        amounts[movement.id] = share + movement.stated
    return [amounts[movement.id] for movement in made]


Needs = tuple[list[Chain], list[tuple[str, str]]]


def needs(document: AnyDocument, books: Books) -> Needs:
    """The chains and referred vouchers that a document will ask for, as far as can be told cheaply; `post` names the rest."""
    chains: list[Chain] = []
    vouchers: list[tuple[str, str]] = []
    company_kind = getattr(document, "lines", None) or []
    for line in company_kind:
        item = getattr(line, "item", None)
        if item is None:
            continue
        part = getattr(line, "batch", None) or ""
        for warehouse in (
            getattr(line, "warehouse", None),
            getattr(line, "source", None),
            getattr(line, "target", None),
        ):
            if warehouse:
                chains.append(Chain(item, warehouse, part))
        for name, type_ in (
            ("against_receipt", "purchase_receipt"),
            ("against_delivery", "delivery_note"),
            ("against_invoice", "purchase_invoice"),
        ):
            ref = getattr(line, name, None)
            if ref is not None:
                vouchers.append((type_, ref if isinstance(ref, str) else ref.number))
    against = getattr(document, "return_against", None)
    if against:
        vouchers.append((type(document).__struct_config__.tag, against))  # type: ignore[arg-type]
    if isinstance(document, Cancel):
        vouchers.append((document.target.type or "", document.target.number))
    for number in getattr(document, "receipts", []):
        vouchers.append(("purchase_receipt", number))
    return chains, vouchers
