"""Processes of the system forked off one that has imported already what they import: real processes of their own, and there at once.

Every start of Python's interpreter that imports the whole system costs the better part of a second of processor time, and a run of all
tests starts hundreds. What they do once they have begun is the same. Who asks for one is told how it ended through a pipe, since only a
parent can wait for its child.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.support.forking import MOST_BYTES, NUMBER_BYTES

# Libraries that look for these while they are imported have to be imported anew.
_READ_BY_IMPORTS: Final = ("PROMETHEUS_MULTIPROC_DIR",)


class Forked:
    """A running process, with what `subprocess.Popen` has and tests use."""

    def __init__(self, pid: int, end: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._end = end

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; gives its exit status, less than nought for a signal. Errors: subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._end], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = read_number(self._end)
            os.close(self._end)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)


def can_be_forked(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether `python ARGUMENTS` is the same when it is forked: a module, whose imports don't depend on this environment."""
    return arguments[0] == "-m" and not any(name in environment for name in _READ_BY_IMPORTS)


def fork(arguments: Sequence[str], environment: Mapping[str, str], stdin: int, stdout: int, stderr: int) -> Forked:
    """Begin `python -m MODULE ...` in a session of its own, with these variables and open files."""
    told, end = os.pipe()
    request = {"arguments": arguments[1:], "environment": dict(environment), "folder": str(Path.cwd())}
    message = json.dumps(request).encode()
    assert len(message) < MOST_BYTES, "the request is too long for one message"
    socket.send_fds(_door(), [message], [stdin, stdout, stderr, end])
    os.close(end)
    return Forked(read_number(told), told)


def read_number(pipe: int) -> int:
    """The next number that a pipe tells."""
    number = os.read(pipe, NUMBER_BYTES)
    assert number, "the process that forks has ended"
    return int.from_bytes(number, "big", signed=True)


@functools.cache
def _door() -> socket.socket:
    """The connection to the process that forks, which ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking", str(theirs.fileno())],
            stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True,
            env=os.environ | {"PYTHONFAULTHANDLER": "1"}, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    atexit.register(_close, ours, process)
    return ours


def _close(door: socket.socket, process: subprocess.Popen[bytes]) -> None:
    door.close()
    process.wait()
