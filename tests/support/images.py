"""Container images made for a test, on Debian's packages: the project's own, and stand-ins for those of the servers."""

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

from tests.support.own_servers import binaries, server_folder
from tests.support.processes import environment
from tests.support.servers import require_tool
from worker.settings import Settings

ROOT = Path(__file__).parents[2]
BASE, IMAGE = "localhost/debian-python", "localhost/perpetua"
_SERVERS = Path(__file__).with_name("server_images")


class Builder:
    """Buildah with images of its own, without a daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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

    def archive(self, image: str, name: str) -> Path:
        """The image as a file that Docker loads under another name."""
        file = self.folder / f"{re.sub(r'[^a-z0-9]', '-', name)}.tar"
        self("push", "--quiet", image, f"docker-archive:{file}:{name}")
        return file


@contextlib.contextmanager
def built(folder: Path) -> Iterator[Builder]:
    """The project's image on a base of Debian's packages, in a folder of its own. It takes root, buildah and debootstrap."""
    if os.geteuid() != 0:
        pytest.skip("making a base image takes root")
    require_tool("debootstrap", shutil.which("debootstrap"))
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


def build_servers(builder: Builder) -> dict[str, str]:
    """Images of the servers' programs, started as the official ones are; gives each one's official name."""
    with server_folder() as folder:
        found = binaries(folder)
        context = builder.folder / "servers"
        shutil.copytree(_SERVERS, context)
        # PostgreSQL's programs look for the libraries that came with them beside their package.
        package = found.postgres.parent.parent
        for part in (package, package.with_suffix(".libs")):
            shutil.copytree(part, context / part.name, symlinks=True)
        shutil.copy(found.valkey, context / "valkey-server")
    shutil.copy(require_tool("prometheus", shutil.which("prometheus")), context)
    names = {
        "localhost/postgres": "docker.io/library/postgres:18",
        "localhost/valkey": "docker.io/valkey/valkey:9",
        "localhost/prometheus": "docker.io/prom/prometheus:v3",
    }
    for image in names:
        file = context / f"{image.rpartition('/')[2]}.Containerfile"
        builder(
            "build", "--isolation", "chroot", "--build-arg", f"BASE={BASE}", "--file", file, "--tag", image, context
        )
    return names


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
