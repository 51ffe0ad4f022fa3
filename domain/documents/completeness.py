"""What every profit-and-loss entry must say: a cost center, and the dimensions that the company asks for."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain.documents.plan import Head, Plan
from domain.errors import DocumentRejected

_PLACES = "on the line, on the document, in the defaults of the item or of its item group, or on the company"


def require_complete(plan: Plan, head: Head) -> None:
    """Refuse a plan that would charge profit and loss without saying where to.

    Errors: DocumentRejected CostCenterMissing or DimensionMissing, naming every place where it could be set.
    """
    mandatory = head.view.company.mandatory_dimensions
    if head.view.cost_center and not mandatory:
        return
    for account, cost_center, dimensions in _charged(plan):
        if not head.view.is_profit_and_loss(account):
            continue
        if not cost_center:
            raise DocumentRejected(
                "CostCenterMissing",
                f"cost_center: {account} belongs to profit and loss and needs a cost center. State one {_PLACES}.",
                "cost_center",
                {"account": account},
            )
        stated = msgspec.json.decode(dimensions, type=dict[str, str]) if dimensions else {}
        missing = [name for name in mandatory if name not in stated]
        if missing:
            raise DocumentRejected(
                "DimensionMissing",
                f"dimensions.{missing[0]}: {account} belongs to profit and loss, where {head.view.company.name} asks for "
                f"{', '.join(mandatory)}. State {', '.join(missing)} {_PLACES}.",
                f"dimensions.{missing[0]}",
                {"account": account, "missing": missing},
            )


def _charged(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Account, cost center and dimensions of everything that the plan books or will book by its movements."""
    for entry in plan.entries:
        yield entry.account, entry.cost_center, entry.dimensions
    for movement in plan.movements:
        if movement.contra:
            yield movement.contra, movement.cost_center, movement.dimensions
