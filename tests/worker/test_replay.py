"""`perpetua replay`: scenario files in, books out, and nothing of them left behind."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.error_catalogue import CATALOGUE
from tests.support.stories import MANUAL
from worker.cli.application import run
from worker.embedded import Endpoints
from worker.services.replay import ScenarioError, replay_files
from worker.services.replay import run as stride
from worker.services.replay.scenario import read, understand

README = Path(__file__).parents[2] / "README.md"
STORY: dict[str, Any] = {
    "id": "corner",
    "settings": {"items": {"TEA": {"valuation_method": "moving_average"}}, "warehouses": {"WH": "Tea House"}},
    "documents": [
        {
            "type": "purchase_receipt", "number": "PR-1", "posting_datetime": "2024-06-15T09:00:00",
            "lines": [{"item": "TEA", "warehouse": "WH", "qty": 3, "rate": 0.1, "note": "a tenth each"}],
        },
        {
            "type": "delivery_note", "number": "DN-1", "posting_datetime": "2024-06-15T10:00:00", "expect_error": "NegativeStock",
            "lines": [{"item": "TEA", "warehouse": "WH", "qty": 4, "rate": 1}],
        },
        {"type": "cancel", "number": "X-1", "target": {"type": "purchase_receipt", "number": "PR-1"}, "note": "all back"},
    ],
}  # fmt: skip


def replayed(cluster: Endpoints, *files: Path, entries: bool = False) -> list[Any]:
    """The books of these files; a complaint fails the test."""
    return list(replay_files(files, cluster.home, entries=entries, complain=pytest.fail))


def written(folder: Path, story: dict[str, Any], name: str = "story.json") -> Path:
    """A scenario file."""
    path = folder / name
    path.write_text(json.dumps(story), encoding="utf-8")
    return path


def test_the_command_prints_one_json_array_and_nothing_else(
    cluster: Endpoints, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PERPETUA_HOME", str(cluster.home))
    assert run(["replay", str(MANUAL), str(MANUAL), "--format", "json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    first, second = json.loads(shown.out, parse_float=Decimal)
    assert first == second, "two tellings of one story don't touch each other"
    assert first["id"] == "manual-worked-example"
    assert set(first["stock_ledger"][0]) == {
        "voucher", "line", "item", "warehouse", "batch", "posting_datetime", "qty", "valuation_rate",
        "stock_value_difference", "qty_after", "stock_value", "layers",
    }  # fmt: skip
    assert set(first["general_ledger"][0]) == {
        "voucher", "account", "debit", "credit", "party", "cost_center", "posting_date", "caused_by",
    }  # fmt: skip
    assert first["bins"][0]["layers"] == [[5, 220]]


def test_the_command_prints_tables_for_a_reader(
    cluster: Endpoints, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PERPETUA_HOME", str(cluster.home))
    assert run(["replay", str(MANUAL)]) == 0
    shown = capsys.readouterr().out
    assert "5@220" in shown
    assert "NegativeStock" in shown


def test_the_readme_tells_the_story_as_the_command_prints_it(
    cluster: Endpoints, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PERPETUA_HOME", str(cluster.home))
    assert run(["replay", str(MANUAL)]) == 0
    printed = {line.rstrip() for line in capsys.readouterr().out.splitlines()}
    story = README.read_text(encoding="utf-8").partition("$ .venv/bin/perpetua replay")[2].partition("```")[0]
    shown = story.splitlines()[1:]
    assert len(shown) > 20
    assert [line for line in shown if line not in printed] == []


def test_left_out_parties_accounts_and_times_are_filled_in(cluster: Endpoints, tmp_path: Path) -> None:
    (told,) = replayed(cluster, written(tmp_path, STORY))
    assert [(row["number"], row["status"]) for row in told["documents"]] == [
        ("PR-1", "cancelled"), ("DN-1", "rejected"), ("X-1", "posted"),
    ]  # fmt: skip
    assert told["documents"][1]["error"]["code"] == "NegativeStock"
    assert told["stock_ledger"] == []
    assert told["general_ledger"] == []


def test_entries_shows_what_was_posted_and_taken_back(cluster: Endpoints, tmp_path: Path) -> None:
    (told,) = replayed(cluster, written(tmp_path, STORY), entries=True)
    assert [(row["qty"], row["stock_value_difference"], row["caused_by"]) for row in told["stock_ledger"]] == [
        (3, Decimal("0.30"), ""), (-3, Decimal("-0.30"), "X-1"),
    ]  # fmt: skip
    assert {row["account"] for row in told["general_ledger"]} == {"Tea House", "Stock Received But Not Billed"}


def test_a_yaml_story_is_the_same_story(cluster: Endpoints, tmp_path: Path) -> None:
    path = tmp_path / "corner.yaml"
    path.write_text(
        """
settings:
  items: {TEA: {valuation_method: fifo}}
  warehouses: {WH: Stock In Hand}
documents:
  - type: purchase_receipt
    number: PR-1
    posting_datetime: 2024-06-15T09:00:00
    lines:
      - {item: TEA, warehouse: WH, qty: 3, rate: 0.1}
""",
        encoding="utf-8",
    )
    (told,) = replayed(cluster, path)
    assert told["id"] == "corner"
    assert told["stock_ledger"][0]["stock_value"] == Decimal("0.30")


def test_nothing_is_left_behind(cluster: Endpoints, tmp_path: Path) -> None:
    replayed(cluster, written(tmp_path, STORY))
    with psycopg.connect(cluster.admin_database_url) as connection:
        left = connection.execute(
            "SELECT datname FROM pg_database WHERE datname = %s", [f"perpetua_replay_{os.getpid()}"]
        ).fetchall()
    assert left == []


def test_a_file_that_is_no_scenario_does_not_stop_the_others(cluster: Endpoints, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    unreadable, told = replayed(cluster, broken, written(tmp_path, STORY))
    assert str(broken) in unreadable
    assert told["id"] == "corner"


def test_the_command_fails_where_a_file_could_not_be_replayed(
    cluster: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PERPETUA_HOME", str(cluster.home))
    assert run(["replay", str(tmp_path / "nowhere.json"), "--format", "json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out) == []
    assert "nowhere.json" in shown.err


@pytest.mark.parametrize(
    ("settings", "policy"),
    [
        ({"maintain_same_rate": True}, "refuse"),
        ({"maintain_same_rate": False, "value_stock_at_invoice_rate": True}, "revalue"),
        ({"maintain_same_rate": False, "value_stock_at_invoice_rate": False}, "leave"),
        ({}, None),
        ({"rate_difference": "variance"}, "variance"),
    ],
)
def test_settings_in_shorthand_become_the_company_s(settings: dict[str, Any], policy: str | None) -> None:
    scenario = understand({"id": "x", "settings": settings, "documents": []}, "X")
    assert scenario.masters[0].get("rate_difference") == policy
    assert scenario.warnings == []


def test_an_exchange_rate_setting_fills_in_what_documents_leave_out() -> None:
    invoice = {"type": "purchase_invoice", "currency": "USD", "posting_datetime": "2024-06-15"}
    story = {
        "id": "x",
        "settings": {"exchange_rates": {"USD": {"2024-01-01": 70, "2024-06-01": 80}}},
        "documents": [invoice],
    }
    (step,) = understand(story, "X").steps
    assert step.document["exchange_rate"] == 80


@pytest.mark.parametrize("name", ["USD", "USD/INR", "USD-INR", "USD to INR"])
def test_an_exchange_rate_is_set_by_currency_or_by_pair_and_holds_for_charges_too(name: str) -> None:
    charges = [
        {"account": "Freight", "amount": 10, "currency": "USD"},
        {"account": "Toll", "amount": 5, "currency": "USD", "exchange_rate": 60},
        {"account": "Toll", "amount": 5},
    ]
    voucher = {"type": "landed_cost_voucher", "posting_datetime": "2024-06-15", "charges": charges}
    story = {"id": "x", "settings": {"exchange_rates": {"EUR": 90, name: 62.9}}, "documents": [voucher]}
    (step,) = understand(story, "X").steps
    assert [charge.get("exchange_rate") for charge in step.document["charges"]] == [62.9, 60, None]


def test_batches_inside_items_become_masters() -> None:
    items = {"TEA": {"has_batch": True, "batches": {"B1": {"batch_wise_valuation": False}}}}
    masters = understand({"id": "x", "settings": {"items": items}, "documents": []}, "X").masters
    assert {"type": "batch", "company": "X", "name": "B1", "item": "TEA", "batch_wise_valuation": False} in masters


def test_an_unknown_setting_is_said_and_changes_nothing() -> None:
    items = {"TEA": {"brand": "Ours", "batches": {"B": {"shelf": 1}}}}
    settings = {"colour": "blue", "items": items, "warehouses": {"WH": {"floor": 2}}, "pos_profile": {"theme": "dark"}}
    scenario = understand({"id": "x", "settings": settings, "documents": []}, "X")
    unknown = ("colour", "warehouses.WH.floor", "items.TEA.brand", "items.TEA.batches.B.shelf", "pos_profile.theme")
    assert scenario.warnings == [f"the setting {name} is not known and changes nothing" for name in unknown]
    assert {"type": "item", "company": "X", "code": "TEA"} in scenario.masters


def test_documents_of_any_shape_are_refused_by_field_name_and_the_story_goes_on(
    cluster: Endpoints, tmp_path: Path
) -> None:
    receipt = STORY["documents"][0]
    odd: list[Any] = [None, 5, "text", True, [1], {"a": 1}, ["\0"], "\0", "A" * 200, 10**30, "NaN", ""]
    fields = (
        "type",
        "number",
        "lines",
        "taxes",
        "charges",
        "payments",
        "against",
        "currency",
        "posting_datetime",
        "supplier",
    )
    documents = [
        {**receipt, "number": f"M-{place}-{field}", field: value} for place, value in enumerate(odd) for field in fields
    ]
    documents += [
        {
            **receipt,
            "type": kind,
            "number": f"N-{place}-{kind}",
            "lines": [value],
            "payments": [value],
            "charges": [value],
        }
        for place, value in enumerate(odd)
        for kind in ("purchase_receipt", "pos_invoice", "landed_cost_voucher", "payment_entry")
    ]
    (told,) = replayed(cluster, written(tmp_path, {**STORY, "documents": [*documents, receipt]}))
    refused = [row for row in told["documents"] if row["status"] in ("rejected", "parked")]
    assert {row["error"]["code"] for row in refused} <= CATALOGUE.keys() - {"InternalFault"}
    assert len(refused) > len(documents) / 2
    assert told["documents"][-1]["status"] == "posted"


def test_a_period_that_a_closing_names_is_the_year_up_to_its_day_unless_it_is_spelled_out() -> None:
    documents = [
        {"type": "period_closing", "period": "FY", "posting_datetime": "2024-12-31T23:00:00"},
        {"type": "period_closing", "period": "H1", "posting_datetime": "2024-06-30"},
        {"type": "period_closing", "period": ["FY"], "posting_datetime": 5},
    ]
    settings = {"accounting_periods": {"H1": {"start": "2024-01-01", "end": "2024-06-30"}}}
    masters = understand({"id": "x", "settings": settings, "documents": documents}, "X").masters
    assert {m["name"]: (m["start"], m["end"]) for m in masters if m["type"] == "accounting_period"} == {
        "FY": ("2024-01-01", "2024-12-31"),
        "H1": ("2024-01-01", "2024-06-30"),
    }


def test_settings_name_masters_by_an_object_or_a_list() -> None:
    scenario = understand({"id": "x", "settings": {"items": ["TEA"], "warehouses": ["WH"]}, "documents": []}, "X")
    assert [m.get("code", m.get("name")) for m in scenario.masters if m["type"] in ("item", "warehouse")] == [
        "WH",
        "TEA",
    ]
    for settings, documents, reason in (
        ({"items": 5}, [], "settings.items"),
        ({"warehouses": [{"WH": 1}]}, [], "settings.warehouses"),
        ([], [], "settings is an object"),
        ({}, ["PR-1"], "every document is an object"),
    ):
        with pytest.raises(ScenarioError, match=reason):
            understand({"id": "x", "settings": settings, "documents": documents}, "X")


def test_a_setting_of_another_shape_is_said_and_changes_nothing() -> None:
    settings = {"items": {"TEA": "fifo"}, "pos_profile": "Till", "accounts": {"Bank": "asset", "Cash": None}}
    scenario = understand({"id": "x", "settings": settings, "documents": []}, "X")
    assert scenario.warnings == [
        f"the setting {name} is no object and changes nothing" for name in ("pos_profile", "items.TEA", "accounts.Bank")
    ]


def test_a_scenario_plays_in_one_company() -> None:
    documents = [{"type": "cancel", "company": "A"}, {"type": "cancel", "company": "B"}]
    with pytest.raises(ScenarioError, match="plays in one"):
        understand({"id": "x", "documents": documents}, "X")


def test_a_file_is_read_as_editors_write_it(tmp_path: Path) -> None:
    path = tmp_path / "story.json"
    path.write_text('{"id": null, "documents": [{"qty": NaN, "rate": 0.10}]}', encoding="utf-8-sig")
    assert read(path) == {"id": "story", "documents": [{"qty": "NaN", "rate": "0.10"}]}
    path.write_text('{"documents": [{"number": "\\ud800"}]}', encoding="utf-8")
    with pytest.raises(ScenarioError, match="surrogates not allowed"):
        read(path)


def test_a_scenario_needs_documents(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="list of documents"):
        read(written(tmp_path, {"id": "x"}))


def test_documents_that_are_accepted_together_make_the_books_of_one_after_the_other(
    cluster: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def entry(purpose: str, number: str, day: int, **line: Any) -> dict[str, Any]:
        return {
            "type": "stock_entry", "purpose": purpose, "number": number, "posting_datetime": f"2024-06-{day:02}",
            "lines": [{"item": "TEA", **line}],
        }  # fmt: skip

    bought = {**STORY["documents"][0], "lines": [{"item": "TEA", "warehouse": "WH", "qty": 30, "rate": 2}]}
    sent_back = {
        **bought, "number": "PR-2", "is_return": True, "return_against": "PR-1", "posting_datetime": "2024-06-20",
        "lines": [{"item": "TEA", "warehouse": "WH", "qty": -4, "rate": 2}],
    }  # fmt: skip
    story = {**STORY, "documents": [
        sent_back,  # waits for what it returns
        bought,
        entry("material_issue", "SE-1", 16, **{"from": "WH", "qty": 3}),
        entry("material_receipt", "SE-2", 14, to="WH", qty=10, rate=7),  # into the past
        entry("material_issue", "SE-3", 15, **{"from": "WH", "qty": 9}),  # short, were it not for that
        {"type": "landed_cost_voucher", "number": "LCV", "posting_datetime": "2024-06-17", "receipts": ["PR-1"],
         "charges": [{"account": "Freight", "amount": 11}], "distribute_by": "qty"},
        bought,  # again
        entry("material_issue", "SE-1", 18, **{"from": "WH", "qty": 1}),  # the number is taken
        {"type": "cancel", "number": "X-1", "target": {"type": "stock_entry", "number": "SE-3"}},
        {"type": "item", "code": "RICE"},
        entry("material_issue", "SE-4", 19, **{"from": "WH", "qty": 21}),
    ]}  # fmt: skip
    file = written(tmp_path, story)
    heard: list[str] = []
    together: Any
    (together,) = replay_files([file], cluster.home, complain=pytest.fail, progress=heard.append)
    assert heard == [f"corner, {count} of 11 documents" for count in (8, 9, 10, 11)]
    monkeypatch.setattr(stride, "_STRIDE", 1)
    (one_by_one,) = replayed(cluster, file)
    assert together == one_by_one
    assert [(d["status"], (d["error"] or {}).get("code")) for d in together["documents"]] == [
        *[("posted", None)] * 4, ("cancelled", None), ("posted", None), ("posted", None),
        ("rejected", "DuplicateConflict"), *[("posted", None)] * 3,
    ]  # fmt: skip
