"""The books of one scenario as its reader sees them: rows named as in `expect`, read by the very reports of the system."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from worker.reports import REPORTS, Scope
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
    """What lies where: quantity, value and layers of every item and warehouse."""
    left = layers_by_place(connection, scope)
    return [
        {**row, "layers": left.get((row["item"], row["warehouse"]), [])}
        for row in REPORTS["stock-balance"].dicts(connection, replace(scope, entries=False))
    ]


def _without(row: Json, names: tuple[str, ...]) -> Json:
    return {name: value for name, value in row.items() if name not in names}
