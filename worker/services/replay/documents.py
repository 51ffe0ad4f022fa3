"""What became of a scenario's documents, those that the system generated on the way included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec

from worker.reports import Scope
from worker.reports.line_costs import line_costs
from worker.reports.outstanding import outstanding_by_voucher
from worker.services.replay.figures import cost_figures, shown
from worker.services.replay.loose import objects
from worker.services.replay.scenario import Scenario, Step
from worker.store.database import Database, Rows
from worker.store.intake.incoming import Receipt
from worker.store.pos.sales import consolidated_sales
from worker.store.posting.outcomes import fetch_outcomes

Json = dict[str, Any]

# `<consolidated C1>`, `<credit note C1>`, `<consolidated C1@CLO-2>`: what a closing generated for a customer.
_GENERATED: Final = re.compile(r"<(consolidated|credit note) ([^@>]*)(?:@([^>]*))?>\Z")
# What leaves a receivable or payable behind, and so has an outstanding amount even when that is zero.
_OWED: Final = frozenset({"sales_invoice", "purchase_invoice"})


@dataclass(frozen=True, slots=True)
class Generated:
    """A document that the system made while `by` was posted."""

    sequence: int
    number: str
    type: str
    by: str
    customer: str
    is_return: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A document of the story, or one that the system generated while it was posted.

    Of the story's, one is told by its receipt, by the figures computed, or by the refusal to compute them.
    """

    step: Step | None = None
    receipt: Receipt | None = None
    generated: Generated | None = None
    computed: Json | None = None
    refusal: Json | None = None

    @property
    def sequence(self) -> int:
        """Its place in the company's lane, 0 for masters and for what was not accepted."""
        if self.generated is not None:
            return self.generated.sequence
        return self.receipt.sequence if self.receipt is not None else 0

    @property
    def lines(self) -> list[Json]:
        """The lines that the story gives it."""
        return objects(self.step.document.get("lines")) if self.step is not None else []


def generated_since(database: Database, company: int, told: Sequence[Told]) -> list[Told]:
    """Documents in the lane beyond those told: only the system can have put them there, while the last one was posted."""
    last = told[-1].step
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT sequence, number, type, payload FROM document WHERE company_id = %s AND sequence > %s ORDER BY sequence",
            (company, max(one.sequence for one in told)),
        ).fetchall()
    made = []
    for sequence, number, kind, payload in rows:
        document = msgspec.json.decode(payload)
        about = Generated(
            sequence,
            number,
            kind,
            last.number if last else "",
            document.get("customer", ""),
            bool(document.get("is_return")),
        )
        made.append(Told(generated=about))
    return made


def with_numbers(document: Json, told: Sequence[Told]) -> Json:
    """A document with the numbers that closings generated in the place of their descriptions.

    A cancel's target that names no type is given that of the document described.
    """
    named: Json = _numbered(document, told)
    target = document.get("target")
    described = _described(target.get("number"), told) if isinstance(target, dict) else None
    return named if described is None else {**named, "target": {"type": described.type, **named["target"]}}


def _numbered(value: Any, told: Sequence[Told]) -> Any:
    if isinstance(value, list):
        return [_numbered(one, told) for one in value]
    if isinstance(value, dict):
        return {name: _numbered(one, told) for name, one in value.items()}
    described = _described(value, told)
    return value if described is None else described.number


def _described(value: Any, told: Sequence[Told]) -> Generated | None:
    match = _GENERATED.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    kind, customer, closing = match.groups()
    for one in (each.generated for each in told if each.generated is not None):
        if one.customer == customer and one.is_return == (kind == "credit note") and closing in {None, one.by}:
            return one
    return None


def tell(connection: Rows, scope: Scope, scenario: Scenario, told: Sequence[Told]) -> list[Json]:
    """Every document with its status, its error and, where it is posted, its figures."""
    found = fetch_outcomes(connection, scope.company, [one.sequence for one in told if one.sequence])
    outcomes = {outcome["sequence"]: outcome for outcome in found}
    figures: dict[Any, Any] = dict(
        connection.execute("SELECT voucher_id, figures FROM voucher WHERE company_id = %s", (scope.company,)).fetchall()
    )
    outstanding = outstanding_by_voucher(connection, scope)
    consolidated = consolidated_sales(connection, scope.company)
    costs = line_costs(connection, scope)
    wanted: dict[str, Json] = {}
    for row in objects(scenario.expect.get("documents")):
        wanted.setdefault(str(row.get("number")), {}).update(row)
    rows = []
    for one in told:
        row = _head(one, outcomes)
        stored = one.computed or figures.get(one.sequence) or {}
        by_now = cost_figures(row, costs.get(one.sequence, {}), one.lines, stored)
        row |= shown({**stored, **by_now}, wanted.get(str(row["number"]), {}))
        if row["type"] == "pos_invoice" and one.sequence in figures:
            row["consolidated_into"] = consolidated.get(one.sequence)
        if one.sequence in figures and row["type"] in _OWED:
            row["outstanding"] = outstanding.get(one.sequence, Decimal(0))
        rows.append(row)
    return rows


def _head(one: Told, outcomes: dict[int, Json]) -> Json:
    made = one.generated
    if made is not None:
        outcome = outcomes[made.sequence]
        return {
            "number": made.number, "type": made.type, "status": outcome["status"], "error": outcome.get("error"),
            "generated_by": made.by, "customer": made.customer, "is_return": made.is_return,
        }  # fmt: skip
    if one.step is None:
        raise AssertionError("a document is either the story's or generated")
    row: Json = {"number": one.step.document.get("number"), "type": one.step.type or None}
    if one.receipt is None:
        return {**row, "status": "rejected" if one.refusal else "computed", "error": one.refusal}
    if one.receipt.status == "conflict" or not one.sequence:
        # A master holds, and a document that was not filed has no outcome of its own, as soon as it is received.
        status = "rejected" if one.receipt.error else "posted"
        return {**row, "status": status, "error": one.receipt.error}
    outcome = outcomes[one.sequence]
    return {**row, "status": outcome["status"], "error": outcome.get("error")}
