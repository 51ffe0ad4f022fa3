"""`perpetua reconcile` over real servers: the story of a difference from the journal that made it to the night that is green again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.errors import DocumentRejected
from tests.support.differences import alter, journal
from tests.support.lanes import COMPANY, MASTERS, Json, delivery, receipt
from tests.support.processes import environment
from tests.support.servers import Database as FreshDatabase
from worker.app import app, configuration
from worker.bells import Lane
from worker.cli.application import run
from worker.services.reconciliation import accept
from worker.services.submission import submit
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.store.posting.outcomes import fetch_outcome

OWN_CHART: Json = {
    **COMPANY, "stock_journals": "allow", "chart_of_accounts": "own", "inventory": "Goods", "stock_adjustment": "Adjustment",
    "stock_received_not_billed": "Owed", "cost_of_goods_sold": "Cost", "default_expense": "Cost", "income": "Sold", "receivable": "Debtors",
    "mandatory_dimensions": ["project"],
}  # fmt: skip
ACCOUNTS: list[Json] = [
    {"type": "account", "company": "Grocery", "name": name, "root_type": root, **({"account_type": kind} if kind else {})}
    for name, root, kind in (
        ("Goods", "asset", "stock"), ("Wine", "asset", "stock"), ("Owed", "liability", ""), ("Adjustment", "expense", ""),
        ("Cost", "expense", ""), ("Losses", "expense", ""), ("Sold", "income", ""), ("Debtors", "asset", "receivable"),
    )
]  # fmt: skip
MAIN = {"cost_center": "Main", "dimensions": {"project": "Shop"}}


@pytest.fixture
def tools(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as opened:
        yield opened


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a command prints: to standard output where it succeeds, to standard error where it does not."""
    capsys.readouterr()  # what the services logged before the command
    assert run(["reconcile", *arguments]) == status
    captured = capsys.readouterr()
    return captured.err if status else captured.out


def status(tools: Tools, type_: str, number: str) -> Any:
    with tools.database.transaction() as connection:
        told = fetch_outcome(connection, "Grocery", type_, number)
    assert told is not None
    return told["status"]


def by_hand(number: str, amount: str, account: str = "Goods") -> Json:
    made = journal(number, amount, account=account)
    made["lines"][1] = {**made["lines"][1], "account": "Adjustment", **MAIN}
    return made


def in_project(document: Json) -> Json:
    return {**document, **MAIN}


def test_the_story_of_a_difference(tools: Tools, capsys: pytest.CaptureFixture[str], database: FreshDatabase) -> None:
    """By hand, parked, proposed, accepted with a cost centre, posted by itself, green; a second account once more; then rows altered."""
    wine = {"type": "warehouse", "company": "Grocery", "name": "Cellar", "account": "Wine"}
    masters = [*ACCOUNTS, OWN_CHART, *MASTERS[1:], wine, {"type": "cost_center", "company": "Grocery", "name": "Main"}]
    submit(tools, [*masters, receipt("PR-1"), in_project(delivery("DN-1"))])
    assert "Goods" in said(capsys, "run")
    bottles = receipt("PR-2")
    bottles["lines"][0]["warehouse"] = "Cellar"
    submit(tools, [by_hand("JE-1", "5"), in_project(delivery("DN-2")), bottles])
    assert (status(tools, "delivery_note", "DN-2"), status(tools, "purchase_receipt", "PR-2")) == ("parked", "posted")
    assert "out of sync: perpetua reconcile proposals" in said(capsys, "run", status=1)

    proposed = json.loads(said(capsys, "proposals", "--format", "json"))
    assert [(one["entry"], one["debit"], one["credit"]) for one in proposed] == [("Goods", 0, 5), ("Adjustment", 5, 0)]
    assert {(one["proposal"], one["kind"], one["reverses"], one["to_set"]) for one in proposed} == {
        (1, "reversal", "JE-1", "")
    }
    told = said(capsys, "accept", "1", "--set", "cost_center=Main", "--set", "account=Losses", "--actor", "Asha")
    assert told.startswith("Proposal 1 is posted as JV-")
    assert status(tools, "delivery_note", "DN-2") == "posted"
    assert "Goods" in said(capsys, "run", "--full")

    submit(
        tools,
        [
            by_hand("JE-2", "-3", "Wine"),
            {**in_project(delivery("DN-3")), "lines": [{**delivery("DN-3")["lines"][0], "warehouse": "Cellar"}]},
        ],
    )
    assert status(tools, "delivery_note", "DN-3") == "parked"
    capsys.readouterr()
    assert run(["reconcile", "run", "--format", "json"]) == 1
    seen = json.loads(capsys.readouterr().out)
    assert [(one["account"], one["difference"], one["out_of_sync"]) for one in seen["accounts"]] == [
        ("Goods", "0.00", False), ("Wine", "3.00", True),
    ]  # fmt: skip
    assert [(one["kind"], one["number"], one["amount"], one["proposal"]) for one in seen["causes"]] == [
        ("journal_by_hand", "JE-2", "3.00", 2)
    ]
    said(capsys, "accept", "2")
    assert status(tools, "delivery_note", "DN-3") == "posted"
    assert "Wine" in said(capsys, "run", "--format", "csv")
    (night,) = json.loads(said(capsys, "list", "--format", "json"))
    assert (night["verdict"], night["difference"]) == ("in_sync", 0)
    assert {one["status"] for one in json.loads(said(capsys, "proposals", "--all", "--format", "json"))} == {"settled"}
    assert json.loads(said(capsys, "proposals", "--format", "json")) == []
    debtless = "account_id = (SELECT term_id FROM term WHERE name = 'Cost' AND kind = 'account')"
    alter(database.admin_url, f"UPDATE gl_entry SET debit = debit + 1 WHERE {debtless}")
    refused = said(capsys, "run", "--full", status=1)
    assert "stock and its accounts agree, and laws of its books do not hold" in refused
    assert "perpetua verify" in refused


def test_what_must_be_set_is_asked_for(tools: Tools, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """An adjustment against profit and loss, in a company that has no cost centre of its own and asks for a project."""
    submit(
        tools,
        [
            *ACCOUNTS,
            OWN_CHART,
            *MASTERS[1:],
            {"type": "cost_center", "company": "Grocery", "name": "Main"},
            receipt("PR-1"),
        ],
    )
    named = {
        "type": "stock_entry", "company": "Grocery", "number": "SE-1", "posting_datetime": "2024-06-18T09:00:00", **MAIN,
        "purpose": "material_receipt", "difference_account": "Wine", "lines": [{"item": "Rice", "to": "Stores", "qty": 1, "rate": 10}],
    }  # fmt: skip
    submit(tools, [named])
    (first, _) = json.loads(said(capsys, "proposals", "--format", "json"))
    assert (first["account"], first["kind"], first["to_set"]) == (
        "Wine",
        "adjustment",
        "cost_center, dimensions.project",
    )
    assert "still needs cost_center, dimensions.project: perpetua reconcile accept 1 --set" in said(
        capsys, "accept", "1", status=1
    )
    lane = Lane(1, "Grocery")
    for wanted, code in (({}, "ProposalIncomplete"), ({"party": "Asha"}, "NothingToSet")):
        with pytest.raises(DocumentRejected) as refused:
            accept(tools, lane, 1, "Asha", wanted)
        assert refused.value.code == code
    complete = ["--set", "cost_center=Main", "--set", "dimensions.project=Shop"]
    assert "not known" in said(capsys, "accept", "1", *complete, "--set", "account=Nowhere", status=1)
    assert "write it like" in said(capsys, "accept", "1", "--set", "cost_center", status=2)


def test_a_journal_that_is_refused_leaves_its_proposal_open(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    submit(tools, [{**COMPANY, "stock_journals": "allow"}, *MASTERS[1:], receipt("PR-1"), journal("JE-1", "5")])
    submit(
        tools,
        [
            {
                "type": "accounting_period",
                "company": "Grocery",
                "name": "May",
                "start": "2024-05-01",
                "end": "2024-05-31",
                "status": "closed",
            }
        ],
    )
    told = said(capsys, "accept", "1", "--set", "posting_datetime=2024-05-20T09:00:00", status=1)
    assert "RECON-1 is rejected" in told
    assert said(capsys, "accept", "1").startswith("Proposal 1 is posted")
    assert status(tools, "journal_entry", "RECON-1-1") == "posted"
    assert "it is settled" in said(capsys, "accept", "1", status=1)
    assert "there is none of this number" in said(capsys, "accept", "7", status=1)


def test_much_is_accepted_by_two(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    limited = {**COMPANY, "stock_journals": "allow", "second_acceptance_above": "4.99"}
    submit(tools, [limited, *MASTERS[1:], receipt("PR-1"), journal("JE-1", "5"), delivery("DN-1")])
    assert "somebody else has to accept it too" in said(
        capsys, "accept", "1", "--actor", "Asha", "--set", "account=Write Off"
    )
    assert status(tools, "delivery_note", "DN-1") == "parked"
    with pytest.raises(DocumentRejected) as refused:
        accept(tools, Lane(1, "Grocery"), 1, "Asha")
    assert refused.value.code == "SecondPersonNeeded"
    # Whoever changes what the first has seen is the first person of that.
    assert "somebody else" in said(capsys, "accept", "1", "--actor", "Bela", "--set", "account=Round Off")
    (_, other) = json.loads(said(capsys, "proposals", "--format", "json"))
    assert (other["entry"], other["status"]) == ("Round Off", "awaiting_second")
    assert said(capsys, "accept", "1", "--actor", "Asha").startswith("Proposal 1 is posted")
    assert status(tools, "delivery_note", "DN-1") == "posted"
