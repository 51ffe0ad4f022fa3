"""What people see of reposts: the list, a preview, an explanation, halts, failures, and what made the books change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from domain.valuation import chain as valuation
from tests.support.lanes import MASTERS, Json, delivery, dump, number_of, post_all, publish, receipt, rows
from tests.support.servers import Database as FreshDatabase
from worker.cli.application import build
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.services.explaining import COST_EXPLANATION
from worker.services.reposting import preview, run_pending
from worker.store.database import Database
from worker.store.reposts.requests import end_pause, retry_failed, set_pause


@pytest.fixture
def store(database: FreshDatabase) -> Iterator[Database]:
    with Database(database.worker_url) as opened:
        publish(opened, [*MASTERS, receipt("PR-1", 10, "200"), delivery("DN-1", 4)])
        post_all(opened)
        yield opened


def backdated(number: str = "PR-0") -> Json:
    return receipt(number, 4, "150", at="2024-06-14T09:00:00")


def report(store: Database, name: str, **options: Any) -> list[dict[str, Any]]:
    chosen = COST_EXPLANATION if name == COST_EXPLANATION.name else REPORTS[name]
    with store.transaction() as connection:
        scope = scope_of(connection, number_of(store), **options)
        assert scope is not None
        return list(chosen.dicts(connection, scope))


def test_a_preview_tells_what_would_change_and_changes_nothing(store: Database) -> None:
    before = dump(store)
    document = backdated()
    seen = preview(store, number_of(store), "purchase_receipt", "PR-0", json.dumps(document).encode())
    assert seen.outcome["status"] == "posted"
    assert seen.vouchers == [("delivery_note", "DN-1", 20000)]
    assert seen.accounts == [
        ("Cost of Goods Sold", "2024-06", -20000),
        ("Stock In Hand", "2024-06", 80000),
        ("Stock Received But Not Billed", "2024-06", -60000),
    ]
    assert (seen.rows, seen.complete) == (3, True)
    assert dump(store) == before
    publish(store, [document])
    post_all(store)
    run_pending(store, number_of(store))
    (cost,) = rows(store, "SELECT sum(debit - credit) FROM books.general_ledger WHERE account = 'Cost of Goods Sold'")[
        0
    ]
    assert cost == 600  # 4 at 150, and no longer 4 at 200


def test_a_preview_of_what_would_be_refused_says_why(store: Database) -> None:
    document = delivery("DN-9", 100)
    seen = preview(store, number_of(store), "delivery_note", "DN-9", json.dumps(document).encode())
    assert seen.outcome["status"] == "rejected"
    assert seen.outcome["error"]["code"] == "NegativeStock"


def test_the_list_shows_what_waits_and_what_was_published(store: Database) -> None:
    publish(store, [backdated()])
    post_all(store)
    (waiting,) = report(store, "repost-status")
    assert (waiting["status"], waiting["requests"], waiting["documents"]) == ("waiting", 1, "PR-0")
    run_pending(store, number_of(store))
    (done,) = report(store, "repost-status")
    assert (done["run"], done["status"], done["documents"], done["differences"]) == (1, "published", "PR-0", 1)


def test_an_explanation_names_layers_receipts_and_every_change(store: Database) -> None:
    publish(store, [backdated()])
    post_all(store)
    run_pending(store, number_of(store))
    told = report(store, "cost-explanation", voucher="DN-1")
    assert [(row["depth"], row["what"], row["document"], str(row["qty"]), str(row["amount"])) for row in told] == [
        (0, "booked", "DN-1", "-4", "-800.00"),
        (1, "reposted", "DN-1", "0", "200.00"),
        (1, "of the layer of", "PR-0", "4", "600.00"),
        (2, "booked", "PR-0", "4", "600.00"),
    ]
    change = told[1]
    assert (change["run"], change["caused_by"]) == (1, "PR-0")


def test_what_made_the_books_differ_from_what_was_known(store: Database) -> None:
    ((known_at,),) = rows(store, "SELECT clock_timestamp()")
    publish(store, [backdated()])
    post_all(store)
    run_pending(store, number_of(store))
    changed = report(store, "changed-since", known_at=known_at, account="Stock In Hand")
    assert [(row["document"], row["how"], str(row["amount"])) for row in changed] == [
        ("PR-0", "posted", "600.00"),
        ("PR-0", "reposted by run 1", "200.00"),
    ]
    then = report(store, "trial-balance", known_at=known_at, account="Stock In Hand")
    now = report(store, "trial-balance", account="Stock In Hand")
    assert (str(then[0]["closing_debit"]), str(now[0]["closing_debit"])) == ("1200.00", "2000.00")
    stock_then, stock_now = report(store, "stock-balance", known_at=known_at), report(store, "stock-balance")
    assert [str(row["stock_value"]) for row in (*stock_then, *stock_now)] == ["1200.00", "2000.00"]


def test_a_halt_holds_until_it_is_ended(store: Database) -> None:
    company = number_of(store)
    publish(store, [backdated()])
    post_all(store)
    with store.transaction() as connection:
        assert set_pause(connection, company, "a test")
        assert not set_pause(connection, company, "a test")
    assert run_pending(store, company).paused
    assert report(store, "repost-status")[0]["status"] == "paused"
    with store.transaction() as connection:
        assert end_pause(connection, company)
    assert run_pending(store, company).published == 1


def test_a_run_that_fails_says_why_and_leaves_the_rest_done(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    company = number_of(store)
    other: Json = {"type": "item", "code": "Oats"}
    publish(store, [other, receipt("PR-2", 10, "50", item="Oats"), delivery("DN-2", 4, item="Oats")])
    post_all(store)
    publish(store, [backdated(), receipt("PR-3", 4, "40", at="2024-06-14T09:00:00", item="Oats")])
    post_all(store)
    taken = valuation.issue

    def fails_for_rice(balance: Any, *rest: Any, **more: Any) -> int:
        if any(layer.value == 600_000_000_000 for layer in balance.layers):
            raise ArithmeticError("no such rate")
        return taken(balance, *rest, **more)

    monkeypatch.setattr(valuation, "issue", fails_for_rice)
    summary = run_pending(store, company)
    assert (summary.failed, summary.published) == (1, 1)
    published, failed = report(store, "repost-status")
    assert (published["status"], published["documents"]) == ("published", "PR-3")
    assert (failed["status"], failed["documents"]) == ("failed", "PR-0")
    assert (
        "delivery note DN-1 (Rice in Stores) could not be valued again after purchase receipt PR-0" in failed["message"]
    )
    monkeypatch.undo()
    with store.transaction() as connection:
        assert retry_failed(connection, company) == 1
    assert run_pending(store, company).published == 1
    (cost,) = rows(store, "SELECT sum(debit - credit) FROM books.general_ledger WHERE account = 'Cost of Goods Sold'")[
        0
    ]
    assert cost == 600 + 160


def test_the_commands(store: Database, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "owner_database_url", "redis_url", "broker_url"):
        monkeypatch.setenv(f"PERPETUA_{name.upper()}", str(getattr(settings, name)))
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(backdated()), encoding="utf-8")

    def said(*arguments: str) -> str:
        result = CliRunner().invoke(build(), ["repost", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    assert "DN-1" in said("preview", str(file))
    publish(store, [backdated()])
    post_all(store)
    assert "paused" in said("pause")
    assert "go on" in said("resume")
    assert "1 run published" in said("run")
    assert "published" in said("list")
