"""What open sales at tills reserve of each chain: kept beside the balances, and rebuilt from the receipts when in doubt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.stock_ledger import Chain
from worker.store.database import Rows
from worker.store.names.terms import Names, columns_of


class Reserved:
    """Loads, remembers and saves the reservations of one company; `loaded` may be used as the books' own."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.loaded: dict[Chain, int] = {}

    def load(self, connection: Rows, chains: Iterable[Chain]) -> None:
        """Load what is not in memory; of a chain that no till ever sold nothing is reserved."""
        missing = [chain for chain in dict.fromkeys(chains) if chain not in self.loaded]
        if not missing:
            return
        found = connection.execute(
            "SELECT k.place, r.qty "
            "FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS k (item, warehouse, part, place) "
            "JOIN term i ON i.company_id = %s AND i.kind = 'item' AND i.name = k.item "
            "JOIN term w ON w.company_id = %s AND w.kind = 'warehouse' AND w.name = k.warehouse "
            "LEFT JOIN term p ON p.company_id = %s AND p.kind = 'part' AND p.name = k.part "
            "JOIN chain c ON c.company_id = %s AND c.item_id = i.term_id AND c.warehouse_id = w.term_id "
            "  AND c.part_id = CASE WHEN k.part = '' THEN 0 ELSE p.term_id END "
            "JOIN pos_reserved r ON r.company_id = %s AND r.chain_id = c.chain_id",
            [*columns_of(missing), *[self._names.company] * 5],
        )
        self.loaded.update(dict.fromkeys(missing, 0))
        for place, qty in found:
            self.loaded[missing[place - 1]] = qty

    def give_numbers(self, connection: Rows, touched: Iterable[Chain]) -> None:
        """Make sure that these chains have numbers."""
        for chain in touched:
            _ = self._names.chains[chain]
        while self._names.settle(connection):
            pass

    def save(self, connection: Rows, touched: Iterable[Chain]) -> None:
        """Write the reservations of these chains, which have their numbers."""
        chains = sorted(touched)
        if not chains:
            return
        connection.execute(
            "INSERT INTO pos_reserved (company_id, chain_id, qty) SELECT %s, * FROM unnest(%s::int[], %s::bigint[]) "
            "ON CONFLICT (company_id, chain_id) DO UPDATE SET qty = excluded.qty",
            [
                self._names.company,
                [self._names.chains[chain] for chain in chains],
                [self.loaded[chain] for chain in chains],
            ],
        )


@dataclass(slots=True)
class Seen:
    """Stock of some chains (millionths) as the batch `batch_no` of the lane left it."""

    batch_no: int
    stock: dict[Chain, int]


def stock_seen(connection: Rows, company: int, chains: list[Chain]) -> Seen:
    """What lies there, in one look; a chain that never moved has nothing."""
    found = connection.execute(
        "SELECT k.place, coalesce(b.qty, 0), l.batch_no FROM lane l "
        "CROSS JOIN unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS k (item, warehouse, part, place) "
        "LEFT JOIN term i ON i.company_id = l.company_id AND i.kind = 'item' AND i.name = k.item "
        "LEFT JOIN term w ON w.company_id = l.company_id AND w.kind = 'warehouse' AND w.name = k.warehouse "
        "LEFT JOIN term p ON p.company_id = l.company_id AND p.kind = 'part' AND p.name = k.part "
        "LEFT JOIN chain c ON c.company_id = l.company_id AND c.item_id = i.term_id AND c.warehouse_id = w.term_id "
        "  AND c.part_id = CASE WHEN k.part = '' THEN 0 ELSE p.term_id END "
        "LEFT JOIN balance b ON b.company_id = l.company_id AND b.chain_id = c.chain_id WHERE l.company_id = %s",
        [*columns_of(chains), company],
    ).fetchall()
    return Seen(max((row[2] for row in found), default=0), {chains[place - 1]: qty for place, qty, _ in found})
