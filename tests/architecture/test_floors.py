"""Imports go down only; and a planted import upwards proves that the check bites."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("domain", "scheduler", "worker")
# The domain is pure: these doors of the standard library lead to the clock, the environment, or the outside.
DOORS = {
    "asyncio", "ctypes", "http", "io", "locale", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "signal",
    "smtplib", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}
# A module, an import that it may not have, and how the check names it.
PLANTED = (
    ("domain.errors", "import domain.money", "domain.errors is not allowed to import domain.money"),
    ("domain.stock_ledger", "import domain.general_ledger", "domain.stock_ledger is not allowed to import domain.general_ledger"),
    ("domain.money", "import domain.documents", "domain.money is not allowed to import domain.documents"),
    ("domain.quantity", "import worker.settings", "domain is not allowed to import worker"),
    ("domain.quantity", "import sqlalchemy", "domain is not allowed to import sqlalchemy"),
    ("domain.posting_time", "import time", "domain is not allowed to import time"),
    ("scheduler.slots", "import worker.routes", "scheduler is not allowed to import worker"),
    ("scheduler.slots", "import redis", "scheduler is not allowed to import redis"),
    ("worker.settings", "import worker.routes", "worker.settings is not allowed to import worker.routes"),
    ("worker.embedded", "import worker.servers", "worker.embedded is not allowed to import worker.servers"),
    ("worker.messages", "import worker.services", "worker.messages is not allowed to import worker.services"),
    ("worker.store", "import worker.reports", "worker.store is not allowed to import worker.reports"),
    ("worker.store.books", "import worker.store.posting", "worker.store.books is not allowed to import worker.store.posting"),
    ("worker.unheard_of", "import json", "worker.unheard_of"),
)  # fmt: skip


def check_floors(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    # The checkout's own rooms must win over the installed ones.
    return subprocess.run(
        [command, "--no-cache", "--config", "pyproject.toml"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def as_they_are() -> subprocess.CompletedProcess[str]:
    """What the check says of the rooms as they are, so that only what a plant adds counts."""
    return check_floors(ROOT)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """What the check says of a copy of the three rooms in which every violation is planted."""
    copy = tmp_path_factory.mktemp("checkout")
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for module, line, _ in PLANTED:
        plant(copy, module, line)
    return check_floors(copy)


def flat(checked: subprocess.CompletedProcess[str]) -> str:
    """What the check said, without its line breaks."""
    return " ".join(checked.stdout.split())


def plant(checkout: Path, module: str, line: str) -> None:
    """Add an import to a module, creating the module where the room does not have it yet."""
    path = checkout.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{text}\n{line}\n", encoding="utf-8")


def test_imports_go_down_only(as_they_are: subprocess.CompletedProcess[str]) -> None:
    assert as_they_are.returncode == 0, as_they_are.stdout + as_they_are.stderr
    assert " 0 broken" in as_they_are.stdout


@pytest.mark.parametrize(("module", "line", "message"), PLANTED)
def test_a_planted_violation_is_found(
    as_they_are: subprocess.CompletedProcess[str],
    planted: subprocess.CompletedProcess[str],
    module: str,
    line: str,
    message: str,
) -> None:
    assert message not in flat(as_they_are)
    assert planted.returncode != 0
    assert message in flat(planted)


def test_the_domain_imports_only_itself_msgspec_and_the_pure_standard_library() -> None:
    allowed = (set(sys.stdlib_module_names) - DOORS) | {"msgspec", "domain"}
    strays = [
        f"{path.relative_to(ROOT)}:{node.lineno} imports {name}"
        for path in (ROOT / "domain").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _imported(node)
        if isinstance(node, ast.stmt) and name.partition(".")[0] not in allowed
    ]
    assert strays == []


def test_the_domain_never_reads_a_clock_or_asks_for_a_binary_float() -> None:
    strays = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in (ROOT / "domain").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS)
            or (isinstance(node.func, ast.Name) and node.func.id in {"float", "open", "input"})
        )
    ]
    assert strays == []


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "domain"]
    return []


def test_processes_that_post_load_no_schema_tools() -> None:
    # Each would cost every process a second at its start; only migrations and their tests need them.
    script = "import sys, worker.app, worker.tasks, worker.intake.process; print({'sqlalchemy', 'alembic'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.strip() == "set()"
