"""The systemd units, looked over by systemd itself."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.servers import require_tool
from worker.broker import LONGEST_TASK_SECONDS
from worker.routes import QUEUES

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(unit.name for unit in UNITS.glob("*.service"))
MOST_EXPOSED = 40  # of 100, as systemd counts it; a unit that says nothing has 96


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with the program of this test run in place of the installed one."""
    program = str(Path(sys.executable).with_name("perpetua"))
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    for unit in tmp_path.glob("*.service"):
        text = unit.read_text(encoding="utf-8")
        unit.write_text(text.replace("/opt/perpetua/bin/perpetua", program), encoding="utf-8")
    return tmp_path


def analyze(units: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = require_tool("systemd-analyze", shutil.which("systemd-analyze"))
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, cwd=units,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{units}:"},
    )  # fmt: skip


def test_systemd_finds_nothing_wrong(units: Path) -> None:
    (units / "perpetua-worker@posting.service").symlink_to(units / "perpetua-worker@.service")
    names = [*(name for name in SERVICES if "@" not in name), "perpetua-worker@posting.service", "perpetua.target"]
    checked = analyze(units, "verify", "--man=no", *(str(units / name) for name in names))
    complaints = [line for line in checked.stderr.splitlines() if "perpetua" in line]
    assert complaints == []


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_kept_in_its_place(units: Path, service: str) -> None:
    checked = analyze(
        units, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager", str(units / service)
    )
    assert checked.returncode == 0, checked.stdout[-600:] + checked.stderr


def test_every_setting_of_the_units_and_of_the_example_is_one() -> None:
    texts = [file.read_text(encoding="utf-8") for file in UNITS.rglob("*") if file.is_file()]
    named = {name for text in texts for name in re.findall(r"\bPERPETUA_[A-Z_]+", text)}
    assert len(named) > 10
    settings = (UNITS.parents[1] / "worker" / "settings.py").read_text(encoding="utf-8")
    assert {name for name in named if f'"{name.removesuffix("_FILE")}"' not in settings} == set()


def test_every_process_of_a_machine_is_asked_for_its_figures_on_a_port_of_its_own() -> None:
    stated = [
        UNITS / "perpetua-intake.service",
        *(UNITS / f"perpetua-worker@{queue}.service.d/figures.conf" for queue in QUEUES),
    ]
    ports = [
        port for unit in stated for port in re.findall(r"PERPETUA_METRICS_PORT=(\d+)", unit.read_text(encoding="utf-8"))
    ]
    jobs = yaml.safe_load((UNITS / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    (asked,) = [job["static_configs"][0]["targets"] for job in jobs if job["job_name"] == "perpetua-processes"]
    assert sorted(asked) == [f"127.0.0.1:{port}" for port in sorted(ports)]
    assert len(set(ports)) == 1 + len(QUEUES)


def test_every_queue_has_a_worker_and_time_to_finish() -> None:
    target = (UNITS / "perpetua.target").read_text(encoding="utf-8")
    for queue in QUEUES:
        assert f"perpetua-worker@{queue}.service" in target
    worker = (UNITS / "perpetua-worker@.service").read_text(encoding="utf-8")
    (seconds,) = [int(line.partition("=")[2]) for line in worker.splitlines() if line.startswith("TimeoutStopSec=")]
    assert seconds > LONGEST_TASK_SECONDS
