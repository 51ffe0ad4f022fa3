"""Sales invoice: revenue, taxes and receivable; with `update_stock` it delivers the goods as well."""

from __future__ import annotations

from domain.documents.shape import ItemLine, LineRef, Payment, TradeDocument
from domain.money import Money, Rate
from domain.posting_time import PostingTime
from domain.shape import Name


class RoundedTotal:
    """Whether, and to what, the grand total is rounded: true or false, or the rounded total as the publisher states it."""

    __slots__ = ("stated", "wanted")

    def __init__(self, wanted: bool, stated: int | None = None) -> None:
        self.wanted = wanted
        self.stated = stated

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RoundedTotal) and (other.wanted, other.stated) == (self.wanted, self.stated)

    def __hash__(self) -> int:
        return hash((self.wanted, self.stated))

    def __repr__(self) -> str:
        return f"RoundedTotal({self.wanted}, {self.stated})"

    @classmethod
    def parse(cls, value: bool | int | str) -> RoundedTotal:
        """From JSON true, false, or a number. Errors: ValueError (not a number)."""
        return cls(value) if isinstance(value, bool) else cls(True, Money.parse(value))


class SalesLine(ItemLine, kw_only=True):
    """A sold line, of an invoice or a POS invoice."""

    discount: Money | None = None
    income_account: Name | None = None
    expense_account: Name | None = None
    against_delivery: LineRef | Name | None = None
    cost_rate: Rate | None = None
    allow_zero_rate: bool = False


class SalesInvoice(TradeDocument, tag="sales_invoice", kw_only=True):
    """An invoice to a customer, paid at once where `is_pos`."""

    lines: list[SalesLine]
    customer: Name | None = None
    update_stock: bool = False
    is_pos: bool = False
    due_date: PostingTime | None = None
    payments: list[Payment] = []
    change_amount: Money | None = None
    discount_percent: Rate | None = None
    discount_amount: Money | None = None
    rounded_total: RoundedTotal | None = None
    auto_write_off: bool = False
