"""One movement valued again, and the differences to what the books hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from domain.exact import MICRO, cumulative_share, div_half_up, share_given_back
from domain.magnitudes import require_amount
from domain.master_view import MasterView, fallback_rate
from domain.money import Currency
from domain.reposting.days import EffectiveDays
from domain.reposting.history import Checkpoint, Dependent, History, LeftOver, Recorded, TrueUpRecorded
from domain.stock_ledger import ZERO_RATE, Balance, Basis, Chain, Difference, DifferenceKind, Movement, Shortage, lot_of
from domain.valuation import chain as valuation
from domain.valuation.method import Method
from domain.valuation.products import share_out

Wake = Callable[[Iterable[Dependent], int, int, int], None]


@dataclass(slots=True)
class Findings:
    """What a pass has found since it was last asked: differences to append, and states to keep in the place of stored ones.

    Of a kept state with no balance nothing is known any more: whatever is stored there no longer holds.
    """

    differences: list[Difference] = field(default_factory=list)
    checkpoints: list[tuple[Chain, Checkpoint]] = field(default_factory=list)


@dataclass(slots=True)
class Known:
    """What a pass has to remember of movements behind it, for those ahead that depend on them.

    `values`: new values of changed movements, each with how many dependents are still to come; `covered`: what this pass added to the
    true-ups of an issue; `made`: values of products still to come, by voucher; `short`: who depends on issues that are short;
    `since`: by document, the day on which what it changes in a closed period takes effect.
    """

    values: dict[int, tuple[int, int]] = field(default_factory=dict)
    covered: dict[int, int] = field(default_factory=dict)
    made: dict[int, dict[int, int]] = field(default_factory=dict)
    short: dict[int, tuple[Dependent, ...]] = field(default_factory=dict)
    since: dict[int, date] = field(default_factory=dict)


class Revaluation:
    """Values movements again, one after the other in the order of time, and collects the `findings`.

    `wake(dependents, at, sequence, document)` is told who depends on what has changed at a place, and by which document.
    Errors: DocumentRejected for a difference that the ledgers' columns can't hold.
    """

    def __init__(
        self, history: History, view: MasterView, cause_days: Mapping[int, date], wake: Wake, known: Known
    ) -> None:
        self.view, self.findings, self.known = view, Findings(), known
        self.days = EffectiveDays(view, cause_days, known.since)
        self._history, self._wake = history, wake
        self._currency: Currency = view.currency
        self._causes: dict[int, int] = {}

    def again(self, recorded: Recorded, balance: Balance, method: Method, document: int, *, disturbed: bool) -> None:
        """Value one movement from the chain's state and advance that; `document` is what a difference is put down to.

        `disturbed`: this is where something was posted into the past, or taken back.
        """
        movement = recorded.movement
        if recorded.plain and self._plainly(recorded, movement, balance, method, document):
            return
        if disturbed and (recorded.returned_after or recorded.dependents):
            # Returns of one sale share its cost in order of time: each changes the shares of those behind it. And what takes its value
            # from here has another one where a later cost was laid on, though the chain itself may go on as it was.
            behind = (*recorded.returned_after, *recorded.dependents)
            self._wake(behind, movement.at, movement.voucher, document)
        if recorded.reversed:
            # Its reversal took back all that was booked here, corrections included; what came back at a cost that it had trued up
            # has another cost now.
            for issue in recorded.true_ups if disturbed else ():
                self._wake(self._history.dependents(issue), movement.at, movement.voucher, document)
            for left in recorded.left_over:
                self._append(movement, -left.amount, left.kind, document, qty=-left.qty, cause=left.cause, place=left)
            return
        covered: dict[int, tuple[int, Shortage]] = {}
        value, qty = movement.value + recorded.revalued, movement.qty + recorded.shifted
        if movement.basis != Basis.REVERSED:
            value, qty = self._value(recorded, balance, method, covered)
            if movement.batch and not movement.chain.part:
                balance.move(movement.batch, qty)
        self._note(recorded, value, qty, covered, document)

    def _plainly(self, recorded: Recorded, movement: Movement, balance: Balance, method: Method, document: int) -> bool:
        """The usual movement, for which the rest of this file need not be asked; False where stock is short before or after it."""
        qty = movement.qty
        if movement.batch and not movement.chain.part:
            return False
        if qty > 0:
            if balance.shortages:
                return False
            value = movement.stated
            valuation.receive(balance, method, self._currency, qty, value, movement.id)
        elif -qty > balance.qty:
            return False
        else:
            value = valuation.issue(balance, method, self._currency, -qty, None)
        change = value - movement.value - recorded.revalued
        if change:
            self._revalue(recorded, value, change, 0, document)
        return True

    # -- the value ----------------------------------------------------------------------------------------------------

    def _value(
        self, recorded: Recorded, balance: Balance, method: Method, covered: dict[int, tuple[int, Shortage]]
    ) -> tuple[int, int]:
        """What the movement books now, and its quantity; `covered` collects the shortages that it covers."""
        movement, currency = recorded.movement, self._currency
        if movement.basis == Basis.COUNTED:
            return self._count(movement, balance, method)
        if movement.qty > 0:
            value = self._incoming(recorded, balance)
            for true_up in valuation.receive(
                balance, method, currency, movement.qty, value + recorded.laid, movement.id
            ):
                issue = true_up.shortage.issue
                covered[issue] = covered.get(issue, (0,))[0] + true_up.amount, true_up.shortage
            return value, movement.qty
        if movement.qty == 0:
            return 0, 0
        shortage = self._shortage(movement)
        if movement.basis == Basis.SENT_BACK:
            value = self._send_back(recorded, balance, method, shortage)
        else:
            value = valuation.issue(
                balance, method, currency, -movement.qty, shortage, self._fallback(movement), movement.counted_rate
            )
        if shortage.qty:
            self.known.short[movement.id] = recorded.dependents
        return value, movement.qty

    def _send_back(self, recorded: Recorded, balance: Balance, method: Method, shortage: Shortage) -> int:
        movement, currency = recorded.movement, self._currency
        cost, received, before = self._source_value(recorded), recorded.source_qty, -recorded.returned_before
        rate = div_half_up(cost * currency.unit * MICRO, received) or None
        share = share_given_back(cost, before, -movement.qty, received) if rate is not None else None
        return valuation.send_back(balance, method, currency, -movement.qty, movement.source, shortage, rate, share)

    def _count(self, movement: Movement, balance: Balance, method: Method) -> tuple[int, int]:
        fallback, batch = self._fallback(movement), lot_of(movement).batch
        if batch:
            qty, value = valuation.count_batch(
                balance, method, self._currency, balance.held(batch), movement, self._shortage(movement), fallback
            )
        else:
            qty, value = valuation.count(balance, method, self._currency, movement, self._shortage(movement), fallback)
        return value, qty

    def _shortage(self, movement: Movement) -> Shortage:
        contra = movement.contra or self.view.role("stock_adjustment")
        return Shortage(0, 0, movement.id, contra, movement.cost_center, movement.dimensions)

    def _incoming(self, recorded: Recorded, balance: Balance) -> int:
        movement = recorded.movement
        if movement.basis == Basis.MOVED:
            return movement.stated - self._source_value(recorded)
        if movement.basis == Basis.RETURNED:
            if not movement.source:
                rate = self._fallback(movement)
                return movement.stated + valuation.at_rate_in_force(balance, self._currency, movement.qty, rate)
            true_ups = recorded.source_true_ups + self.known.covered.get(movement.source, 0)
            cost = -self._source_value(recorded) - true_ups
            return cumulative_share(cost, recorded.returned_before, movement.qty, -recorded.source_qty)
        if movement.basis == Basis.PRODUCED:
            return self._product(movement)
        return movement.stated

    def _source_value(self, recorded: Recorded) -> int:
        return self._take(recorded.movement.source, recorded.source_value)

    def _take(self, source: int, recorded_value: int) -> int:
        """The value of a movement that another depends on; forgotten once the last of them has asked."""
        known = self.known.values.get(source)
        if known is None:
            return recorded_value
        value, awaited = known
        if awaited > 1:
            self.known.values[source] = value, awaited - 1
        else:
            del self.known.values[source]
        return value

    def _product(self, movement: Movement) -> int:
        made = self.known.made.get(movement.voucher)
        if made is None:
            siblings = list(self._history.siblings(movement.voucher))
            outputs = [s.movement for s in siblings if s.movement.basis == Basis.PRODUCED]
            inputs = 0
            for s in siblings:
                if s.movement.basis != Basis.PRODUCED:
                    inputs -= self.known.values.pop(s.movement.id, (s.movement.value + s.revalued, 0))[0]
            made = dict(zip((m.id for m in outputs), share_out(inputs, outputs), strict=True))
            self.known.made[movement.voucher] = made
        value = made.pop(movement.id)
        if not made:
            del self.known.made[movement.voucher]
        return value

    def _fallback(self, movement: Movement) -> int | None:
        return 0 if movement.weight == ZERO_RATE else fallback_rate(self.view.kept_item(movement.chain.item))

    # -- what changes -------------------------------------------------------------------------------------------------

    def _note(
        self, recorded: Recorded, value: int, qty: int, covered: dict[int, tuple[int, Shortage]], document: int
    ) -> None:
        movement = recorded.movement
        change = value - movement.value - recorded.revalued
        moved = qty - movement.qty - recorded.shifted
        if change or moved:
            self._revalue(recorded, value, change, moved, document)
        if recorded.residue:
            contra = self.view.role("cost_of_goods_sold")
            self._append(movement, -recorded.residue, DifferenceKind.RESIDUE, document, contra=contra)
        if covered or recorded.true_ups:
            self._true_up(recorded, covered, document)

    def _revalue(self, recorded: Recorded, value: int, change: int, moved: int, document: int) -> None:
        movement = recorded.movement
        self._append(movement, change, DifferenceKind.REVALUED, document, qty=moved)
        if change and recorded.dependents:
            self.known.values[movement.id] = value, len(recorded.dependents)
            self._wake(recorded.dependents, movement.at, movement.voucher, document)

    def _true_up(self, recorded: Recorded, covered: dict[int, tuple[int, Shortage]], document: int) -> None:
        """What the receipt covers now less what it covered before, issue by issue."""
        movement, known = recorded.movement, self.known
        for issue in sorted(covered.keys() | recorded.true_ups.keys()):
            before, now = recorded.true_ups.get(issue), covered.get(issue)
            difference = (now[0] if now else 0) - (before.amount if before else 0)
            if difference:
                known.covered[issue] = known.covered.get(issue, 0) + difference
                place = now[1] if now else before
                self._append(movement, difference, DifferenceKind.TRUE_UP, document, cause=issue, place=place)
                dependents = known.short.get(issue)
                if dependents is None:
                    dependents = known.short[issue] = tuple(self._history.dependents(issue))
                self._wake(dependents, movement.at, movement.voucher, document)

    def _append(
        self,
        movement: Movement,
        amount: int,
        kind: DifferenceKind,
        document: int,
        *,
        qty: int = 0,
        cause: int = 0,
        contra: str | None = None,
        place: Shortage | TrueUpRecorded | LeftOver | None = None,
    ) -> None:
        if place is not None:
            contra, center, dimensions = place.contra, place.cost_center, place.dimensions
        else:
            center, dimensions = movement.cost_center, movement.dimensions
            if contra is None:
                contra = movement.contra
        if not contra:
            # The other side lies inside the voucher, so what balances each other has one cause.
            document = self._causes.setdefault(movement.voucher, document)
        require_amount(amount, movement.chain, self._currency)
        day = self.days.of(movement.date, document)
        account = self.view.present_account(movement.chain.warehouse, movement.account)
        self.findings.differences.append(
            Difference(
                movement=movement.id, voucher=movement.voucher, chain=movement.chain, at=movement.at, date=day, amount=amount,
                qty=qty, kind=kind, account=account, contra=contra, cause=cause, document=document, cost_center=center,
                dimensions=dimensions,
            )
        )  # fmt: skip

    def take(self) -> Findings:
        """What was found since the last call; only between two vouchers, whose sides must stay together."""
        found, self.findings = self.findings, Findings()
        self._causes.clear()
        return found
