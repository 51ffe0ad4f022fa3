"""What each line of a purchase costs: its net amount and its share of the valuation charges, in the company's currency; never less than
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.books import Books, PostedVoucher
from domain.documents.amounts import Amounts
from domain.documents.plan import Head, Plan
from domain.documents.shape import ItemLine
from domain.documents.stock_rules import cost_below_zero
from domain.exact import allocate
from domain.master_view import MasterView
from domain.stock_ledger import Basis, Movement

# Which field of a document takes something off the cost of goods that came in before.
_TAKEN_OFF_BY = {"cancel": "target", "landed_cost_voucher": "charges"}


class ChargeShare(msgspec.Struct, gc=False):
    """A line's share of one valuation charge."""

    account: str
    cost_center: str
    amount: int
    in_total: bool


class LineCost(msgspec.Struct, gc=False):
    """A line's net amount and its valuation charges, minor units of the company's currency."""

    net: int
    charges: list[ChargeShare]

    @property
    def total(self) -> int:
        """What the goods of the line are valued at."""
        return self.net + sum(charge.amount for charge in self.charges) if self.charges else self.net


def line_costs(amounts: Amounts, lines: Sequence[ItemLine], view: MasterView) -> list[LineCost]:
    """Cost of each line. Valuation charges are shared out by net amount over the lines that bring stock, without losing a cent."""
    costs = [LineCost(net, []) for net in amounts.nets_base]
    charged = [tax for tax in amounts.taxes if tax.tax.category != "total" and tax.base]
    if not charged:
        return costs
    stocked = [i for i, line in enumerate(lines) if line.qty and view.item(line.item, f"lines[{i}].item").is_stock_item]
    if not stocked:
        return costs
    weights = [amounts.nets_base[i] for i in stocked]
    if not any(weights):
        weights = [lines[i].qty for i in stocked]
    for tax in charged:
        for index, share in zip(stocked, allocate(tax.base, weights), strict=True):
            if share:
                costs[index].charges.append(
                    ChargeShare(
                        tax.tax.account,
                        tax.tax.cost_center or view.cost_center,
                        share,
                        tax.tax.category == "valuation_and_total",
                    )
                )
    return costs


def accepted_goods(receipt: PostedVoucher, line: int) -> list[Movement]:
    """What a line (counted from 1) of a receipt or of a bill brought in to keep: later costs are laid on these movements.

    Rejected goods of the same line lie in their own warehouse at no value, and stay so.
    """
    stated: Sequence[ItemLine] = receipt.document.lines  # type: ignore[attr-defined]
    rejects = getattr(stated[line - 1], "rejected_warehouse", None)
    return [
        m
        for m in receipt.movements
        if m.line == line and m.basis == Basis.STATED and m.qty > 0 and m.chain.warehouse != rejects
    ]


def cost_of(receipt: PostedVoucher, movement: Movement) -> int:
    """What the goods of one of its movements cost by themselves (minor units): as booked, and whatever was added since."""
    return movement.value - receipt.set_aside.get(movement.id, 0)


def require_cost(planned: Plan, head: Head, books: Books) -> None:
    """What is taken off the cost of goods that came in before leaves them at nothing at least: a credit that landed on them, and the
    charge or the price that is cancelled from beside it. Errors: DocumentRejected.
    """
    changed: dict[int, int] = {}
    for difference in planned.differences:
        changed[difference.movement] = changed.get(difference.movement, 0) + difference.amount
    if min(changed.values()) >= 0:
        return
    corrected = {difference.voucher for difference in planned.differences}
    for receipt in books.vouchers.values():
        if receipt is None or receipt.sequence not in corrected:
            continue
        for line in sorted({m.line for m in receipt.movements if changed.get(m.id, 0) < 0}):
            goods = accepted_goods(receipt, line)
            change = sum(changed.get(m.id, 0) for m in goods)
            cost = sum(cost_of(receipt, m) for m in goods) + change
            if change < 0 and cost < 0:
                raise cost_below_zero(
                    _TAKEN_OFF_BY.get(head.type, "lines"), f"line {line} of {receipt.number}", cost, head.view.currency
                )
