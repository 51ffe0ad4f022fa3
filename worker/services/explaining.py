"""Why a cost is what it is: the layers that a movement took, the receipts that brought them, and every change since, with its cause.

A chain's movements are folded again at their present values, from the nearest state that was kept before the movement; what it took is
then read off the layers. A receipt that was itself moved, made or returned is followed to where its value came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from psycopg import Connection

from domain.masters import Item
from domain.quantity import show_quantity
from domain.reposting import Recorded, copied
from domain.stock_ledger import Balance, Basis, Chain, DifferenceKind, Layer, Movement
from domain.valuation.method import Method, method_of
from worker.messages import decode
from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount, quantity, rate
from worker.store.database import Rows
from worker.store.intake.masters import versions
from worker.store.names.spelling import Spelling
from worker.store.names.terms import Names
from worker.store.reposts.history import Known, StoredHistory
from worker.store.reposts.movement_blocks import movements_of_voucher
from worker.store.reposts.requests import unpublished_runs

DEEPEST = 20  # from a movement to what its value came from, and on

_COLUMNS: Final = (
    Column("depth", Kind.COUNT),
    Column("what"),
    Column("document"),
    Column("line", Kind.COUNT),
    Column("item"),
    Column("warehouse"),
    Column("part"),
    Column("qty", Kind.QUANTITY),
    Column("rate", Kind.RATE),
    Column("amount", Kind.AMOUNT),
    Column("recorded_at", Kind.TIME),
    Column("run", Kind.COUNT),
    Column("caused_by"),
)

_CHANGES: Final = {
    DifferenceKind.TRUE_UP: "shortage covered",
    DifferenceKind.LANDED_COST: "landed cost",
    DifferenceKind.REVALUED: "reposted",
    DifferenceKind.RATE_DIFFERENCE: "billed at another rate",
    DifferenceKind.RESIDUE: "residue to cost",
    DifferenceKind.COUNT_SHIFTED: "count kept",
    DifferenceKind.ACCOUNT_TRANSFERRED: "moved to another account",
}


class _Explanation:
    """Explains movements of one company; each is explained once, however many ways lead to it."""

    def __init__(self, connection: Rows, scope: Scope) -> None:
        self._connection, self._scope, self._currency = connection, scope, scope.currency
        names = Names(scope.company)
        self._spelling = Spelling(connection, names)
        known = Known(hidden=unpublished_runs(connection, scope.company))
        self._history = StoredHistory(connection, names, known)
        self._methods: dict[str, str] = {}
        self._explained: set[int] = set()

    def of_voucher(self, voucher: int) -> Iterator[Row]:
        """Every movement of a voucher."""
        for movement in movements_of_voucher(self._connection, self._spelling, voucher, 2**62):
            yield from self._of(movement, 0)

    def _of(self, movement: Movement, depth: int) -> Iterator[Row]:
        if movement.id in self._explained or depth > DEEPEST:
            return
        self._explained.add(movement.id)
        number, posted_at = self._voucher(movement.voucher)
        yield self._row(depth, "booked", number, movement, movement.qty, movement.value, posted_at, None, "")
        for kind, qty, value, recorded_at, run, caused_by in self._changes(movement.id):
            yield self._row(
                depth + 1, _CHANGES[kind], number, movement, qty, value, recorded_at, run or None, caused_by
            )
        if movement.qty < 0:
            yield from self._taken(movement, depth + 1)
            yield from self._covered(movement, depth + 1)
        if movement.basis == Basis.COUNTED and movement.counted_rate is None:
            yield from self._kept(movement, depth + 1)
        for origin in self._origins(movement):
            yield from self._of(origin, depth + 1)

    def _taken(self, movement: Movement, depth: int) -> Iterator[Row]:
        """The layers that an issue took, and what brought each of them."""
        before = self._state_before(movement)
        after = copied(before)
        self._fold(after, movement.chain, -movement.qty)
        left = {layer.receipt: layer for layer in after.layers}
        average = self._method(movement.chain) is method_of(movement.chain, "moving_average") or bool(
            movement.chain.part
        )
        for layer in before.layers:
            rest = left.get(layer.receipt, Layer(0, 0, layer.receipt))
            qty, value = layer.qty - rest.qty, self._currency.amount(layer.value) - self._currency.amount(rest.value)
            if not qty:
                continue
            receipt = self._movement(layer.receipt)
            number, posted_at = self._voucher(receipt.voucher)
            what = "of the average, last moved by" if average else "of the layer of"
            yield self._row(depth, what, number, receipt, qty, value, posted_at, None, "")
            yield from self._of(receipt, depth + 1)
        short = -movement.qty - max(before.qty, 0)
        if short > 0:
            what = f"short of {show_quantity(short)}, at the last known cost"
            yield self._row(depth, what, "", movement, short, 0, None, None, "")

    def _kept(self, movement: Movement, depth: int) -> Iterator[Row]:
        """The layers whose rate a count without one has kept."""
        for layer in self._state_before(movement).layers:
            receipt = self._movement(layer.receipt)
            name, posted_at = self._voucher(receipt.voucher)
            value = self._currency.amount(layer.value)
            yield self._row(depth, "at the rate of the layer of", name, receipt, layer.qty, value, posted_at, None, "")
            yield from self._of(receipt, depth + 1)

    def _covered(self, movement: Movement, depth: int) -> Iterator[Row]:
        """What receipts cost more, or less, than an issue had taken their goods at before they came."""
        found = self._connection.execute(
            "SELECT d.movement_id, sum(d.amount)::bigint, min(coalesce(run.published_at, d.recorded_at)) AT TIME ZONE %s "
            "FROM stock_difference d LEFT JOIN repost_run run ON run.company_id = d.company_id AND run.run_id = d.run_id "
            "WHERE d.company_id = %s AND d.cause_id = %s AND d.cause_id <> 0 AND d.kind = %s "
            "AND (d.run_id = 0 OR run.published_at IS NOT NULL) GROUP BY d.movement_id HAVING sum(d.amount) <> 0 ORDER BY 1",
            [self._scope.time_zone, self._scope.company, movement.id, DifferenceKind.TRUE_UP],
        ).fetchall()
        for number, value, recorded_at in found:
            receipt = self._movement(number)
            name, _ = self._voucher(receipt.voucher)
            yield self._row(depth, "covered by", name, receipt, 0, value, recorded_at, None, name)
            yield from self._of(receipt, depth + 1)

    def _state_before(self, movement: Movement) -> Balance:
        """The chain's layers just before a movement, all movements at their present values."""
        balance, rows = self._history.open(movement.chain, movement.at, movement.voucher)
        for row in rows:
            if isinstance(row, Recorded):
                if row.movement.id == movement.id:
                    break
                if not row.reversed and row.movement.basis != Basis.REVERSED:
                    self._again(balance, row)
        return balance

    def _again(self, balance: Balance, row: Recorded) -> None:
        movement, method = row.movement, self._method(row.movement.chain)
        value = movement.value + row.revalued + row.laid + row.residue
        qty = movement.qty + row.shifted
        if movement.basis == Basis.COUNTED:
            total = balance.qty + qty
            method.count(balance, max(total, 0), balance.value + self._currency.value(value), movement.id)
            balance.qty, balance.value = total, balance.value + self._currency.value(value)
        elif qty > 0:
            covered = min(max(-balance.qty, 0), qty)
            rest = self._currency.value(value) * (qty - covered) // qty
            if qty > covered:
                method.receive(balance, qty - covered, rest, movement.id)
            balance.qty, balance.value = balance.qty + qty, balance.value + self._currency.value(value)
        else:
            self._fold(balance, movement.chain, -qty)

    def _fold(self, balance: Balance, chain: Chain, qty: int) -> None:
        """Take a quantity out of the layers, as far as they reach."""
        at_hand = sum(layer.qty for layer in balance.layers)
        taken = self._method(chain).take(balance, min(qty, at_hand)) if at_hand and qty else 0
        balance.qty, balance.value = balance.qty - qty, balance.value - taken

    def _method(self, chain: Chain) -> Method:
        stated = self._methods.get(chain.item)
        if stated is None:
            found = versions(self._connection, self._scope.company, [("item", chain.item)])
            item = decode(found[-1].payload) if found else None
            stated = self._methods[chain.item] = item.valuation_method if isinstance(item, Item) else "fifo"
        return method_of(chain, stated)

    def _origins(self, movement: Movement) -> list[Movement]:
        """What a movement takes its value from: its source, or everything that went into a product."""
        if movement.basis == Basis.PRODUCED:
            siblings = movements_of_voucher(self._connection, self._spelling, movement.voucher, 2**62)
            return [sibling for sibling in siblings if sibling.basis != Basis.PRODUCED]
        return [self._movement(movement.source)] if movement.source else []

    def _movement(self, number: int) -> Movement:
        row = self._connection.execute(
            "SELECT voucher_id FROM stock_movement WHERE company_id = %s AND movement_id = %s",
            [self._scope.company, number],
        ).fetchone()
        voucher = 0 if row is None else row[0]
        siblings = movements_of_voucher(self._connection, self._spelling, voucher, 2**62)
        return next(sibling for sibling in siblings if sibling.id == number)

    def _voucher(self, voucher: int) -> tuple[str, Any]:
        row = self._connection.execute(
            "SELECT number, posted_at AT TIME ZONE %s FROM voucher WHERE company_id = %s AND voucher_id = %s",
            [self._scope.time_zone, self._scope.company, voucher],
        ).fetchone()
        return ("", None) if row is None else (row[0], row[1])

    def _changes(self, movement: int) -> list[tuple[Any, ...]]:
        return self._connection.execute(
            "SELECT d.kind, d.qty, d.amount, coalesce(run.published_at, d.recorded_at) AT TIME ZONE %s, d.run_id, "
            "  coalesce(issue.number, cause.number, receipt.number, '') FROM stock_difference d "
            "LEFT JOIN repost_run run ON run.company_id = d.company_id AND run.run_id = d.run_id "
            "LEFT JOIN stock_movement short ON short.company_id = d.company_id AND short.movement_id = d.cause_id AND d.cause_id <> 0 "
            "LEFT JOIN voucher issue ON issue.company_id = d.company_id AND issue.voucher_id = short.voucher_id "
            "LEFT JOIN voucher cause ON cause.company_id = d.company_id AND cause.voucher_id = d.document_id AND d.document_id <> 0 "
            "LEFT JOIN voucher receipt ON receipt.company_id = d.company_id AND receipt.voucher_id = d.voucher_id "
            "WHERE d.company_id = %s AND d.movement_id = %s AND (d.run_id = 0 OR run.published_at IS NOT NULL) "
            "ORDER BY coalesce(run.published_at, d.recorded_at), d.difference_id",
            [self._scope.time_zone, self._scope.company, movement],
        ).fetchall()

    def _row(
        self,
        depth: int,
        what: str,
        number: str,
        movement: Movement,
        qty: int,
        value: int,
        at: Any,
        run: int | None,
        cause: str,
    ) -> Row:
        chain, currency = movement.chain, self._currency
        return (
            depth, what, number, movement.line, chain.item, chain.warehouse, chain.part or movement.batch, quantity(qty),
            rate(value, qty, currency), amount(value, currency), at, run, cause,
        )  # fmt: skip


def explain(connection: Rows, scope: Scope, voucher: int) -> Iterator[Row]:
    """Where the costs of one voucher come from, in the columns of the report."""
    yield from _Explanation(connection, scope).of_voucher(voucher)


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    explanation = _Explanation(cast("Rows", connection), scope)
    found = connection.execute(
        "SELECT voucher_id FROM voucher WHERE company_id = %s AND number = %s AND type <> 'cancel' ORDER BY voucher_id",
        [scope.company, scope.voucher or ""],
    ).fetchall()
    for (voucher,) in found:
        yield from explanation.of_voucher(voucher)


COST_EXPLANATION: Final = Report(
    name="cost-explanation",
    title="Where a document's costs come from, and what changed them",
    options=frozenset({"voucher"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
