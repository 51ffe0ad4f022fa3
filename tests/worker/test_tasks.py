"""The tasks, on real servers, run in this process by Celery's own tracing."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from domain.errors import InvariantBroken, PerpetuaError, Unavailable
from tests.support.books import statuses
from tests.support.shop import documents, masters
from tests.support.streams import doorbells, told
from worker import routes
from worker.app import app, configuration
from worker.redis_client import connect
from worker.services.acceptance import Message, take
from worker.services.tools import Tools, open_tools
from worker.settings import Settings
from worker.task import PerpetuaTask

SHOP = list(documents("Grocery", 12))


@pytest.fixture
def tools(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    app.conf.update(configuration(settings))
    app.loader.import_default_modules()
    with open_tools(settings, app) as opened:
        monkeypatch.setattr(PerpetuaTask, "open_tools", staticmethod(lambda: opened))
        monkeypatch.setattr(PerpetuaTask, "_opened", None)
        yield opened


def run(name: str, *arguments: object) -> Any:
    return app.tasks[name].apply(args=arguments).get()


def test_every_route_has_its_task_and_every_task_its_route() -> None:
    app.loader.import_default_modules()
    own = {name for name, task in app.tasks.items() if isinstance(task, PerpetuaTask)}
    assert own == set(routes.TASK_ROUTES)


def test_submitted_documents_come_back_with_their_outcomes(tools: Tools, settings: Settings) -> None:
    outcomes = run(routes.DOCUMENTS_SUBMIT, [*masters("Grocery"), *SHOP])
    assert [outcome["number"] for outcome in outcomes[-len(SHOP) :]] == [document["number"] for document in SHOP]
    assert {outcome["status"] for outcome in outcomes[: -len(SHOP)]} == {"accepted"}
    decided = [outcome["status"] for outcome in outcomes[-len(SHOP) :]]
    assert set(decided) <= {"posted", "rejected"}
    assert decided.count("posted") == statuses(str(settings.database_url))["posted"] > 4
    assert all(outcome["voucher_no"] for outcome in outcomes if outcome["status"] == "posted")


def test_one_document_gives_one_outcome_and_again_the_same(tools: Tools) -> None:
    run(routes.DOCUMENTS_SUBMIT, masters("Grocery"))
    first = run(routes.DOCUMENTS_SUBMIT, SHOP[0])
    assert first["status"] == "posted"
    assert run(routes.DOCUMENTS_SUBMIT, SHOP[0]) == first
    assert run(routes.DOCUMENTS_OUTCOME, "Grocery", SHOP[0]["type"], SHOP[0]["number"]) == first


def test_other_content_under_a_known_number_is_a_conflict(tools: Tools) -> None:
    run(routes.DOCUMENTS_SUBMIT, [*masters("Grocery"), SHOP[0]])
    conflict = run(routes.DOCUMENTS_SUBMIT, SHOP[0] | {"remarks": "changed"})
    assert (conflict["status"], conflict["error"]["code"]) == ("rejected", "DuplicateConflict")


def test_an_outcome_of_an_unknown_document_is_none(tools: Tools) -> None:
    assert run(routes.DOCUMENTS_OUTCOME, "Nobody", "delivery_note", "DN-1") is None


def test_decimals_of_a_task_message_stay_exact(tools: Tools) -> None:
    line = {"item": "Apple", "warehouse": "Shop", "qty": 1, "rate": Decimal("123456789.123456789")}
    run(routes.DOCUMENTS_SUBMIT, masters("Grocery"))
    stated = dict(SHOP[0], lines=[line])
    assert run(routes.DOCUMENTS_SUBMIT, stated)["status"] == "posted"
    with tools.database.transaction() as connection:
        (payload,) = connection.execute("SELECT payload FROM document").fetchone() or ("",)
    assert '"123456789.123456789"' in str(payload)


def test_a_doorbell_is_answered_in_words_and_tells_the_outcomes(tools: Tools, settings: Settings) -> None:
    take(tools, [Message(msgspec.json.encode(document)) for document in [*masters("Grocery"), *SHOP[:3]]])
    server = connect(str(settings.redis_url))
    ((company_id, company),) = doorbells(server)
    said = run(routes.LANE_POST, company_id, company)
    assert said == f"Grocery: 3 posted, 0 rejected, 0 parked ({SHOP[0]['number']} ... {SHOP[2]['number']})"
    assert run(routes.LANE_POST, company_id, company) == "Grocery: nothing waits"
    assert [outcome["status"] for outcome in told(server) if outcome["number"].startswith("PR-")] == ["posted"] * 3


def test_the_sweeper_rings_for_what_was_forgotten(tools: Tools, settings: Settings) -> None:
    assert run(routes.LANE_SWEEP) == "nothing waits"
    take(tools, [Message(msgspec.json.encode(document)) for document in [*masters("Grocery"), SHOP[0]]])
    server = connect(str(settings.redis_url))
    assert run(routes.LANE_SWEEP) == "1 lanes wait, 0 were rung anew (Grocery)"
    server.flushdb()
    assert run(routes.LANE_SWEEP) == "1 lanes wait, 1 were rung anew (Grocery)"
    ((company_id, company),) = doorbells(server)
    run(routes.LANE_POST, company_id, company)
    assert run(routes.LANE_SWEEP) == "nothing waits"


@pytest.mark.parametrize(
    ("error", "retried"), [(Unavailable("X", "away"), True), (InvariantBroken("X", "broken"), False)]
)
def test_only_what_is_away_is_tried_again(error: Exception, retried: bool) -> None:
    assert isinstance(error, PerpetuaTask.autoretry_for) is retried
    assert PerpetuaTask.retry_backoff_max < 60


def failing(*errors: Exception) -> Any:
    """A task that meets these errors one after the other, then succeeds."""
    left = list(errors)

    @app.task(base=PerpetuaTask, bind=True, name=f"test.{id(left)}", retry_backoff=False)
    def meet(_: PerpetuaTask) -> str:
        if left:
            raise left.pop(0)
        return "done"

    return meet


def test_what_is_away_is_waited_for() -> None:
    task = failing(Unavailable("DatabaseUnavailable", "away"), Unavailable("DatabaseUnavailable", "still away"))
    assert task.apply().get() == "done"


def test_a_broken_law_is_critical_and_not_tried_again() -> None:
    with capture_logs() as logs, pytest.raises(InvariantBroken):
        failing(InvariantBroken("Unbalanced", "debits and credits differ")).apply().get()
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("critical", "task failed")]


def test_a_migration_is_planned_and_applied_by_tasks(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    company = {"type": "company", "name": "Corner", "currency": "EUR", "perpetual_inventory": False}
    receipt = {
        "type": "purchase_receipt", "company": "Corner", "number": "PR-1", "posting_datetime": "2024-03-01T09:00:00",
        "supplier": "Mill", "lines": [{"item": "Rice", "warehouse": "Shop", "qty": 4, "rate": 5}],
    }  # fmt: skip
    own = [
        {"type": "warehouse", "company": "Corner", "name": "Shop"},
        {"type": "item", "company": "Corner", "code": "Rice"},
    ]
    run(routes.DOCUMENTS_SUBMIT, [company, *own, receipt])
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(PerpetuaTask, "tell_progress", lambda _task, progress, _words: told.append(progress))
    plan = run(routes.MIGRATION_PLAN, "Corner", "2024-03-31")
    assert (plan["plan"], plan["missing"], plan["unbilled"][0]["number"]) == (1, [], "PR-1")
    assert told[-1] == {"movements": 1, "of": 1}
    assert run(routes.MIGRATION_APPLY, "Corner", 1) == "PERPETUAL-1"
    assert run(routes.MIGRATION_APPLY, "Corner", 1) == "PERPETUAL-1"
    with pytest.raises(PerpetuaError, match="No company"):
        run(routes.MIGRATION_PLAN, "Nowhere", "2024-03-31")
