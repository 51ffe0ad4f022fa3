"""A Docker daemon of a test's own, and an installation of deploy/compose.yaml on it."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.own_servers import serving
from tests.support.servers import require_tool

# Starting thirteen containers on a busy machine, and ending them as they may: two minutes each.
SECONDS = 600


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that answers at a socket of its own."""

    docker: str
    address: str

    def __call__(self, *words: str | Path, environment: dict[str, str] | None = None, told: str = "") -> str:
        """Run `docker WORDS`. Errors: AssertionError with what it said."""
        done = subprocess.run(
            [self.docker, *map(str, words)], input=told, capture_output=True, text=True, check=False, timeout=SECONDS,
            env={**os.environ, "DOCKER_HOST": self.address, **(environment or {})},
        )  # fmt: skip
        assert done.returncode == 0, f"docker {words}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout


@contextlib.contextmanager
def daemon(folder: Path) -> Iterator[Daemon]:
    """A daemon with images and containers of its own. It takes root, dockerd, and docker with its plugin compose."""
    if os.geteuid() != 0:
        pytest.skip("a Docker daemon takes root")
    docker = require_tool("docker", shutil.which("docker"))
    has_compose = subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    require_tool("docker compose", docker if has_compose else None)
    command = [require_tool("dockerd", shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin"))]
    for name, place in (("data-root", "data"), ("exec-root", "run"), ("pidfile", "pid")):
        command.append(f"--{name}={folder / place}")
    made = Daemon(docker, f"unix://{folder / 'socket'}")
    with serving([*command, f"--host={made.address}"], folder, lambda: made("info"), demoted=False):
        yield made


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder like deploy/, with secrets of its own, and the ports of this machine at which it answers."""

    daemon: Daemon
    folder: Path
    stream_port: int
    flower_port: int
    prometheus_port: int

    def compose(self, *words: str, told: str = "") -> str:
        """Run `docker compose WORDS` in it."""
        ports = {
            "STREAM_PORT": str(self.stream_port),
            "FLOWER_PORT": str(self.flower_port),
            "PROMETHEUS_PORT": str(self.prometheus_port),
        }
        return self.daemon("compose", "--project-directory", self.folder, *words, environment=ports, told=told)

    def states(self) -> dict[str, str]:
        """What each container is: running (and whether it is well), or how it ended."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return {one["Name"]: one["Health"] or f"{one['State']} {one['ExitCode']}" for one in map(json.loads, lines)}

    def secret(self, name: str) -> str:
        """A secret that was made for it."""
        return (self.folder / "secrets" / name).read_text(encoding="utf-8").strip()
