"""The accounts that a scenario names: they exist, and each gets the side of the books that its place suggests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from domain.chart_of_accounts import DEFAULT_ACCOUNTS, STANDARD_CHART
from worker.messages.text import is_name
from worker.services.replay.loose import mapping, objects

_LINE_ACCOUNTS: Final = {"expense_account": "expense", "income_account": "income", "provisional_account": "liability"}
_PROFILE_ACCOUNTS: Final = {"income_account": "income", "change_account": "asset"}


def accounts_named(settings: Mapping[str, Any], documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Account masters (name, root_type, account_type) for every name that neither the standard chart nor `settings` has.

    What can't be a name is left for the document that states it to be refused.
    """
    spelled_out = settings.get("accounts") or {}
    found: dict[str, dict[str, Any]] = {}
    for name, root_type, account_type in (*_in_settings(settings), *_in_documents(documents)):
        if is_name(name) and name not in STANDARD_CHART and name not in spelled_out:
            about = {"name": name, "root_type": root_type}
            found.setdefault(name, about | ({"account_type": account_type} if account_type else {}))
    return list(found.values())


def _in_settings(settings: Mapping[str, Any]) -> Iterator[tuple[Any, str, str]]:
    for warehouse in mapping(settings.get("warehouses")).values():
        yield warehouse.get("account") if isinstance(warehouse, dict) else warehouse, "asset", "stock"
    for role, standard in DEFAULT_ACCOUNTS.items():
        if role in settings:
            yield settings[role], STANDARD_CHART[standard].root_type, STANDARD_CHART[standard].account_type
    profile = mapping(settings.get("pos_profile"))
    for mode in objects(profile.get("payment_modes")):
        yield mode.get("account"), "asset", "cash"
    for name, root_type in _PROFILE_ACCOUNTS.items():
        yield profile.get(name), root_type, ""
    for item in (*_values(settings.get("items")), *_values(settings.get("item_groups"))):
        for defaults in _values(item.get("defaults")):
            for name, root_type in _LINE_ACCOUNTS.items():
                yield defaults.get(name), root_type, ""


def _in_documents(documents: list[dict[str, Any]]) -> Iterator[tuple[Any, str, str]]:
    for document in documents:
        for tax in objects(document.get("taxes")):
            valued = str(tax.get("category", "total")).startswith("valuation")
            yield tax.get("account"), *(("expense", "chargeable") if valued else ("liability", "tax"))
        for charge in (*objects(document.get("charges")), *objects(document.get("additional_costs"))):
            yield charge.get("account"), "expense", "chargeable"
        for payment in objects(document.get("payments")):
            yield payment.get("account"), "asset", "cash"
        if document.get("type") == "payment_entry":
            yield document.get("account"), "asset", "cash"
        yield document.get("difference_account"), "expense", ""
        for line in objects(document.get("lines")):
            for name, root_type in _LINE_ACCOUNTS.items():
                yield line.get(name), root_type, ""
            # A journal line says nothing about its account: the balance sheet asks for the least (no cost center).
            yield line.get("account"), "asset", ""


def _values(named: Any) -> list[dict[str, Any]]:
    return objects(list(mapping(named).values()))
