"""What a company lacks before it can go over to perpetual inventory, each with what would set it right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from domain.errors import DocumentParked, DocumentRejected
from domain.master_view import MasterView
from domain.masters import Warehouse

# The default accounts that the perpetual rule books to.
_ROLES = (
    "inventory", "stock_received_not_billed", "stock_adjustment", "expenses_included_in_valuation", "default_expense",
    "cost_of_goods_sold", "purchase_price_variance",
)  # fmt: skip


class Missing(NamedTuple):
    """Something that stands in the way: what kind of thing, its name, and what to do about it."""

    kind: str
    name: str
    message: str


def missing_accounts(view: MasterView) -> list[Missing]:
    """Default accounts and the cost center that are not set, or can't be posted to."""
    company = view.company.name
    found = [
        Missing("account", role, f'{refusal} Publish the company {company} with "{role}": "NAME OF THE ACCOUNT".')
        for role in _ROLES
        if (refusal := _refusal(partial(view.role, role))) is not None
    ]
    if not view.cost_center:
        found.append(
            Missing(
                "cost_center",
                "cost_center",
                "Expenses of stock need a cost center, and the company has none. Publish the company "
                f'{company} with "cost_center": "NAME OF THE COST CENTER".',
            )
        )
    return found


def missing_warehouses(warehouses: Iterable[Warehouse], view: MasterView) -> list[Missing]:
    """Warehouses whose stock account neither they, nor a parent, nor the company says."""
    found = []
    for warehouse in warehouses:
        if warehouse.is_group or warehouse.disabled:
            continue
        if (refusal := _refusal(partial(view.stock_account, warehouse.name))) is not None:
            message = f'{refusal} Publish the warehouse {warehouse.name} (or its parent) with "account": "NAME OF THE ACCOUNT".'
            found.append(Missing("warehouse", warehouse.name, message))
    return found


def unfinished(kind: str, names: Iterable[str], message: str) -> list[Missing]:
    """One thing a name; `message` says what to do, with `{name}` in it."""
    return [Missing(kind, name, message.format(name=name)) for name in names]


def _refusal(resolve: Callable[[], str]) -> str | None:
    try:
        resolve()
    except DocumentParked as unknown:
        return f"{unknown.field} is to be {', '.join(unknown.waits_for).replace(':', ' ')}, which nobody has published yet."
    except DocumentRejected as refused:
        return refused.message
    return None
