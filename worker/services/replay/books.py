"""The books of one scenario as its reader sees them: rows named as in `expect`, read by the very reports of the system."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from worker.reports import REPORTS, Scope
from worker.reports.read_model import amount
from worker.services.replay.layers import layers_by_place
from worker.store.database import Rows

Json = dict[str, Any]

_NOT_IN_STOCK_ROWS = ("type",)
_NOT_IN_LEDGER_ROWS = ("type", "balance")


def stock_ledger(connection: Rows, scope: Scope) -> list[Json]:
    """Stock rows in the order of the books; the last row of an item in a warehouse carries the layers left there."""
    rows = [_without(row, _NOT_IN_STOCK_ROWS) for row in REPORTS["stock-ledger"].dicts(connection, scope)]
    left = layers_by_place(connection, scope)
    for row in reversed(rows):
        row["batch"] = row["batch"] or None
        row["posting_datetime"] = row["posting_datetime"].isoformat()
        row["layers"] = left.pop((row["item"], row["warehouse"]), None)
    return rows


def general_ledger(connection: Rows, scope: Scope) -> list[Json]:
    """General ledger rows, netted per voucher and account unless the scope asks for entries."""
    return [_without(row, _NOT_IN_LEDGER_ROWS) for row in REPORTS["general-ledger"].dicts(connection, scope)]


def bins(connection: Rows, scope: Scope) -> list[Json]:
    """What lies where, or is on its way: quantities, value and layers of every item and warehouse."""
    left = layers_by_place(connection, scope)
    plain = replace(scope, entries=False)
    values = {(row["item"], row["warehouse"]): row for row in REPORTS["stock-balance"].dicts(connection, plain)}
    nothing = {"valuation_rate": None, "stock_value": amount(0, scope.currency)}
    return [
        {**nothing, **values.get(place, {}), **row, "layers": left.get(place, [])}
        for row in REPORTS["stock-projected-qty"].dicts(connection, plain)
        for place in [(row["item"], row["warehouse"])]
    ]


def _without(row: Json, names: tuple[str, ...]) -> Json:
    return {name: value for name, value in row.items() if name not in names}
