"""`perpetua demo` from a clean state, twice in a row, as a newcomer runs it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desk import basic
from tests.support.processes import PATIENCE_SECONDS
from worker import embedded
from worker.cli.demonstration import sample
from worker.embedded import new_throwaway_folder
from worker.embedded.process import alive
from worker.processes import running

COMMAND = [sys.executable, "-c", "from worker.cli import main; main()"]


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder of the demo's own; whatever a test leaves running there is stopped."""
    folder = new_throwaway_folder()
    folder.chmod(0o755)  # Root's servers run as nobody, who has to get into the demo's folder below it.
    try:
        yield folder
    finally:
        subprocess.run([*COMMAND, "down"], env=environment(folder / "demo"), check=True, capture_output=True)
        shutil.rmtree(folder)


def environment(home: Path) -> dict[str, str]:
    """The environment of a newcomer: a data folder, and no server configured."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PERPETUA_")}
    return own | {"PERPETUA_HOME": str(home)}


def demo(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demo to its end."""
    return subprocess.run(
        [*COMMAND, "demo", *arguments], env=environment(home), capture_output=True, text=True, check=False
    )


def require_the_story(shown: subprocess.CompletedProcess[str]) -> None:
    """The demo told its story, and every figure agreed."""
    assert shown.returncode == 0, shown.stderr
    for figure in ("4,024.34", "3,708.48", "756.874169", "960.43, general ledger 960.43, difference 0.00"):
        assert figure in shown.stdout
    assert " NO" not in shown.stdout
    assert re.search(r"111 sales in 29 closings: [67]\d % fewer ledger entries", shown.stdout)
    assert "All 29 certificates hold" in shown.stdout
    assert re.search(r"274 documents posted in [\d.]+ s: [\d,]+ documents/s", shown.stdout)


def test_the_sample_goes_out_as_the_shop_wrote_it() -> None:
    shop = sample.load()
    kinds = Counter(document["type"] for document in shop.documents)
    assert kinds == {"purchase_receipt": 135, "pos_invoice": 111, "pos_closing": 29}
    assert {master["type"] for master in shop.masters} == {"company", "warehouse", "item", "supplier", "pos_profile"}
    assert set(shop.store_of.values()) == set(shop.stores)


@pytest.mark.slow
def test_the_demo_tells_its_story_and_stops_what_it_started(home: Path) -> None:
    require_the_story(demo(home))
    assert running(home / "demo") is None
    assert not any(server.running for server in embedded.status(home / "demo"))


@pytest.mark.drill
def test_the_demo_runs_twice_in_a_row_and_is_kept_up_on_request(home: Path) -> None:
    require_the_story(demo(home))
    kept = demo(home, "--keep")
    require_the_story(kept)
    state = running(home / "demo")
    assert state is not None
    assert {child.name for child in state.children} == {"intake", "worker", "reposter", "nightly", "beat", "flower"}
    status = subprocess.run(
        [*COMMAND, "status"], env=environment(home / "demo"), capture_output=True, text=True, check=True
    )
    assert "0 documents wait to be posted" in status.stdout
    address = re.search(r"Flower is at (http://[\w.:]+)", kept.stdout)
    assert address is not None
    password = (home / "demo" / "desk" / "first_password").read_text(encoding="utf-8")
    asking = urllib.request.Request(f"{address[1]}/metrics", headers=basic("admin", password))  # noqa: S310 - our own loopback
    with urllib.request.urlopen(asking, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
        assert 'task="lane.post"' in answer.read().decode()


@pytest.mark.drill
def test_an_interrupted_demo_leaves_nothing_running(home: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "demo"], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while running(home / "demo") is None:
        assert process.poll() is None
        time.sleep(0.1)
    state = running(home / "demo")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert said == "perpetua: interrupted\n"
    assert running(home / "demo") is None
    assert state is not None
    assert not alive(state.pid)
    assert not any(server.running for server in embedded.status(home / "demo"))
