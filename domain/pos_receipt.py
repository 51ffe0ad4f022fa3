"""A sale at a till as it was decided: every amount that a closing will sum, so that nothing is ever computed again.

Amounts are minor units of the company's currency, quantities millionths, rates nine decimals. Receipts are written as short JSON
arrays, because a closing reads tens of thousands of them.
"""

from __future__ import annotations

import msgspec

from domain.stock_ledger import Chain


class LineKey(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What sold lines merge on. `rate` is the net rate of one unit in minor units; `tax` spells the taxes that the line bears.

    `uom` and `dimensions` are empty where there are none, `factor` (stock units per unit) is 0 where the item knows it. Accounts,
    warehouse and cost center are resolved; `expense` is empty where the item says it.
    """

    item: str
    uom: str
    factor: int
    rate: int
    warehouse: str
    tax: str
    income: str
    expense: str
    cost_center: str
    dimensions: str
    batch: str
    zero_rate: bool = False
    cost_rate: int | None = None

    @property
    def unit(self) -> tuple[str, int]:
        """What quantities under it are counted in."""
        return self.uom, self.factor


class ReceiptLine(msgspec.Struct, array_like=True, gc=False):
    """A sold line: `net` without taxes and discounts, its part of each of the receipt's taxes, and the original's line it returns."""

    key: LineKey
    qty: int
    net: int
    taxes: list[int] = []
    serials: list[str] = []
    returns: int = 0


class TaxKey(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What taxes are summed by: account, cost center, and the rate by which it was charged."""

    account: str
    cost_center: str
    charge: str
    rate: int


class ReceiptTax(msgspec.Struct, array_like=True, gc=False):
    """One tax of a receipt."""

    key: TaxKey
    amount: int


class Tender(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A mode of payment and the account behind it."""

    mode: str
    account: str


class ReceiptPayment(msgspec.Struct, array_like=True, gc=False):
    """Money taken in one tender, negative where it was given back."""

    tender: Tender
    amount: int


class PosReceipt(msgspec.Struct, array_like=True, gc=False):
    """A decided sale, or a return where quantities are negative.

    `at` is the event's own time (microseconds since 1970); `total` is what was asked for, rounding included: nets + taxes +
    `round_off` = total. `change` is what was given back of the payments. `goods` is what it reserves, by chain in stock units;
    `returns_of` the number of the sale that a return names, `hold` the reservation that it was sold from.
    """

    number: str
    at: int
    customer: str
    lines: list[ReceiptLine]
    taxes: list[ReceiptTax]
    payments: list[ReceiptPayment]
    change: list[ReceiptPayment]
    net: int
    grand: int
    total: int
    round_off: int
    written_off: int
    goods: list[tuple[Chain, int]]
    is_return: bool = False
    returns_of: str = ""
    hold: str = ""

    @property
    def paid(self) -> int:
        """Everything that was handed over, before change."""
        return sum([payment.amount for payment in self.payments])

    @property
    def given_back(self) -> int:
        """All change."""
        return sum(change.amount for change in self.change)

    @property
    def outstanding(self) -> int:
        """What the customer still owes."""
        return self.total - self.paid + self.given_back - self.written_off


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PosReceipt).decode


def write(receipt: PosReceipt) -> str:
    """A receipt as text; the same receipt always gives the same text."""
    return _encode(receipt).decode()


def read(text: str) -> PosReceipt:
    """A receipt from its text."""
    return _decode(text)
