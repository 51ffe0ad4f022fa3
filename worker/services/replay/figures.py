"""A voucher's figures as a scenario's reader sees them: numbers as numbers, lines as the scenario counts them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

# Names and texts among the figures; everything else that reads as a number is one.
_TEXTS: Final = frozenset({"consolidated_into", "generated_by", "customer", "status"})


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
