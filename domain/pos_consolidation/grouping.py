"""Into which documents a closing's sales go: one, or one a customer; returns netted into it, or as a credit note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.masters import PosProfile
from domain.pos_consolidation.merging import Sale


@dataclass(slots=True)
class Group:
    """The sales of one document; `customer` is empty where there are several and the profile names none for them."""

    customer: str
    is_return: bool
    sales: list[Sale]


def group(waves: Sequence[Sequence[Sale]], profile: PosProfile) -> list[Group]:
    """Documents in the order in which they are to be posted: goods leave before they come back, wave after wave."""
    if profile.returns == "net":
        # Goods that come back in the same document are there when the others leave, so waves need no documents of their own.
        waves = [sorted((sale for wave in waves for sale in wave), key=_event)]
    made: list[Group] = []
    for wave in waves:
        parts = _by_customer(wave) if profile.consolidate_by == "customer" else [list(wave)]
        for sales in parts:
            if not sales:
                continue
            customer = _customer(sales, profile)
            if profile.returns == "net":
                made.append(Group(customer, all(sale.receipt.is_return for sale in sales), sales))
                continue
            sold = [sale for sale in sales if not sale.receipt.is_return]
            back = [sale for sale in sales if sale.receipt.is_return]
            made += [Group(customer, is_return, some) for is_return, some in ((False, sold), (True, back)) if some]
    return made


def _event(sale: Sale) -> tuple[int, int]:
    return sale.receipt.at, sale.sequence


def _by_customer(sales: Sequence[Sale]) -> list[list[Sale]]:
    parts: dict[str, list[Sale]] = {}
    for sale in sales:
        parts.setdefault(sale.receipt.customer, []).append(sale)
    return list(parts.values())


def _customer(sales: Sequence[Sale], profile: PosProfile) -> str:
    customers = {sale.receipt.customer for sale in sales}
    return customers.pop() if len(customers) == 1 else profile.customer_default or ""
