"""Into which documents a closing's sales go: one, or one a customer; returns netted into it, or as a credit note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.masters import PosProfile
from domain.pos_consolidation.merging import Sale
from domain.pos_consolidation.tally import Tally
from domain.pos_receipt import PosReceipt


@dataclass(slots=True)
class Group:
    """The sales of one document, `plain` ones as a tally; `customer` is empty where there are several and the profile names none."""

    customer: str
    is_return: bool
    sales: list[Sale]
    plain: Tally | None = None


@dataclass(slots=True)
class _Part:
    """Sales of a wave that belong together, and the tally of plain ones that goes with them."""

    sales: list[Sale] = field(default_factory=list)
    plain: Tally | None = None

    @property
    def first(self) -> tuple[int, int]:
        events = [_event(sale) for sale in self.sales]
        return min([*events, self.plain.first] if self.plain is not None else events)


def tally_of(receipt: PosReceipt, profile: PosProfile) -> str:
    """The name of the tally that a plain sale is summed in: sales of one name go into one document."""
    return receipt.customer if profile.consolidate_by == "customer" else ""


def group(
    waves: Sequence[Sequence[Sale]], profile: PosProfile, plain: Mapping[str, Tally] | None = None
) -> list[Group]:
    """Documents in the order in which they are to be posted: goods leave before they come back, wave after wave.

    `plain` are tallies of sales that no wave has to look at, by the names of `tally_of`; they go with the first wave.
    """
    tallies = plain or {}
    if profile.returns == "net":
        # Goods that come back in the same document are there when the others leave, so waves need no documents of their own.
        waves = [sorted((sale for wave in waves for sale in wave), key=_event)]
    made: list[Group] = []
    for place, wave in enumerate(waves or [[]]):
        for part in _parts(wave, profile, {} if place else tallies):
            customer = _customer(part, profile)
            sold = [sale for sale in part.sales if not sale.receipt.is_return]
            back = [sale for sale in part.sales if sale.receipt.is_return]
            if profile.returns == "net":
                made.append(Group(customer, not sold and part.plain is None, part.sales, part.plain))
                continue
            if sold or part.plain is not None:
                made.append(Group(customer, False, sold, part.plain))
            if back:
                made.append(Group(customer, True, back))
    return made


def _parts(wave: Sequence[Sale], profile: PosProfile, plain: Mapping[str, Tally]) -> list[_Part]:
    """What goes into documents of its own, in the order of the first sales."""
    parts = {name: _Part(plain=tally) for name, tally in plain.items()}
    for sale in wave:
        parts.setdefault(tally_of(sale.receipt, profile), _Part()).sales.append(sale)
    return sorted(parts.values(), key=lambda part: part.first)


def _event(sale: Sale) -> tuple[int, int]:
    return sale.receipt.at, sale.sequence


def _customer(part: _Part, profile: PosProfile) -> str:
    customers = {sale.receipt.customer for sale in part.sales} | (part.plain.customers if part.plain else set())
    return customers.pop() if len(customers) == 1 else profile.customer_default or ""
