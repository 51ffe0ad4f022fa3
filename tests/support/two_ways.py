"""The same random documents in a company on paper and in a real one, to compare both books to the last minor unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.stock_ledger import Basis, Chain
from tests.support.histories import History, Setting, masters
from tests.support.lanes import number_of, publish, rows
from tests.support.paper_company import PaperCompany
from worker.services.posting import drain
from worker.store.books.balances import all_layers
from worker.store.database import Database

NAME = "Paper"


class RealCompany:
    """A company whose documents go through the real store, one by one; `between` may do what it likes after each."""

    def __init__(self, database: Database, setting: Setting) -> None:
        self.database = database
        publish(database, masters(setting))
        self.number = number_of(database, NAME)

    def post(self, history: History, between: Callable[[], None]) -> None:
        """Post every document of a history in the order of arrival."""
        for document in history.documents:
            publish(self.database, [document])
            drain(self.database, self.number)
            between()

    def values(self) -> dict[int, tuple[int, int]]:
        """Present quantity and value of every movement that stands (minor units), with all that corrected it."""
        found = rows(
            self.database,
            "SELECT m.movement_id, m.qty + coalesce(sum(d.qty), 0)::bigint, m.value + coalesce(sum(d.amount), 0)::bigint "
            "FROM stock_movement m LEFT JOIN stock_difference d ON d.company_id = m.company_id AND d.movement_id = m.movement_id "
            "AND (d.run_id = 0 OR d.run_id IN (SELECT run_id FROM books.published_run p WHERE p.company_id = d.company_id)) "
            "WHERE m.company_id = %s AND m.basis <> %s AND NOT EXISTS (SELECT FROM stock_movement back "
            "  WHERE back.company_id = m.company_id AND back.source_id = m.movement_id AND back.source_id <> 0 AND back.basis = %s) "
            "GROUP BY m.movement_id, m.qty, m.value",
            self.number,
            Basis.REVERSED.value,
            Basis.REVERSED.value,
        )
        return {number: (int(qty), int(value)) for number, qty, value in found}

    def accounts(self) -> dict[str, int]:
        """Balance per account of the general ledger (minor units)."""
        found = rows(
            self.database,
            "SELECT t.name, sum(e.debit - e.credit)::bigint FROM gl_entry e JOIN term t ON t.company_id = e.company_id "
            "AND t.term_id = e.account_id WHERE e.company_id = %s AND (e.run_id = 0 OR e.run_id IN ("
            "  SELECT run_id FROM books.published_run p WHERE p.company_id = e.company_id)) GROUP BY t.name",
            self.number,
        )
        return {account: int(amount) for account, amount in found if amount}

    def stock(self) -> dict[str, int]:
        """Value of stock per stock account, from the stock ledger (minor units)."""
        found = rows(
            self.database,
            "SELECT t.name, sum(amount)::bigint FROM ("
            "  SELECT company_id, account_id, value AS amount FROM stock_movement UNION ALL "
            "  SELECT company_id, account_id, amount FROM stock_difference d WHERE run_id = 0 OR run_id IN ("
            "    SELECT run_id FROM books.published_run p WHERE p.company_id = d.company_id)"
            ") booked JOIN term t ON t.company_id = booked.company_id AND t.term_id = account_id WHERE t.company_id = %s GROUP BY t.name",
            self.number,
        )
        return {account: int(amount) for account, amount in found if amount}

    def balances(self) -> dict[Chain, tuple[Any, ...]]:
        """Quantity, value and layers of every chain."""
        found = rows(
            self.database,
            "SELECT i.name, w.name, coalesce(p.name, ''), b.chain_id, b.qty, b.value FROM balance b "
            "JOIN chain c USING (company_id, chain_id) "
            "JOIN term i ON i.company_id = b.company_id AND i.term_id = c.item_id "
            "JOIN term w ON w.company_id = b.company_id AND w.term_id = c.warehouse_id "
            "LEFT JOIN term p ON p.company_id = b.company_id AND p.term_id = c.part_id WHERE b.company_id = %s",
            self.number,
        )
        with self.database.transaction() as connection:
            return {
                Chain(item, warehouse, part): (
                    qty,
                    int(value),
                    [(layer.qty, layer.value) for layer in all_layers(connection, self.number, number)],
                )
                for item, warehouse, part, number, qty, value in found
            }


def paper_values(company: PaperCompany) -> dict[int, tuple[int, int]]:
    """Present quantity and value of every movement that stands (minor units).

    What a cancelled movement was worth when it was taken back depends on when that was; together the two are worth nothing.
    """
    values = {m.id: (m.qty, m.value) for m in company.movements}
    for d in company.differences:
        qty, value = values[d.movement]
        values[d.movement] = qty + d.qty, value + d.amount
    for movement in company.movements:
        if movement.basis == Basis.REVERSED:
            taken, back = values.pop(movement.source), values.pop(movement.id)
            assert (taken[0] + back[0], taken[1] + back[1]) == (0, 0)
    return values


def paper_balances(company: PaperCompany) -> dict[Chain, tuple[Any, ...]]:
    """Quantity, value and layers of every chain that moved."""
    moved = {m.chain for m in company.movements}
    return {
        chain: (b.qty, b.value, [(layer.qty, layer.value) for layer in b.layers])
        for chain, b in company.balances.items()
        if chain in moved
    }
