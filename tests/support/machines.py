"""Machines of a test: network namespaces with a cable each to this one, which can be pulled out and put back."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.servers import require_tool


@dataclass(frozen=True, slots=True)
class Machine:
    """One namespace; `server` is the address at which it sees this machine."""

    name: str
    cable: str
    server: str

    def command(self, *arguments: str) -> tuple[str, ...]:
        """A command line that runs there."""
        return (_ip(), "netns", "exec", self.name, *arguments)

    def cut_off(self) -> None:
        """Pull the cable: nothing gets through, and nobody is told."""
        _run("link", "set", self.cable, "down")

    def reconnect(self) -> None:
        """Put it back."""
        _run("link", "set", self.cable, "up")


@contextlib.contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """So many machines for a test; gone after it. Skips where namespaces can't be made."""
    if os.geteuid() != 0 or not _may():
        pytest.skip("needs root, and leave to make network namespaces")
    made = []
    with contextlib.ExitStack() as undoing:
        for place in range(1, count + 1):
            name, cable = f"perpetua-{os.getpid()}-{place}", f"pp{os.getpid() % 100_000}-{place}"
            network = f"10.{190 + os.getpid() % 50}.{place}"
            _run("netns", "add", name)
            undoing.callback(_run, "netns", "delete", name)
            _run("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
            _run("address", "add", f"{network}.1/30", "dev", cable)
            _run("link", "set", cable, "up")
            for arguments in (
                ("address", "add", f"{network}.2/30", "dev", "eth0"),
                ("link", "set", "eth0", "up"),
                ("link", "set", "lo", "up"),
            ):
                _run("-netns", name, *arguments)
            made.append(Machine(name, cable, f"{network}.1"))
        yield made


def _may() -> bool:
    tried = f"perpetua-try-{os.getpid()}"
    made = subprocess.run([_ip(), "netns", "add", tried], capture_output=True, check=False)
    if made.returncode == 0:
        _run("netns", "delete", tried)
    return made.returncode == 0


def _ip() -> str:
    return require_tool("ip (iproute2)", shutil.which("ip", path="/usr/sbin:/usr/bin:/sbin:/bin"))


def _run(*arguments: str) -> None:
    done = subprocess.run([_ip(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
