"""What the books can hold: a document that would go beyond the ledgers' columns is refused before anything is valued.

Every figure that a publisher states is bounded where it is read; here are those that come of them: products of quantity, unit and rate,
sums over a document, and what a chain would come to. The limits leave room for sums over many documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

from domain.documents.plan import Plan
from domain.errors import DocumentRejected
from domain.exact import MICRO, NANO
from domain.general_ledger import Entry
from domain.money import AMOUNT_LIMIT, Currency
from domain.quantity import QUANTITY_LIMIT, show_quantity
from domain.stock_ledger import Balance, Basis, Chain, Movement

# What is no larger than this needs no closer look: a message has room for fewer than a hundred thousand lines, so they stay within the
# limit together.
PLAIN_AMOUNT = AMOUNT_LIMIT // 100_000  # minor units
PLAIN_VALUE = PLAIN_AMOUNT * NANO // 10_000  # nine decimals, in any currency


def worth_of_movements(
    movements: Iterable[Movement],
    balances: Mapping[Chain, Balance],
    currency: Currency,
    fallback_rate: Callable[[Movement], int | None],
) -> int:
    """The most that movements could be worth together (minor units).

    Errors: DocumentRejected where one is larger than the books can hold, or its chain would be.
    """
    total, most = 0, AMOUNT_LIMIT * currency.unit
    for movement in movements:
        balance, qty = balances[movement.chain], movement.qty
        basis, worth = movement.basis, abs(movement.stated)
        if basis is Basis.REVERSED:
            continue  # it fitted before
        if basis is not Basis.STATED and (basis is not Basis.COST or balance.qty + qty < 0):
            worth += _at_a_rate(movement, balance, currency, fallback_rate)
        if abs(qty) > QUANTITY_LIMIT or abs(balance.qty + qty) > QUANTITY_LIMIT:
            chain, held = movement.chain, show_quantity(QUANTITY_LIMIT)
            _refuse(
                f"lines[{movement.line - 1}].qty",
                f"with it {chain.item} in {chain.warehouse} would come to more than {held}",
            )
        if worth > AMOUNT_LIMIT or abs(balance.value) + worth * currency.unit > most:
            chain, held = movement.chain, currency.show(AMOUNT_LIMIT)
            _refuse(
                f"lines[{movement.line - 1}].rate",
                f"with it {chain.item} in {chain.warehouse} would be worth more than {held}",
            )
        total += worth
    return total


def require_room(plan: Plan, currency: Currency, moved: int) -> None:
    """Refuse a plan that comes to more than the books can hold; `moved` is what its movements are worth. Errors: DocumentRejected."""
    for ordered in plan.orders:
        if max(abs(ordered.qty), abs(ordered.whole)) > QUANTITY_LIMIT:
            _refuse(f"lines[{ordered.line - 1}].qty", f"in stock units it is more than {show_quantity(QUANTITY_LIMIT)}")
    total = moved
    if (receipt := plan.receipt) is not None:
        total = max(total, abs(receipt.net), abs(receipt.total), abs(receipt.paid))
        for chain, qty in receipt.goods:
            if abs(qty) > QUANTITY_LIMIT:
                _refuse("lines", f"of {chain.item} it takes more than {show_quantity(QUANTITY_LIMIT)}")
    laid_on = sum(abs(difference.amount) for difference in plan.differences) if plan.differences else 0
    if max(total, laid_on, _sum_of(plan.entries) if plan.entries else 0) > AMOUNT_LIMIT:
        _refuse("lines", f"the document comes to more than {currency.show(AMOUNT_LIMIT)} in all")


def require_amount(amount: int, chain: Chain, currency: Currency) -> None:
    """Refuse a change of value that the books can't hold: goods that each fitted may come to more where they lie together.

    Errors: DocumentRejected.
    """
    if abs(amount) > AMOUNT_LIMIT:
        _refuse(
            "lines",
            f"{chain.item} in {chain.warehouse} would change by more than {currency.show(AMOUNT_LIMIT)} at once",
        )


def _at_a_rate(
    movement: Movement, balance: Balance, currency: Currency, fallback_rate: Callable[[Movement], int | None]
) -> int:
    """The most that a movement could be worth at any of the rates that it may ask for (minor units)."""
    if movement.basis in (Basis.MOVED, Basis.PRODUCED):
        return 0  # as much as left or came elsewhere
    average = abs(balance.value * MICRO // balance.qty) if balance.qty else 0
    rate = max(movement.counted_rate or 0, balance.last_rate or 0, fallback_rate(movement) or 0, average)
    qty = movement.qty if movement.counted_qty is None else movement.counted_qty
    if movement.basis is Basis.COUNTED and movement.counted_qty is None:
        qty = balance.qty
    return abs(currency.times(qty, rate))


def _sum_of(entries: list[Entry]) -> int:
    """The larger side of a document's own entries, in its company's or its own currency (minor units)."""
    debit = sum(entry.amount for entry in entries if entry.amount > 0)
    credit = -sum(entry.amount for entry in entries if entry.amount < 0)
    return max(debit, credit, sum(abs(entry.currency_amount) for entry in entries))


def _refuse(field: str, reason: str) -> NoReturn:
    raise DocumentRejected(
        "NumberTooLarge",
        f"{field}: too large for the books: {reason}. Check the figure; split the document if it is real.",
        field,
    )
