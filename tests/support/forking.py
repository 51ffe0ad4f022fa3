"""The process that `tests/support/forks.py` has forked off others: it imports what the system imports, and then does as it is asked.

A request is a message of JSON with four open files: the new process's three, and the pipe that tells its number and how it ended.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

MOST_BYTES: Final = 100_000
NUMBER_BYTES: Final = 8
# Between them they import everything that a process of the system does before it connects to anything.
MODULES: Final = (
    "celery.apps.beat", "celery.apps.worker", "celery.bin.beat", "celery.bin.celery", "celery.bin.worker", "celery.concurrency.prefork",
    "celery.backends.redis", "kombu.transport.redis", "worker.desk.process", "worker.intake.process", "worker.tasks",
)  # fmt: skip


def told(number: int) -> bytes:
    """A number as the pipe tells it, so that each is read by itself."""
    return number.to_bytes(NUMBER_BYTES, "big", signed=True)


def serve(door: socket.socket) -> dict[str, Any]:
    """Fork for each request; returns only in the new processes, with what they are to be."""
    # Nobody waits for the keepers.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, files, _, _ = socket.recv_fds(door, MOST_BYTES, 4)
        if not message:
            sys.exit()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            door.close()
            _keep(files)
            return dict(json.loads(message))
        for file in files:
            os.close(file)


def _keep(files: Sequence[int]) -> None:
    """Fork the new process and stay its parent until it has ended; returns only in the new process."""
    *standard, end = files
    pid = os.fork()
    if pid == 0:
        os.setsid()
        # Only now, for whoever knows its number may kill the whole group of it.
        os.write(end, told(os.getpid()))
        for number, file in enumerate(standard):
            os.dup2(file, number)
        for file in files:
            os.close(file)
        return
    for file in standard:
        os.close(file)
    _, status = os.waitpid(pid, 0)
    os.write(end, told(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def become(request: dict[str, Any]) -> None:
    """Be what `python -m` with these arguments is, in this folder and with these variables."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.argv = request["arguments"]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for module in MODULES:
        __import__(module)
    # What is imported is never garbage, and a page that nobody writes to is shared by all.
    gc.collect()
    gc.freeze()
    become(serve(socket.socket(fileno=int(sys.argv[1]))))
