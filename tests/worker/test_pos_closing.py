"""Closings in the real lane: what they post, what they set aside, how they are taken back, and every state's way out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.lanes import number_of, post_all, publish, rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.support.till import SHOP, back, cancel, closing, masters, receipt, sale
from tests.support.till_books import error, ledger, post, reserved_agrees, shop
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services import posting
from worker.services.acceptance import Message, read
from worker.services.closing import guard_the_gate
from worker.services.pos_closing import cancelling
from worker.services.pos_closing import closing as pos_closing
from worker.services.pos_verify import read_export, verify_export
from worker.services.results import Decided
from worker.store.database import Database
from worker.store.pos.export import export_closing

Json = dict[str, Any]


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        yield own


def report(books: Database, name: str) -> list[Json]:
    with books.transaction() as connection:
        scope = scope_of(connection, 1)
        assert scope is not None
        return list(REPORTS[name].dicts(connection, scope))


def test_sales_touch_neither_ledger_until_their_closing_and_then_as_one_invoice(books: Database) -> None:
    shop(books)
    statuses = post(books, sale("S-1", ("Apple", 2, 3)), sale("S-2", ("Apple", 1, 3), ("Bread", 1, 2), mode="Card"))
    assert statuses["S-1"] == statuses["S-2"] == "open"
    assert rows(books, "SELECT DISTINCT voucher FROM books.general_ledger") == [("PR-1",)]
    apple, bread = report(books, "stock-projected-qty")
    assert (apple["actual_qty"], apple["reserved_for_pos"], apple["available_at_till"], apple["projected_qty"]) == (
        10,
        3,
        7,
        7,
    )
    assert bread["projected_qty"] == 4
    statuses = post(books, closing("C-1"))
    assert {statuses[number] for number in ("S-1", "S-2")} == {"consolidated"}
    assert statuses["C-1-1"] == "posted"
    assert ledger(books, "C-1-1") == {
        "Sales": -11, "Cash": 6, "Card": 5, "Stock In Hand": -7, "Cost of Goods Sold": 7,
    }  # fmt: skip
    assert rows(books, "SELECT item, qty FROM books.stock_ledger WHERE voucher = 'C-1-1' ORDER BY line") == [
        ("Apple", -3),
        ("Bread", -1),
    ]
    reserved_agrees(books)


def test_ledger_entries_of_a_closing_do_not_grow_with_its_sales(books: Database) -> None:
    post(books, *masters(), receipt("PR-1", ("Apple", 1000, 2)))

    def entries(closing_number: str) -> int:
        ((count,),) = rows(books, "SELECT count(*) FROM books.general_ledger WHERE voucher = %s", f"{closing_number}-1")
        return int(count)

    publish(books, [sale(f"A-{n}", ("Apple", 1, 3)) for n in range(3)] + [closing("C-1")])
    post_all(books, SHOP)
    publish(
        books,
        [sale(f"B-{n}", ("Apple", 1, 3), at="2026-03-02T09:00") for n in range(60)]
        + [closing("C-2", at="2026-03-02T20:00")],
    )
    post_all(books, SHOP)
    assert entries("C-1") == entries("C-2") == 4


def test_over_and_short_in_the_drawer_go_to_their_account(books: Database) -> None:
    shop(books)
    opening = {
        "type": "pos_opening", "company": SHOP, "number": "O-1", "posting_datetime": "2026-03-01T08:00", "pos_profile": "Till",
        "balances": [{"mode": "Cash", "amount": 50}],
    }  # fmt: skip
    counted = [{"mode": "Cash", "amount": "55.80"}, {"mode": "Card", "amount": "3.50"}]
    post(books, opening, sale("S-1", ("Apple", 2, 3), paid=10), sale("S-2", ("Apple", 1, 3), mode="Card"))
    post(books, closing("C-1", opening="O-1", counted=counted))
    assert ledger(books, "C-1") == {
        "Cash": Decimal("-0.20"),
        "Card": Decimal("0.50"),
        "Cash Over and Short": Decimal("-0.30"),
    }
    assert ledger(books, "C-1-1")["Cash"] == 6, "ten were given, four went back"
    post(books, closing("C-2", opening="O-1"))
    assert error(books, "C-2") == "OpeningNotOpen"


def test_a_till_is_opened_once(books: Database) -> None:
    shop(books)
    opening = {
        "type": "pos_opening", "company": SHOP, "number": "O-1", "posting_datetime": "2026-03-01T08:00", "pos_profile": "Till"
    }  # fmt: skip
    post(
        books, sale("S-1", ("Apple", 1, 3)), opening, {**opening, "number": "O-2"}, cancel("X-1", "pos_opening", "O-1")
    )
    assert error(books, "O-2") == "TillAlreadyOpen"
    assert error(books, "X-1") == "LinkedDocuments"
    ((session, opened_by),) = rows(books, "SELECT session_id, opening FROM pos_session")
    assert opened_by == "O-1", "the opening takes over what the first sale had opened"
    assert session == 2


def test_what_is_sold_after_the_closing_time_waits_for_the_next_closing(books: Database) -> None:
    shop(books)
    statuses = post(
        books, sale("S-1", ("Apple", 1, 3)), sale("S-2", ("Apple", 1, 3), at="2026-03-01T21:00"), closing("C-1"),
        sale("S-3", ("Apple", 1, 3), at="2026-03-01T19:59"),
    )  # fmt: skip
    assert [statuses[number] for number in ("S-1", "S-2", "S-3")] == ["consolidated", "open", "open"]
    statuses = post(books, closing("C-2", at="2026-03-02T20:00"))
    assert statuses["S-2"] == statuses["S-3"] == "consolidated"


def test_an_unsound_receipt_is_set_aside_with_its_reason_and_the_next_closing_takes_it_up(books: Database) -> None:
    shop(books)
    apple = {"type": "item", "company": SHOP, "code": "Apple"}
    statuses = post(
        books, sale("S-1", ("Apple", 1, 3)), sale("S-2", ("Bread", 1, 2)), {**apple, "disabled": True}, closing("C-1")
    )
    assert (statuses["S-1"], statuses["S-2"]) == ("quarantined", "consolidated")
    assert error(books, "S-1") == "DisabledItem"
    reserved_agrees(books)
    statuses = post(books, {**apple, "disabled": False}, closing("C-2"))
    assert statuses["S-1"] == "consolidated"
    reserved_agrees(books)


def test_a_closing_that_can_not_be_posted_leaves_no_invoice_and_is_done_once_it_can(books: Database) -> None:
    shop(books, consolidate_by="customer")
    company = masters()[0]
    post(
        books, sale("S-1", ("Bread", 1, 2)), sale("S-2", ("Apple", 2, 3), paid=5, customer="Ann", at="2026-03-01T10:05")
    )
    debtors = {
        "type": "account", "company": SHOP, "name": "Debtors", "root_type": "asset", "account_type": "receivable", "disabled": True
    }  # fmt: skip
    statuses = post(books, debtors, closing("C-1"), {**company, "receivable": "Owed"}, closing("C-2"))
    assert (statuses["C-1"], statuses["C-2"]) == ("rejected", "parked")
    assert [number for number in statuses if number.startswith("C-")] == ["C-1", "C-2"], "no invoice was filed"
    assert statuses["S-1"] == statuses["S-2"] == "open"
    statuses = post(books, {**debtors, "name": "Owed", "disabled": False})
    assert [statuses[number] for number in ("C-2", "C-2-1", "C-2-2", "S-1", "S-2")] == [
        "posted", "posted", "posted", "consolidated", "consolidated"
    ]  # fmt: skip
    assert ledger(books, "C-2-2") == {
        "Sales": -6, "Cash": 5, "Owed": 1, "Stock In Hand": -4, "Cost of Goods Sold": 4,
    }  # fmt: skip


def test_returns_come_back_at_the_cost_share_of_the_line_they_had_left_through(books: Database) -> None:
    post(books, *masters(), receipt("PR-1", ("Apple", 1, 2)), receipt("PR-2", ("Apple", 2, 5), at="2026-03-01T08:30"))
    post(books, sale("S-1", ("Apple", 3, 9)), closing("C-1"))
    assert ledger(books, "C-1-1")["Cost of Goods Sold"] == 12
    later = {"at": "2026-03-02T10:00"}
    post(
        books,
        back("S-2", "S-1", ("Apple", 1, 9), **later),
        back("S-3", "S-1", ("Apple", 2, 9), **later),
        closing("C-2", at="2026-03-02T20:00"),
    )
    assert ledger(books, "C-2-1")["Cost of Goods Sold"] == -12
    assert ledger(books, "C-2-1")["Cash"] == -27
    post(books, back("S-4", "S-1", ("Apple", 1, 9), **later))
    assert error(books, "S-4") == "OverReturned"


def test_goods_come_back_through_the_line_they_were_sold_by_not_one_that_others_came_back_by(books: Database) -> None:
    post(books, *masters(), receipt("PR-1", ("Apple", 2, 2)), receipt("PR-2", ("Apple", 2, 5), at="2026-03-01T08:30"))
    post(books, sale("S-1", ("Apple", 2, 9)), closing("C-1"))
    post(
        books, sale("S-2", ("Apple", 2, 9), at="2026-03-02T10:00"), back("S-3", "S-1", ("Apple", 1, 9), at="2026-03-02T11:00"),
        closing("C-2", at="2026-03-02T20:00"),
    )  # fmt: skip
    assert ledger(books, "C-2-1")["Cost of Goods Sold"] == 10 - 2
    post(books, back("S-4", "S-2", ("Apple", 1, 9), at="2026-03-03T10:00"), closing("C-3", at="2026-03-03T20:00"))
    assert ledger(books, "C-3-1")["Cost of Goods Sold"] == -5


def test_a_closing_one_of_whose_later_invoices_is_refused_is_refused_by_name_and_can_be_made_in_parts(
    books: Database,
) -> None:
    shop(books, consolidate_by="customer")
    dear = 600_000_000_000_000
    statuses = post(
        books, sale("S-1", ("Apple", 1, 3), customer="Ann"),
        *(sale(f"S-{n}", ("Bread", 1, dear), customer="Bob", at=f"2026-03-01T11:0{n}") for n in (2, 3)), closing("C-1"),
        sale("S-4", ("Apple", 1, 3), customer="Ann", at="2026-03-01T12:00"),
    )  # fmt: skip
    assert error(books, "C-1") == "NumberTooLarge", "two sales of Bob's are more than one invoice can hold"
    ((reason,),) = rows(books, "SELECT error ->> 'message' FROM books.document_status WHERE number = 'C-1'")
    assert "C-1-2" in reason
    assert "Bob" in reason
    assert {statuses[f"S-{n}"] for n in (1, 2, 3, 4)} == {"open"}
    assert [number for number in statuses if number.startswith("C-")] == ["C-1"], "no invoice was filed"
    reserved_agrees(books)
    statuses = post(books, closing("C-2", invoices=["S-2"]), closing("C-3"))
    assert {statuses[f"S-{n}"] for n in (1, 2, 3, 4)} == {"consolidated"}
    reserved_agrees(books)


def test_a_return_waits_while_its_original_waits_elsewhere(books: Database) -> None:
    shop(books)
    statuses = post(
        books,
        sale("S-1", ("Apple", 2, 3), user="Ann"),
        back("S-2", "S-1", ("Apple", 1, 3), user="Bob"),
        closing("C-1", user="Bob"),
    )
    assert statuses["S-2"] == "quarantined"
    assert error(books, "S-2") == "OriginalNotConsolidated"
    statuses = post(books, closing("C-2", user="Ann"), closing("C-3", user="Bob"))
    assert statuses["S-1"] == statuses["S-2"] == "consolidated"


def test_named_invoices_are_checked_one_by_one(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 1, 3)), sale("S-2", ("Apple", 1, 3), user="Ann"), sale("S-3", ("Apple", 1, 3)))
    statuses = post(
        books, closing("C-1", invoices=["S-1", "S-1"]), closing("C-2", invoices=["S-2"], user="Bob"), closing("C-3", invoices=["S-9"]),
        closing("C-4", invoices=["S-1"]), closing("C-5", invoices=["S-1"]),
    )  # fmt: skip
    assert [error(books, f"C-{n}") for n in (1, 2, 3, 5)] == [
        "DuplicatePosInvoice", "NotOfThisTill", "UnknownDocument", "ConsolidatedDocument"
    ]  # fmt: skip
    assert (statuses["S-1"], statuses["S-3"], statuses["C-3"]) == ("consolidated", "open", "parked")
    assert post(books, sale("S-9", ("Apple", 1, 3)))["C-3"] == "posted"


def test_a_cancelled_closing_gives_everything_back_and_can_be_closed_again(books: Database) -> None:
    shop(books, returns="credit_note", consolidate_by="customer")
    sales = (
        sale("S-1", ("Apple", 3, 3), customer="Ann"),
        back("S-2", "S-1", ("Apple", 1, 3), customer="Ann"),
        sale("S-3", ("Bread", 1, 2)),
    )
    post(books, *sales, closing("C-1"))
    statuses = post(
        books,
        cancel("X-0", "sales_invoice", "C-1-1"),
        cancel("X-1", "pos_invoice", "S-1"),
        cancel("X-2", "pos_closing", "C-1"),
    )
    assert (error(books, "X-0"), error(books, "X-1")) == ("LinkedToClosing", "ConsolidatedDocument")
    assert {statuses[number] for number in ("C-1", "C-1-1", "C-1-2", "C-1-3")} == {"cancelled"}
    assert {statuses[number] for number in ("S-1", "S-2", "S-3")} == {"open"}
    assert rows(books, "SELECT sum(qty), sum(stock_value_difference) FROM books.stock_ledger") == [(15, 25)]
    reserved_agrees(books)
    statuses = post(books, cancel("X-3", "pos_closing", "C-1"), closing("C-2"))
    assert error(books, "X-3") == "AlreadyCancelled"
    assert {statuses[number] for number in ("S-1", "S-2", "S-3")} == {"consolidated"}
    assert ledger(books, "C-2-2")["Cash"] == -3
    reserved_agrees(books)


def test_a_closing_that_others_depend_on_stands(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 3, 3)), closing("C-1"))
    later = {"at": "2026-03-02T10:00"}
    post(
        books,
        back("S-2", "S-1", ("Apple", 1, 3), **later),
        closing("C-2", at="2026-03-02T20:00"),
        cancel("X-1", "pos_closing", "C-1"),
    )
    assert error(books, "X-1") == "HasDependents"
    statuses = post(books, cancel("X-2", "pos_closing", "C-2"), cancel("X-3", "pos_closing", "C-1"))
    assert statuses["C-1"] == statuses["C-2"] == "cancelled"
    assert statuses["S-1"] == statuses["S-2"] == "open"


def test_documents_of_others_are_accepted_while_a_closing_marks_its_sales_or_gives_them_back(
    books: Database, database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[str] = []

    def asked_before(owner: Any, step: str) -> None:
        real = getattr(owner, step)

        def wrapped(*arguments: Any) -> Any:
            with Database(database.worker_url) as others, others.transaction() as connection:
                connection.execute("SELECT FROM acceptance WHERE company_id = 0 FOR UPDATE NOWAIT")
                free.append(step)
            return real(*arguments)

        monkeypatch.setattr(owner, step, wrapped)

    for owner, step in (
        (pos_closing, "consolidate_sales"), (pos_closing, "root_of_closing"), (pos_closing, "file_documents"),
        (cancelling, "reopen_sessions"), (cancelling, "file_documents"),
    ):  # fmt: skip
        asked_before(owner, step)
    shop(books)
    statuses = post(books, sale("S-1", ("Apple", 1, 3)), closing("C-1"), cancel("X-1", "pos_closing", "C-1"))
    assert (statuses["S-1"], statuses["C-1"]) == ("open", "cancelled")
    assert free == ["consolidate_sales", "root_of_closing", "file_documents", "reopen_sessions", "file_documents"]


def test_what_a_closing_left_untold_is_told_some_at_a_time(books: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "OUTCOMES_AT_ONCE", 3)
    shop(books)
    post(books, *(sale(f"S-{n}", ("Apple", 1, 3)) for n in range(7)))
    publish(books, [closing("C-1")])

    def hangs_up(_: Decided) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        posting.drain(books, number_of(books, SHOP), tell=hangs_up)
    told: list[dict[str, str]] = []
    posting.drain(
        books, number_of(books, SHOP), tell=lambda decided: told.append({o["number"]: o["status"] for o in decided.outcomes})
    )  # fmt: skip
    assert {len(some) <= 3 for some in told} == {True}
    everything = {number: status for some in told for number, status in some.items()}
    assert everything == {"PR-1": "posted", "C-1": "posted", "C-1-1": "posted"} | {
        f"S-{n}": "consolidated" for n in range(7)
    }


def test_a_period_with_open_sales_or_sales_set_aside_does_not_close(books: Database) -> None:
    shop(books)
    march = {
        "type": "accounting_period", "company": SHOP, "name": "March", "start": "2026-03-01", "end": "2026-03-31",
        "status": "closed",
    }  # fmt: skip

    def refusal() -> str:
        message = read(Message(msgspec.json.encode(march)))
        with books.transaction() as connection:
            guard_the_gate(connection, message)
        return "" if message.error is None else str(message.error["message"])

    apple = {"type": "item", "company": SHOP, "code": "Apple"}
    post(books, sale("S-1", ("Apple", 1, 3)))
    assert "1 sold at a till that is not closed: S-1" in refusal()
    post(books, {**apple, "disabled": True}, closing("C-1"))
    assert "1 in quarantine: S-1" in refusal()
    post(books, {**apple, "disabled": False}, closing("C-2"))
    assert refusal() == ""


def test_a_certificate_is_checked_offline_and_notices_a_changed_cent(books: Database, tmp_path: Path) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 2, "3.10")), sale("S-2", ("Bread", 1, 2), mode="Card"), closing("C-1"))
    with books.transaction() as connection:
        export = export_closing(connection, 1, "C-1")
        assert export_closing(connection, 1, "C-9") is None
    assert export is not None
    raw = msgspec.json.encode(export)
    assert verify_export(read_export(raw)) == []
    (wrong,) = [
        found for found in verify_export(read_export(raw.replace(b"310", b"311"))) if "receipts are not those" in found
    ]
    assert "the certificate says" in wrong
    changed = read_export(raw)
    changed.invoices[0].document = changed.invoices[0].document.replace('"6.2"', '"6.3"')
    assert any(found.startswith("item Apple") for found in verify_export(changed))


def test_open_sessions_show_provisional_margins(books: Database) -> None:
    shop(books)
    post(books, sale("S-1", ("Apple", 2, 3)))
    (session,) = report(books, "pos-sessions")
    assert (session["status"], session["sales"], session["total"]) == ("open", 1, 6)
    assert (session["provisional_revenue"], session["provisional_cost"], session["provisional_margin"]) == (6, 4, 2)
    post(books, closing("C-1"))
    (session,) = report(books, "pos-sessions")
    assert (session["status"], session["closing"], session["provisional_revenue"]) == ("closed", "C-1", 0)


# What may happen to a sale, and where it leads: from each state at least one event leads on, and the walk below goes through all.
_WAYS = {
    ("open", "cancelled"), ("open", "consolidated"), ("open", "quarantined"), ("quarantined", "consolidated"),
    ("quarantined", "cancelled"), ("consolidated", "open"),
}  # fmt: skip


def test_every_state_of_a_sale_has_a_way_out_and_all_ways_are_walked(books: Database) -> None:
    shop(books)
    apple = {"type": "item", "company": SHOP, "code": "Apple"}
    walked: set[tuple[str, str]] = set()
    before = post(books, *(sale(f"S-{n}", ("Apple", 1, 3)) for n in range(1, 4)))
    received = 3
    for step in (
        [cancel("X-1", "pos_invoice", "S-1")],
        [closing("C-1")],
        [cancel("X-2", "pos_closing", "C-1")],
        [{**apple, "disabled": True}, closing("C-2")],
        [cancel("X-3", "pos_invoice", "S-2")],
        [{**apple, "disabled": False}, closing("C-3")],
    ):
        after = post(books, *step)
        walked |= {
            (before[number], after[number]) for number in ("S-1", "S-2", "S-3") if before[number] != after[number]
        }
        before = after
        counts = dict(rows(books, "SELECT status, count(*) FROM pos_invoice GROUP BY status"))
        assert sum(counts.values()) == received, "received = consolidated + quarantined + open + cancelled"
        reserved_agrees(books)
    assert walked == _WAYS
