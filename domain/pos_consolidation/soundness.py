"""Whether a receipt can still be posted: masters may have changed since the sale."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from domain.documents.item_lines import require_warehouse
from domain.documents.sales_cost import cost_account
from domain.documents.stock_rules import rate_missing
from domain.errors import DocumentParked, DocumentRejected
from domain.master_view import MasterView, fallback_rate
from domain.pos_consolidation.merging import Sale
from domain.pos_consolidation.tally import Tally
from domain.pos_receipt import LineKey, PosReceipt, ReceiptLine, Tender
from domain.stock_ledger import Balance, Chain


@dataclass(slots=True)
class Unsound:
    """A sale to set aside, by its sequence, and why."""

    sequence: int
    reason: DocumentRejected | DocumentParked


class Soundness:
    """Looks at each different line, tax and tender once, however many receipts name it."""

    def __init__(self, view: MasterView) -> None:
        self._view = view
        self._known: dict[Hashable, DocumentRejected | DocumentParked | None] = {}

    def trouble(self, receipt: PosReceipt) -> DocumentRejected | DocumentParked | None:
        """Why a receipt can't be posted any more; None where it can."""
        return self._first_trouble(
            (
                *[line.key for line in receipt.lines],
                *[tax.key.account for tax in receipt.taxes],
                *[payment.tender for payment in receipt.payments],
                *[payment.tender for payment in receipt.change],
            )
        )

    def is_troubled(self, tally: Tally) -> bool:
        """Whether any receipt of a tally can't be posted any more."""
        accounts = {key.account for key in tally.taxes}
        return self._first_trouble((*tally.lines, *accounts, *tally.payments, *tally.change)) is not None

    def _first_trouble(self, parts: Iterable[Hashable]) -> DocumentRejected | DocumentParked | None:
        known = self._known
        for part in parts:
            if part not in known:
                known[part] = _trouble(part, self._view)
            if (reason := known[part]) is not None:
                return reason
        return None


def of_unknown_cost(chains: Iterable[Chain], balances: Mapping[Chain, Balance], view: MasterView) -> set[Chain]:
    """Chains of which nothing says yet what goods that leave them cost."""
    return {
        chain
        for chain in chains
        if balances[chain].qty <= 0
        and balances[chain].last_rate is None
        and fallback_rate(view.item(chain.item)) is None
    }


def without_cost(sales: Sequence[Sale], unknown: Set[Chain], view: MasterView) -> list[Unsound]:
    """Sales of goods of `unknown` cost, so that they could not be valued: a receipt, or the item, may tell later."""
    found = []
    for sale in sales if unknown else ():
        asked = {code for line in sale.receipt.lines if _takes_rate_in_force(line) for code in _stocked(line, view)}
        chain = next((chain for chain, _ in sale.receipt.goods if chain in unknown and chain.item in asked), None)
        if chain is not None:
            found.append(Unsound(sale.sequence, rate_missing(chain.item, chain.warehouse, "lines")))
    return found


def _takes_rate_in_force(line: ReceiptLine) -> bool:
    key = line.key
    return not (key.zero_rate or (line.qty < 0 and (line.returns or key.cost_rate is not None)))


def _stocked(line: ReceiptLine, view: MasterView) -> Iterable[str]:
    return view.item(line.key.item).bundle or (line.key.item,)


def _trouble(part: object, view: MasterView) -> DocumentRejected | DocumentParked | None:
    try:
        if isinstance(part, LineKey):
            item = view.item(part.item)
            view.account(part.income, "income_account")
            if item.is_stock_item or item.bundle:
                view.stock_account(require_warehouse(part.warehouse or None, item, view, "lines"))
                cost_account(part.expense or None, item, view, "lines")
            for code in item.bundle or ():
                view.item(code)
        elif isinstance(part, str):
            view.account(part, "taxes.account")
        elif isinstance(part, Tender):
            view.tender_account(part.account)
    except (DocumentRejected, DocumentParked) as trouble:
        return trouble
    return None
