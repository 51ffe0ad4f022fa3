"""Balances with many layers: the row keeps the ends, pages keep the rest, and what is not touched is not read."""

import random
from collections import deque
from collections.abc import Iterator

import pytest

from domain.stock_ledger import Balance, Chain, Layer, Shortage
from tests.support.lanes import MASTERS, number_of, publish, receipt, rows
from tests.support.servers import Database as FreshDatabase
from worker.store.books.balances import ENDS, FEW, PAGE, Balances, all_layers
from worker.store.database import Database, Rows
from worker.store.names.terms import Names

CHAIN = Chain("Rice", "Stores")


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    """A company to keep balances for."""
    with Database(database.worker_url) as store:
        publish(store, [*MASTERS, receipt("PR-1")])
        yield store


class _Shelf:
    """One chain's balance, read anew and saved again at every visit, as another process would."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._names = Names(number_of(store))
        _ = self._names.chains[CHAIN]
        with store.transaction() as connection:
            self._names.settle(connection)
        self.number = self._names.chains[CHAIN]

    def visit(self, connection: Rows) -> tuple[Balances, Balance]:
        balances = Balances(self._names)
        balances.load(connection, [CHAIN])
        return balances, balances.loaded[CHAIN]

    def layers(self) -> list[Layer]:
        with self._store.transaction() as connection:
            return all_layers(connection, self._names.company, self.number)


def _receive(balance: Balance, first: int, count: int) -> None:
    for receipt_no in range(first, first + count):
        (balance.newest if balance.stored or balance.newest else balance.layers).append(
            Layer(10, 1000 + receipt_no, receipt_no)
        )
        balance.qty += 10


def test_a_balance_comes_back_as_it_was_saved(books: Database) -> None:
    shelf = _Shelf(books)
    saved = Balance(
        qty=-5, value=-(10**30), layers=deque([Layer(1, 10**25, 3)]), last_rate=10**22, last_at=-5, last_sequence=9,
        shortages=deque([Shortage(5, 10**24, 8, "Cost of Goods Sold", "Main", '{"till":"1"}')]),
    )  # fmt: skip
    with books.transaction() as connection:
        balances, _ = shelf.visit(connection)
        balances.loaded[CHAIN] = saved
        balances.save(connection, {CHAIN: 1})
    with books.transaction() as connection:
        assert shelf.visit(connection)[1] == saved


def test_a_chain_that_never_moved_is_empty(books: Database) -> None:
    with books.transaction() as connection:
        assert _Shelf(books).visit(connection)[1] == Balance()


def test_many_layers_go_into_pages_and_none_is_lost(books: Database) -> None:
    shelf = _Shelf(books)
    with books.transaction() as connection:
        balances, balance = shelf.visit(connection)
        _receive(balance, 1, 1000)
        balances.save(connection, {CHAIN: 1})
    assert shelf.layers() == [Layer(10, 1000 + n, n) for n in range(1, 1001)]
    with books.transaction() as connection:
        _, balance = shelf.visit(connection)
    assert len(balance.layers) + len(balance.newest) <= FEW
    assert balance.stored == 1000 - len(balance.layers) - len(balance.newest)
    assert balance.stored_qty == 10 * balance.stored
    assert rows(books, "SELECT count(*) * %s, sum(layers_held) FROM layer_page", PAGE) == [
        (balance.stored, balance.stored)
    ]


def test_taking_from_one_end_leaves_the_pages_in_between_alone(books: Database) -> None:
    shelf = _Shelf(books)
    with books.transaction() as connection:
        balances, balance = shelf.visit(connection)
        _receive(balance, 1, 2000)
        balances.save(connection, {CHAIN: 1})
    before = dict(rows(books, "SELECT page_no, layers FROM layer_page"))
    with books.transaction() as connection:
        balances, balance = shelf.visit(connection)
        balances.load_layers(connection, {CHAIN: (ENDS + 1) * 10}, newest=False)
        assert len(balance.layers) == ENDS + PAGE
        for _ in range(ENDS + 1):
            balance.qty -= balance.layers.popleft().qty
        balances.save(connection, {CHAIN: 1})
    after = dict(rows(books, "SELECT page_no, layers FROM layer_page"))
    assert len(after) == len(before) - 1
    assert after.items() <= before.items()
    assert shelf.layers()[0].receipt == ENDS + 2


def test_the_newest_pages_come_back_in_order(books: Database) -> None:
    shelf = _Shelf(books)
    with books.transaction() as connection:
        balances, balance = shelf.visit(connection)
        _receive(balance, 1, 1000)
        balances.save(connection, {CHAIN: 1})
    with books.transaction() as connection:
        balances, balance = shelf.visit(connection)
        balances.load_layers(connection, {CHAIN: 5000}, newest=True)
        taken = [balance.newest.pop().receipt for _ in range(500)]
        balances.save(connection, {CHAIN: 1})
    assert taken == list(range(1000, 500, -1))
    assert [layer.receipt for layer in shelf.layers()] == list(range(1, 501))


def test_one_receipt_is_found_wherever_it_lies(books: Database) -> None:
    shelf = _Shelf(books)
    with books.transaction() as connection:
        balances, balance = shelf.visit(connection)
        _receive(balance, 1, 1000)
        balances.save(connection, {CHAIN: 1})
    with books.transaction() as connection:
        balances, balance = shelf.visit(connection)
        balances.load_receipt(connection, CHAIN, 300)
        (found,) = [layer for layer in balance.layers if layer.receipt == 300]
        balance.layers.remove(found)
        balances.save(connection, {CHAIN: 1})
    assert [layer.receipt for layer in shelf.layers()] == [n for n in range(1, 1001) if n != 300]


def test_a_count_replaces_what_lies_in_pages_too(books: Database) -> None:
    shelf = _Shelf(books)
    with books.transaction() as connection:
        balances, balance = shelf.visit(connection)
        _receive(balance, 1, 1000)
        balances.save(connection, {CHAIN: 1})
    with books.transaction() as connection:
        balances, balance = shelf.visit(connection)
        balance.layers, balance.newest, balance.stored, balance.stored_qty = deque([Layer(7, 70, 2000)]), deque(), 0, 0
        balances.save(connection, {CHAIN: 1})
    assert shelf.layers() == [Layer(7, 70, 2000)]
    assert rows(books, "SELECT count(*) FROM layer_page") == [(0,)]


@pytest.mark.parametrize("seed", range(4))
def test_any_history_of_receiving_and_taking_keeps_the_queue(books: Database, seed: int) -> None:
    shelf, chance = _Shelf(books), random.Random(seed)
    expected: deque[int] = deque()
    given = 0
    for _ in range(40):
        with books.transaction() as connection:
            balances, balance = shelf.visit(connection)
            for _ in range(chance.randrange(1, 4)):
                count = chance.randrange(1, 250)
                newest = chance.random() < 0.5
                if chance.random() < 0.6:
                    _receive(balance, given + 1, count)
                    expected.extend(range(given + 1, given + count + 1))
                    given += count
                    continue
                count = min(count, len(expected))
                balances.load_layers(connection, {CHAIN: count * 10}, newest=newest)
                for _ in range(count):
                    if newest:
                        assert (balance.newest or balance.layers).pop().receipt == expected.pop()
                    else:
                        assert (balance.layers or balance.newest).popleft().receipt == expected.popleft()
            balances.save(connection, {CHAIN: 1})
        assert [layer.receipt for layer in shelf.layers()] == list(expected)
