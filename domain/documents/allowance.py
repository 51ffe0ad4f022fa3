"""What documents may take of another one: all that it has of an item, and beyond that what the company allows.

A line names one of the other document's lines, yet all its lines of that item count together: a bill may name the first of them for
goods that came on two. What a debit or credit note takes off a bill may be billed again. Goods that were rejected may be billed until the
supplier credits them. Nothing is measured against what went back: a supplier may bill all that came, and credit the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.books import PostedVoucher
from domain.documents.plan import Plan
from domain.documents.references import linked_qty, rejected_qty, whole_qty
from domain.documents.shape import ItemLine
from domain.errors import DocumentRejected
from domain.exact import NANO, div_half_up
from domain.master_view import MasterView
from domain.quantity import show_quantity

# By how a line refers to another, and to what: the code, what is done to the goods, and the company's setting.
_BILLED = ("OverBilled", "billed", "over_billing_allowance")
_RECEIVED = ("OverReceived", "received", "over_delivery_receipt_allowance")
_DELIVERED = ("OverDelivered", "delivered", "over_delivery_receipt_allowance")
_OF_ORDERS = {"purchase_order": _RECEIVED, "sales_order": _DELIVERED}


def require_left(
    target: PostedVoucher, place: int, kind: str, qty: int, view: MasterView, field: str, planned: Plan
) -> None:
    """Refuse to take `qty` more (millionths of the stock unit) of a line (from 0) than there is; `planned` holds what earlier lines take.

    Errors: DocumentRejected with what is there and what was taken.
    """
    lines: Sequence[ItemLine] = target.document.lines  # type: ignore[attr-defined]
    item = lines[place].item
    same = [index for index, line in enumerate(lines) if line.item == item]
    sign = -1 if lines[place].qty < 0 else 1
    if sign * qty <= 0:
        return  # it gives back
    there = sign * sum(whole_qty(target, index, view) + rejected_qty(target, index, view) for index in same)
    put_back = sum(linked_qty(target, index + 1, "debits", planned) for index in same)
    taken = sign * (qty - put_back + sum(linked_qty(target, index + 1, kind, planned) for index in same))
    code, done, setting = {"bills": _BILLED, "receives": _RECEIVED}.get(kind) or _OF_ORDERS[target.type]
    allowance: int = getattr(view.company, setting)
    if taken <= there + div_half_up(there * allowance, 100 * NANO):
        return
    document = target.type.replace("_", " ")
    raise DocumentRejected(
        code,
        f"{field}: with it {show_quantity(taken)} of {item} would be {done} of {document} {target.number}, which has "
        f"{show_quantity(there)}. Correct the quantity or the reference, or raise the company's {setting}.",
        field if field == "target" else f"{field}.qty",
        {"number": target.number, "item": item, "there": show_quantity(there), "taken": show_quantity(taken)},
    )
