"""Stock entry: goods come in, go out, move or are transformed inside the company."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from domain.books import Books
from domain.documents import account_transfer, transformation
from domain.documents.item_lines import Part, parts, stock_qty
from domain.documents.plan import Head, Plan, cost_center_of, dimensions_of
from domain.documents.shape import Charge, Document, Line
from domain.documents.stock_rules import charge_amount, opening_account
from domain.errors import DocumentRejected
from domain.exact import allocate
from domain.master_view import MasterView
from domain.masters import Item
from domain.money import Money, Rate
from domain.quantity import Quantity
from domain.shape import Name
from domain.stock_ledger import SCRAP, ZERO_RATE, Basis, Movement


class StockEntryLine(Line, kw_only=True):
    """One movement: out of `from`, into `to`, or both. `finished` left open: what a repack makes is finished unless it is scrap."""

    item: Name
    source: Name | None = msgspec.field(name="from", default=None)
    target: Name | None = msgspec.field(name="to", default=None)
    qty: Quantity | None = None
    rate: Rate | None = None
    basic_amount: Money | None = None
    amount: Money | None = None
    uom: Name | None = None
    conversion_factor: Rate | None = None
    finished: bool | None = None
    scrap: bool = False
    batch: Name | None = None
    serials: list[Name] | None = None
    allow_zero_rate: bool = False


class StockEntry(Document, tag="stock_entry", kw_only=True):
    """A movement of goods for one purpose."""

    purpose: Literal[
        "material_receipt", "material_issue", "material_transfer", "manufacture", "repack", "account_transfer"
    ]
    lines: list[StockEntryLine]
    additional_costs: list[Charge] = []
    difference_account: Name | None = None
    is_opening: bool = False


def plan(document: StockEntry, head: Head, books: Books) -> Plan:
    """Goods in, out, across or transformed: every line out of a warehouse first, then every line into one.

    Errors: DocumentRejected, DocumentParked, Lacking.
    """
    if document.purpose == "account_transfer":
        return account_transfer.plan(head, books)
    planned = Plan()
    work = _Work(document, head, books, planned)
    transforms = document.purpose in ("manufacture", "repack")
    if transforms:
        transformation.require_finished(document)
    for index, line in enumerate(document.lines):
        work.check(index, line)
    if transforms:
        work.weights = transformation.weights(document, head.view)
    for index, line in enumerate(document.lines):
        if line.source is not None:
            work.take_out(index, line)
    carried = work.goods_carry_costs()
    for index, line in enumerate(document.lines):
        if line.target is not None:
            work.bring_in(index, line)
    planned.figures = figures(document, head.view, work.shares)
    if head.perpetual:
        for cost in charges(document, head.view):
            planned.entry(
                head, head.view.account(cost.account, "additional_costs"), -cost.amount, cost_center=cost.cost_center
            )
            if work.contra or not carried:
                planned.entry(head, work.contra or work.difference_account(), cost.amount)
    return planned


def figures(document: StockEntry, view: MasterView, shares: Sequence[int] | None = None) -> dict[str, object]:
    """What can be computed without stock: each line's additional cost, and its amount where one is stated.

    `shares` are the additional costs that the lines do carry, where stock has had its say.
    """
    show = view.currency.show
    return {
        "line_additional_cost": [show(share) for share in shares or additional_costs(document, view)],
        "line_amounts": [show(transformation.given_amount(line, view) or 0) for line in document.lines],
    }


def additional_costs(document: StockEntry, view: MasterView) -> list[int]:
    """Each line's share of the additional costs (minor units): over finished lines, or over the lines that come in, by amount."""
    shares = [0] * len(document.lines)
    total = sum(cost.amount for cost in charges(document, view))
    if not total:
        return shares
    transforms = document.purpose in ("manufacture", "repack")
    takers = (
        transformation.finished_lines(document)
        if transforms
        else [i for i, line in enumerate(document.lines) if line.target]
    )
    weights = [transformation.given_amount(document.lines[i], view) or 0 for i in takers]
    if not any(weights):
        weights = [document.lines[i].qty or 0 for i in takers]
    if takers:
        for index, share in zip(takers, allocate(total, weights), strict=True):
            shares[index] = share
    return shares


@dataclass(slots=True)
class _Cost:
    account: str
    amount: int
    cost_center: str


def charges(document: StockEntry, view: MasterView) -> list[_Cost]:
    """The additional costs in the company's currency."""
    costs: list[_Cost] = []
    for index, charge in enumerate(document.additional_costs):
        field = f"additional_costs[{index}]"
        costs.append(_Cost(charge.account, charge_amount(charge, view, field), charge.cost_center or ""))
    return costs


class _Work:
    """The lines of one stock entry on their way into a plan."""

    def __init__(self, document: StockEntry, head: Head, books: Books, planned: Plan) -> None:
        self.document, self.head, self.books, self.planned, self.view = document, head, books, planned, head.view
        self.shares = additional_costs(document, self.view)
        self.contra = self._contra()
        self.weights: dict[int, int] = {}
        self.out: dict[int, list[Movement]] = {}

    def _contra(self) -> str:
        document, view = self.document, self.view
        if document.purpose not in ("material_receipt", "material_issue"):
            return ""
        if document.is_opening:
            return opening_account(document.difference_account, view)
        if document.difference_account is not None:
            return view.account(document.difference_account, "difference_account")
        return view.role("stock_adjustment")

    def difference_account(self) -> str:
        """Where costs go that no goods can carry: as stated, else stock adjustment."""
        stated = self.document.difference_account
        return self.view.account(stated, "difference_account") if stated else self.view.role("stock_adjustment")

    def goods_carry_costs(self) -> bool:
        """Whether there is any value to share additional costs out by: goods received at no value carry none of them.

        What is moved or made always carries them: whether its sources cost nothing may change with what is posted before it.
        """
        if not any(self.shares) or self.document.purpose != "material_receipt":
            return True
        carried = any(
            not line.allow_zero_rate if (given := transformation.given_amount(line, self.view)) is None else given
            for line in self.document.lines
        )
        if not carried:
            self.shares = [0] * len(self.document.lines)
        return carried

    def check(self, index: int, line: StockEntryLine) -> None:
        """Refuse a line whose warehouses or quantity don't fit the purpose."""
        wants = _WANTS.get(self.document.purpose)
        has = (line.source is not None, line.target is not None)
        field = f"lines[{index}]"
        if (wants is not None and has != wants) or has == (False, False) or (wants is None and has == (True, True)):
            raise DocumentRejected(
                "WarehousesDoNotFit",
                f"{field}: a {self.document.purpose.replace('_', ' ')} needs "
                f"{_WANTED[wants] if wants else 'either from (consumed) or to (made)'} on each line.",
                field,
            )
        if line.qty is None or line.qty <= 0:
            raise DocumentRejected("QuantityMissing", f"{field}.qty: state a quantity above zero.", f"{field}.qty")
        if line.source is not None and line.source == line.target:
            raise DocumentRejected("SameWarehouse", f"{field}: from and to are the same warehouse.", f"{field}.to")

    def _parts(self, index: int, line: StockEntryLine, warehouse: str) -> tuple[Item, list[Part]]:
        field = f"lines[{index}]"
        item = self.view.item(line.item, f"{field}.item")
        if not item.is_stock_item:
            raise DocumentRejected("NotAStockItem", f"{field}.item: {item.code} is not kept in stock.", f"{field}.item")
        return item, parts(self.view, line, item, warehouse, stock_qty(line, item, line.qty or 0, field), field)

    def take_out(self, index: int, line: StockEntryLine) -> None:
        """Plan what leaves a warehouse."""
        warehouse = line.source or ""
        item, out = self._parts(index, line, warehouse)
        for part in out:
            movement = self.planned.move(
                self.head, index + 1, part.chain, -part.qty, Basis.COST,
                account=self.view.stock_account(warehouse, f"lines[{index}].from"), contra=self.contra,
                cost_center=cost_center_of(self.head, line.cost_center, item), dimensions=self._dimensions(line, item), batch=part.batch,
            )  # fmt: skip
            self.out.setdefault(index, []).append(movement)
            if line.rate is not None and self.document.purpose == "material_issue":
                movement.counted_rate = line.rate
            if line.allow_zero_rate:
                movement.weight = ZERO_RATE

    def bring_in(self, index: int, line: StockEntryLine) -> None:
        """Plan what enters a warehouse: at a stated value, at what it left another with, or as a product."""
        warehouse = line.target or ""
        item, into = self._parts(index, line, warehouse)
        purpose = self.document.purpose
        shares = allocate(self.shares[index], [part.qty for part in into])
        stated = [0] * len(into)
        basis = Basis.MOVED
        if purpose == "material_receipt":
            value = self._stated_value(line)
            basis = Basis.RETURNED if value is None else Basis.STATED
            stated = allocate(value or 0, [part.qty for part in into])
        elif purpose in ("manufacture", "repack") and index not in self.weights:
            stated = allocate(transformation.given_amount(line, self.view) or 0, [part.qty for part in into])
        for place, part in enumerate(into):
            weight = 0
            if purpose in ("manufacture", "repack"):
                basis = Basis.PRODUCED
                weight = self.weights[index] * part.qty if index in self.weights else SCRAP
            self.planned.move(
                self.head, index + 1, part.chain, part.qty, basis,
                account=self.view.stock_account(warehouse, f"lines[{index}].to"), contra=self.contra,
                cost_center=cost_center_of(self.head, line.cost_center, item), dimensions=self._dimensions(line, item), batch=part.batch,
                source=self.out[index][place].id if purpose == "material_transfer" else 0,
                stated=stated[place] + shares[place], weight=weight,
            )  # fmt: skip

    def _stated_value(self, line: StockEntryLine) -> int | None:
        """What the line says its goods are worth (minor units); None where they come in at the rate in force."""
        amount = transformation.given_amount(line, self.view)
        return amount or 0 if line.allow_zero_rate else amount

    def _dimensions(self, line: StockEntryLine, item: Item) -> str:
        return dimensions_of(self.head, line.dimensions, self.document.dimensions, item)


_WANTS = {"material_receipt": (False, True), "material_issue": (True, False), "material_transfer": (True, True)}
_WANTED = {(False, True): "to (and no from)", (True, False): "from (and no to)", (True, True): "both from and to"}
