"""What can't go wrong: a checked plan folded into its balances, and both ledgers written from the same amounts.

Movements are valued one after the other in the order of the voucher. What a chain's present stock can no longer give or take
as it was (a receipt consumed, a count already taken) goes to cost as a residue until the repost puts it in its place.
"""

from __future__ import annotations

from datetime import date

from domain.books import PostedVoucher, Posting, RepostRequest, Voucher
from domain.checks import Checked
from domain.documents.plan import Head, Plan
from domain.documents.purchase_costs import cost_of
from domain.documents.sales_cost import share_of_cost
from domain.documents.unbilled import kept
from domain.entries import Booked, entries_of, opening_differences
from domain.exact import MICRO, div_half_up
from domain.general_ledger import Entry, merge, require_balanced
from domain.stock_ledger import Balance, Basis, Difference, DifferenceKind, Lot, Movement, Shortage, lot_of
from domain.valuation import chain as valuation
from domain.valuation.method import Method
from domain.valuation.products import share_out


def fold(checked: Checked) -> Posting:
    """Value every movement in order and write both ledgers from the same amounts. Errors: InvariantBroken."""
    return _Fold(checked).run()


def without_rows(head: Head, plan: Plan) -> Posting:
    """What a plan comes to that has no rows in either ledger."""
    voucher = Voucher(head.sequence, head.type, head.number, head.at, head.date, 0, plan.figures)
    return Posting(voucher, orders=plan.orders, receipt=plan.receipt, released=plan.released)


class _Fold:
    """One document on its way through valuing."""

    def __init__(self, checked: Checked) -> None:
        self.checked, self.head, self.plan, self.view = checked, checked.head, checked.plan, checked.view
        self.currency = checked.view.currency
        self.differences: list[Difference] = []

    def run(self) -> Posting:
        """Number the movements, value them, lay on later costs, keep counts, and write the entries."""
        head, plan = self.head, self.plan
        movements = plan.movements
        self._number(movements)
        if self.checked.plain:
            self._value_plainly(movements)
        elif head.type == "stock_entry" and any(movement.basis == Basis.PRODUCED for movement in movements):
            self._transform(movements)
        else:
            for movement in movements:
                self._value(movement)
        for difference in plan.differences:
            self._lay_on(difference)
        self.differences += plan.moved
        for lot in self.checked.backdated:
            self._shift_count(lot)
        if not self.checked.plain:
            self._close(movements)
        figures = plan.figures | kept(plan.unbilled, self.view) if plan.unbilled else plan.figures
        voucher = Voucher(head.sequence, head.type, head.number, head.at, head.date, self.checked.reverses, figures)
        entries = self._entries(movements)
        require_balanced(entries)
        return Posting(
            voucher, movements, self.differences, entries, plan.links, self._reposts(), plan.orders, plan.receipt,
            plan.released,
        )  # fmt: skip

    def _number(self, movements: list[Movement]) -> None:
        """Give the movements their ids; what the plan referred to by place is referred to by id from here on."""
        books = self.checked.books
        first = books.next_movement
        for offset, movement in enumerate(movements):
            movement.id = first + offset
            if movement.source < 0:
                movement.source = first - movement.source - 1
        books.next_movement += len(movements)

    # -- movements ----------------------------------------------------------------------------------------------------

    def _value_plainly(self, movements: list[Movement]) -> None:
        """What nearly every document does: goods that come in as stated or leave at cost, each the last to move in its chain."""
        checked, currency = self.checked, self.currency
        balances, methods = checked.balances, checked.methods
        for movement in movements:
            chain, qty = movement.chain, movement.qty
            balance, method = balances[chain], methods[chain]
            if qty > 0:
                movement.value = movement.stated
                valuation.receive(balance, method, currency, qty, movement.stated, movement.id)
            else:
                movement.value = valuation.issue(balance, method, currency, -qty, None, None, movement.counted_rate)
            balance.last_at, balance.last_sequence = movement.at, movement.voucher

    def _value(self, movement: Movement) -> None:
        balance, method = self.checked.balances[movement.chain], self.checked.methods[movement.chain]
        basis, qty = movement.basis, movement.qty
        if basis is Basis.COST and qty < 0 <= balance.qty + qty:
            movement.value = valuation.issue(balance, method, self.currency, -qty, None, None, movement.counted_rate)
        elif basis is Basis.COUNTED:
            self._count(movement, balance, method)
        elif basis is Basis.REVERSED:
            self._reverse(movement, balance, method)
        elif qty > 0:
            amount = movement.stated if basis is Basis.STATED else self._incoming(movement, balance)
            self._receive(movement, amount, balance, method)
        else:
            shortage = self._shortage(movement)
            if basis == Basis.SENT_BACK:
                rate = self._original_rate(movement)
                movement.value = valuation.send_back(
                    balance, method, self.currency, -movement.qty, movement.source, shortage, rate,
                    None if rate is None else movement.stated,
                )  # fmt: skip
            else:
                movement.value = valuation.issue(
                    balance, method, self.currency, -movement.qty, shortage, self.checked.fallback_rate(movement),
                    movement.counted_rate,
                )  # fmt: skip
            movement.provisional = bool(shortage.qty)

    def _receive(self, movement: Movement, amount: int, balance: Balance, method: Method) -> None:
        movement.value = amount
        covered = valuation.receive(balance, method, self.currency, movement.qty, amount, movement.id)
        if covered:
            self._true_up(movement, covered)

    def _incoming(self, movement: Movement, balance: Balance) -> int:
        if movement.basis == Basis.MOVED:
            source = self.plan.movements[movement.source - self.plan.movements[0].id]
            return movement.stated - source.value
        if movement.basis == Basis.RETURNED and not movement.source:
            rate = self.checked.fallback_rate(movement)
            return movement.stated + valuation.at_rate_in_force(balance, self.currency, movement.qty, rate)
        if movement.basis == Basis.RETURNED and (covered := self._covered_here(movement.source)):
            return share_of_cost(self.plan, movement, *self._loaded(movement.source), self.view, covered)
        return movement.stated

    def _covered_here(self, issue: int) -> int:
        """By how much earlier lines of this document have trued up the cost of an issue: they covered what it had left owed."""
        return sum(d.amount for d in self.differences if d.cause == issue and d.kind is DifferenceKind.TRUE_UP)

    def _original_rate(self, movement: Movement) -> int | None:
        """What a unit of the original cost (nine decimals); None where it cost nothing."""
        voucher, own = self._loaded(movement.source)
        return div_half_up(cost_of(voucher, own) * self.currency.unit * MICRO, own.qty) or None

    def _loaded(self, movement: int) -> tuple[PostedVoucher, Movement]:
        """A movement of a voucher that the document refers to."""
        for voucher in self.checked.books.vouchers.values():
            for own in voucher.movements if voucher is not None else ():
                if voucher is not None and own.id == movement:
                    return voucher, own
        raise AssertionError(f"movement {movement} was planned on but is not loaded")

    def _shortage(self, movement: Movement) -> Shortage:
        contra = movement.contra or self.view.role("stock_adjustment")
        return Shortage(0, 0, movement.id, contra, movement.cost_center, movement.dimensions)

    def _transform(self, movements: list[Movement]) -> None:
        """Value inputs, then share their value out over what was made (scrap first, at most what went in)."""
        for movement in movements:
            if movement.basis != Basis.PRODUCED:
                self._value(movement)
        inputs = -sum(m.value for m in movements if m.basis != Basis.PRODUCED)
        made = [m for m in movements if m.basis == Basis.PRODUCED]
        for movement, amount in zip(made, share_out(inputs, made), strict=True):
            self._receive(movement, amount, self.checked.balances[movement.chain], self.checked.methods[movement.chain])

    def _count(self, movement: Movement, balance: Balance, method: Method) -> None:
        fallback, lot = self.checked.fallback_rate(movement), lot_of(movement)
        if movement.voucher != self.head.sequence:
            movement.date = self._later(movement.date)  # a line that an earlier count gets now
        if lot.batch and lot not in self.checked.backdated:
            movement.qty, movement.value = valuation.count_batch(
                balance, method, self.currency, balance.held(lot.batch), movement, self._shortage(movement), fallback
            )
        elif lot not in self.checked.backdated:
            movement.qty, movement.value = valuation.count(
                balance, method, self.currency, movement, self._shortage(movement), fallback
            )
        elif movement.qty > 0:
            # Until the repost a count in the past brings in what it found at its own rate, on top of today's stock.
            if movement.counted_rate is not None:
                amount = self.currency.times(movement.qty, movement.counted_rate)
            else:
                amount = valuation.at_rate_in_force(balance, self.currency, movement.qty, fallback)
            self._receive(movement, amount, balance, method)
        elif movement.qty < 0:
            movement.value = valuation.issue(
                balance, method, self.currency, -movement.qty, self._shortage(movement), fallback
            )

    def _reverse(self, movement: Movement, balance: Balance, method: Method) -> None:
        """Take a movement back at exactly its value; what today's stock gives or takes otherwise is a residue until the repost."""
        currency = self.currency
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
                balance, method, currency, -movement.qty, movement.source, self._shortage(movement), None, None
            )
        booked = movement.value + sum(d.amount for d in self.differences if d.movement == movement.id)
        self._residue(movement, currency.amount(balance.value) - before - booked)

    # -- corrections --------------------------------------------------------------------------------------------------

    def _true_up(self, movement: Movement, covered: list[valuation.TrueUp]) -> None:
        for true_up in covered:
            if true_up.amount:
                self._correct(
                    movement,
                    true_up.amount,
                    DifferenceKind.TRUE_UP,
                    cause=true_up.shortage.issue,
                    place=true_up.shortage,
                )

    def _residue(self, movement: Movement, amount: int) -> None:
        if amount:
            self._correct(
                movement, amount, DifferenceKind.RESIDUE, contra=self.view.role("cost_of_goods_sold"),
                document=self.head.sequence,
            )  # fmt: skip

    def _correct(
        self,
        movement: Movement,
        amount: int,
        kind: DifferenceKind,
        *,
        contra: str | None = None,
        cause: int = 0,
        document: int = 0,
        qty: int = 0,
        place: Shortage | None = None,
    ) -> None:
        """Append a difference to a movement, where it happened; the other side goes to `place` where one is known."""
        head = self.head
        own = movement.voucher == head.sequence or movement.basis == Basis.REVERSED
        day = movement.date if own else self._later(movement.date)
        account = movement.account if own else self.view.present_account(movement.chain.warehouse, movement.account)
        self.differences.append(
            Difference(
                movement=movement.id, voucher=movement.voucher, chain=movement.chain, at=movement.at, date=day,
                amount=amount, qty=qty, kind=kind, account=account,
                contra=place.contra if place else movement.contra if contra is None else contra,
                cause=cause, document=document,
                cost_center=place.cost_center if place else movement.cost_center,
                dimensions=place.dimensions if place else movement.dimensions,
            )
        )  # fmt: skip

    def _later(self, day: date) -> date:
        """When a correction elsewhere takes effect: of a cancel not before what it takes back, if that is put off."""
        plan = self.plan
        return max(plan.not_before or day, self.view.effective_date(day, plan.effect or self.head.date))

    def _lay_on(self, difference: Difference) -> None:
        """Lay a later cost on what is left of its receipt; the rest goes to cost of goods sold until the repost spreads it."""
        _, receipt = self._loaded(difference.movement)
        balance, method = self.checked.balances[difference.chain], self.checked.methods[difference.chain]
        difference.date = self._later(difference.date)
        difference.account = self.view.present_account(difference.chain.warehouse, difference.account)
        self.differences.append(difference)
        rest = valuation.add_value(balance, method, self.currency, receipt.id, receipt.qty, difference.amount)
        self._residue(receipt, -rest)

    def _shift_count(self, lot: Lot) -> None:
        """Something was posted before a count: the counted quantity holds, so the count's own adjustment moves the other way."""
        chain = lot.chain
        count = self.checked.books.history(lot, *self.checked.place).next_count
        change = sum(m.qty for m in self.plan.movements if lot_of(m) == lot)
        if count is None or not change:
            return
        if lot.batch:
            self.checked.balances[chain].move(lot.batch, -change)
        balance, method = self.checked.balances[chain], self.checked.methods[chain]
        if change > 0:
            amount = valuation.issue(balance, method, self.currency, change, self._shortage(count))
        else:
            amount = valuation.at_rate_in_force(balance, self.currency, -change, None)
            self._true_up(count, valuation.receive(balance, method, self.currency, -change, amount, count.id))
        self._correct(count, amount, DifferenceKind.COUNT_SHIFTED, qty=-change, document=self.head.sequence)

    def _close(self, movements: list[Movement]) -> None:
        for movement in movements:
            balance = self.checked.balances[movement.chain]
            if (movement.at, movement.voucher) > (balance.last_at, balance.last_sequence):
                balance.last_at, balance.last_sequence = movement.at, movement.voucher
            if movement.batch and not movement.chain.part:
                balance.move(movement.batch, movement.qty)

    def _reposts(self) -> list[RepostRequest]:
        """Where values must be computed again: behind a backdated movement, a reversal, and every single movement that a later cost is
        laid on, for behind the first of them the chain may go on as it was.
        """
        balances, own = self.checked.balances, self.checked.place
        places = {(lot.chain, own): None for lot in self.checked.backdated}
        if self.checked.reverses:
            places |= {(m.chain, own): None for m in self.plan.movements}
        for movement in self.plan.movements:
            if movement.source and self._shares_with_others(movement):
                places[movement.chain, own] = None
        for difference in self.plan.differences:
            places[difference.chain, (difference.at, difference.voucher)] = None
        return [
            RepostRequest(
                chain, at, sequence, balances[chain].last_at, balances[chain].last_sequence, self.head.sequence
            )
            for chain, (at, sequence) in places
        ]

    def _shares_with_others(self, returned: Movement) -> bool:
        """Whether this one changes the share of other returns: of those of the same sale, of later ones of a purchase at an average."""
        bought = returned.basis is Basis.SENT_BACK
        if not (bought or returned.basis is Basis.RETURNED) or (
            bought and self.checked.methods[returned.chain].LAYERED
        ):
            return False
        voucher, own = self._loaded(returned.source)
        others = [link for link in voucher.links if link.kind == "returns" and link.target_line == own.line]
        return any(not bought or (link.at, link.voucher) > self.checked.place for link in others)

    # -- the general ledger -------------------------------------------------------------------------------------------

    def _entries(self, movements: list[Movement]) -> list[Entry]:
        """The document's own entries and those of its movements, merged; stock entries only under perpetual inventory."""
        entries, view, own = [*self.plan.entries], self.view, self.head.sequence
        if not view.perpetual:
            return merge(entries)
        at, sequence = self.checked.place
        if in_opening := view.is_in_opening(sequence, at):
            opened = [entry for entry in entries if entry.voucher in (own, self.checked.reverses)]
            entries += opening_differences(opened, self.plan.unbilled, view, at=at, document=own)
        # A cancel's own entries are its target's, all of them turned round: its movements add none, but where the opening entry has them.
        rows: list[Booked] = [
            (m, m.value, own if in_opening or m.voucher != own else 0)
            for m in movements
            if in_opening or m.basis != Basis.REVERSED
        ]
        rows += [(d, d.amount, own if in_opening or d.voucher != own else 0) for d in self.differences]
        booked = entries_of(rows, view)
        return merge([*entries, *booked]) if entries else booked
