"""Numbers of ledger rows back as the names that they stand for, read when they are first met."""

from __future__ import annotations

from collections.abc import Iterable

from domain.stock_ledger import Chain
from worker.store.database import Rows
from worker.store.names.terms import Names, term_names


class Spelling:
    """The names and chains of one company by number; both are given once and never change."""

    def __init__(self, connection: Rows, numbers: Names) -> None:
        self._connection = connection
        self._numbers = numbers
        self.company = numbers.company
        self.names: dict[int, str] = {0: ""}
        self.chains: dict[int, Chain] = {}

    def know(self, numbers: Iterable[int]) -> None:
        """Read the names of these numbers, unless they are known."""
        unknown = set(numbers) - self.names.keys()
        if unknown:
            self.names |= term_names(self._connection, self.company, unknown)

    def know_chains(self, numbers: Iterable[int]) -> None:
        """Read these chains, unless they are known."""
        unknown = list(set(numbers) - self.chains.keys())
        if not unknown:
            return
        found = self._connection.execute(
            "SELECT c.chain_id, item.name, warehouse.name, coalesce(part.name, '') FROM chain c "
            "JOIN term item ON item.company_id = c.company_id AND item.term_id = c.item_id "
            "JOIN term warehouse ON warehouse.company_id = c.company_id AND warehouse.term_id = c.warehouse_id "
            "LEFT JOIN term part ON part.company_id = c.company_id AND part.term_id = c.part_id "
            "WHERE c.company_id = %s AND c.chain_id = ANY(%s)",
            [self.company, unknown],
        )
        for number, item, warehouse, part in found:
            chain = self.chains[number] = Chain(item, warehouse, part)
            self._numbers.remember(chain, number)
