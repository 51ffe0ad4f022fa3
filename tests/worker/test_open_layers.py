"""An issue costs what the layers cost that it touches: as much with ten thousand open ones as with a hundred."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.lanes import MASTERS, RICE, Json, delivery, number_of, post_all, publish, receipt
from tests.support.rows_read import rows_read_by
from tests.support.servers import Database as FreshDatabase
from worker.store.database import Database

FEW, MANY = 100, 10_000


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with Database(database.worker_url) as own:
        yield own


def layers(number: int, count: int) -> Json:
    """A receipt of so many lines, each of which costs something else, so that each is a layer of its own."""
    received = receipt(f"PR-{number}", at=f"2024-06-01T{number // 60:02d}:{number % 60:02d}:00")
    line = received["lines"][0]
    received["lines"] = [
        {**line, "qty": 10, "rate": str(100 + (number * count + place) % 977)} for place in range(count)
    ]
    return received


@pytest.mark.parametrize("method", ["fifo", "lifo"])
def test_an_issue_reads_no_more_rows_of_many_open_layers_than_of_few(books: Database, method: str) -> None:
    publish(books, [*MASTERS, {**RICE, "valuation_method": method}, layers(0, FEW)])
    post_all(books)
    company, read = number_of(books), {}
    for open_layers, number in ((FEW, "DN-1"), (MANY, "DN-2")):
        if open_layers == MANY:
            publish(books, [layers(place, FEW) for place in range(1, MANY // FEW)])
            post_all(books)
        read[open_layers] = rows_read_by(books, company, delivery(number, 45), "balance", "layer_page")
    assert 0 < read[MANY] <= 4, read
    assert 0 < read[FEW] <= 4, read
