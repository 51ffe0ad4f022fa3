"""Names and chains of one company as the numbers that ledger rows carry.

Both are given once and never change, so they may be remembered for as long as memory allows. New ones are given under the lane's
lock only, by counters of the lane; which number a name gets means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.stock_ledger import Chain
from worker.store.copy import copy_in, escape
from worker.store.database import Rows

KINDS = ("account", "item", "warehouse", "part", "party", "cost_center", "dimensions", "currency")
REMEMBERED = 200_000


class _Numbers(dict[str, int]):
    """Numbers of one kind of name; asking for a name that is not in memory notes it and answers 0 for the time being."""

    def __init__(self, unknown: set[str]) -> None:
        super().__init__({"": 0})
        self.unknown = unknown

    def __missing__(self, name: str) -> int:
        self.unknown.add(name)
        return 0


class _ChainNumbers(dict[Chain, int]):
    def __init__(self, unknown: set[Chain]) -> None:
        super().__init__()
        self.unknown = unknown

    def __missing__(self, chain: Chain) -> int:
        self.unknown.add(chain)
        return 0


class _Sides(dict[tuple[str, str, str, str, str], str]):
    """What many movements have in common (account, contra, cost center, dimensions, batch) as the text of a row."""

    def __init__(self, by_kind: dict[str, _Numbers]) -> None:
        super().__init__()
        self._numbers = [by_kind[kind] for kind in ("account", "account", "cost_center", "dimensions", "part")]

    def __missing__(self, names: tuple[str, str, str, str, str]) -> str:
        text = "\t".join(str(numbers[name]) for numbers, name in zip(self._numbers, names, strict=True))
        self[names] = text
        return text


def columns_of(chains: Iterable[Chain]) -> tuple[list[str], list[str], list[str]]:
    """Items, warehouses and parts of chains, each as one array of a statement."""
    named = list(chains)
    return [chain.item for chain in named], [chain.warehouse for chain in named], [chain.part for chain in named]


class Names:
    """The numbers of one company's names: look up freely, then `settle` what was not known and look up again."""

    def __init__(self, company: int) -> None:
        self.company = company
        self.last_term = 0
        self.last_chain = 0
        self.by_kind = {kind: _Numbers(set()) for kind in KINDS}
        self.chains = _ChainNumbers(set())
        self.sides = _Sides(self.by_kind)

    def settle(self, connection: Rows) -> bool:
        """Find or give the numbers of all names asked for in vain since the last call; False where there were none."""
        for chain in self.chains.unknown:
            for kind, name in (("item", chain.item), ("warehouse", chain.warehouse), ("part", chain.part)):
                _ = self.by_kind[kind][name]
        asked = [(kind, name) for kind, numbers in self.by_kind.items() for name in sorted(numbers.unknown)]
        if asked:
            self._settle_terms(connection, asked)
            self.sides.clear()  # it was told without these numbers
        if self.chains.unknown:
            self._settle_chains(connection, sorted(self.chains.unknown))
        elif not asked:
            return False
        return True

    def remember(self, chain: Chain, number: int) -> None:
        """Note the number of a chain that was read anyway."""
        self.chains[chain] = number

    def forget_if_many(self) -> None:
        """Keep memory bounded: past a limit everything is looked up anew."""
        if len(self.chains) + sum(map(len, self.by_kind.values())) > REMEMBERED:
            self.by_kind = {kind: _Numbers(set()) for kind in KINDS}
            self.chains = _ChainNumbers(set())
            self.sides = _Sides(self.by_kind)

    def _settle_terms(self, connection: Rows, asked: list[tuple[str, str]]) -> None:
        found = connection.execute(
            "SELECT t.kind, t.name, t.term_id FROM term t "
            "JOIN unnest(%s::text[], %s::text[]) AS asked (kind, name) USING (kind, name) WHERE t.company_id = %s",
            [[kind for kind, _ in asked], [name for _, name in asked], self.company],
        )
        for kind, name, number in found:
            self.by_kind[kind][name] = number
        rows = []
        for kind, name in asked:
            numbers = self.by_kind[kind]
            if name not in numbers:
                self.last_term += 1
                numbers[name] = self.last_term
                rows.append(f"{self.company}\t{self.last_term}\t{kind}\t{escape(name)}\n")
        copy_in(connection, "term", "company_id, term_id, kind, name", "".join(rows))
        for numbers in self.by_kind.values():
            numbers.unknown.clear()

    def _settle_chains(self, connection: Rows, asked: list[Chain]) -> None:
        keys = [self._chain_key(chain) for chain in asked]
        found = connection.execute(
            "SELECT c.item_id, c.warehouse_id, c.part_id, c.chain_id FROM chain c "
            "JOIN unnest(%s::int[], %s::int[], %s::int[]) AS asked (item_id, warehouse_id, part_id) "
            "USING (item_id, warehouse_id, part_id) WHERE c.company_id = %s",
            [*(list(column) for column in zip(*keys, strict=True)), self.company],
        )
        numbers = {(item, warehouse, part): number for item, warehouse, part, number in found}
        rows = []
        for chain, key in zip(asked, keys, strict=True):
            number = numbers.get(key)
            if number is None:
                self.last_chain = number = self.last_chain + 1
                rows.append(f"{self.company}\t{number}\t{key[0]}\t{key[1]}\t{key[2]}\n")
            self.chains[chain] = number
        copy_in(connection, "chain", "company_id, chain_id, item_id, warehouse_id, part_id", "".join(rows))
        self.chains.unknown.clear()

    def _chain_key(self, chain: Chain) -> tuple[int, int, int]:
        kinds = self.by_kind
        return kinds["item"][chain.item], kinds["warehouse"][chain.warehouse], kinds["part"][chain.part]


def term_names(connection: Rows, company: int, numbers: Iterable[int]) -> dict[int, str]:
    """Names by number, for reading ledger rows back; 0 is the empty name."""
    wanted = list(set(numbers) - {0})
    if not wanted:
        return {0: ""}
    found = connection.execute(
        "SELECT term_id, name FROM term WHERE company_id = %s AND term_id = ANY(%s)", [company, wanted]
    )
    return {0: "", **dict(found.fetchall())}


def account_numbers(connection: Rows, company: int) -> dict[str, int]:
    """Every account that ledger rows of a company may name, with its number."""
    found = connection.execute("SELECT name, term_id FROM term WHERE company_id = %s AND kind = 'account'", [company])
    return dict(found.fetchall())
