"""Masters: companies, warehouses, items and everything else that documents name.

A master is a document too: same content changes nothing, changed content is a new version that holds for later documents.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from domain.money import Money, Rate
from domain.quantity import Quantity
from domain.shape import ModeAmount, Name, Prose, Shape

SHARED = "*"
# What became of a company's night; that a night is not over by its deadline; one page about the nights of many companies.
Mail = Literal["nightly", "alert", "digest"]
ValuationMethod = Literal["fifo", "lifo", "moving_average"]

# The plain form that every mail server takes: neither display names nor lists, and nothing that a header would read as two addresses.
_MAIL_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\Z", re.ASCII)


def is_mail_address(text: str) -> bool:
    """Whether a text is one plain mail address."""
    return _MAIL_ADDRESS.match(text) is not None


class Master(Shape, tag_field="type", kw_only=True):
    """Header of every master; `company` is `*` where it is shared by all companies.

    `actor` and `reason` say who changed it and why; both are asked for where what was closed or frozen is opened again.
    """

    name: Name
    company: Name = SHARED
    schema: int = 1
    actor: Name | None = None
    reason: Prose | None = None


class Company(Master, tag="company", kw_only=True):
    """A company, its settings and its default accounts.

    `over_billing_allowance`, `over_delivery_receipt_allowance`: by how many percent more may be billed than came or was delivered, and
    received or delivered than was ordered or billed before. `quantity_precision`: the decimals that its upstream apps keep of quantities.
    A shortage that vanishes when rounded to them is what their rounding left, and not refused; left out, every millionth counts.
    """

    currency: Name
    time_zone: Name = "UTC"
    currency_precision: int | None = None
    quantity_precision: int | None = None
    perpetual_inventory: bool = True
    chart_of_accounts: Name = "standard"
    inventory: Name | None = None
    stock_received_not_billed: Name | None = None
    stock_adjustment: Name | None = None
    expenses_included_in_valuation: Name | None = None
    cost_of_goods_sold: Name | None = None
    default_expense: Name | None = None
    purchase_price_variance: Name | None = None
    provisional: Name | None = None
    income: Name | None = None
    receivable: Name | None = None
    payable: Name | None = None
    round_off: Name | None = None
    write_off: Name | None = None
    temporary_opening: Name | None = None
    exchange_gain_loss: Name | None = None
    cash_over_short: Name | None = None
    retained_earnings: Name | None = None
    cost_center: Name | None = None
    dimensions: dict[Name, Name] | None = None
    smallest_currency_fraction: Money | None = None
    allow_negative_stock: bool = False
    rate_difference: Literal["revalue", "variance", "leave", "refuse"] = "revalue"
    over_billing_allowance: Rate = msgspec.field(default_factory=Rate)
    over_delivery_receipt_allowance: Rate = msgspec.field(default_factory=Rate)
    on_out_of_sync: Literal["block", "warn"] = "block"
    sync_tolerance: Money = msgspec.field(default_factory=Money)
    stock_journals: Literal["refuse", "allow"] = "refuse"
    repost: Name = "immediately"
    night_begins: Name = "01:00"
    night_ends: Name = "06:00"
    provisional_accounting_for_non_stock: bool = False
    mandatory_dimensions: list[Name] = []
    second_acceptance_above: Money | None = None
    fiscal_year_start: Name = "01-01"
    stock_frozen_upto: Name | None = None
    may_reopen_periods: list[Name] = []


class Account(Master, tag="account", kw_only=True):
    """An account of the chart."""

    parent: Name | None = None
    root_type: Literal["asset", "liability", "equity", "income", "expense"] | None = None
    account_type: Name | None = None
    is_group: bool = False
    disabled: bool = False


class Warehouse(Master, tag="warehouse", kw_only=True):
    """A place where stock lies; a group only holds other warehouses together."""

    parent: Name | None = None
    account: Name | None = None
    is_group: bool = False
    disabled: bool = False


class ItemDefaults(Shape, kw_only=True):
    """An item's or item group's defaults in one company."""

    expense_account: Name | None = None
    income_account: Name | None = None
    cost_center: Name | None = None
    dimensions: dict[Name, Name] | None = None
    warehouse: Name | None = None


class Item(Shape, tag_field="type", tag="item", kw_only=True):
    """Something bought, stocked or sold."""

    code: Name
    company: Name = SHARED
    name: Name | None = None
    schema: int = 1
    actor: Name | None = None
    valuation_method: ValuationMethod = "fifo"
    has_batch: bool = False
    batch_wise_valuation: bool | None = None
    has_serial: bool = False
    is_stock_item: bool = True
    stock_uom: Name | None = None
    uoms: dict[Name, Rate] | None = None
    valuation_rate: Rate | None = None
    standard_rate: Rate | None = None
    allow_negative_stock: bool | None = None
    bundle: dict[Name, Quantity] | None = None
    item_group: Name | None = None
    defaults: dict[Name, ItemDefaults] | None = None
    disabled: bool = False


class Batch(Master, tag="batch", kw_only=True):
    """A batch of an item; may state whether it is valued by itself."""

    item: Name | None = None
    batch_wise_valuation: bool | None = None
    expires_on: Name | None = None


class ItemGroup(Master, tag="item_group", kw_only=True):
    """A group of items with shared defaults."""

    parent: Name | None = None
    defaults: dict[Name, ItemDefaults] | None = None


class Customer(Master, tag="customer", kw_only=True):
    """Somebody we sell to."""

    receivable: Name | None = None


class Supplier(Master, tag="supplier", kw_only=True):
    """Somebody we buy from."""

    payable: Name | None = None


class CostCenter(Master, tag="cost_center", kw_only=True):
    """A place to which costs are charged."""

    parent: Name | None = None
    is_group: bool = False


class PaymentMode(Shape, kw_only=True):
    """A mode of payment at a till and its account."""

    mode: Name
    account: Name | None = None
    default: bool = False


class PosProfile(Master, tag="pos_profile", kw_only=True):
    """How a till sells and closes.

    `disable_rounded_total`: true asks for every total to the cent, false rounds them to the company's smallest coin, the whole unit where
    it names none; left out, totals are rounded only in a company that names one.
    """

    warehouse: Name | None = None
    customer_default: Name | None = None
    payment_modes: list[PaymentMode] = []
    opens_at: Name | None = None
    closes_at: Name | None = None
    consolidate_by: Literal["closing", "customer"] = "closing"
    returns: Literal["net", "credit_note"] = "net"
    disable_rounded_total: bool | None = None
    post_change_entries: bool = True
    opening_float: list[ModeAmount] = []
    cost_center: Name | None = None
    income_account: Name | None = None
    change_account: Name | None = None
    allow_partial_payment: bool = True
    write_off_limit: Money | None = None


class AccountingPeriod(Master, tag="accounting_period", kw_only=True):
    """A period of the one calendar of stock and accounts."""

    start: Name
    end: Name
    status: Literal["open", "closed", "frozen"] = "open"
    document_types: dict[Name, Literal["open", "closed", "frozen"]] | None = None


class Recipient(Master, tag="recipient", kw_only=True):
    """Who gets which mail: those named, else those of the role, else the nightly one; figures and dates in the ways of the locale."""

    email: Name
    mails: list[Mail] = []
    role: Literal["finance", "operations", "management"] | None = None
    locale: Name = "en"
    disabled: bool = False


class Publisher(Master, tag="publisher", kw_only=True):
    """An upstream app and what it may publish: into these companies, documents and masters of these types; None where into or of any.

    `*` among the companies stands for masters that all companies share. One that is disabled may publish nothing.
    """

    companies: list[Name] | None = None
    document_types: list[Name] | None = None
    requires_signature: bool = False
    disabled: bool = False


AnyMaster = (
    Company
    | Account
    | Warehouse
    | Item
    | Batch
    | ItemGroup
    | Customer
    | Supplier
    | CostCenter
    | PosProfile
    | AccountingPeriod
    | Recipient
    | Publisher
)
