"""Landed cost voucher: charges that arrive after the goods become part of their cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from domain.books import Books, Link, PostedVoucher
from domain.documents.amounts import compute
from domain.documents.plan import Head, Plan
from domain.documents.purchase_costs import accepted_goods
from domain.documents.references import require_posted
from domain.documents.shape import Charge, Document, ItemLine, TradeDocument
from domain.documents.stock_rules import charge_amount
from domain.errors import DocumentRejected
from domain.exact import allocate
from domain.master_view import MasterView
from domain.money import Money
from domain.shape import LineNumber, Name, Shape
from domain.stock_ledger import Difference, DifferenceKind, Movement

ROUNDING = 1  # minor units by which shares that somebody rounded may miss the charges; the last of them takes it


class ReceiptLineShare(Shape, kw_only=True):
    """A receipt line and, where shared out by hand, its amount."""

    number: Name
    line: LineNumber
    amount: Money | None = None


class LandedCostVoucher(Document, tag="landed_cost_voucher", kw_only=True):
    """Charges shared out over receipts; `receipt_lines` narrows to lines (numbers alone mean lines of the one receipt)."""

    charges: list[Charge]
    receipts: list[Name] = []
    receipt_lines: list[ReceiptLineShare | LineNumber] = []
    distribute_by: Literal["amount", "qty", "manual"] = "amount"

    def receipt_numbers(self) -> list[str]:
        """The numbers of all receipts that take part of the charges."""
        narrowed = [share.number for share in self.receipt_lines if isinstance(share, ReceiptLineShare)]
        return list(dict.fromkeys([*self.receipts, *narrowed]))


def plan(document: LandedCostVoucher, head: Head, books: Books) -> Plan:
    """Each charge shared out over receipt lines and laid on their cost, under the receipts' own vouchers.

    Errors: DocumentRejected (nothing to charge, shares that don't add up), DocumentParked, Lacking.
    """
    view, planned = head.view, Plan()
    targets = _targets(document, head, books)
    weights = _weights(document, targets, view)
    shares_of_line = [0] * len(targets)
    for place, charge in enumerate(document.charges):
        field = f"charges[{place}]"
        account = view.account(charge.account, f"{field}.account")
        shares = allocate(charge_amount(charge, view, field), weights)
        for index, (target, share) in enumerate(zip(targets, shares, strict=True)):
            shares_of_line[index] += share
            _lay(planned, target, share, account, charge.cost_center or "", head)
    for target, share in zip(targets, shares_of_line, strict=True):
        planned.links.append(Link(head.sequence, 0, "landed_cost", target.voucher.sequence, target.line, 0, share))
    planned.figures = {"grand_total": view.currency.show(sum(shares_of_line))}
    return planned


@dataclass(slots=True)
class _Target:
    """A receipt line that takes part of the charges: its movements, net amount and quantity."""

    voucher: PostedVoucher
    line: int
    movements: list[Movement]
    net: int
    stated: Money | None


def _targets(document: LandedCostVoucher, head: Head, books: Books) -> list[_Target]:
    wanted: dict[str, dict[int, Money | None]] = {}
    only = document.receipts[0] if len(document.receipts) == 1 else None
    for index, share in enumerate(document.receipt_lines):
        if isinstance(share, int) and only is None:
            raise DocumentRejected(
                "ReceiptMissing",
                f"receipt_lines[{index}]: a line number alone needs exactly one receipt.",
                "receipt_lines",
            )
        number = (only or "") if isinstance(share, int) else share.number
        wanted.setdefault(number, {})[share if isinstance(share, int) else share.line] = (
            None if isinstance(share, int) else share.amount
        )
    targets: list[_Target] = []
    for number in dict.fromkeys([*document.receipts, *wanted]):
        receipt = _receipt(number, books)
        lines: Sequence[ItemLine] = receipt.document.lines  # type: ignore[attr-defined]
        amounts = compute(cast("TradeDocument", receipt.document), lines, head.view, buying=True)
        for line in range(1, len(lines) + 1):
            if number in wanted and line not in wanted[number]:
                continue
            movements = accepted_goods(receipt, line)
            if movements:
                stated = wanted.get(number, {}).get(line)
                targets.append(_Target(receipt, line, movements, amounts.nets_base[line - 1], stated))
    if not targets:
        raise DocumentRejected("NothingToCharge", "receipts: none of these lines brought stock in.", "receipts")
    return targets


def _receipt(number: str, books: Books) -> PostedVoucher:
    receipt = books.voucher("purchase_receipt", number)
    if receipt is None:
        receipt = books.voucher("purchase_invoice", number)
    if receipt is None or receipt.cancelled_by:
        return require_posted(books, "purchase_receipt", number, "receipts")
    return receipt


def _weights(document: LandedCostVoucher, targets: list[_Target], view: MasterView) -> list[int]:
    if document.distribute_by == "qty":
        return [sum(m.qty for m in target.movements) for target in targets]
    if document.distribute_by == "amount":
        return _worth_sharing_by([target.net for target in targets])
    stated = [view.currency.exact(target.stated or 0, "receipt_lines.amount") for target in targets]
    total = sum(charge_amount(charge, view, "charges") for charge in document.charges)
    rest = total - sum(stated)
    if abs(rest) > ROUNDING:
        raise DocumentRejected(
            "TotalMismatch",
            f"receipt_lines: the stated shares add up to {view.currency.show(sum(stated))}, the charges to "
            f"{view.currency.show(total)}.",
            "receipt_lines",
        )
    last = max((place for place, share in enumerate(stated) if share), default=0)
    stated[last] += rest
    return stated


def _worth_sharing_by(amounts: list[int]) -> list[int]:
    """The amounts, unless they are nothing in all. Errors: DocumentRejected."""
    if not sum(amounts):
        raise DocumentRejected(
            "NoAmountToShareBy",
            "distribute_by: these lines come to nothing in all, so charges can't be shared by their amounts. Share them by qty, or "
            "manual with an amount for each line.",
            "distribute_by",
        )
    return amounts


def _lay(planned: Plan, target: _Target, share: int, account: str, cost_center: str, head: Head) -> None:
    parts = allocate(share, [m.qty for m in target.movements])
    for movement, part in zip(target.movements, parts, strict=True):
        if part:
            planned.differences.append(
                Difference(
                    movement=movement.id, voucher=target.voucher.sequence, chain=movement.chain, at=movement.at,
                    date=movement.date, amount=part, kind=DifferenceKind.LANDED_COST, account=movement.account,
                    contra=account if head.perpetual else "", document=head.sequence, cost_center=cost_center or head.cost_center,
                    dimensions=movement.dimensions,
                )
            )  # fmt: skip
