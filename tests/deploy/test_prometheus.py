"""Alerts, dashboard and runbook: every figure they speak of is told, every alert fires in a test and says what to do."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.registry import REGISTRY
from typer.main import get_command

from tests.support.servers import require_tool
from worker.app import app, configuration
from worker.cli.application import build
from worker.routes import QUEUES
from worker.services.metrics import BooksCollector
from worker.services.tools import open_tools
from worker.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
RULE_TESTS = sorted((DEPLOY / "prometheus").glob("*.test.yml"))
OF_PROMETHEUS = {"up"}
NAMED = re.compile(r"\b(perpetua_[a-z_]+|up(?=\{))")


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def expressions() -> list[str]:
    dashboard = json.loads((DEPLOY / "grafana" / "perpetua.json").read_text(encoding="utf-8"))
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    scaled = yaml.safe_load_all((DEPLOY / "kubernetes" / "scaling.yaml").read_text(encoding="utf-8"))
    asked = [trigger["metadata"]["query"] for one in scaled for trigger in one["spec"]["triggers"]]
    return [*shown, *asked, *(rule["expr"] for rule in rules())]


@pytest.fixture
def told(settings: Settings) -> set[str]:
    """The names of all figures that the system tells: those of the books, and the counters of its processes."""
    app.conf.update(configuration(settings))
    with open_tools(settings, app) as tools:
        families = [*BooksCollector(tools, app).collect(), *REGISTRY.collect()]
    endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    return {family.name + ending for family in families for ending in endings.get(family.type, ())}


def test_every_expression_names_figures_that_are_told(told: set[str]) -> None:
    named = {name for expression in expressions() for name in NAMED.findall(expression)}
    assert len(named) > 20
    assert named - told - OF_PROMETHEUS == set()


def test_every_figure_of_the_books_is_shown_or_watched(told: set[str]) -> None:
    everything = " ".join(expressions())
    unseen = {name for name in told if name.startswith("perpetua_") and not name.endswith(("_sum", "_count"))}
    assert {name for name in unseen if not re.search(rf"\b{name}\b", everything)} <= {
        "perpetua_intake_active", "perpetua_intake_failures_total",  # which of several intakes is at it: for a closer look
    }  # fmt: skip


@pytest.mark.slow
def test_alerts_fire_when_they_should_and_not_otherwise() -> None:
    promtool = require_tool("promtool", shutil.which("promtool"))
    folder = DEPLOY / "prometheus"
    for command in (
        ["check", "rules", "alerts.yml"],
        ["check", "config", "--syntax-only", "prometheus.yml"],
        ["check", "config", "--syntax-only", "../systemd/prometheus.yml"],
        ["test", "rules", *(path.name for path in RULE_TESTS)],
    ):
        checked = subprocess.run([promtool, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_is_tried_both_ways() -> None:
    tests = [case for path in RULE_TESTS for case in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]
    tried = [(test["alertname"], bool(test["exp_alerts"])) for case in tests for test in case["alert_rule_test"]]
    names = {rule["alert"] for rule in rules()}
    assert {name for name, fires in tried if fires} == {name for name, fires in tried if not fires} == names


def sections() -> dict[str, str]:
    text = (DEPLOY / "runbook.md").read_text(encoding="utf-8")
    return {part.partition("\n")[0].strip(): part for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]}


def test_every_alert_has_its_section_and_points_at_it() -> None:
    assert [*sections()] == [rule["alert"] for rule in rules()]
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert re.findall(r"\*\*(Means|Look at|Do)\.\*\*", sections()[rule["alert"]]) == ["Means", "Look at", "Do"]


def commands() -> list[str]:
    """Every command that a page of this folder speaks of."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in DEPLOY.rglob("*.md"))
    return re.findall(r"`perpetua ([^`]+)`", pages)


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_every_command_of_the_pages_exists(line: str) -> None:
    command: Any = get_command(build())
    words = line.split()
    while words and hasattr(command, "commands"):
        assert words[0] in command.commands, f"perpetua {line}"
        command = command.commands[words.pop(0)]
    options = {spelling for parameter in command.params for spelling in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options, f"perpetua {line}"


def test_prometheus_asks_every_process() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    (processes,) = [job for job in config["scrape_configs"] if job["job_name"] == "perpetua-processes"]
    assert set(processes["dns_sd_configs"][0]["names"]) == {"intake", *QUEUES}
