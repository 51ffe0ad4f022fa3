"""The sub-ledger in Redis: each function by itself, then in step with the lane, after losses and under fifty tills at once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from domain.errors import Unavailable
from domain.pos_receipt import LineKey, PosReceipt, ReceiptLine, ReceiptPayment, ReceiptTax, TaxKey, Tender
from domain.stock_ledger import Chain
from tests.support.subledger import reserved_by_receipts
from tests.support.till import SHOP, back, cancel, closing, masters, receipt, sale
from worker.app import app, configuration
from worker.pos_subledger import Subledger, entry_of
from worker.pos_subledger.keys import QUARANTINE
from worker.pos_subledger.subledger import AT_ONCE
from worker.redis_client import connect
from worker.services.acceptance import Message, take
from worker.services.pos_mirror import keep_in_step, rebuild, rebuild_where_lost
from worker.services.pos_reservations import confirm, release, reserve
from worker.services.posting import drain
from worker.services.results import Decided
from worker.services.submission import submit
from worker.services.sweeping import sweep
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.pos.sessions import open_sessions

APPLE = Chain("Apple", "Shelf")
BREAD = Chain("Bread", "Shelf")


def sold(number: str, apples: int = 1, *, hold: str = "") -> PosReceipt:
    """A receipt of some apples at 1.19 with VAT."""
    key = LineKey("Apple", "", 0, 100, "Shelf", "VAT 19", "Sales", "", "Main", "", "")
    total = 119 * apples
    return PosReceipt(
        number, 0, "Walk-in", [ReceiptLine(key, apples * 1_000_000, 100 * apples, [19 * apples])],
        [ReceiptTax(TaxKey("VAT", "Main", "percent_of_net_total", 19), 19 * apples)],
        [ReceiptPayment(Tender("Cash", "Cash"), total + 81)], [ReceiptPayment(Tender("Cash", "Cash"), 81)],
        100 * apples, total, total, 0, 0, [(APPLE, apples * 1_000_000)], apples < 0, "", hold,
    )  # fmt: skip


@pytest.fixture
def subledger(redis_url: str) -> Iterator[Subledger]:
    with connect(redis_url) as redis:
        ledger = Subledger(redis)
        ledger.end_rebuild(1, 0)
        yield ledger


def test_a_sale_is_accepted_once_and_counts_once(subledger: Subledger) -> None:
    entry = entry_of(sold("A", 2))
    assert subledger.accept(1, "7", [entry, entry]) == ["new", "known"]
    assert subledger.accept(1, "7", [entry_of(sold("A", 3))]) == ["conflict"]
    assert subledger.reserved(1) == {APPLE: 2_000_000}
    assert subledger.totals(1, "7") == {"sales": 1, "net": 200, "total": 238, "mode Cash": 238, "tax VAT": 38}
    assert subledger.sessions(1) == ["7"]


def test_of_many_sales_those_that_are_there_already_count_no_second_time(subledger: Subledger) -> None:
    subledger.reserve(1, "mine", {APPLE: (1_000_000, 9_000_000)}, stamp=1, milliseconds=60_000)
    subledger.accept(1, "7", [entry_of(sold("A")), entry_of(sold("B"))])
    sales = [
        entry_of(one) for one in (sold("C", hold="mine"), sold("A"), sold("B", 2), sold("D"), sold("C", 5), sold("D"))
    ]
    assert subledger.accept(1, "7", sales) == ["new", "known", "conflict", "new", "conflict", "known"]
    assert subledger.reserved(1) == {APPLE: 4_000_000}
    assert subledger.totals(1, "7")["sales"] == 4
    assert not subledger.release(1, "mine")
    assert subledger.drain(1, "7", ["A", "B", "C", "D"], 1) == 4
    assert (subledger.reserved(1), subledger.totals(1, "7")) == ({}, {})


def test_a_thousand_sales_are_few_writes_in_one_step(subledger: Subledger, redis_url: str) -> None:
    subledger.accept(1, "7", [entry_of(sold("the first one loads the functions"))])
    sales = [entry_of(sold(f"S-{number}")) for number in range(AT_ONCE)]
    seen: Counter[str] = Counter()
    with connect(redis_url) as redis, redis.monitor() as monitor:
        assert subledger.accept(1, "7", sales) == ["new"] * AT_ONCE
        redis.echo("that was the thousand")
        while (told := monitor.next_command())["command"] != "ECHO that was the thousand":
            if told["db"] == redis.connection_pool.connection_kwargs["db"]:
                seen[told["command"].split()[0].upper()] += 1
    assert (seen["FCALL"], seen["HSET"]) == (1, 1)
    assert seen["HINCRBY"] == 6, "goods, net, total, mode and tax of all of them together, and how many there are"


def test_a_return_counts_back(subledger: Subledger) -> None:
    subledger.accept(1, "7", [entry_of(sold("A", 2)), entry_of(sold("B", -2))])
    assert subledger.reserved(1) == {}
    assert subledger.totals(1, "7")["total"] == 0
    assert subledger.drain(1, "7", ["A"], 1) == 1
    assert subledger.reserved(1) == {APPLE: -2_000_000}


def test_a_sale_of_nothing_is_taken_out_again(subledger: Subledger) -> None:
    receipt = sold("A")
    receipt.net = receipt.total = receipt.lines[0].net = 0
    receipt.payments = receipt.change = []
    receipt.taxes = []
    subledger.accept(1, "7", [entry_of(receipt)])
    assert subledger.drain(1, "7", ["A"], 1) == 1
    assert subledger.reserved(1) == {}
    assert subledger.totals(1, "7") == {}


def test_a_sealed_session_takes_no_more_sales_and_a_drained_one_leaves_nothing(subledger: Subledger) -> None:
    subledger.accept(1, "7", [entry_of(sold("A")), entry_of(sold("B"))])
    subledger.seal(1, "7")
    assert subledger.accept(1, "7", [entry_of(sold("C"))]) == ["sealed"]
    assert subledger.drain(1, "7", ["A", "B", "never there"], 5) == 2
    assert subledger.drain(1, "7", ["A", "B"], 5) == 0
    assert subledger.reserved(1) == {}
    assert subledger.sessions(1) == []
    subledger.seal(1, "7", sealed=False)
    assert subledger.accept(1, "7", [entry_of(sold("C"))]) == ["new"]


def test_every_key_of_a_company_lies_on_one_node_of_a_cluster(subledger: Subledger, redis_url: str) -> None:
    subledger.accept(1, "7", [entry_of(sold("A"))])
    subledger.reserve(1, "hold", {APPLE: (1, 9_000_000)}, stamp=1, milliseconds=60_000)
    with connect(redis_url) as redis:
        names = redis.keys()
    assert len(names) > 6
    assert all(b"{1}" in name for name in names)


def test_a_reservation_counts_stock_less_open_sales_less_other_reservations(subledger: Subledger) -> None:
    subledger.accept(1, "7", [entry_of(sold("A", 2))])
    asked = {APPLE: (2_000_000, 5_000_000)}
    assert subledger.reserve(1, "first", asked, stamp=1, milliseconds=60_000).status == "held"
    assert subledger.reserve(1, "first", asked, stamp=1, milliseconds=60_000).status == "held", (
        "asking again changes nothing"
    )
    short = subledger.reserve(1, "second", asked, stamp=1, milliseconds=60_000)
    assert (short.status, short.chain, short.free) == ("short", APPLE, 1_000_000)
    assert subledger.release(1, "first")
    assert not subledger.release(1, "first")
    assert subledger.reserve(1, "second", asked, stamp=1, milliseconds=60_000).status == "held"
    assert subledger.reserve(1, "second", {APPLE: (1, 5_000_000)}, stamp=1, milliseconds=1).status == "conflict"


def test_all_or_nothing_is_held(subledger: Subledger) -> None:
    both = {APPLE: (1_000_000, 5_000_000), BREAD: (2_000_000, 1_000_000)}
    assert subledger.reserve(1, "both", both, stamp=1, milliseconds=60_000).chain == BREAD
    assert (
        subledger.reserve(1, "apples", {APPLE: (5_000_000, 5_000_000)}, stamp=1, milliseconds=60_000).status == "held"
    )


def test_a_reservation_runs_out_unless_it_is_confirmed(subledger: Subledger) -> None:
    one = {APPLE: (1_000_000, 1_000_000)}
    assert subledger.reserve(1, "short", one, stamp=1, milliseconds=-1).status == "held"
    assert not subledger.confirm(1, "short")
    assert subledger.reserve(1, "kept", one, stamp=1, milliseconds=60_000).status == "held"
    assert subledger.confirm(1, "kept")
    assert subledger.reserve(1, "late", one, stamp=1, milliseconds=60_000).status == "short"


def test_a_sale_takes_the_place_of_its_reservation(subledger: Subledger) -> None:
    one = {APPLE: (1_000_000, 1_000_000)}
    subledger.reserve(1, "mine", one, stamp=1, milliseconds=60_000)
    assert subledger.accept(1, "7", [entry_of(sold("A", hold="mine"))]) == ["new"]
    assert not subledger.release(1, "mine")
    assert subledger.reserve(1, "other", one, stamp=1, milliseconds=60_000).status == "short"


def test_stock_older_than_a_drained_closing_is_stale(subledger: Subledger) -> None:
    subledger.accept(1, "7", [entry_of(sold("A"))])
    subledger.drain(1, "7", ["A"], 20)
    one = {APPLE: (1_000_000, 1_000_000)}
    assert subledger.reserve(1, "late", one, stamp=19, milliseconds=60_000).status == "stale"
    assert subledger.reserve(1, "late", {APPLE: (1_000_000, 0)}, stamp=20, milliseconds=60_000).status == "short"
    assert subledger.reserve(1, "new", one, stamp=21, milliseconds=60_000).status == "held"
    assert subledger.reserve(1, "old", {APPLE: (1_000_000, 9_000_000)}, stamp=20, milliseconds=60_000).free == 0


def test_a_lost_sub_ledger_takes_nothing(subledger: Subledger, redis_url: str) -> None:
    with connect(redis_url) as redis:
        redis.flushdb()
        redis.function_flush()
    assert subledger.accept(1, "7", [entry_of(sold("A"))]) == ["lost"]
    assert subledger.reserve(1, "hold", {APPLE: (1, 1)}, stamp=1, milliseconds=1).status == "lost"


# -- in step with the lane ----------------------------------------------------------------------------------------------


@pytest.fixture
def tools(settings: Settings) -> Iterator[Tools]:
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        submit(opened, [*masters(), receipt("PR-1", ("Apple", 10, 2), ("Bread", 5, 1))])
        yield opened


def open_in_postgresql(tools: Tools) -> dict[Chain, int]:
    with tools.database.transaction() as connection:
        return reserved_by_receipts(connection, 1)


def statuses(tools: Tools, *documents: dict[str, object]) -> list[str]:
    return [outcome["status"] for outcome in submit(tools, documents)]


def test_a_sale_is_in_the_sub_ledger_when_its_outcome_is_told(tools: Tools) -> None:
    assert statuses(tools, sale("S-1", ("Apple", 2, 3)), sale("S-2", ("Bread", 1, "1.50"))) == ["open", "open"]
    assert tools.subledger.reserved(1) == open_in_postgresql(tools) == {APPLE: 2_000_000, BREAD: 1_000_000}
    (session,) = tools.subledger.sessions(1)
    assert tools.subledger.totals(1, session)["total"] == 750


def test_cancelled_consolidated_and_reopened_sales_move_the_sub_ledger(tools: Tools) -> None:
    submit(tools, [sale("S-1", ("Apple", 2, 3)), sale("S-2", ("Apple", 1, 3)), cancel("X-1", "pos_invoice", "S-2")])
    assert tools.subledger.reserved(1) == {APPLE: 2_000_000}
    assert statuses(tools, closing("C-1")) == ["posted"]
    assert tools.subledger.reserved(1) == open_in_postgresql(tools) == {}
    assert statuses(tools, cancel("X-2", "pos_closing", "C-1")) == ["posted"]
    assert tools.subledger.reserved(1) == open_in_postgresql(tools) == {APPLE: 2_000_000}
    assert statuses(tools, sale("S-3", ("Apple", 1, 3)), back("S-4", "S-1", ("Apple", 1, 3))) == ["open", "open"]
    assert tools.subledger.reserved(1) == open_in_postgresql(tools) == {APPLE: 2_000_000}


def test_a_sale_set_aside_stays_reserved_under_quarantine(tools: Tools) -> None:
    delivered = {
        "type": "delivery_note", "company": SHOP, "number": "DN-1", "posting_datetime": "2026-03-01T11:00", "customer": "Ann",
        "lines": [{"item": "Apple", "warehouse": "Shelf", "qty": 9, "rate": 3}],
    }  # fmt: skip
    submit(tools, [sale("S-1", ("Apple", 2, 3)), delivered, closing("C-1")])
    assert tools.subledger.reserved(1) == open_in_postgresql(tools) == {APPLE: 2_000_000}
    assert tools.subledger.sessions(1) == [QUARANTINE]
    submit(tools, [receipt("PR-2", ("Apple", 1, 2), at="2026-03-01T21:00"), closing("C-2", at="2026-03-01T22:00")])
    assert tools.subledger.reserved(1) == open_in_postgresql(tools) == {}


def test_a_wiped_redis_is_rebuilt_by_the_next_sale_and_by_the_sweeper(tools: Tools) -> None:
    submit(tools, [sale("S-1", ("Apple", 2, 3))])
    tools.redis.flushdb()
    submit(tools, [sale("S-2", ("Bread", 1, 3))])
    assert tools.subledger.reserved(1) == open_in_postgresql(tools) == {APPLE: 2_000_000, BREAD: 1_000_000}
    before = tools.subledger.reserved(1), tools.subledger.totals(1, tools.subledger.sessions(1)[0])
    tools.redis.flushdb()
    sweep(tools)
    assert (tools.subledger.reserved(1), tools.subledger.totals(1, tools.subledger.sessions(1)[0])) == before
    rebuild_where_lost(tools)
    assert rebuild(tools, 1) == 2
    assert tools.subledger.reserved(1) == before[0]


def test_a_sale_that_was_cancelled_before_it_could_be_mirrored_stays_out(tools: Tools, settings: Settings) -> None:
    take(
        tools,
        [Message(json.dumps(one).encode()) for one in (sale("S-1", ("Apple", 2, 3)), sale("S-2", ("Bread", 1, 1)))],
    )

    def after_the_cancel(decided: Decided) -> None:
        with open_tools(settings, app) as other:
            assert statuses(other, cancel("X-1", "pos_invoice", "S-1")) == ["posted"]
        keep_in_step(tools, 1, decided)

    assert drain(tools.database, 1, limit_documents=100, tell=after_the_cancel).posted == 2
    assert tools.subledger.reserved(1) == open_in_postgresql(tools) == {BREAD: 1_000_000}


def test_a_sale_joins_the_session_that_other_processes_have_left_open(tools: Tools, settings: Settings) -> None:
    with open_tools(settings, app) as other:
        assert statuses(tools, sale("S-1", ("Apple", 1, 3))) == ["open"]
        assert statuses(other, closing("C-1")) == ["posted"]
        assert statuses(tools, sale("S-2", ("Apple", 1, 3))) == ["open"]
        assert statuses(other, sale("S-3", ("Apple", 1, 3))) == ["open"]
    (session,) = tools.subledger.sessions(1)
    assert tools.subledger.totals(1, session)["sales"] == 2
    with tools.database.transaction() as connection:
        assert [one.id for one in open_sessions(connection, 1)] == [int(session)]


def test_a_till_is_told_why_nothing_can_be_held(tools: Tools) -> None:
    lines = [{"item": "Apple", "warehouse": "Shelf", "qty": 1}]
    # A closing that this database has not heard of has been drained: whatever is read here is older than what Redis knows.
    tools.subledger.end_rebuild(1, 10**9)
    with pytest.raises(Unavailable) as caught:
        reserve(tools, SHOP, "H-1", lines)
    assert caught.value.code == "StockMoving"
    with connect("redis://127.0.0.1:1/0") as away, pytest.raises(Unavailable) as caught:
        reserve(replace(tools, subledger=Subledger(away)), SHOP, "H-1", lines)
    assert caught.value.code == "SubledgerUnavailable"


def test_of_fifty_tills_that_reserve_the_last_unit_one_sells_it(tools: Tools) -> None:
    submit(tools, [sale("S-0", ("Apple", 9, 3))])

    def try_to_sell(till: int) -> str:
        line = {"item": "Apple", "warehouse": "Shelf", "qty": 1}
        held = reserve(tools, SHOP, f"till {till}", [line])
        return str(held["status"])

    with ThreadPoolExecutor(8) as tills:
        answers = list(tills.map(try_to_sell, range(50)))
    assert sorted(answers) == ["held"] + ["short"] * 49
    winner = answers.index("held")
    assert confirm(tools, SHOP, f"till {winner}")
    assert statuses(tools, sale("S-1", ("Apple", 1, 3), reservation=f"till {winner}")) == ["open"]
    assert not release(tools, SHOP, f"till {winner}")
    assert reserve(tools, SHOP, "late", [{"item": "Apple", "warehouse": "Shelf", "qty": "0.5"}])["free"] == "0"


def test_of_fifty_tills_that_sell_the_last_unit_one_succeeds(tools: Tools) -> None:
    submit(tools, [sale("S-0", ("Apple", 9, 3))])
    outcomes = submit(tools, [sale(f"S-{till}", ("Apple", 1, 3)) for till in range(1, 51)])
    assert sorted(outcome["status"] for outcome in outcomes) == ["open"] + ["rejected"] * 49
    assert {outcome["error"]["code"] for outcome in outcomes if outcome["error"]} == {"InsufficientStock"}
