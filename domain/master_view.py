"""Masters as one document sees them, and the resolution of accounts, cost centers and batches.

Resolution order is the field's: the line, then the item, its group and that group's parents, then the company. What is
missing parks the document (it may still come); what is wrong rejects it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from operator import attrgetter
from typing import cast

from domain import accounting_period
from domain.chart_of_accounts import (
    BALANCE_SHEET,
    DEFAULT_ACCOUNTS,
    DEFAULT_COST_CENTER,
    PROFIT_AND_LOSS,
    STANDARD,
    STANDARD_CHART,
)
from domain.cut_over import CutOver
from domain.errors import DocumentParked, DocumentRejected
from domain.item_defaults import DefaultsOfItems
from domain.master_book import MasterBook, unknown_master
from domain.masters import Account, AccountingPeriod, Batch, Company, Customer, Item, PosProfile, Supplier, Warehouse
from domain.money import Currency
from domain.posting_time import zone
from domain.quantity import dust
from domain.stock_ledger import Chain
from domain.till import Till

# What a missing default account is called, by the role that it would play.
_MISSING = {
    "inventory": "StockAccountNotLinked",
    "cost_of_goods_sold": "ExpenseAccountMissing",
    "default_expense": "ExpenseAccountMissing",
    "income": "IncomeAccountMissing",
    "round_off": "RoundOffAccountMissing",
}


class MasterView:
    """What a document may ask of the masters; answers are kept while the book's stamp stays."""

    def __init__(self, book: MasterBook) -> None:
        company = book.get("company", book.company)
        if not isinstance(company, Company):
            raise DocumentParked(
                "UnknownMaster",
                f"The company {book.company} is not known. Publish its company master; the document posts by itself then.",
                (f"company:{book.company}",),
                "company",
            )
        self.book = book
        self.stamp = book.stamp
        self.company = company
        self.currency = Currency(company.currency, company.currency_precision)
        self.zone = zone(company.time_zone)
        self.perpetual = company.perpetual_inventory
        self.cut_over = self._cut_over()
        self.has_standard_chart = company.chart_of_accounts == STANDARD
        self.cost_center = company.cost_center or (DEFAULT_COST_CENTER if self.has_standard_chart else "")
        self.periods = [p for p in book.all("accounting_period") if isinstance(p, AccountingPeriod)]
        self.frozen_upto = date.fromisoformat(company.stock_frozen_upto) if company.stock_frozen_upto else None
        self.has_closed = bool(self.periods) or self.frozen_upto is not None  # nearly: a period may be open again
        self._items: dict[str, Item] = {}
        self._stock_accounts: dict[str, str] = {}
        self._accounts: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._root_types: dict[str, str] = {}
        self._profit_and_loss: dict[str, bool] = {}
        self.defaults = DefaultsOfItems(book.get, company.name)
        self._methods: dict[str, list[tuple[int, str]]] = {}
        self._versions: dict[str, list[tuple[int, object]]] = {}
        self._mode_accounts: dict[str, str] = {}
        self.tills: dict[str, Till] = {}  # as far as they were asked for
        self._resolutions: dict[tuple[str | None, str, str], str] = {}
        self._holding_stock: dict[str, bool] = {}
        self._batchwise: dict[tuple[str, str], bool] = {}

    def follows_perpetual(self, voucher: int, at: int) -> bool:
        """Whether a voucher (its sequence and posting time) has entries for the stock that it moves."""
        return self.perpetual and not self.is_in_opening(voucher, at)

    def is_in_opening(self, voucher: int, at: int) -> bool:
        """Whether the opening entry of a migration to perpetual inventory stands for a voucher."""
        return self.cut_over is not None and self.cut_over.stands_for(voucher, at)

    def _cut_over(self) -> CutOver | None:
        known = self.book.get("cut_over", self.company.name) if self.perpetual else None
        return known if isinstance(known, CutOver) and not known.ended else None

    def effective_date(self, day: date, cause_day: date, document_type: str = "") -> date:
        """When a correction of something dated `day` takes effect, given the periods that are closed by now.

        What lies before the cut-over to perpetual inventory changes the opening entry: where that one's day is closed, both change later.
        """
        if not self.has_closed:
            return day
        if self.cut_over is not None and day < self.cut_over.day:
            opening = self.cut_over.day
            if accounting_period.first_open_day(opening, "", self.periods, self.frozen_upto) != opening:
                day = opening
        return accounting_period.effective_date(day, cause_day, self.periods, self.frozen_upto, document_type)

    # -- accounts -----------------------------------------------------------------------------------------------------

    def role(self, role: str) -> str:
        """The account that plays a role in this company, for instance `cost_of_goods_sold`."""
        known = self._roles.get(role)
        if known is None:
            name = self._role_account(role)
            if name is None:
                raise self._missing(role, (f"company.{role}",), f"company.{role}")
            known = self._roles[role] = self.account(name, f"company.{role}")
        return known

    def _role_account(self, role: str) -> str | None:
        """The company's account for a role, else the standard chart's; a chart of the company's own has no others."""
        stated: str | None = getattr(self.company, role)
        return stated or (DEFAULT_ACCOUNTS[role] if self.has_standard_chart else None)

    def _missing(self, role: str, places: Iterable[str], field: str) -> DocumentRejected:
        named = list(places)
        return DocumentRejected(
            _MISSING.get(role, "DefaultAccountMissing"),
            f"{field}: no account is set for {role.replace('_', ' ')}. Set one of: {'; '.join(named)}.",
            field,
            {"places": named},
        )

    def receivable(self, customer: str) -> str:
        """The account of what a customer owes: the customer's own, else the company's."""
        known = self.book.get("customer", customer)
        own = known.receivable if isinstance(known, Customer) else None
        return self.account(own, f"customer {customer}: receivable") if own else self.role("receivable")

    def payable(self, supplier: str) -> str:
        """The account of what we owe a supplier: the supplier's own, else the company's."""
        known = self.book.get("supplier", supplier)
        own = known.payable if isinstance(known, Supplier) else None
        return self.account(own, f"supplier {supplier}: payable") if own else self.role("payable")

    def account(self, name: str, field: str) -> str:
        """An account that can be posted to. Errors: parked where unknown, rejected where a group or disabled."""
        if name not in self._accounts:
            self._accounts[name] = self._root_type(name, field)
        return name

    def is_profit_and_loss(self, name: str) -> bool:
        """Whether an account belongs to the profit and loss statement (and so needs a cost center)."""
        known = self._profit_and_loss.get(name)
        if known is None:
            known = self._profit_and_loss[name] = self.root_type(name) in PROFIT_AND_LOSS
        return known

    def root_type(self, name: str) -> str:
        """The side of the books that an account belongs to, also where it can't be posted to any more; empty where nothing says."""
        known = self._accounts.get(name) or self._root_types.get(name)
        if known is None:
            master = self.book.get("account", name)
            standard = STANDARD_CHART.get(name)
            known = (
                self._inherited_root_type(master)
                if isinstance(master, Account)
                else standard.root_type
                if standard
                else ""
            )
            self._root_types[name] = known
        return known

    def is_balance_sheet(self, name: str) -> bool:
        """Whether an account belongs to the balance sheet."""
        self.account(name, "account")
        return self._accounts[name] in BALANCE_SHEET

    def mode_account(self, mode: str) -> str:
        """The account of a payment mode: a till's, else the account of the same name, created on first mention."""
        if mode not in self._mode_accounts:
            stated = next(
                (m.account for p in self.book.all("pos_profile") if isinstance(p, PosProfile)
                 for m in p.payment_modes if m.mode == mode and m.account),
                mode,
            )  # fmt: skip
            self._mode_accounts[mode] = self.tender_account(stated)
        return self._mode_accounts[mode]

    def tender_account(self, name: str) -> str:
        """An account that a mode of payment names: an asset from its first mention on. Errors: rejected where a group or disabled."""
        if name not in self._accounts and name not in STANDARD_CHART and self.book.get("account", name) is None:
            self._accounts[name] = "asset"
        return self.account(name, "payments")

    def account_type(self, name: str) -> str:
        """What an account is for, in small letters however it was written: `stock`, `receivable`, ...; empty where nothing is stated."""
        known = self.book.get("account", name)
        if isinstance(known, Account) and known.account_type:
            return known.account_type.casefold()
        return STANDARD_CHART[name].account_type if name in STANDARD_CHART else ""

    def is_stock_account(self, name: str) -> bool:
        """Whether an account holds the value of stock: its type says so; where it has none, a warehouse or the company does."""
        known = self._holding_stock.get(name)
        if known is None:
            type_ = self.account_type(name)
            known = self._holding_stock[name] = type_ == "stock" or (
                not type_ and self.root_type(name) in ("asset", "") and self._is_named_for_stock(name)
            )
        return known

    def _is_named_for_stock(self, name: str) -> bool:
        warehouses = self.book.all("warehouse")
        return name == self._role_account("inventory") or any(
            isinstance(warehouse, Warehouse) and warehouse.account == name for warehouse in warehouses
        )

    def _root_type(self, name: str, field: str) -> str:
        known = self.book.get("account", name)
        if isinstance(known, Account):
            if known.is_group or known.disabled:
                raise DocumentRejected(
                    "GroupAccount" if known.is_group else "DisabledAccount",
                    f"{field}: {name} is {'a group of accounts' if known.is_group else 'disabled'} and can't be posted "
                    "to. Name an open account.",
                    field,
                )
            return self._inherited_root_type(known)
        standard = STANDARD_CHART.get(name)
        if standard is None:
            raise unknown_master("account", name, field)
        if standard.is_group:
            raise DocumentRejected(
                "GroupAccount",
                f"{field}: {name} is a group of accounts and can't be posted to. Name one below it.",
                field,
            )
        return standard.root_type

    def _inherited_root_type(self, account: Account) -> str:
        seen: set[str] = set()
        current: Account | None = account
        while current is not None and current.name not in seen:
            if current.root_type:
                return current.root_type
            seen.add(current.name)
            parent = current.parent or ""
            if parent in STANDARD_CHART:
                return STANDARD_CHART[parent].root_type
            above = self.book.get("account", parent) if parent else None
            current = above if isinstance(above, Account) else None
        return ""

    def stock_account(self, warehouse: str, field: str = "warehouse") -> str:
        """The stock account of a warehouse: its own, its nearest ancestor's, else the company's default."""
        known = self._stock_accounts.get(warehouse)
        if known is None:
            known = self._stock_accounts[warehouse] = self._resolve_stock_account(warehouse, field)
        return known

    def present_account(self, warehouse: str, booked: str) -> str:
        """The stock account that a warehouse has now, for what corrects a movement that was booked on `booked`.

        That one stays where the warehouse can't be asked any more: a correction is never refused.
        """
        known = self._stock_accounts.get(warehouse)
        if known is None:
            try:
                known = self.stock_account(warehouse)
            except (DocumentParked, DocumentRejected):
                known = booked
        return known

    def _resolve_stock_account(self, name: str, field: str) -> str:
        warehouse = self._warehouse(name, field)
        if warehouse.is_group or warehouse.disabled:
            raise DocumentRejected(
                "GroupWarehouse" if warehouse.is_group else "DisabledWarehouse",
                f"{field}: {name} is {'a group of warehouses' if warehouse.is_group else 'disabled'}; stock can't lie "
                "there. Name an open warehouse.",
                field,
            )
        seen: set[str] = set()
        while warehouse.account is None and warehouse.parent and warehouse.name not in seen:
            seen.add(warehouse.name)
            warehouse = self._warehouse(warehouse.parent, field)
        if warehouse.account is not None:
            return self.account(warehouse.account, f"warehouse {warehouse.name}: account")
        return self.role("inventory")

    def _warehouse(self, name: str, field: str) -> Warehouse:
        warehouse = self.book.get("warehouse", name)
        if not isinstance(warehouse, Warehouse):
            raise unknown_master("warehouse", name, field)
        return warehouse

    # -- items --------------------------------------------------------------------------------------------------------

    def item(self, code: str, field: str = "item") -> Item:
        """An item that can be used. Errors: parked where unknown, rejected where disabled."""
        item = self._items.get(code)
        if item is None:
            known = self.kept_item(code, field)
            if known.disabled:
                raise DocumentRejected(
                    "DisabledItem", f"{field}: the item {code} is disabled. Enable it or name another.", field
                )
            item = self._items[code] = known
        return item

    def kept_item(self, code: str, field: str = "item") -> Item:
        """An item that stock exists of, whether or not new documents may still use it. Errors: parked where unknown."""
        known = self.book.get("item", code)
        if not isinstance(known, Item):
            raise unknown_master("item", code, field)
        return known

    def item_then(self, code: str, document: int) -> Item:
        """An item as an earlier document (its sequence) found it: its units may say other factors by now. Errors: parked where unknown."""
        known = self._versions.get(code)
        if known is None:
            self.kept_item(code)
            known = self._versions[code] = self.book.changes("item", code, lambda item: item)
        return next(cast("Item", item) for since, item in reversed(known) if since <= document)

    def valuation_methods(self, code: str) -> list[tuple[int, str]]:
        """The methods that an item has been valued by, oldest first, each with the sequence of the first document it held for.

        Errors: parked where the item is unknown.
        """
        known = self._methods.get(code)
        if known is None:
            self.kept_item(code)
            changes = self.book.changes("item", code, attrgetter("valuation_method"))
            known = self._methods[code] = [(since, str(method)) for since, method in changes]
        return known

    def expense_account(self, stated: str | None, item: Item, role: str, field: str) -> str:
        """The expense account of a line: stated, the item's, its groups', else the company's account for `role`.

        Errors: DocumentRejected naming all these places where none of them says.
        """
        return self._resolved(stated, item, "expense_account", role, field)

    def income_account(self, stated: str | None, item: Item, field: str) -> str:
        """The income account of a line: stated, the item's, its groups', else the company's. Errors: as `expense_account`."""
        return self._resolved(stated, item, "income_account", "income", field)

    def _resolved(self, stated: str | None, item: Item, which: str, role: str, field: str) -> str:
        known = self._resolutions.get((stated, item.code, role))
        if known is None:
            name = stated if stated is not None else self.defaults.account(item, which)
            if name is None and self._role_account(role) is None:
                raise self._missing(role, (field, *self.defaults.places(item, which), f"company.{role}"), field)
            known = self._resolutions[stated, item.code, role] = (
                self.role(role) if name is None else self.account(name, field)
            )
        return known

    def values_by_batch(self, item: Item, batch: str) -> bool:
        """Whether a batch is valued by itself: as the batch says, else the item, else yes."""
        key = (item.code, batch)
        known = self._batchwise.get(key)
        if known is None:
            master = self.book.get("batch", batch)
            stated = master.batch_wise_valuation if isinstance(master, Batch) else None
            if stated is None:
                stated = item.batch_wise_valuation
            known = self._batchwise[key] = True if stated is None else stated
        return known

    def chain(self, item: Item, warehouse: str, batch: str = "", serial: str = "") -> Chain:
        """The chain that a movement of this item belongs to."""
        if serial:
            return Chain(item.code, warehouse, serial)
        if batch and self.values_by_batch(item, batch):
            return Chain(item.code, warehouse, batch)
        return Chain(item.code, warehouse)

    def allows_negative(self, item: Item) -> bool:
        """Whether stock of this item may go below zero: never for a batch or serial number."""
        if item.has_batch or item.has_serial:
            return False
        return self.company.allow_negative_stock if item.allow_negative_stock is None else item.allow_negative_stock

    def negligible_shortage(self, item: Item) -> int:
        """By how much (millionths) stock of this item may fall short unasked: what upstream's rounding leaves."""
        return 0 if item.has_batch or item.has_serial else dust(self.company.quantity_precision)


def fallback_rate(item: Item) -> int | None:
    """What a unit of an item costs where its chain can't say (nine decimals), None where the item doesn't say either."""
    return item.valuation_rate if item.valuation_rate is not None else item.standard_rate
