"""A voucher's figures as a scenario's reader sees them: numbers as numbers, lines as the scenario counts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from domain.money import RATE_SCALE
from worker.reports.line_costs import LineCost
from worker.reports.read_model import plain

# Names and texts among the figures; everything else that reads as a number is one.
_TEXTS: Final = frozenset({"consolidated_into", "generated_by", "customer", "status"})


# What the cost of a line is called, by the type of its document. What a line of a stock entry moves has its rate and amount without the
# additional costs on it, and its valuation rate with them.
_COSTS: Final = {
    "purchase_receipt": ("line_valuation_rate", "line_landed_cost"),
    "purchase_invoice": ("line_valuation_rate", "line_landed_cost"),
    "stock_reconciliation": ("line_valuation_rate",),
    "stock_entry": ("line_rates", "line_amounts", "line_valuation_rate"),
    "delivery_note": ("line_cost_rates",),
    "sales_invoice": ("line_cost_rates",),
}


_NOTHING: Final = LineCost(Decimal(0), Decimal(0), Decimal(0))


def cost_figures(
    document: Mapping[str, Any],
    costs: Mapping[int, LineCost],
    lines: Sequence[Mapping[str, Any]],
    stored: Mapping[str, Any],
) -> dict[str, Any]:
    """What each line of a document costs by now; a line that moves no stock costs nothing.

    `lines` are as the story states them, `stored` are the figures that posting left.
    """
    if not costs or document["status"] == "cancelled":
        return {}
    additional = stored.get("line_additional_cost", ())
    all_lines: list[dict[str, Decimal]] = []
    for place in range(1, max(len(lines), *costs) + 1):  # of a document that the system made, the story gives no lines
        cost = costs.get(place, _NOTHING)
        stated = lines[place - 1] if place <= len(lines) else {}
        rate = _rate(document["type"], cost, stated)
        added = Decimal(additional[place - 1]) if place <= len(additional) else Decimal(0)
        all_lines.append(
            {
                "line_rates": cost.rate(less=added),
                "line_amounts": abs(cost.value - added),
                "line_valuation_rate": rate,
                "line_cost_rates": rate,
                "line_landed_cost": cost.landed,
            }
        )
    return {name: [line[name] for line in all_lines] for name in _COSTS.get(document["type"], ())}


def _rate(kind: str, cost: LineCost, stated: Mapping[str, Any]) -> Decimal:
    """A counted line is worth what the count says; a bundle has a cost per bundle, whatever lies in it."""
    if kind == "stock_reconciliation" and stated.get("rate") is not None:
        return Decimal(str(stated["rate"]))
    if cost.is_bundle and stated.get("qty"):
        return plain(round(abs(cost.value / Decimal(str(stated["qty"]))), RATE_SCALE))
    return cost.rate()


def shown(figures: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The figures, exact; where `wanted` names lines by number ({"2": 50}) the answer names them so too, else it lists all."""
    result = {}
    for name, value in figures.items():
        exact = value if name in _TEXTS else _exact(value)
        if isinstance(exact, list) and isinstance(wanted.get(name), Mapping):
            exact = {str(line): figure for line, figure in enumerate(exact, start=1)}
        result[name] = exact
    return result


def _exact(value: Any) -> Any:
    if isinstance(value, list):
        return [_exact(one) for one in value]
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value
