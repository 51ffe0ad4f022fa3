"""Whether a receipt can still be posted: masters may have changed since the sale."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from domain.documents.item_lines import require_warehouse
from domain.errors import DocumentParked, DocumentRejected
from domain.master_view import MasterView
from domain.pos_consolidation.merging import Sale
from domain.pos_receipt import LineKey, Tender


@dataclass(slots=True)
class Unsound:
    """A sale to set aside, and why."""

    sale: Sale
    reason: DocumentRejected | DocumentParked


def unsound(sales: Sequence[Sale], view: MasterView) -> list[Unsound]:
    """Sales that name what can't be posted to any more; each different line, tax and tender is looked at once."""
    known: dict[Hashable, DocumentRejected | DocumentParked | None] = {}
    found = []
    for sale in sales:
        receipt = sale.receipt
        for part in (
            *(line.key for line in receipt.lines),
            *(tax.key.account for tax in receipt.taxes),
            *(payment.tender for payment in receipt.payments),
            *(payment.tender for payment in receipt.change),
        ):
            if part not in known:
                known[part] = _trouble(part, view)
            reason = known[part]
            if reason is not None:
                found.append(Unsound(sale, reason))
                break
    return found


def _trouble(part: object, view: MasterView) -> DocumentRejected | DocumentParked | None:
    try:
        if isinstance(part, LineKey):
            item = view.item(part.item)
            view.account(part.income, "income_account")
            if item.is_stock_item or item.bundle:
                view.stock_account(require_warehouse(part.warehouse or None, item, view, "lines"))
                view.expense_account(part.expense or None, item, "cost_of_goods_sold", "expense_account")
            for code in item.bundle or ():
                view.item(code)
        elif isinstance(part, str):
            view.account(part, "taxes.account")
        elif isinstance(part, Tender):
            view.tender_account(part.account)
    except (DocumentRejected, DocumentParked) as trouble:
        return trouble
    return None
