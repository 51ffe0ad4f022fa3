"""An item with more layers than a balance row holds goes over to an average, which mixes those in the store as well."""

from __future__ import annotations

from tests.support.lanes import MASTERS, RICE, delivery, post_all, publish, receipt, rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened


def test_layers_in_the_store_belong_to_the_average(database: FreshDatabase) -> None:
    with opened(database) as books:
        publish(books, MASTERS)
        publish(books, [receipt(f"PR-{n}", 1, str(n), at=f"2024-06-15T10:{n - 1:02d}:00") for n in range(1, 60)])
        post_all(books)
        assert rows(books, "SELECT count(*) > 0 FROM layer_page") == [(True,)]
        publish(books, [{**RICE, "valuation_method": "moving_average"}, delivery("DN-1", 9)])
        assert post_all(books).rejected == 0
        # 59 at 1 to 59 are worth 1,770: 30 each.
        assert rows(
            books, "SELECT value, qty FROM stock_movement m JOIN voucher v USING (voucher_id) WHERE v.number = 'DN-1'"
        ) == [(-27_000, -9_000_000)]
        assert rows(books, "SELECT qty, value::bigint FROM balance") == [(50_000_000, 1_500_000_000_000)]
        assert rows(books, "SELECT count(*) FROM layer_page") == [(0,)]
