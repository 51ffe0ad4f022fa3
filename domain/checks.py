"""What can go wrong with a document's movements: found before anything is valued, so that a refusal changes nothing."""

from __future__ import annotations

import msgspec

from domain.books import Books, Lacking
from domain.documents.plan import Head, Plan
from domain.documents.purchase_costs import require_cost
from domain.documents.stock_rules import cost_below_zero, rate_missing
from domain.errors import DocumentRejected
from domain.exact import MICRO
from domain.magnitudes import PLAIN_AMOUNT, PLAIN_VALUE, require_room, worth_of_movements
from domain.master_view import MasterView, fallback_rate
from domain.posting_time import from_instant
from domain.quantity import QUANTITY_LIMIT, show_quantity
from domain.serial_counts import counted_as_gone
from domain.stock_ledger import ZERO_RATE, Balance, Basis, Chain, Difference, Lot, Movement, lot_of
from domain.valuation import fifo, moving_average
from domain.valuation.method import Method, method_of


class Checked(msgspec.Struct, gc=False):
    """A plan that nothing can refuse any more, with everything loaded that valuing it needs.

    `place` is where the document takes effect (a cancel: its target's), `reverses` the sequence of a cancel's target. `backdated`
    gives, for each lot whose chain moved later already, its quantity at that place. `plain` says that nothing about its movements is
    out of the ordinary (see `_plainly_there`).
    """

    head: Head
    plan: Plan
    books: Books
    place: tuple[int, int]
    reverses: int = 0
    backdated: dict[Lot, int] = {}
    balances: dict[Chain, Balance] = {}
    methods: dict[Chain, Method] = {}
    plain: bool = False

    @property
    def view(self) -> MasterView:
        """The masters as this document sees them."""
        return self.head.view

    def fallback_rate(self, movement: Movement) -> int | None:
        """What a unit costs where the chain itself can't say (nine decimals)."""
        return 0 if movement.weight == ZERO_RATE else fallback_rate(self.view.item(movement.chain.item))


def check(head: Head, plan: Plan, books: Books) -> Checked:
    """Load what valuing needs and refuse what would leave stock short. Errors: Lacking, DocumentRejected."""
    checked = Checked(head, plan, books, plan.place or (head.at, head.sequence))
    if head.type == "cancel":
        checked.reverses = plan.links[-1].target
    _gather(checked)
    checked.plain = plain = _plainly_there(checked)
    currency = head.view.currency
    worth = 0 if plain else worth_of_movements(plan.movements, checked.balances, currency, checked.fallback_rate)
    require_room(plan, currency, worth)
    if not plain:
        _check_quantities(checked)
    if plan.differences:
        require_cost(plan, head, books)
    for difference in plan.differences:
        _require_layer(checked, difference.chain, difference.movement)
    return checked


def _gather(checked: Checked) -> None:
    """The balances and methods of every chain that the plan touches. Errors: Lacking, naming all that are not loaded."""
    known, view, plan = checked.books.balances, checked.view, checked.plan
    balances, methods = checked.balances, checked.methods
    missing = []
    rows: list[Movement | Difference] = [*plan.movements, *plan.differences, *plan.moved]
    for row in rows:
        chain = row.chain
        if chain not in balances:
            balance = known.get(chain)
            if balance is None:
                missing.append(chain)
            else:
                balances[chain] = balance
                methods[chain] = method_of(chain, view.item(chain.item).valuation_method)
    if missing:
        raise Lacking(chains=tuple(dict.fromkeys(missing)))


def _plainly_there(checked: Checked) -> bool:
    """Whether each movement is alone in its chain, the latest there, leaves with no more than lies there, and is of no great size: nearly
    every document.

    Then nothing can be short now or later, no account of running quantities need be kept, and the books have room for it.
    """
    movements, balances = checked.plan.movements, checked.balances
    if len(balances) != len(movements) or checked.reverses:
        return False
    at, sequence = checked.place
    for movement in movements:
        chain, qty = movement.chain, movement.qty
        balance = balances[chain]
        held = balance.qty
        if (
            movement.basis is not (Basis.STATED if qty > 0 else Basis.COST)
            or movement.batch
            or chain.part
            or held < 0
            or not 0 <= held + qty <= QUANTITY_LIMIT
            or not 0 <= movement.stated <= PLAIN_AMOUNT
            or balance.value > PLAIN_VALUE
            or balance.last_at > at
            or (balance.last_at == at and balance.last_sequence > sequence)
            or (balance.stored and qty < 0 and not _at_hand(checked, movement))
        ):
            return False
    return True


def _at_hand(checked: Checked, movement: Movement) -> bool:
    """Whether the loaded layers are all that an issue looks at; one at a stated rate looks at every layer."""
    balance, method = checked.balances[movement.chain], checked.methods[movement.chain]
    return movement.counted_rate is None and method.covers(balance, -movement.qty)


def least_from(books: Books, chain: Chain, at: int, sequence: int) -> int:
    """The least quantity of a chain from a place in time on: what may be taken there without leaving a later moment short.

    Errors: Lacking.
    """
    balance = books.balance(chain)
    if (at, sequence) >= (balance.last_at, balance.last_sequence):
        return balance.qty
    history = books.history(Lot(chain), at, sequence)
    return history.running if history.lowest is None else min(history.running, history.lowest)


def _check_quantities(checked: Checked) -> None:
    began: dict[Lot, int] = {}
    running: dict[Lot, int] = {}
    out: dict[Chain, int] = {}
    for movement in checked.plan.movements:
        chain, lot = movement.chain, lot_of(movement)
        if lot not in running:
            began[lot] = running[lot] = _quantity_at(checked, lot)
        before = running[lot]
        if movement.basis == Basis.COUNTED:
            out[chain] = out.get(chain, 0) + _taken_by_count(checked, movement, lot, before)
        running[lot] += movement.qty
        if movement.qty < 0 and movement.basis != Basis.COUNTED:
            out[chain] = out.get(chain, 0) - movement.qty
            _check_issue(checked, movement, running[lot])
        elif movement.qty > 0:
            _check_incoming(checked, movement, running[lot])
    for lot, after in running.items():
        change = after - began[lot]
        if change > 0 and (gone := counted_as_gone(lot, change, checked.place, checked.books)):
            checked.plan.movements.append(gone)
            out[lot.chain] = out.get(lot.chain, 0) - gone.qty
        if lot in checked.backdated:
            _check_later(checked, lot, change)
            if change > 0 and checked.books.history(lot, *checked.place).next_count is not None:
                out[lot.chain] = out.get(lot.chain, 0) + change
    for chain, qty in out.items():
        balance = checked.balances[chain]
        if not checked.methods[chain].covers(balance, min(qty, max(balance.qty, 0))):
            raise Lacking(layers=(chain, balance.qty if checked.methods[chain] is moving_average else qty))


def _taken_by_count(checked: Checked, movement: Movement, lot: Lot, before: int) -> int:
    """Give a count its quantity; the answer is how much it takes out of the chain's layers (one that replaces them all takes none)."""
    if movement.counted_qty is not None:
        movement.qty = movement.counted_qty - before
    if lot.batch and movement.counted_rate is not None:
        return max(before, 0)
    return max(-movement.qty, 0) if lot.batch or lot in checked.backdated else 0


def _quantity_at(checked: Checked, lot: Lot) -> int:
    """The lot's quantity at the document's own place in time."""
    balance = checked.balances[lot.chain]
    quantity = checked.books.quantity(lot, *checked.place)
    if checked.place < (balance.last_at, balance.last_sequence):
        checked.backdated[lot] = quantity
    return quantity


def _check_issue(checked: Checked, movement: Movement, running: int) -> None:
    """Goods that leave must be there, or may be short and have a known cost; a return needs its own receipt's layer."""
    if running < 0:
        item = checked.view.item(movement.chain.item)
        if running < -checked.view.negligible_shortage(item) and not checked.view.allows_negative(item):
            raise _short(checked, movement, running)
        _require_rate(checked, movement)
    if movement.basis in (Basis.SENT_BACK, Basis.REVERSED):
        _require_layer(checked, movement.chain, movement.source)
    _require_all_rates(checked, movement)


def _check_incoming(checked: Checked, movement: Movement, running: int) -> None:
    """Goods that come in must have a known cost; and a serial number is one unit, which can't come to where it lies already."""
    if movement.basis == Basis.COUNTED:
        if movement.counted_rate is None:
            _require_rate(checked, movement, "rate")
        return
    if movement.basis == Basis.RETURNED and not movement.source:
        _require_rate(checked, movement, "rate" if checked.head.type == "stock_entry" else "cost_rate")
    chain = movement.chain
    if movement.basis in (Basis.STATED, Basis.MOVED, Basis.PRODUCED) and movement.stated < 0:
        raise cost_below_zero(f"lines[{movement.line - 1}]", chain.item, movement.stated, checked.view.currency)
    if chain.part and running > MICRO and checked.view.item(chain.item).has_serial:
        field = f"lines[{movement.line - 1}].serials"
        raise DocumentRejected(
            "SerialThereAlready",
            f"{field}: {chain.part} of {chain.item} lies in {chain.warehouse} already. Name the unit that comes in.",
            field,
            {"item": chain.item, "warehouse": chain.warehouse, "serial": chain.part},
        )


def _require_layer(checked: Checked, chain: Chain, receipt: int) -> None:
    if checked.balances[chain].stored and (chain, receipt) not in checked.books.searched_layers:
        raise Lacking(receipt_layer=(chain, receipt))


def _require_rate(checked: Checked, movement: Movement, field: str = "") -> None:
    """Goods that are valued at the rate in force need one: of the chain, stated for an issue, or the item's."""
    balance = checked.balances[movement.chain]
    stated = movement.counted_rate if movement.basis == Basis.COST else None
    if balance.qty <= 0 and balance.last_rate is None and stated is None and checked.fallback_rate(movement) is None:
        place = f"lines[{movement.line - 1}]"
        raise rate_missing(movement.chain.item, movement.chain.warehouse, f"{place}.{field}" if field else place)


def _require_all_rates(checked: Checked, movement: Movement) -> None:
    """Goods that leave at a stated rate are looked for among all layers, not only among those at hand. Errors: Lacking."""
    balance = checked.balances[movement.chain]
    if not balance.stored or checked.methods[movement.chain] is not fifo:
        return
    by_rate = movement.counted_rate is not None
    if movement.basis == Basis.SENT_BACK:
        own = sum(layer.qty for layer in (*balance.layers, *balance.newest) if layer.receipt == movement.source)
        by_rate = own < -movement.qty
    if by_rate:
        raise Lacking(layers=(movement.chain, balance.qty))


def _check_later(checked: Checked, lot: Lot, change: int) -> None:
    """A backdated document must not leave a later moment short: refused naming the first one."""
    chain, part = lot.chain, lot.batch or lot.chain.part
    history = checked.books.history(lot, *checked.place)
    item = checked.view.item(chain.item)
    least = -checked.view.negligible_shortage(item)
    if change >= 0 or history.lowest is None or history.lowest + change >= least:
        return
    if checked.view.allows_negative(item):
        return
    moment = checked.books.first_short(lot, *checked.place, least - change)
    if moment is None:
        return
    at = from_instant(moment.at).astimezone(checked.view.zone)
    short_by = show_quantity(-(moment.running + change))
    raise DocumentRejected(
        "NegativeStock",
        f"{chain.item} in {chain.warehouse} would be short by {short_by} on {at:%Y-%m-%d %H:%M:%S}, at "
        f"{moment.voucher_type.replace('_', ' ')} {moment.voucher_number}. Receive it earlier, or move less.",
        "lines",
        {
            "item": chain.item, "warehouse": chain.warehouse, "batch": part, "short_by": short_by,
            "at": at.isoformat(), "voucher": f"{moment.voucher_type} {moment.voucher_number}",
        },
    )  # fmt: skip


def _short(checked: Checked, movement: Movement, running: int) -> DocumentRejected:
    chain, batch = movement.chain, movement.chain.part or movement.batch
    at = from_instant(checked.place[0]).astimezone(checked.view.zone)
    part = f" ({batch})" if batch else ""
    return DocumentRejected(
        "NegativeStock",
        f"lines[{movement.line - 1}]: {chain.item}{part} in {chain.warehouse} is short by {show_quantity(-running)} "
        f"at {at:%Y-%m-%d %H:%M:%S}: {show_quantity(-movement.qty)} needed, {show_quantity(running - movement.qty)} "
        "there. Receive it first, or move less.",
        f"lines[{movement.line - 1}].qty",
        {
            "item": chain.item, "warehouse": chain.warehouse, "batch": batch,
            "short_by": show_quantity(-running), "at": at.isoformat(),
        },
    )  # fmt: skip
