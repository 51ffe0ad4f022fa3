"""What a document means for both ledgers before anything is valued."""

from __future__ import annotations

from datetime import date

import msgspec

from domain.books import Link, OrderLine, Unbilled
from domain.documents.shape import Document
from domain.general_ledger import Entry
from domain.master_view import MasterView
from domain.masters import Item
from domain.pos_receipt import PosReceipt
from domain.stock_ledger import Basis, Chain, Difference, Movement

_sorted_json = msgspec.json.Encoder(order="sorted")


class Head(msgspec.Struct, gc=False):
    """What every line of one document shares: its place in time, its masters, its cost center and dimensions.

    `cause` is the sequence of the document that corrects its entries, 0 where it books its own.
    """

    sequence: int
    type: str
    number: str
    at: int
    date: date
    view: MasterView
    cost_center: str
    dimensions: str
    states_cost_center: bool = False
    cause: int = 0

    @property
    def perpetual(self) -> bool:
        """Whether the document has entries for the stock that it moves: its company's rule, at its own place in time."""
        return self.view.follows_perpetual(self.sequence, self.at)

    @classmethod
    def of(cls, sequence: int, document: Document, view: MasterView) -> Head:
        """The head of a document that posts at its own time."""
        at, day = document.posting_datetime.at(view.zone)
        common = {**(view.company.dimensions or {}), **(document.dimensions or {})}
        dimensions = _sorted_json.encode(common).decode() if common else ""
        return cls(
            sequence,
            type_of(document),
            document.number,
            at,
            day,
            view,
            document.cost_center or view.cost_center,
            dimensions,
            document.cost_center is not None,
        )


def type_of(document: object) -> str:
    """The contract's name of a document's type."""
    config = type(document).__struct_config__  # type: ignore[attr-defined]
    tag: str = config.tag
    return tag


class Plan(msgspec.Struct, gc=False):
    """Movements still to be valued, and everything about the document that valuation does not change.

    A planned movement's `id` is its place, counted from -1 downwards; a `source` below zero names a movement of this plan.
    `figures` are the document's totals; `unbilled` is what would stand in stock received but not billed if the document followed
    the perpetual rule; `receipt` is what a sale at a till came to, `released` a sale that no longer stands. `place` (posting time and
    sequence) is where a cancel takes effect, `effect` the day from which it counts, `not_before` the same where a closed period puts
    it off.
    """

    movements: list[Movement] = []
    entries: list[Entry] = []
    links: list[Link] = []
    differences: list[Difference] = []
    figures: dict[str, object] = {}
    orders: list[OrderLine] = []
    moved: list[Difference] = []
    unbilled: list[Unbilled] = []
    place: tuple[int, int] | None = None
    receipt: PosReceipt | None = None
    released: PosReceipt | None = None
    effect: date | None = None
    not_before: date | None = None

    @property
    def is_without_rows(self) -> bool:
        """Whether neither ledger gets a row of it, and it refers to no other document."""
        return not (self.movements or self.entries or self.links or self.differences or self.moved or self.unbilled)

    def move(
        self,
        head: Head,
        line: int,
        chain: Chain,
        qty: int,
        basis: Basis,
        *,
        account: str,
        contra: str,
        cost_center: str = "",
        dimensions: str = "",
        batch: str = "",
        source: int = 0,
        stated: int = 0,
        weight: int = 0,
        counted_qty: int | None = None,
        counted_rate: int | None = None,
    ) -> Movement:
        """Add a movement to be valued."""
        # By place, not by name: to find twenty fields by their names takes five times as long as to fill them.
        movement = Movement(
            -len(self.movements) - 1, head.sequence, line, chain, head.at, head.date, qty, 0, basis, account, contra,
            cost_center or head.cost_center, dimensions or head.dimensions, batch, source, stated, weight, counted_qty, counted_rate,
        )  # fmt: skip
        self.movements.append(movement)
        return movement

    def entry(
        self,
        head: Head,
        account: str,
        amount: int,
        *,
        party: str = "",
        cost_center: str = "",
        dimensions: str = "",
        against: int = 0,
        currency: str = "",
        currency_amount: int = 0,
        is_opening: bool = False,
    ) -> None:
        """Add a general ledger entry: debit positive, credit negative, minor units; nothing for zero."""
        if amount or currency_amount:
            self.entries.append(
                Entry(
                    voucher=head.sequence,
                    account=account,
                    amount=amount,
                    date=head.date,
                    party=party,
                    cost_center=(cost_center or head.cost_center) if head.view.is_profit_and_loss(account) else "",
                    dimensions=dimensions or head.dimensions,
                    against=against,
                    cause=head.cause,
                    currency=currency,
                    currency_amount=currency_amount,
                    is_opening=is_opening,
                )
            )


def cost_center_of(head: Head, stated: str | None, item: Item) -> str:
    """A line's cost center: stated there or on the document, else the item's, its groups', the company's."""
    if stated:
        return stated
    if head.states_cost_center or not (item.defaults or item.item_group):
        return head.cost_center
    return head.view.defaults.cost_center(item) or head.cost_center


def dimensions_of(
    head: Head, own: dict[str, str] | None, common: dict[str, str] | None, item: Item | None = None
) -> str:
    """A line's dimensions over the document's, its item's and the company's, as sorted JSON text; empty where there are none."""
    of_item = head.view.defaults.dimensions(item) if item is not None and (item.defaults or item.item_group) else None
    if not own and not of_item:
        return head.dimensions
    merged = {**(head.view.company.dimensions or {}), **(of_item or {}), **(common or {}), **(own or {})}
    return _sorted_json.encode(merged).decode()
